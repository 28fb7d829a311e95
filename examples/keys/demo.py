"""Keys and letters: one model for sealing, opening, reading and writing, whatever is at hand.

The model knows ten functions; each request below calls those it needs. Nothing says which: it follows from what is
given and what is wanted.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from model import dsp

import thalweg as tw

LETTER = b"Dear Ada, the engine runs at noon. Burn this."


def tell(title: str, solution: tw.Solution) -> None:
    """Print which functions were called, and which of them refused or failed."""
    print(f"\n{title}")
    for call in solution.calls:
        failure = solution.errors.get(call)
        print(f"  {call}" + (f": {failure.kind}" if failure else ""))


def send(folder: Path) -> None:
    """A first letter: there is no key yet, so one is made, and everything is written down."""
    solution = dsp(
        {"plain": LETTER, "key_file": folder / "key", "sealed_file": folder / "letter.sealed"},
        outputs=["sealed", "write_key", "write_sealed"],
    )
    tell("Seal a letter, nothing is there yet", solution)
    print("  files:", ", ".join(sorted(path.name for path in folder.iterdir())))


def receive(folder: Path) -> None:
    """The way back: the same model, the other way round. Nothing is written, for nothing of that is wanted."""
    given = {"key_file": folder / "key", "sealed_file": folder / "letter.sealed"}
    solution = dsp(given, outputs=["plain"])
    tell("Open it again", solution)
    print("  as it was:", solution["plain"] == LETTER)


def damage(folder: Path) -> None:
    """Half of a key is none: the datum's filter refuses it, and the passphrase is asked instead."""
    (folder / "key").write_bytes((folder / "key").read_bytes()[:20])
    known: dict[str, Any] = {"key_file": folder / "key", "passphrase": "ten green bottles", "plain": LETTER}
    solution = dsp(known, outputs=["sealed"])
    tell("Seal with a damaged key file, but a passphrase", solution)
    print("  the key in the file:", solution.errors["key"].error)
    print("  the key used is from", solution.providers["key"])
    again = dsp({"passphrase": "ten green bottles", "sealed": solution["sealed"]}, outputs=["plain"])
    print("  who knows the passphrase can read it:", again["plain"] == LETTER)


def tamper() -> None:
    """No way is left: the error says what failed, and what would help."""
    sealed = dsp({"passphrase": "ten green bottles", "plain": LETTER}, outputs=["sealed"])["sealed"]
    touched = sealed[:40] + (b"A" if sealed[40:41] != b"A" else b"B") + sealed[41:]
    print("\nOpen a letter that somebody has touched")
    try:
        dsp({"passphrase": "ten green bottles", "sealed": touched}, outputs=["plain"])
    except tw.errors.UnreachableError as error:
        print(f"  {error}")
        print(f"  because of {type(error.__cause__).__name__}")


def publish() -> None:
    """A part for a public service: it seals and opens, and cannot touch a file."""
    public = dsp.get_sub_dsp(["key", "plain", "sealed", "new_key", "seal", "unseal", tw.START])
    print("\nThe part that may be shown to the world:", ", ".join(public.function_nodes))
    solution = public({"plain": LETTER})
    opened = tw.SubDispatchFunction(public, "open_letter", ["key", "sealed"], ["plain"])
    print("  as it was:", opened(solution["key"], solution["sealed"]) == LETTER)
    print("  it does not know:", ", ".join(sorted(map(str, dsp.data_nodes.keys() - public.data_nodes.keys()))))


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        send(folder)
        receive(folder)
        damage(folder)
    tamper()
    publish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
