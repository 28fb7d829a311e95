"""Dinners, from simple to complicated: each is run by the kitchen clock, and then looked at."""

import sys

from clock import KitchenClock
from model import dinner, party, pasta, pasta_in_a_row, roast, salad

from thalweg.jobs import Scheduler


def cook(title: str, scenario: Scheduler, minutes: float | None = None) -> None:
    """Run a scenario, say how it went, and list its jobs."""
    clock = KitchenClock()
    print(f"\n{title}")
    verdict = scenario.orchestrate(clock, timeout=minutes)
    print(f"{verdict.seconds:3.0f} min  verdict: {verdict}")
    clock.close()
    scenario.list()


def main() -> int:
    cook("A salad: all at once", salad())
    cook("Pasta: one thing waits for another", pasta())
    cook("Pasta, said as a sequence", pasta_in_a_row())
    cook("A party: somebody listens for ever, and somebody adds up", party())
    cook("The party in too short a time", party(), minutes=30)
    cook("A burnt roast: dinner goes on without", roast(critical=False))
    cook("A burnt roast: dinner is off", roast(critical=True))
    cook("Dinner of three courses, each a scenario", dinner())
    print("\nPasta twice: a scenario of functions runs again")
    scenario = pasta()
    clock = KitchenClock()
    print([bool(scenario.orchestrate(clock)) for _ in range(2)], f"at minute {clock.minutes:g}")
    clock.close()
    print("\nWhat would be wrong with a pasta whose water waits for the sauce, and the sauce for the pasta?")
    water, boil, sauce = scenario.jobs
    water.requires(sauce)
    sauce.requires(boil)
    print(f"can all have their turn? {scenario.rain_check()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
