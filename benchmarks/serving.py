"""A server of one kind, in a process of its own: ``python -m benchmarks.serving KIND``; it prints its port.

The model is of ten functions in a chain. ``thalweg`` serves it, and ``quick`` with ``web(quick=True)``; ``threads`` and
``loop`` are endpoints of Starlette, written by hand, that read the same question, call the same functions one after the
other and write the same answer: in a thread, as Starlette calls functions that may block, or on the event loop, where
nobody else is answered meanwhile.
"""

from __future__ import annotations

import json
import sys
from typing import Any

LENGTH = 10


def formula(x: float, k: float) -> float:
    return 0.5 * x + k


FORMULAS = [formula] * LENGTH


def by_hand(question: dict[str, Any]) -> dict[str, Any]:
    inputs = question["inputs"]
    x, k = float(inputs["x0"]), float(inputs["k"])
    for function in FORMULAS:
        x = function(x, k)
    return {"return": {f"x{LENGTH}": x}}


def model() -> Any:
    import thalweg

    dsp = thalweg.Dispatcher(name="chain")
    for place, function in enumerate(FORMULAS):
        dsp.add_function(f"f{place}", function, [f"x{place}", "k"], [f"x{place + 1}"])
    return dsp


def starlette(kind: str) -> Any:
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request  # noqa: TC002 - the endpoints are asked for their annotations
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def on_loop(request: Request) -> JSONResponse:
        return JSONResponse(by_hand(await request.json()))

    async def in_thread(request: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(by_hand, await request.json()))

    return Starlette(routes=[Route("/", on_loop if kind == "loop" else in_thread, methods=["POST"])])


def main(kind: str) -> None:
    import uvicorn

    from thalweg.web.server import open_socket

    opened = open_socket("127.0.0.1", 0)
    is_ours = kind in ("thalweg", "quick")
    application = model().web(quick=kind == "quick") if is_ours else starlette(kind)
    config = uvicorn.Config(application, log_config=None, access_log=False, ws="none")
    print(json.dumps(opened.getsockname()[1]), flush=True)
    uvicorn.Server(config).run(sockets=[opened])


if __name__ == "__main__":
    main(sys.argv[1])
