"""`manage.py show_readiness`: the use cases with their readiness, assessed now."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalog.models import UseCase
from catalog.rules.vocabulary import UseCaseStage
from trust.clock import database_now
from trust.use_cases.rules.readiness.outcome import Assessment
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.stages import end_overrides
from trust.vocabulary import Gap, ReadinessLevel

_COLUMNS = ("use case", "stage", "readiness", *Gap)


class Command(BaseCommand):
    help = (
        "Show every use case that is not retired with its stage, its readiness, and for each of the five gaps how many of its "
        "questions are answered yes. The weakest gap decides."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
        parser.add_argument(
            "--limit", type=int, default=200, metavar="N", help="show the first N use cases by name (default %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        use_cases = UseCase.objects.exclude(stage=UseCaseStage.RETIRED).select_related("business_owner").order_by("slug")
        limit = max(1, options["limit"])
        end_overrides(now=database_now())
        found = [
            assess_use_case(use_case=one, now=database_now(), cause="asked at the command line") for one in use_cases[:limit]
        ]
        if options["json"]:
            self.stdout.write(json.dumps([_row(assessment) for assessment in found], indent=2))
        elif found:
            self.stdout.write(_table(found))
            if (total := use_cases.count()) > limit:
                self.stdout.write(f"and {total - limit:,} more: --limit {total} shows all.")


def _row(assessment: Assessment) -> dict[str, Any]:
    return {
        "use_case": assessment.slug,
        "stage": assessment.stage,
        "level": assessment.level,
        "weakest": assessment.weakest,
        "gaps": {
            one.gap: {"level": one.level, "yes": one.yes, "no": one.no, "unknown": one.unknown} for one in assessment.gaps
        },
        "questions": {one.question: {"answer": one.answer, "code": one.code} for one in assessment.questions},
    }


def _table(found: list[Assessment]) -> str:
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for one in found:
        gaps = {gap.gap: f"{gap.yes} of {gap.yes + gap.no + gap.unknown}" for gap in one.gaps}
        rows.append((one.slug, one.stage, _WORDS[one.level], *(gaps[gap] for gap in Gap)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


_WORDS = {level: level.replace("_", " ") for level in ReadinessLevel}
