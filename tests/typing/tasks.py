"""What a type checker knows of flows of tasks. mypy and pyright read this file; nothing runs it.

What they must refuse stands in lines that are marked, and a mark where nothing is refused is an error itself.
"""

from typing import assert_type

from thalweg.tasks import BoundTask, Flow, Run, task


class Survey(Flow):
    def __init__(self, depth: int) -> None:
        self.depth = depth

    @task
    def entrypoint(self, n: int) -> dict[str, float]:
        parts = [self.measure(i) for i in range(n)]
        assert_type(parts, list[int])
        assert_type(self.fetch("a", seconds=1.0), str)
        return self.report(self.total(parts), {self.fetch("b")})

    @task
    def measure(self, i: int) -> int:
        return i + self.depth

    @task(queue="gpu", requires={"GPU": 1}, taint="GPU", retry=2, timeout=10.0)
    def total(self, parts: list[int]) -> float:
        return float(sum(parts))

    @task()
    async def fetch(self, name: str, *, seconds: float = 0.0) -> str:
        return name

    @task
    def report(self, total: float, names: set[str]) -> dict[str, float]:
        return dict.fromkeys(names, total)

    @task
    def recursive(self, n: int) -> list[int]:
        return self.recursive(n - 1) if n else []

    def inline(self, n: int) -> int:
        return self.measure(n)


def runs(survey: Survey) -> None:
    assert_type(survey.entrypoint.submit(3), Run[dict[str, float]])
    assert_type(survey.entrypoint.submit(3).result(timeout=1.0), dict[str, float])
    assert_type(survey.fetch.using("threads", journal="sqlite:///runs.db", run="a").run("name"), str)
    assert_type(survey.measure(3), int)
    bound: BoundTask[[int], int] = survey.measure
    assert_type(bound(3), int)


async def awaits(survey: Survey) -> None:
    assert_type(await survey.fetch.submit("name"), str)
    assert_type(await survey.total.arun([1]), float)


def refused(survey: Survey) -> None:
    survey.measure("one")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    survey.measure()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    survey.fetch("a", second=1.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    survey.total(survey.fetch("a"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    survey.entrypoint.submit("three")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    survey.depth = survey.fetch.submit("a").result()  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    survey.measure.using("threads", timeout="long")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    task(queue=3)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
