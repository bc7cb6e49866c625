"""The one command line of the web server: `bin/up`, the containers, the tests and the benchmarks start it with this."""

import sys

WORKERS = 2
HEADER_SECONDS = 10
"""In which the headers of a request must arrive, also the first one's of a connection and the next one's of a kept one."""
CONNECTIONS = 2048
"""That one worker holds at the same time; further ones wait in the kernel's queue."""
APPLICATION = "config.web.application:application"


def web_command(
    host: str, port: int, *, workers: int = WORKERS, kill_seconds: int = 3, application: str = APPLICATION
) -> list[str]:
    """Plain HTTP/1.1 without websockets: in HTTP/2 the time limit for headers would not hold."""
    listen = ["--interface", "rsgi", "--http", "1", "--no-ws", "--host", host, "--port", str(port), "--workers", str(workers)]
    limits = ["--http1-header-read-timeout", str(1000 * HEADER_SECONDS), "--backpressure", str(CONNECTIONS)]
    # A web process misses a stop signal while it starts: granian itself ends it then.
    care = ["--respawn-failed-workers", "--workers-kill-timeout", str(kill_seconds)]
    return [sys.executable, "-m", "granian", *listen, *limits, *care, application]
