"""The desk's figures as rows of tables with their drawings: pure functions of what the queries found.

A cell carries the filter of the list behind it, as `query`; whoever shows it makes the address.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.safestring import SafeString

from catalog.models import UseCase
from catalog.rules.vocabulary import Lifecycle, Sensitivity
from trust.decisions.queries.denials import Denials
from trust.desk.queries.desk import VerdictCount
from trust.presentation.pages.charts import Part, Point, bar, curve, stacked_bar
from trust.presentation.pages.labels import GAPS, LEVELS, NOTHING, VERDICTS, Badge
from trust.use_cases.models.use_case import Readiness
from trust.use_cases.rules.readiness.codec import load_assessment
from trust.use_cases.rules.readiness.outcome import GapResult
from trust.verdicts.queries.trend import Day
from trust.vocabulary import Gap, VerdictStatus

PUBLISHED = {"lifecycle__in": f"{Lifecycle.PUBLISHED},{Lifecycle.DEPRECATED}"}
TABLE_STEP = 7  # days from one row of the trend's table to the next

NEVER = Badge("Not assessed", "off", "quiet")


@dataclass(frozen=True, slots=True)
class Cell:
    """A number that leads to the rows behind it."""

    amount: int
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    cells: tuple[Cell, ...]
    total: Cell
    drawn: SafeString


@dataclass(frozen=True, slots=True)
class Matrix:
    """Products by sensitivity (rows, most sensitive first) and verdict (columns)."""

    columns: tuple[Badge, ...]
    rows: tuple[Row, ...]
    totals: Row

    @property
    def products(self) -> int:
        return self.totals.total.amount

    @property
    def good(self) -> Cell:
        """Those that are production-grade."""
        return self.totals.cells[list(VERDICTS).index(VerdictStatus.PRODUCTION_GRADE)]

    @property
    def share(self) -> float | None:
        """Percent that is production-grade; None where there are no products."""
        return 100 * self.good.amount / self.products if self.products else None


@dataclass(frozen=True, slots=True)
class Line:
    """One reason for denials, or one day of the trend: words, an amount, and a drawing."""

    title: str
    amount: str
    drawn: SafeString


@dataclass(frozen=True, slots=True)
class Trend:
    """The drawing of the share that is production-grade, with the days that the table beside it lists, newest first."""

    drawn: SafeString
    starts: date
    ends: date
    days: tuple[Day, ...]
    change: float | None


def matrix_of(counts: Iterable[VerdictCount]) -> Matrix:
    """Every sensitivity that some product has gets a row, and every verdict a column."""
    found = {(one.sensitivity, one.verdict): one.products for one in counts}
    levels: list[Sensitivity | None] = [None, *reversed(Sensitivity)]
    present = [level for level in levels if any(level == sensitivity for sensitivity, _ in found)]
    longest = max((sum(found.get((level, VerdictStatus(word)), 0) for word in VERDICTS) for level in present), default=0)
    rows = tuple(_row(level, found, longest) for level in present)
    amounts = [sum(row.cells[index].amount for row in rows) for index in range(len(VERDICTS))]
    totals = _filled("All", amounts, {}, sum(amounts))
    return Matrix(tuple(VERDICTS.values()), rows, totals)


def _row(level: Sensitivity | None, found: Mapping[tuple[Sensitivity | None, VerdictStatus], int], longest: int) -> Row:
    amounts = [found.get((level, VerdictStatus(word)), 0) for word in VERDICTS]
    query = {"missing": "sensitivity"} if level is None else {"sensitivity__exact": level.value}
    return _filled((level or "unclassified").capitalize(), amounts, query, longest)


def _filled(title: str, amounts: Sequence[int], query: Mapping[str, str], longest: int) -> Row:
    pairs = list(zip(VERDICTS.items(), amounts, strict=True))
    parts = [Part(amount, badge.word, badge.tone) for (_, badge), amount in pairs]
    return Row(
        title=title,
        cells=tuple(Cell(amount, {**PUBLISHED, **query, "verdict": str(word)}) for (word, _), amount in pairs),
        total=Cell(sum(amounts), {**PUBLISHED, **query}),
        drawn=stacked_bar(f"{title} products by verdict", parts, longest=longest),
    )


def trend_of(days: Sequence[Day], matrix: Matrix, now: datetime) -> Trend | None:
    """The days that are over and today as it stands, as a curve; None where nothing is published and nothing ever was."""
    today = [Day(now.date(), matrix.good.amount, *(cell.amount for cell in _bad(matrix)))] if matrix.products else []
    shown = [*days, *today]
    if not shown:
        return None
    first, span = shown[0].day, max((shown[-1].day - shown[0].day).days, 1)
    points = [
        Point((day.day - first).days / span if len(shown) > 1 else 1.0, day.share, f"{day.day:%-d %b %Y}") for day in shown
    ]
    listed = tuple(shown[::-TABLE_STEP])
    change = shown[-1].share - shown[0].share if len(shown) > 1 else None
    return Trend(
        curve("Share of the published products that is production-grade", points), first, shown[-1].day, listed, change
    )


def _bad(matrix: Matrix) -> tuple[Cell, Cell]:
    """Not production-grade, and unknown."""
    order = list(VERDICTS)
    cells = matrix.totals.cells
    return cells[order.index(VerdictStatus.NOT_PRODUCTION_GRADE)], cells[order.index(VerdictStatus.UNKNOWN)]


def denial_lines(denials: Denials) -> tuple[Line, ...]:
    """One line for each reason, as long as its share of all denials."""
    return tuple(
        Line(words, f"{count:,}", bar(f"Denials for {words}", count, longest=denials.denied))
        for code, count in denials.by_code
        if (words := code.replace("_", " "))
    )


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One gap of one use case: its level as a badge, and how many of its questions are answered yes, of how many."""

    gap: Gap
    badge: Badge
    answered: str


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
    return HeatMap(tuple(GAPS[gap] for gap in Gap), tuple(_heat_row(use_case, row, now) for use_case, row in assessed))


def _heat_row(use_case: UseCase, row: Readiness | None, now: datetime) -> HeatRow:
    if row is None:
        cells = tuple(HeatCell(gap, NEVER, NOTHING) for gap in Gap)
        return HeatRow(use_case, NEVER, "", cells, None)
    assessment = load_assessment(row.outcome)
    by_gap = {result.gap: result for result in assessment.gaps}
    cells = tuple(_heat_cell(gap, by_gap.get(gap)) for gap in Gap)
    level, weakest = LEVELS[assessment.level], GAPS[assessment.weakest]
    return HeatRow(use_case, level, weakest, cells, row.assessed_at, row.valid_until <= now)


def _heat_cell(gap: Gap, result: GapResult | None) -> HeatCell:
    if result is None:
        return HeatCell(gap, NEVER, NOTHING)
    asked = result.yes + result.no + result.unknown
    return HeatCell(gap, LEVELS[result.level], f"{result.yes} of {asked} yes")
