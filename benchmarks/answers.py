"""How fast are answers? `python -m benchmarks.answers` prints ratios against what runs beside them on the same machine.

It starts a durable PostgreSQL (or makes a database of its own on that of DATABASE_URL), a thousand judged products, one key,
and granian as `bin/up` does, on a free loopback port; then it measures in turns, so that a busy moment of the machine hits all
alike. What it prints are medians; the ratios are what counts, the absolute figures belong to the machine.
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
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers_ground import PRODUCTS, Ground, copy_of, fill, own_database, pgbench_rate, prepare
from runtime.web import web_command

MANY_PRODUCTS, MANY_DECISIONS = 1_000_000, 10_000_000
ROOT = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def running_server(workers: int, threads: int, url: str) -> Iterator[int]:
    """The port of a granian that serves `benchmarks.answers_server` on the database at `url`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = web_command("127.0.0.1", port, workers=workers, application="benchmarks.answers_server:application")
    command[-1:-1] = ["--log-level", "warning"]
    environment = {**os.environ, "DATABASE_URL": url, "TOUCHSTONE_WEB_THREADS": str(threads)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)  # noqa: S603  our own command
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


@dataclass(frozen=True)
class Target:
    """One address to measure; `body` makes it a POST. share: of the requests. highest: last product asked about."""

    path: str
    key: str = ""
    body: str = ""
    accept: str = ""
    share: float = 1.0
    highest: int = 0


def ask(port: int, target: Target, connections: int, requests: int) -> dict[str, float]:
    """One measurement, in a process of its own."""
    requests = max(connections, int(requests * target.share))
    command = [sys.executable, "-m", "benchmarks.load", str(port), target.path, str(connections), str(requests)]
    environment = {**os.environ, "LOAD_KEY": target.key, "LOAD_BODY": target.body, "LOAD_HIGHEST": str(target.highest)}
    environment["LOAD_ACCEPT"] = target.accept
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, timeout=300)  # noqa: S603
    measured: dict[str, float] = json.loads(done.stdout)
    if measured["failures"]:
        sys.exit(f"{measured['failures']:.0f} of {requests} requests to {target.path} failed: the figures would mean nothing.")
    return measured


def targets_of(ground: Ground) -> dict[str, Target]:
    decide = {
        "subject": {"type": "consumer", "id": "asker"},
        "action": {"name": "consume", "properties": {"purpose": "analytics"}},
        "resource": {"type": "data_product", "id": "measured"},
    }
    return {
        "naked": Target("/naked"),
        "bare": Target("/bare"),
        "trust": Target("/api/v1/products/measured/trust", ground.key),
        "purpose": Target("/api/v1/products/measured/trust?purpose=analytics", ground.key, share=0.5),
        "AuthZEN": Target("/access/v1/evaluation", ground.key, json.dumps(decide), share=0.5),
        "signed": Target("/api/v1/products/measured/trust", ground.key, accept="application/jose", share=0.1),
        "naive": Target("/naive/measured", ground.key, share=0.15),
        "kept": Target("/kept/measured", ground.key, share=0.3),
    }


RATIOS = (
    ("trust", "bare", "a bare view behind the same middleware"),
    ("trust", "naked", "a bare view without any middleware"),
    ("trust", "pgbench", "the same statement through pgbench"),
    ("trust", "naive", "naive DRF with a token and no log, connected as Django comes"),
    ("trust", "kept", "the same on a kept connection"),
    ("AuthZEN", "trust", "AuthZEN evaluation / trust answer"),
    ("purpose", "trust", "trust answer with a purpose / without"),
    ("signed", "trust", "signed trust answer / plain"),
)


