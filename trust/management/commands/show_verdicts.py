"""`manage.py show_verdicts`: the products with their verdicts, waiting first for the runs that are under way if asked to."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Exists, OuterRef

from catalog.models import DataProduct
from trust.clock import database_now
from trust.evidence.models.run import Run
from trust.verdicts.services.judging import ensure_current
from trust.vocabulary import RunStatus

_PENDING = (RunStatus.QUEUED, RunStatus.RUNNING)
_MOST_FAILURES = 100
_COLUMNS = ("product", "verdict", "score", "grade", "gates that do not pass")


class Command(BaseCommand):
    help = (
        "Show every data product with verdict, score, grade and the gates that do not pass. Exits 2 where the last run of a "
        "port failed, 3 where runs were still under way when --wait ended."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait until no run is queued or running")
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
        parser.add_argument(
            "--limit", type=int, default=200, metavar="N", help="show the first N products by name (default %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        is_done = self._wait(options["wait"])
        total, limit = DataProduct.objects.count(), max(1, options["limit"])
        ensure_current(list(DataProduct.objects.order_by("slug").values_list("id", flat=True)[:limit]), database_now())
        shown = DataProduct.objects.select_related("current_verdict").defer("current_verdict__body", "search")
        products = [_row(product) for product in shown.order_by("slug")[:limit]]
        failures = _failed_runs()
        if options["json"]:
            self.stdout.write(json.dumps({"products": products, "total": total, "failed_runs": failures}, indent=2))
        else:
            self.stdout.write(_table(products))
            if total > limit:
                self.stdout.write(f"and {total - limit:,} more: --limit {total} shows all.")
            for failure in failures:
                self.stderr.write(f"Run of {failure['port']} failed: {failure['message']} {failure['remedy']}")
        if not is_done:
            message = "Runs are still queued or running. Look whether a worker is up, or give --wait more seconds."
            raise CommandError(message, returncode=3)
        if failures:
            count = f"{len(failures)} or more" if len(failures) == _MOST_FAILURES else str(len(failures))
            message = f"{count} ports could not be read; the reasons are above."
            raise CommandError(message, returncode=2)

    def _wait(self, seconds: float) -> bool:
        """Whether no run is pending any more; tells on stderr how many are, each time that the number changes."""
        if seconds <= 0:
            return True
        deadline, shown = time.monotonic() + seconds, 0
        while pending := Run.objects.filter(status__in=_PENDING).count():
            if time.monotonic() >= deadline:
                return False
            if pending != shown:
                self.stderr.write(f"{pending} {'run' if pending == 1 else 'runs'} under way ...")
                shown = pending
            time.sleep(0.2)
        return True


def _row(product: DataProduct) -> dict[str, Any]:
    current = product.current_verdict
    return {
        "product": product.slug,
        "verdict": current.verdict,
        "score": current.score,
        "raw_score": current.raw_score,
        "effective_score": current.effective_score,
        "grade": current.grade,
        "open_gates": current.failing_gates,
    }


def _table(products: list[dict[str, Any]]) -> str:
    if not products:
        return "There are no data products yet. Register one with `bin/manage register FILE`."
    rows = [_COLUMNS]
    rows += [
        (p["product"], p["verdict"].replace("_", " "), f"{p['score']:g}", p["grade"], ", ".join(p["open_gates"]) or "-")
        for p in products
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _failed_runs() -> list[dict[str, str]]:
    """The newest finished run of every port that still is offered, where that run failed; at most `_MOST_FAILURES`."""
    finished = Run.objects.filter(status__in=[RunStatus.COMPLETED, RunStatus.FAILED])
    later = finished.filter(port=OuterRef("port"), finished_at__gt=OuterRef("finished_at"))
    failed = Run.objects.filter(~Exists(later), status=RunStatus.FAILED, port__removed_at=None).select_related("port__product")
    return [
        {"run": str(run.id), "port": f"{run.port.product.slug}/{run.port.name}", **(run.failure or {})}
        for run in failed.order_by("port_id")[:_MOST_FAILURES]
    ]
