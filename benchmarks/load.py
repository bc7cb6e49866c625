"""A load generator: N requests over C kept connections, each sending the next as soon as it has its answer.

`python -m benchmarks.load PORT PATH CONNECTIONS REQUESTS` takes the key for the Authorization header (`LOAD_KEY`) and the body
of a POST (`LOAD_BODY`) and an `Accept` header (`LOAD_ACCEPT`) from the environment, so that no key shows among the processes.
A `*` in the path becomes a number from 1 to `LOAD_HIGHEST`, drawn anew for each request. It prints one line of JSON: requests
per second, percentiles in milliseconds, failures.
"""

import asyncio
import json
import os
import random
import sys
import time

HIGHEST = int(os.environ.get("LOAD_HIGHEST", "0"))


class Connection(asyncio.Protocol):
    """One kept connection. It counts what is not a 200 and goes on."""

    def __init__(self, request: bytes, remaining: list[int], seconds: list[float], failures: list[int]) -> None:
        self.request, self.remaining, self.seconds, self.failures = request, remaining, seconds, failures
        self.buffer = bytearray()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        if self.remaining[0] == 0:
            self.transport.close()
            return
        self.remaining[0] -= 1
        self.began = time.perf_counter()
        self.transport.write(self.request.replace(b"*", a_number(), 1) if HIGHEST else self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = bytes(self.buffer).partition(b"\r\n\r\n")
        if not separator or len(body) < content_length(head):
            return
        self.seconds.append(time.perf_counter() - self.began)
        if not head.startswith(b"HTTP/1.1 200"):
            self.failures[0] += 1
        self.buffer.clear()
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self.failures[0] += 1
        if not self.done.done():
            self.done.set_result(None)


def a_number() -> bytes:
    return str(random.randint(1, HIGHEST)).encode()  # noqa: S311  which product is asked about is no secret


def content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(b"content-length:") + len(b"content-length:")
    return int(lower[start:].split(b"\r\n", 1)[0])


async def measure(port: int, path: str, connections: int, requests: int) -> dict[str, float]:
    key = os.environ.get("LOAD_KEY", "")
    header = f"Authorization: Bearer {key}\r\n" if key else ""
    if accept := os.environ.get("LOAD_ACCEPT", ""):
        header += f"Accept: {accept}\r\n"
    body = os.environ.get("LOAD_BODY", "")
    method = "POST" if body else "GET"
    if body:
        header += f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n"
    request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{header}\r\n{body}".encode()
    remaining, failures = [requests], [0]
    seconds: list[float] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(lambda: Connection(request, remaining, seconds, failures), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    elapsed = time.perf_counter() - began
    seconds.sort()
    return {
        "per_second": len(seconds) / elapsed,
        "p50_ms": 1000 * seconds[len(seconds) // 2],
        "p99_ms": 1000 * seconds[int(len(seconds) * 0.99)],
        "failures": failures[0] + requests - len(seconds),
    }


if __name__ == "__main__":
    port, path, connections, requests = sys.argv[1:]
    print(json.dumps(asyncio.run(measure(int(port), path, int(connections), int(requests)))))
