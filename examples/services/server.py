"""A server on this machine that can be healthy, broken, confused, silent or gone, as real ones are.

It stands for the services of the outside world: real sockets, real answers, real failures; nothing is simulated on
the side of the model.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

ANSWERS: dict[str, Any] = {
    "/rates/CHF": {"rate": 0.95},
    "/rates/SEK": {"rate": 11.25},
    "/rates/JPY": {"rate": 160.5},
    "/zone": 3,
}


class Service:
    """A service with a mood: ``"healthy"``, ``"broken"``, ``"confused"`` (about rates) or ``"silent"``."""

    def __init__(self, mood: str = "healthy") -> None:
        self.mood = mood
        self.asked = 0
        self.closing = Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked += 1
                if service.mood == "silent":
                    service.closing.wait()  # the caller loses patience first
                    return
                body = json.dumps(service.answer(self.path)).encode()
                self.send_response(503 if service.mood == "broken" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing: what happened is told by the solution."""

        return Handler

    def answer(self, path: str) -> Any:
        """Give what is said to a request for `path`."""
        if self.mood == "confused" and path.startswith("/rates/"):
            return {"rate": -1}
        return ANSWERS.get(path)

    def stop(self) -> None:
        """Be gone: whoever calls from now on finds nobody listening."""
        self.closing.set()
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
        self.server.server_close()

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
