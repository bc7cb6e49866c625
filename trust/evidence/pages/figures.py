"""The figures of a run beside those of the runs before it: a curve for each, and the numbers in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from trust.evidence.models.run import Run
from trust.evidence.queries.facts import redaction_for
from trust.evidence.rules.figures import ColumnFigures, RunFigures, figures_from_json
from trust.evidence.rules.redaction import redact_figures
from trust.presentation.pages.charts import Point, curve
from trust.vocabulary import RunStatus

_MOST_RUNS = 30
_MOST_COLUMNS = 50
"""A page with more curves than that helps no reader; all our choice."""
_NAMES = {
    "missing": "missing values",
    "distinct": "distinct values",
    "mean": "mean",
    "lowest": "minimum",
    "highest": "maximum",
}
Moments = Sequence[tuple[datetime, RunFigures]]


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One figure: its last number as text, and its course from the lowest (0%) to the highest (100%) number that is shown."""

    name: str
    now: str
    drawn: SafeString


@dataclass(frozen=True, slots=True)
class FieldFigures:
    """The figures of one column; of the table where `field` is empty."""

    field: str
    lines: tuple[FigureLine, ...]


def field_figures(run: Run) -> tuple[FieldFigures, ...]:
    """The table's and each column's, as of `run`; nothing where the run measured none. Three queries at most."""
    now = figures_from_json(run.figures)
    if now is None or run.finished_at is None:
        return ()
    rows = Run.objects.filter(port=run.port_id, status=RunStatus.COMPLETED, finished_at__lte=run.finished_at)
    newest = rows.exclude(figures={}).order_by("-finished_at").values_list("finished_at", "figures")[:_MOST_RUNS]
    redaction = redaction_for(run.port)
    moments = [
        (finished_at, redact_figures(figures, redaction))
        for finished_at, stored in reversed(newest)
        if finished_at is not None and (figures := figures_from_json(stored)) is not None
    ]
    return tuple(_fields(moments)) if moments else ()


def _fields(moments: Moments) -> Iterator[FieldFigures]:
    rows = [(moment, float(figures.rows)) for moment, figures in moments]
    yield FieldFigures("", tuple(_line("", "rows", rows, is_share=False)))
    by_name = [(moment, {column.name: column for column in figures.columns}) for moment, figures in moments]
    for column in moments[-1][1].columns[:_MOST_COLUMNS]:
        history = [(moment, columns.get(column.name)) for moment, columns in by_name]
        yield FieldFigures(column.name, tuple(line for figure in _NAMES for line in _column_line(column.name, figure, history)))


def _column_line(field: str, figure: str, history: Sequence[tuple[datetime, ColumnFigures | None]]) -> Iterator[FigureLine]:
    values = [(moment, getattr(column, figure)) for moment, column in history if column is not None]
    yield from _line(field, _NAMES[figure], values, is_share=figure == "missing")


def _line(field: str, name: str, values: Sequence[tuple[datetime, float | None]], *, is_share: bool) -> Iterator[FigureLine]:
    """One line, or none where the last run has no such figure."""
    known = [(moment, value) for moment, value in values if value is not None]
    if not known or values[-1][1] is None:
        return
    low, high = (0.0, 1.0) if is_share else (min(value for _, value in known), max(value for _, value in known))
    last = max(len(known) - 1, 1)
    points = [
        Point(n / last, 100 * (value - low) / (high - low) if high > low else 50.0, f"{moment:%-d %b %Y, %H:%M}")
        for n, (moment, value) in enumerate(known)
    ]
    now = known[-1][1]
    title = f"{name} of {field}" if field else name
    unit = "%" if is_share else "% of the way from the lowest to the highest"
    yield FigureLine(name, f"{100 * now:.4g}%" if is_share else f"{now:,.6g}", curve(title.capitalize(), points, unit=unit))
