"""The record of a failure.

It keeps of a traceback what is needed to print it, not its frames: frames hold every local value of the run, and
would tie the solution into a circle of references.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ArityError, CallTimeout, DomainError, WorkerDied

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Failure", "Met", "forget_frames", "meet"]

# A failure of a call as a replay notes it: function, error, then code and place in it of each frame.  One flat tuple,
# for each object that stays costs time again whenever Python looks for garbage.
Met: TypeAlias = tuple[Any, ...]

_HOME = __file__.rpartition("dispatcher")[0]  # frames of our own files explain nothing to the user


class Failure:
    """What failed, why, and what was done instead.

    Attributes
    ----------
    node : tuple of Hashable
        Ids from the top of the model to the node.
    kind : str
        ``"error"``: it raised; ``"refused"``: its domain, or a sub-dispatcher's gate, said no; ``"domain"``: its
        domain raised; ``"filter"``: a filter of the datum refused the value; ``"arity"``: wrong number of values;
        ``"callback"``: the callback of the datum raised, the value stays.
    error : Exception
        What was raised.
    alternative : dict
        For each datum that the node should have given: the provider that gave it instead, or None.
    """

    __slots__ = ("_alternative", "_frames", "_kind", "_network", "_node", "_text", "datum", "error", "function")

    def __init__(
        self,
        node: tuple[Hashable, ...] | None,
        kind: str | None,
        error: Exception,
        function: int = -1,
        text: str | None = None,
        network: Network | None = None,
        frames: Sequence[Any] | None = None,
    ) -> None:
        self._node = node  # None: that of the function
        self._kind = kind  # None: as the error says
        self.error = error
        self.function = function
        self.datum = -1  # number of the datum whose filter or callback it was
        self._alternative: dict[Hashable, Hashable | None] | None = None
        self._text = text
        self._network = network
        self._frames = _frames_of(error) if frames is None else frames  # code and place, from our own down

    @classmethod
    def of(cls, met: Failure | Met, network: Network) -> Failure:
        """The record of what a replay has met."""
        if isinstance(met, Failure):
            return met
        return cls(None, None, met[1], met[0], network=network, frames=met[2:])

    @property
    def node(self) -> tuple[Hashable, ...]:
        """Ids from the top of the model to the node."""
        if self._node is None:
            assert self._network is not None
            self._node = self._network.function_path(self.function)
        return self._node

    @property
    def kind(self) -> str:
        """How it failed, in a word."""
        if self._kind is None:
            self._kind = _kind_of(self.error)
        return self._kind

    @property
    def alternative(self) -> dict[Hashable, Hashable | None]:
        """For each datum that the node should have given: the provider that gave it instead, or None."""
        if self._alternative is None:
            self._alternative = {}
        return self._alternative

    def again(self) -> Failure:
        """The same failure in another run, where other alternatives may be taken."""
        return Failure(self._node, self._kind, self.error, self.function, self._text, self._network, self._frames)

    @property
    def path(self) -> str:
        """Path of the node as people read it: ``"child/f"``."""
        return "/".join(map(str, self.node))

    @property
    def traceback(self) -> str:
        """The traceback as text, from the user's function down."""
        if self._text is None:
            import traceback

            lines = []
            for code, place in zip(self._frames[::2], self._frames[1::2], strict=True):
                if not code.co_filename.startswith(_HOME):
                    line = next(islice(code.co_positions(), place // 2, None), (None,))[0]
                    frame = traceback.FrameSummary(code.co_filename, line, code.co_name)
                    lines += traceback.StackSummary.from_list([frame]).format()
            body = traceback.format_exception_only(type(self.error), self.error)
            self._text = "".join(["Traceback (most recent call last):\n", *lines, *body] if lines else body)
        return self._text

    def __repr__(self) -> str:
        return f"Failure({self.path!r}, {self.kind}: {type(self.error).__name__}: {self.error})"

    def __str__(self) -> str:
        others = [f"{datum} from {other}" for datum, other in self.alternative.items() if other is not None]
        instead = f"; instead {', '.join(others)}" if others else ""
        return f"{self.path} ({self.kind}): {type(self.error).__name__}: {self.error}{instead}"

    def __reduce__(self) -> tuple[Any, ...]:
        import pickle

        error = self.error
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 - what was just written
        except Exception:  # noqa: BLE001 - an error that does not pickle may raise anything
            error = RuntimeError(f"{type(error).__name__}: {error}")
        return _restore, (self.node, self.kind, error, self.function, self.alternative, self.traceback)


def _frames_of(error: BaseException) -> list[Any]:
    """What a traceback says: code and place in it of each frame, without the frames themselves.

    The line of a place is looked up when somebody asks: that takes Python longer than all the rest.
    """
    trace = (error if type(error) is not DomainError else error.__cause__ or error).__traceback__
    frames: list[Any] = []
    while trace is not None:
        frames += trace.tb_frame.f_code, trace.tb_lasti
        trace = trace.tb_next
    return frames


def forget_frames(error: BaseException | None, outer: BaseException | None) -> None:
    """Let the frames of an error, and of the errors behind it, go.

    Parameters
    ----------
    error : BaseException or None
    outer : BaseException or None
        What was being handled when the run began: it is the caller's.
    """
    while error is not None and error is not outer and error.__traceback__ is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def meet(function: int, error: Exception, outer: BaseException | None) -> Met:
    """Note the failure of a call, and let the frames of its error go; see `forget_frames`.

    Notes
    -----
    The hot path of failures that were met before: benchmark ``again``.
    """
    trace = error.__traceback__ and error.__traceback__.tb_next  # the first frame is ours
    if trace is None or trace.tb_next is not None or type(error) is DomainError or error is outer:
        met: Met = (function, error, *_frames_of(error))
    else:
        met = (function, error, trace.tb_frame.f_code, trace.tb_lasti)
    if error is not outer:
        error.__traceback__ = None
        behind = error.__cause__ or error.__context__
        if behind is not None:
            forget_frames(behind, outer)
    return met


def _kind_of(error: BaseException) -> str:
    """How a call failed, in a word."""
    if isinstance(error, DomainError):
        return "refused" if error.__cause__ is None else "domain"
    for kind, errors in _KINDS.items():
        if isinstance(error, errors):
            return kind
    return "error"


_KINDS = {"arity": ArityError, "timeout": CallTimeout, "died": WorkerDied}


def _restore(
    node: tuple[Hashable, ...],
    kind: str,
    error: Exception,
    function: int,
    alternative: dict[Hashable, Hashable | None],
    text: str,
) -> Failure:
    failure = Failure(node, kind, error, function, text)
    failure.alternative.update(alternative)
    return failure
