"""`manage.py run_suite`: ask for a run of a data product's ports, and wait for the outcome if asked to."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.models import OutputPort
from catalog.rules.errors import DomainError
from trust.evidence.models.run import Run
from trust.evidence.services.runs import request_run
from trust.messages import enqueue
from trust.vocabulary import RunStatus


class Command(BaseCommand):
    help = (
        "Ask the workers for a run of a data product's ports. With --wait, exits 2 where a run failed, 3 where one did not end."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the data product")
        parser.add_argument("--port", metavar="NAME", help="only this output port")
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait for the outcome")

    def handle(self, *args: Any, **options: Any) -> None:
        ports = _ports(options["slug"], options["port"])
        try:
            runs = [request_run(port=port, actor=None, now=timezone.now()) for port in ports]
        except DomainError as error:
            raise CommandError(str(error)) from error
        enqueue(run.id for run in runs)
        for run in runs:
            self.stdout.write(f"{run.port.name}: run {run.id} is queued")
        if options["wait"] > 0:
            self._wait(runs, options["wait"])

    def _wait(self, runs: list[Run], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not all(run.status in {RunStatus.COMPLETED, RunStatus.FAILED} for run in runs):
            if time.monotonic() >= deadline:
                message = "A run has not ended yet. Look whether a worker is up, or give --wait more seconds."
                raise CommandError(message, returncode=3)
            time.sleep(0.2)
            for run in runs:
                run.refresh_from_db()
        for run in runs:
            self.stdout.write(f"{run.port.name}: {_outcome(run)}")
        if any(run.status == RunStatus.FAILED for run in runs):
            message = "Some ports could not be read; the reasons are above."
            raise CommandError(message, returncode=2)


def _ports(slug: str, name: str | None) -> list[OutputPort]:
    ports = OutputPort.objects.filter(product__slug=slug).select_related("product__owner")
    found = list(ports.filter(name=name) if name else ports)
    if not found:
        what = f"no port {name} of a data product {slug}" if name else f"no data product {slug} with an output port"
        message = f"There is {what}. `bin/manage show_verdicts` lists the data products."
        raise CommandError(message)
    return found


def _outcome(run: Run) -> str:
    if run.status == RunStatus.FAILED and run.failure:
        return f"failed: {run.failure['message']} {run.failure['remedy']}"
    counts = run.check_results.values_list("status", flat=True)
    words = sorted(set(counts))
    return f"{run.rows} rows, " + ", ".join(f"{list(counts).count(word)} {word}" for word in words)
