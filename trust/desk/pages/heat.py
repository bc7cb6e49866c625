"""Readiness by part across use cases: words, shares and tones. The words alone say all that the colours do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import UseCase
from trust.presentation.pages.labels import GAPS, LEVELS, NOTHING, Badge
from trust.use_cases.models.use_case import Readiness
from trust.use_cases.rules.readiness.codec import load_assessment
from trust.use_cases.rules.readiness.outcome import GapResult
from trust.vocabulary import Gap

NEVER = Badge("Not assessed", "off", "quiet")


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One gap of one use case: its level as a badge, and how many of its questions are answered yes, of how many."""

    gap: Gap
    badge: Badge
    told: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """is_outdated: the time of the assessment is over, so that it says what was found then and nothing about now."""

    use_case: UseCase
    level: Badge
    weakest: str
    cells: tuple[HeatCell, ...]
    assessed_at: datetime | None
    is_outdated: bool = False


@dataclass(frozen=True, slots=True)
class HeatMap:
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]

    def __bool__(self) -> bool:
        return bool(self.rows)


def heat_map(assessed: Sequence[tuple[UseCase, Readiness | None]], now: datetime) -> HeatMap:
    """One row for each use case, in the order given; None: it was never assessed."""
    return HeatMap(tuple(GAPS[gap] for gap in Gap), tuple(_row(use_case, row, now) for use_case, row in assessed))


def _row(use_case: UseCase, row: Readiness | None, now: datetime) -> HeatRow:
    if row is None:
        cells = tuple(HeatCell(gap, NEVER, NOTHING) for gap in Gap)
        return HeatRow(use_case, NEVER, "", cells, None)
    assessment = load_assessment(row.outcome)
    by_gap = {result.gap: result for result in assessment.gaps}
    cells = tuple(_cell(gap, by_gap.get(gap)) for gap in Gap)
    level, weakest = LEVELS[assessment.level], GAPS[assessment.weakest]
    return HeatRow(use_case, level, weakest, cells, row.assessed_at, row.valid_until <= now)


def _cell(gap: Gap, result: GapResult | None) -> HeatCell:
    if result is None:
        return HeatCell(gap, NEVER, NOTHING)
    asked = result.yes + result.no + result.unknown
    return HeatCell(gap, LEVELS[result.level], f"{result.yes} of {asked} yes")
