"""Settings from the command line, the environment, a file and defaults; and asking for what is still missing.

Each request below gives the sources it has. For each setting that the answer needs, the nearest source that knows it
is taken; nothing else is read.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model import PERSON, SETTINGS, dsp

import thalweg as tw

FILE = """
host = "lake.example"
port = 8080
tls = "yes"
"""


def tell(title: str, solution: tw.Solution) -> None:
    """Print each setting with where it came from, and what was refused on the way."""
    print(f"\n{title}")
    for name in (*SETTINGS, "url"):
        if name in solution:
            source = solution.providers[name]
            print(f"  {name:9} {solution[name]!s:28} {'default' if source is tw.START else source}")
    for failure in solution.errors.values():
        reason = getattr(failure.error, "strerror", None) or failure.error
        print(f"  refused: {failure.path}: {reason}")


def with_questions(answer: Callable[[str], str]) -> tw.Dispatcher:
    """Give the model with a person as the last source, who is asked for one setting at a time."""
    asking = dsp.copy()
    for name in SETTINGS:
        asking.add_function(
            f"ask for {name}", lambda person, name=name: person(name), ["person"], [name], weight=PERSON
        )
    asking.set_default_value("person", answer)
    return asking


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.toml"
        path.write_text(FILE, encoding="utf-8")
        sources: dict[str, Any] = {"arguments": [], "variables": {}, "path": path}

        tell("Nothing is known but the defaults", dsp({}, outputs=["url", "workers"]))
        tell("A file", dsp(sources, outputs=["url", "workers"]))

        sources |= {"arguments": ["--host", "sea.example"], "variables": {"SERVER_PORT": "9000", "SERVER_WORKERS": "8"}}
        tell("A file, two variables and an argument", dsp(sources, outputs=["url", "workers"]))

        sources["variables"] = {"SERVER_PORT": "90000", "SERVER_TLS": "maybe"}
        tell("The same with nonsense in the variables", dsp(sources, outputs=["url"]))
        tell("No file where one should be", dsp({"path": Path(folder) / "none.toml"}, outputs=["url"]))

        print("\nWhat must be known to log in, with these sources?")
        sources["variables"] = {}
        try:
            dsp(sources, outputs=["login"])
        except tw.errors.UnreachableError as error:
            print(f"  {error.solution.why_not('login')}\n  {error.solution.why_not('password')}")

        def answer(name: str) -> str:
            print(f"  {name}, please? (somebody types it)")
            return "swordfish"

        print("\nSo ask, but for nothing else")
        solution = with_questions(answer)(sources, outputs=["login"])
        print(f"  login: {solution['login']}, the password from: {solution.providers['password']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
