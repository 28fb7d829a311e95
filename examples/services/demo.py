"""Remote services with fallbacks: what is asked next when one does not answer, and what the answer rests on.

Three servers run on this machine: a bank, its mirror and the post. Before each question their mood changes.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from model import dsp
from server import Service

import thalweg as tw


def reason(error: Exception) -> str:
    """Give what went wrong, in words that are the same on every machine."""
    if isinstance(error, HTTPError):
        return f"answered with the code {error.code}"
    if isinstance(error, URLError) and isinstance(error.reason, ConnectionRefusedError):
        return "nobody listens"
    if isinstance(error, TimeoutError) or (isinstance(error, URLError) and isinstance(error.reason, TimeoutError)):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"


def ask(title: str, known: dict[str, Any], services: dict[str, Service]) -> None:
    """Ask for the price, and print what it rests on and how often each service was asked."""
    before = {name: service.asked for name, service in services.items()}
    solution = dsp(known, outputs=["price"])
    print(f"\n{title}")
    for failure in solution.errors.values():
        print(f"  {failure.path}: {reason(failure.error)}")
    provider = solution.providers["rate"]
    print(f"  rate {solution['rate']:g} from {'you' if provider is tw.START else provider}")
    print(f"  zone {solution['zone']} from {solution.providers['zone']}")
    print(f"  price {solution['price']:.2f} {known['currency']}")
    asked = {name: service.asked - before[name] for name, service in services.items()}
    print("  asked:", ", ".join(f"{name} {times}" for name, times in asked.items() if times) or "nobody")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, Service() as bank, Service() as mirror, Service() as post:
        file = Path(folder) / "rates.json"
        file.write_text(json.dumps({"CHF": 0.94, "SEK": 11.3}), encoding="utf-8")
        services = {"bank": bank, "mirror": mirror, "post": post}
        known: dict[str, Any] = {"bank_url": bank.url, "mirror_url": mirror.url, "post_url": post.url}
        known |= {"rates_file": file, "weight_kg": 2.2, "currency": "SEK"}

        ask("All is well", known, services)
        bank.mood = "broken"
        ask("The bank is broken", known, services)
        bank.mood = "silent"
        ask("The bank is silent", known, services)
        bank.mood, mirror.mood = "confused", "broken"
        ask("The bank talks nonsense, the mirror is broken", known, services)
        for service in services.values():
            service.stop()
        ask("Nobody is there any more", known, services)
        ask("Nobody is there, and the file does not know yen", known | {"currency": "JPY"}, services)
        ask("The rate is known already", known | {"rate": 11.0}, services)

        print("\nA price without a weight")
        try:
            dsp({name: value for name, value in known.items() if name != "weight_kg"}, outputs=["price"])
        except tw.errors.UnreachableError as error:
            print(f"  {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
