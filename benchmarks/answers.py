"""How fast is the one answer? `python -m benchmarks.answers`: GET .../trust beside bare Django views, on the same server.

It starts a PostgreSQL (or makes a database of its own on that of DATABASE_URL), one judged product, one key, and granian with
two workers on a free loopback port; then it measures in turns, so that a busy moment of the machine hits all alike. What
it prints is the median of the repetitions; the ratios are what counts, the absolute figures belong to the machine.
"""

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

THREADS = 4
ROOT = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """The URL of a database that nobody else uses and that is gone afterwards."""
    given = os.environ.get("DATABASE_URL", "").strip()
    if not given:
        from config.embedded import EmbeddedPostgres, throwaway_directory  # noqa: PLC0415  needs the wheel

        with throwaway_directory() as directory, EmbeddedPostgres(directory / "postgres", durable=False) as server:
            yield server.url
        return
    name = f"touchstone_benchmark_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as server_connection:
        server_connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield make_conninfo("", **{**conninfo_to_dict(given), "dbname": name})
        finally:
            server_connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def prepare() -> tuple[str, str]:
    """Migrate, judge one product that is not production-grade, make a key. Returns the path to ask and the key."""
    import django  # noqa: PLC0415  reads the environment, which is complete only now

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    from api.access.keys import MOST_REQUESTS_PER_MINUTE, create_key_of  # noqa: PLC0415
    from catalog.services.consumers import consumer_of_person  # noqa: PLC0415
    from tests.factories import make_governed_product, make_person  # noqa: PLC0415
    from tests.trust.builders import make_ready_port, run_well  # noqa: PLC0415

    now = timezone.now()
    run_well(make_ready_port(make_governed_product("measured")), now, failed=1)
    # The limit is counted like any other; it is only so high that no server reaches it.
    consumer = consumer_of_person(make_person("asker"))
    _, key = create_key_of(
        consumer=consumer,
        actor=None,
        name="benchmark",
        scopes=["trust:read"],
        requests_per_minute=MOST_REQUESTS_PER_MINUTE,
        now=now,
    )
    connection.close()
    return "/api/v1/products/measured/trust", key


@contextlib.contextmanager
def running_server(workers: int) -> Iterator[int]:
    """The port of a granian that serves `benchmarks.answers_server`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    # Every thread keeps a database connection: few of them, and the rest waits in the server's own queue.
    command += [
        "--workers",
        str(workers),
        "--blocking-threads",
        str(THREADS),
        "--log-level",
        "warning",
        "benchmarks.answers_server:application",
    ]
    server = subprocess.Popen(command, cwd=ROOT, start_new_session=True)  # noqa: S603  our own command
    try:
        wait_for(port, server)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)  # its session holds its workers and nothing else
            server.wait()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when the server answers; end with a sentence when it does not."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/naked", timeout=5):
            return
        if server.poll() is not None:
            sys.exit(f"granian ended with status {server.returncode}; its message stands above.")
        time.sleep(0.2)
    sys.exit("granian did not answer within two minutes; its messages stand above.")


def ask(port: int, path: str, connections: int, requests: int, key: str) -> dict[str, float]:
    """One measurement, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", str(port), path, str(connections), str(requests)]
    environment = {**os.environ, "LOAD_KEY": key}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, timeout=300)  # noqa: S603
    measured: dict[str, float] = json.loads(done.stdout)
    if measured["failures"]:
        sys.exit(f"{measured['failures']:.0f} of {requests} requests to {path} failed: the figures would mean nothing.")
    return measured


def compare(port: int, path: str, key: str, options: argparse.Namespace) -> None:
    targets = {"naked": ("/naked", ""), "bare": ("/bare", ""), "trust": (path, key)}
    print("connections   naked/s   bare/s  trust/s   p50 ms  p99 ms  trust/bare  trust/naked")
    for connections in options.connections:
        for target, secret in targets.values():
            ask(port, target, connections, max(200, options.requests // 5), secret)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in targets}
        for _ in range(options.repetitions):
            for name, (target, secret) in targets.items():
                found[name].append(ask(port, target, connections, options.requests, secret))
        rate = {name: statistics.median(one["per_second"] for one in measured) for name, measured in found.items()}
        pairs = list(zip(found["trust"], found["bare"], found["naked"], strict=True))
        to_bare = statistics.median(ours["per_second"] / bare["per_second"] for ours, bare, _ in pairs)
        to_naked = statistics.median(ours["per_second"] / naked["per_second"] for ours, _, naked in pairs)
        p50, p99 = (statistics.median(one[name] for one in found["trust"]) for name in ("p50_ms", "p99_ms"))
        print(
            f"{connections:>11}  {rate['naked']:>8.0f} {rate['bare']:>8.0f} {rate['trust']:>8.0f}  {p50:>7.2f} {p99:>7.2f}"
            f"  {to_bare:>10.2f}  {to_naked:>11.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--requests", type=int, default=4000, help="per measurement")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("TOUCHSTONE_SECRET_KEY", secrets.token_urlsafe(64))
    os.environ.pop("TOUCHSTONE_DEBUG", None)
    os.environ["TOUCHSTONE_LOG_LEVEL"] = "WARNING"
    with own_database() as url:
        os.environ["DATABASE_URL"] = url
        path, key = prepare()
        with running_server(options.workers) as port:
            compare(port, path, key, options)


if __name__ == "__main__":
    main()
