"""The exit codes of the command, and which error has which."""

from __future__ import annotations

from enum import IntEnum

from ..errors import CallTimeout, DispatchError, ServiceError, TaskError, ThalwegError

__all__ = ["Exit", "code_of"]


class Exit(IntEnum):
    """How a command can end.

    Attributes
    ----------
    meaning : str
        What the code says.
    """

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        """A code that knows what it means."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    WELL = 0, "all is well"
    CANNOT = (
        1,
        "the model cannot do what was asked: an output out of reach, a run out of time, an error found by `check`",
    )
    WRONG = 2, "the question is wrong: an unknown name, a file that is not there, a package that is not installed"
    BROKEN = 3, "something broke that nobody foresaw, in the model or in thalweg; `--debug` shows where"
    INTERRUPTED = 130, "interrupted, by Ctrl+C or SIGINT"
    UNREAD = 141, "whoever read the output has gone"


def code_of(error: BaseException) -> Exit:
    """The exit code of an error.

    Parameters
    ----------
    error : BaseException

    Examples
    --------
    >>> code_of(FileNotFoundError("no.csv"))
    <Exit.WRONG: 2>
    """
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return Exit.UNREAD
    if isinstance(error, DispatchError | ServiceError | TaskError | CallTimeout):
        return Exit.CANNOT
    if isinstance(error, ThalwegError | OSError):
        return Exit.WRONG
    return Exit.BROKEN
