"""Unit conversions: a handful of definitions, and the way from any unit to any other.

As a graph the lengths, times and speeds hang together in one strongly connected piece, the temperatures in another:
full of circles, which are no trouble, for a datum is computed once.
"""

import sys
from collections.abc import Mapping
from fractions import Fraction

import networkx as nx
from model import dsp

import thalweg as tw


def pieces() -> None:
    """Print the strongly connected pieces of the model's graph."""
    print(dsp)
    data = dsp.data_nodes
    for piece in sorted(nx.strongly_connected_components(dsp.graph), key=len, reverse=True):
        units = [unit for unit in data if unit in piece]
        print(f"  {len(units)} units that lead to each other: {', '.join(map(str, units))}")


def ask(given: Mapping[str, str], wanted: str) -> None:
    """Convert, and print the way that was taken."""
    solution = dsp({unit: Fraction(value) for unit, value in given.items()}, outputs=[wanted])
    question = " and ".join(f"{value} {unit}" for unit, value in given.items())
    print(f"\n{question} -> {wanted}: {float(solution[wanted]):.9g}")
    print("  " + ", then ".join(solution.calls))


def table(unit: str, value: str) -> None:
    """Print all that one length is worth in the other units."""
    solution = dsp({unit: Fraction(value)})
    print(f"\n{value} {unit} is, in the order of distance:")
    for other, distance in solution.distances.items():
        print(f"  {distance:4.0f}  {float(solution[other]):16.9g} {other}")


def there_and_back() -> None:
    """Go from every unit to every other and back again, and print what was lost."""
    ways, lost, longest = 0, 0, 0
    start = Fraction(355, 113)
    for unit in dsp.data_nodes:
        everything = dsp({unit: start})
        for other in everything.keys() - {unit}:
            back = dsp({other: everything[other]}, outputs=[unit])
            ways += 1
            lost += back[unit] != start
            longest = max(longest, len(back.calls))
    print(f"\n{ways} ways there and back, the longest of {longest} conversions; {lost} of them lost a digit")


def main() -> int:
    pieces()
    ask({"mile": "26.21875"}, "km")
    ask({"furlong/fortnight": "1", "minute": "1"}, "cm")
    ask({"nautical mile": "90", "minute": "270"}, "knot")
    ask({"km": "42.195", "mph": "11.7"}, "minute")
    ask({"°F": "-40"}, "°C")
    table("mile", "1")
    there_and_back()
    try:
        dsp({"knot": Fraction(12)}, outputs=["km"])
    except tw.errors.UnreachableError as error:
        print(f"\n{error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