def compare(port: int, ground: Ground, connections: int, options: argparse.Namespace) -> dict[str, float]:
    """Measure all in turns, print the medians of the ratios and return them, as `trust / bare` and so on."""
    targets = targets_of(ground)
    for target in targets.values():
        ask(port, target, connections, max(200, options.requests // 5))
    found: dict[str, list[float]] = {name: [] for name in (*targets, "pgbench")}
    latency: list[dict[str, float]] = []
    for _ in range(options.repetitions):
        for name, target in targets.items():
            measured = ask(port, target, connections, options.requests)
            found[name].append(measured["per_second"])
            if name == "trust":
                latency.append(measured)
        found["pgbench"].append(pgbench_rate(ground, connections, seconds=options.seconds))
    rates = {name: statistics.median(values) for name, values in found.items()}

    def ratio(one: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(found[one], found[other], strict=True))

    p50, p99 = (statistics.median(one[name] for one in latency) for name in ("p50_ms", "p99_ms"))
    print(f"\n{connections} connections; per second: " + ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items()))
    print(f"  trust: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    ratios = {f"{one} / {other}": ratio(one, other) for one, other, _ in RATIOS}
    for one, other, what in RATIOS:
        print(f"  {one} / {other:<8} {ratios[f'{one} / {other}']:6.2f}   {what}", flush=True)
    return ratios


def many(port: int, ground: Ground, options: argparse.Namespace) -> dict[str, float]:
    """500 products in one call, and with a purpose: median milliseconds, and in answers to one product."""
    bodies: dict[str, dict[str, object]] = {
        "500 products": {"products": ground.many},
        "500 products with a purpose": {"products": ground.many, "purpose": "analytics"},
    }
    one = Target("/api/v1/products/measured/trust", ground.key)
    ask(port, one, 1, 20)
    single = statistics.median(ask(port, one, 1, 200)["p50_ms"] for _ in range(options.repetitions))
    result = {}
    for name, body in bodies.items():
        target = Target("/api/v1/trust/check", ground.key, json.dumps(body))
        ask(port, target, 1, 5)
        found = [ask(port, target, 1, 50) for _ in range(options.repetitions)]
        p50, p99 = (statistics.median(one[name] for one in found) for name in ("p50_ms", "p99_ms"))
        result[f"{name} / one product"] = p50 / single
        print(f"{name} in one call, one connection: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {p50 / single:.1f} single answers")
    return result


def scale(url: str, ground: Ground, options: argparse.Namespace) -> dict[str, float]:
    """The same question to a small installation and to a large one, in turns: two databases of one PostgreSQL, two servers.

    Each request asks about another product, drawn from all that there are.
    """
    began = time.monotonic()
    with copy_of(url) as large:
        fill(large, products=MANY_PRODUCTS, decisions=MANY_DECISIONS)
        print(f"loaded {MANY_PRODUCTS:,} products, {MANY_DECISIONS:,} decisions: {time.monotonic() - began:.0f} s", flush=True)
        path, servers = "/api/v1/products/copy-*/trust", (options.workers, options.threads)
        with running_server(*servers, url) as small_port, running_server(*servers, large) as large_port:
            sides = (
                (large_port, Target(path, ground.key, highest=MANY_PRODUCTS)),
                (small_port, Target(path, ground.key, highest=PRODUCTS)),
            )
            for port, target in sides:
                ask(port, target, 8, options.requests)
            pairs = [
                [ask(port, target, 8, options.requests)["per_second"] for port, target in sides]
                for _ in range(options.repetitions)
            ]
    ratios = [ours / small for ours, small in pairs]
    print(f"at 1 M products and 10 M decisions / at 1,000 and none, 8 connections: {statistics.median(ratios):.2f}")
    print("  of each repetition: " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
    return {"large / small": statistics.median(ratios)}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 16])
    parser.add_argument("--requests", type=int, default=4000, help="per measurement")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each run of pgbench")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument(
        "--scale",
        action="store_true",
        help="instead: 1 M products and 10 M decisions beside few; 40 GB",
    )
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> dict[str, float]:
    """Every ratio that was measured; with several numbers of connections those of the last."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("TOUCHSTONE_SECRET_KEY", secrets.token_urlsafe(64))
    os.environ.pop("TOUCHSTONE_DEBUG", None)
    os.environ["TOUCHSTONE_LOG_LEVEL"] = "WARNING"
    with own_database() as url, tempfile.TemporaryDirectory(prefix="touchstone-benchmark-") as keys:
        os.environ["DATABASE_URL"] = url
        os.environ["TOUCHSTONE_SIGNING_KEYS"] = keys
        ground = prepare(url)
        if options.scale:
            return scale(url, ground, options)
        ratios: dict[str, float] = {}
        with running_server(options.workers, options.threads, url) as port:
            for connections in options.connections:
                ratios |= compare(port, ground, connections, options)
            return ratios | many(port, ground, options)


if __name__ == "__main__":
    run(parse())
