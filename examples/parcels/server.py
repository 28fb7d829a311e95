"""The services of a post office, on this machine: real sockets, real answers, and a scale that is sometimes busy."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self


class PostOffice:
    """Weighs, labels, insures what is light enough, and takes parcels."""

    def __init__(self) -> None:
        self.scale_is_free = False
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, said = office.answer(self.path, asked)
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing: what happened is told by the compositions."""

        return Handler

    def answer(self, path: str, asked: dict[str, Any]) -> tuple[int, Any]:
        """Give a code, and what is said."""
        self.asked.append(path)
        number = asked["parcel"]
        if path == "/weigh":
            self.scale_is_free = not self.scale_is_free
            if not self.scale_is_free:
                return 200, number * 2.5
            return 503, "the scale is busy"
        if path == "/label":
            return (200, f"no. {number}, {asked['weigh']} kg") if asked["weigh"] <= 30 else (422, "too heavy")
        if path == "/insure":
            return (200, "up to 500") if asked["weigh"] <= 10 else (422, "not above 10 kg")
        return 200, f"{asked['label']}, insured: {asked['insure'] or 'no'}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
