"""A client that asks one question again and again: ``python -m benchmarks.load PORT SECONDS CONNECTIONS``.

It keeps its connections open and asks on each as soon as the answer is there. It prints the number of answers, the
number of errors (another status, a lost connection) and the latencies, as JSON. It is made to cost little beside the
server.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

from benchmarks.serving import LENGTH

QUESTION = json.dumps({"inputs": {"x0": 1.5, "k": 2.0}, "outputs": [f"x{LENGTH}"]}).encode()
HEAD = (
    f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(QUESTION)}\r\n\r\n"
)
REQUEST = HEAD.encode() + QUESTION


def load(port: int, seconds: float, connections: int) -> dict[str, object]:
    selector = selectors.DefaultSelector()
    latencies: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(REQUEST)
        selector.register(connection, selectors.EVENT_READ, [time.perf_counter(), b""])
    open_count = connections
    while open_count:
        for key, _ in selector.select(30):
            connection, state = key.fileobj, key.data
            assert isinstance(connection, socket.socket)
            piece = connection.recv(65536)
            state[1] += piece
            now = time.perf_counter()
            if piece and not is_whole(state[1]):
                continue
            if state[1].startswith(b"HTTP/1.1 200"):
                latencies.append(now - state[0])
            else:
                errors += 1
            if now < end and piece:
                state[:] = [now, b""]
                connection.sendall(REQUEST)
            else:
                selector.unregister(connection)
                connection.close()
                open_count -= 1
    return {"errors": errors, "latencies": latencies}


def is_whole(text: bytes) -> bool:
    head, separator, body = text.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


if __name__ == "__main__":
    print(json.dumps(load(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))))
