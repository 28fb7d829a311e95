"""A program in a terminal of its own, and what it shows there."""

import os
import pty
import re
import select
import struct
import subprocess
import termios
from contextlib import contextmanager
from fcntl import ioctl
from time import monotonic

_SECONDS = 60


class Terminal:
    """A program with a terminal: what it writes can be awaited, and what is typed reaches it."""

    def __init__(self, process, file):
        self.process = process
        self.file = file
        self.shown = ""

    def type(self, text):
        os.write(self.file, text.encode())

    def wait_for(self, pattern):
        """Read until the terminal shows the pattern; give the match, and forget what stood before its end."""
        end = monotonic() + _SECONDS
        while not (found := re.search(pattern, self.shown)):
            assert self._read(end - monotonic()), f"{pattern!r} did not come: {self.shown!r}"
        self.shown = self.shown[found.end() :]
        return found

    def wait(self):
        """Read until the program has ended; give its exit code and all that it showed since."""
        end = monotonic() + _SECONDS
        while self._read(end - monotonic()):
            pass
        return self.process.wait(_SECONDS), self.shown

    def _read(self, seconds):
        """Read what has come; False at the end of it, or when nothing came in time."""
        if not select.select([self.file], [], [], max(seconds, 0))[0]:
            return False
        try:
            text = os.read(self.file, 1 << 16)
        except OSError:  # Linux says so when nobody has the other side any more
            return False
        self.shown += text.decode(errors="replace")
        return bool(text)


@contextmanager
def in_terminal(*words, **environment):
    """Run a program in a terminal of 120 columns, and end it at the latest with the block."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    # The first terminal that the leader of a session opens becomes its own: Ctrl+C then reaches it.
    opening = ["sh", "-c", 'exec "$@" <>"$0" >&0 2>&1', os.ttyname(theirs)]
    process = subprocess.Popen(
        [*opening, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm"} | environment,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
