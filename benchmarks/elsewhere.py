"""A peer in another interpreter: for one that cannot live with the packages of this environment.

The other interpreter runs ``python -m benchmarks.elsewhere`` from the same place, gets one order a line (JSON) and
answers one line. It times itself, so the pipe is no part of the numbers.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

from benchmarks.harness import Competitor, ElsewhereError, once, said
from benchmarks.peers import PEERS

if TYPE_CHECKING:
    from benchmarks.models import Model
    from benchmarks.peers import Built


class Elsewhere:
    """An interpreter with a peer in it."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-W", "ignore", "-m", "benchmarks.elsewhere"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the other interpreter has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ElsewhereError(answer["error"])
        return answer

    def build(self, peer: str, maker: str, arguments: dict[str, Any]) -> tuple[int, float]:
        """Build there the model of ``maker`` ("file:function"); gives its number, and the seconds."""
        answer = self.ask(do="build", peer=peer, maker=maker, arguments=arguments)
        return answer["number"], answer["seconds"]

    def competitor(self, peer: str, built: int, wanted: list[str] | None) -> Competitor:
        """What can be timed of a built model."""
        answer = self.ask(do="dispatch", built=built, wanted=wanted)
        number = answer["number"]
        return Competitor(
            peer, elsewhere=lambda: float(self.ask(do="sample", number=number)["seconds"]), note=answer["note"]
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _obey(order: dict[str, Any], built: list[tuple[Model, Built]], ready: list[Competitor]) -> dict[str, Any]:
    if order["do"] == "build":
        file, function = order["maker"].split(":")
        model = getattr(importlib.import_module(f"benchmarks.{file}"), function)(**order["arguments"])
        seconds, make = once(lambda: PEERS[order["peer"]](model))
        built.append((model, make))
        return {"number": len(built) - 1, "seconds": seconds}
    if order["do"] == "dispatch":
        model, make = built[order["built"]]
        dispatch = make(order["wanted"])
        found = dispatch()
        missing = [name for name in order["wanted"] or model.computed() if name not in found]
        if missing:
            raise LookupError(f"{len(missing)} data missing, such as {missing[0]}")
        ready.append(Competitor(model.name, dispatch))
        note = f"in an interpreter of its own, networkx {metadata.version('networkx')}"
        return {"number": len(ready) - 1, "note": note}
    # As in the harness.
    gc.collect()
    gc.freeze()
    seconds = ready[order["number"]].sample()
    gc.unfreeze()
    return {"seconds": seconds}


def main() -> None:
    built: list[tuple[Model, Built]] = []
    ready: list[Competitor] = []
    answers = sys.stdout
    for line in sys.stdin:
        # A peer that prints must not write into our answers.
        with contextlib.redirect_stdout(sys.stderr):
            try:
                answer = _obey(json.loads(line), built, ready)
            except Exception as error:  # noqa: BLE001 - whatever a peer raises is an answer
                answer = {"error": said(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
