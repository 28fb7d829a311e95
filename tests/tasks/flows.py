"""Flows that the tests run; worker processes import this file."""

import asyncio
import os
import sys
import threading
from collections import Counter, OrderedDict, namedtuple
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thalweg.tasks import Flow, task

Pair = namedtuple("Pair", "left right")


@dataclass
class Box:
    value: Any
    others: list = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sealed:
    value: Any


class Survey(Flow):
    """A flow of its own kind for each way to pass values on."""

    def __init__(self, divisor: int = 2) -> None:
        self.divisor = divisor

    @task
    def entrypoint(self, n):
        return self.total([self.part(i) for i in range(n)])

    @task
    def part(self, i):
        return i // self.divisor

    @task()
    async def fetch(self, i):
        await asyncio.sleep(0)
        return i

    @task
    def total(self, parts, more=0):
        return sum(parts) + more

    @task
    def same(self, value):
        return value

    @task
    def in_containers(self):
        one, two, three = self.same(1), self.same(2), self.same(3)
        return self.same(
            {
                "list": [one, [two, (three,)]],
                "set": {one, two},
                "frozen": frozenset({three}),
                "pair": Pair(one, [two]),
                "ordered": OrderedDict(a=one),
                "counter": Counter({one: 2}),
                "box": Box(one, [two, Sealed(three)]),
                two: "key",
                "plain": [0, None],
            }
        )

    @task
    def shares(self):
        shared = [self.same(1)]
        return self.are_one([shared, shared])

    @task
    def are_one(self, lists):
        return lists[0] is lists[1]

    @task
    def down(self, n):
        return self.down(n - 1) if n else "bottom"

    @task
    def nested(self, n):
        return [n, self.nested(n - 1)] if n else []

    @task
    def fibonacci(self, n):
        if n < 2:
            return n
        return self.total([self.fibonacci(n - 1), self.fibonacci(n - 2)])

    @task
    def collatz(self, n, steps=0):
        if n == 1:
            return steps
        return self.collatz(n // 2 if n % 2 == 0 else 3 * n + 1, steps + 1)

    @task
    def branch(self, n):
        return self.choose(self.part(n), n)

    @task
    def choose(self, part, n):
        return self.same("large") if part > 2 else self.inline(n)

    def inline(self, n):
        return ["small", self.fetch(n)]

    @task
    async def gathers(self, n):
        await asyncio.sleep(0)
        return self.total([self.fetch(i) for i in range(n)], more=self.part(9))

    @task
    def where(self):
        return os.getpid(), threading.get_ident()

    @task
    def prints(self, text, times):
        for _ in range(times):
            sys.stdout.write(f"{text}\n")
        return times

    @task
    def sets(self):
        self.divisor = 3

    @task
    def exits(self):
        raise SystemExit(3)

    @task
    def dies_once(self, path):
        if not Path(path).exists():
            Path(path).touch()
            os._exit(9)
        return "alive"

    @task
    def dies(self):
        os._exit(9)

    @task
    def unsendable(self):
        return threading.Lock()

    @task
    def fails(self, why="no reason"):
        raise ValueError(why)

    @task
    def fails_below(self, n):
        if n:
            return self.total([self.same(1), self.fails_below(n - 1)])
        return self.fails("far down")

    @task
    def forgets(self):
        self.fails("forgotten")
        return 1

    @task
    def fails_twice(self):
        return [self.fails("first"), self.fails("second"), self.same(3)]

    @task
    def takes_failed(self):
        return self.same(self.same(self.fails("below")))

    @task
    def unhashable(self):
        return self.same({self.same([])})

    @task
    def other_flow(self, n):
        other = Survey(divisor=1)
        return [self.part(n), other.part(n), other.part(n + 1)]


class Child(Survey):
    @task
    def part(self, i):
        return [super().part(i), "child"]
