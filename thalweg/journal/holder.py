"""Who holds a lease: this process, so that others on its machine see at once when it has died."""

from __future__ import annotations

import os
import socket
from pathlib import Path

__all__ = ["has_died", "here"]


def here() -> str:
    """Name this process, as ``"host/space/pid/start"``; the space is that in which process numbers mean the same."""
    pid = os.getpid()
    return f"{socket.gethostname()}/{_space()}/{pid}/{_start(pid)}"


def has_died(holder: str) -> bool:
    """Is a holder certain to be no more?  Of other machines, nobody here can say."""
    parts = holder.split("/")
    if len(parts) != 4 or parts[:2] != [socket.gethostname(), _space()] or "-" in parts[1:2] or parts[3] == "-":
        return False
    return _start(int(parts[2])) != parts[3]


def _space() -> str:
    """Of this boot of the machine, and of its containers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot[:8]}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return "-"


def _start(pid: int) -> str:
    """When a process began, in ticks since the machine was started; ``"-"`` if there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "-"
    fields = text.rpartition(")")[2].split()
    return "-" if fields[0] in "ZX" else fields[19]  # a zombie does nothing more
