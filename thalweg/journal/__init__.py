"""Durable runs: each value is on the disk before anything rests on it, and a resumed run does only what is left.

For models it is an option of a dispatch, ``dsp.dispatch(..., journal="sqlite:///runs.db", run="nightly")``.  Whoever
makes something else that can be driven records it like this:

1. `open_journal` gives a `Journal`; ``journal.begin(kind, name, asked, run)`` a `Recording`, which has the lease of
   the run until ``finish``.
2. `Journaled` wraps what is driven, with a function that gives the key and the version of each call:
   ``Journaled(drivable, recording, describe)``.  The key is the same whenever the run is resumed; the version changes
   when the function, or what its arguments rest on, has changed (`thalweg.signature.signature_of` helps).
3. A driver that lives with a host is told of commits: ``journaled.tell_by(host.post, driver.relay)``.  Without that
   each value is committed before ``done`` returns.
4. ``recording.finish("done")``, or ``"failed"`` with the error.
"""

from .identity import CurrentCall, current_call
from .journal import Journal, open_journal
from .journaled import Journaled
from .recording import Recording
from .records import Entry, JournalWarning, RunInfo

__all__ = [
    "CurrentCall", "Entry", "Journal", "JournalWarning", "Journaled", "Recording", "RunInfo", "current_call",
    "open_journal",
]  # fmt: skip
