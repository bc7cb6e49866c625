"""How many small suites pass the queue? `python -m benchmarks.queue` prints a rate, and its ratio to the engine alone.

It starts a PostgreSQL and a Valkey of its own and one Celery worker as `bin/up` does, with a process for each core; requests a
run of as many products, each with the suite of `benchmarks.engine` on a file of 100 rows, and waits until every verdict that
came of it is served. Beside it the same suite runs in this process, one after the other, with no queue and no verdict.
"""

import argparse
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.answers_ground import own_database
from benchmarks.engine import SUITE, generate
from catalog.rules.vocabulary import SourceKind
from trust.evidence.rules.evidence import Source

ROOT = Path(__file__).resolve().parent.parent
ROWS = 100
LONGEST_SECONDS = 600.0


@contextlib.contextmanager
def worker(processes: int, log: Path) -> Iterator[None]:
    """A worker that is ready to take messages."""
    command = [sys.executable, "-m", "celery", "-A", "config.celery:app", "worker", "--pool", "prefork"]
    command += ["--concurrency", str(processes), "--loglevel", "INFO", "--hostname", "benchmark@%h"]
    with log.open("w") as output:
        child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)  # noqa: S603
        try:
            deadline = time.monotonic() + 120
            while "ready." not in log.read_text():
                if child.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"The worker did not start:\n{log.read_text()[-3000:]}")
                time.sleep(0.1)
            yield
        finally:
            child.terminate()
            child.wait(timeout=120)


def engine_rate(path: str, repetitions: int = 20) -> tuple[float, float]:
    """Runs a second of the suite on that file, in this process, and the median milliseconds of one."""
    from trust.evidence.engines.gx import GxEngine  # noqa: PLC0415  heavy

    engine, source = GxEngine(), Source(SourceKind.PARQUET, path)
    for _ in range(3):
        engine.run(SUITE, source)
    seconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        evidence = engine.run(SUITE, source)
        seconds.append(time.perf_counter() - started)
        assert evidence.failure is None, evidence.failure
    return repetitions / sum(seconds), 1000 * sorted(seconds)[repetitions // 2]


def queue_rate(runs: int, processes: int, folder: Path) -> float:
    """Runs a second, from the requests to the last verdict that may be served."""
    import django  # noqa: PLC0415  reads the environment, which is complete only now

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    from catalog.models import OutputPort  # noqa: PLC0415
    from tests.factories import make_governed_product, make_port  # noqa: PLC0415
    from tests.trust.builders import make_suite  # noqa: PLC0415
    from trust.evidence.services.runs import request_run  # noqa: PLC0415
    from trust.messages import enqueue  # noqa: PLC0415
    from trust.models import CurrentVerdict, Run  # noqa: PLC0415

    stored: tuple[dict[str, Any], ...] = tuple(
        {"type": one.type, "kwargs": dict(one.kwargs), "severity": one.severity.value, "dimension": None, "meta": {}}
        for one in SUITE.expectations
    )
    for _ in range(runs):
        make_suite(make_port(make_governed_product(), location="orders.parquet", source_kind=SourceKind.PARQUET), stored)
    with worker(processes, folder / "worker.log"):
        started = time.monotonic()
        requested = [request_run(port=port, actor=None, now=timezone.now()).id for port in OutputPort.objects.all()]
        enqueue(requested)
        while True:
            served = CurrentVerdict.objects.filter(invalidated=False, verdict_row__run__status="completed").count()
            seconds = time.monotonic() - started
            if served >= runs:
                return runs / seconds
            if seconds > LONGEST_SECONDS:
                failed = Run.objects.exclude(status="completed").values_list("status", "failure")[:3]
                sys.exit(f"Only {served} of {runs} verdicts after {seconds:.0f} s: {list(failed)}")
            time.sleep(0.1)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="of the worker: one a core")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> dict[str, float]:
    """The ratio of the queue to the engine alone, each on one core, and the figures that it is made of."""
    from runtime.embedded import EmbeddedValkey, throwaway_directory  # noqa: PLC0415

    with (
        own_database() as url,
        throwaway_directory() as servers,
        EmbeddedValkey(servers / "valkey", durable=False) as valkey,
        tempfile.TemporaryDirectory(prefix="touchstone-benchmark-") as data,
    ):
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": url,
            "REDIS_URL": valkey.url,
            "TOUCHSTONE_DATA_ROOTS": data,
        }
        os.environ.setdefault("TOUCHSTONE_SECRET_KEY", secrets.token_urlsafe(64))
        path = str(Path(data) / "orders.parquet")
        generate(path, ROWS)
        alone, milliseconds = engine_rate(path)
        rate = queue_rate(options.runs, options.processes, Path(data))
    per_core = rate / options.processes
    print(f"{len(SUITE.expectations)} expectations on {ROWS} rows: {milliseconds:.0f} ms (median, warm process)")
    print(f"{options.runs} of them through the queue until the verdict is served: {rate:.1f} a second, {per_core:.1f} a core")
    print(f"  queue / engine alone, per core: {per_core / alone:.2f}", flush=True)
    return {
        "queue / engine alone": per_core / alone,
        "suite on 100 rows, ms": milliseconds,
        "suites a second and core": per_core,
    }


if __name__ == "__main__":
    run(parse())
