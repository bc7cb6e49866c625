"""The figures of a run: asked together with the scalars of its checks, so that they take no pass of their own.

But for rows by day in PostgreSQL, which has no aggregate for them: they take one pass of the time column. Distinct values are
counted approximately by DuckDB only.
"""

import math
from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import sqlalchemy as sa

from trust.evidence.engines.gx import aggregates
from trust.evidence.engines.gx.backend import Backend, moment_in_text
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.domain import Domain
from trust.evidence.engines.gx.measure import Table
from trust.evidence.engines.gx.requests import Measurement, Rows, Scalars
from trust.evidence.rules.evidence import Source
from trust.evidence.rules.figures import ColumnFigures, RunFigures

_DIGITS = 6
_WORDS = ("n/a", "null", "none", "-", "--", "---", "?", "??", "???")
_LONGEST_WORD = 6
"""With room for blanks around it."""
_NOT_AVAILABLE = "NA"
"""Apart from the other words: it is also a code, of Namibia for one."""
# Blanks and characters without width, written out: neither dialect of patterns knows all of them by name.
_BLANK = "^[\\s\u00a0\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]*$"
_REPLACEMENT = "\ufffd"
"""What a decoder writes for bytes that it could not read: the character that was there is lost."""
_NUMBERS = (-999, -9999)
_DATES = ("1900-01-01", "9999-12-31")


def figure_measurements(table: Table, source: Source) -> dict[Hashable, Measurement]:
    """What to ask of each top-level column. No value of a column that the contract does not declare, or that is redacted."""
    found: dict[Hashable, Measurement] = {}
    for column in table.columns.values():
        shows_values = column.name in source.declared_types and column.name not in source.redacted_columns
        for what, measurement in _questions(table.backend, column, shows_values=shows_values).items():
            found["figure", what, column.name] = measurement
    time = table.columns.get(source.time_column or "")
    if time is not None and (time.kind.is_moment or time.kind is Kind.TEXT):
        found["figure", "days"] = _days(table, time)
    return found


def run_figures(table: Table, outcomes: Mapping[Hashable, Any]) -> RunFigures:
    """The figures that could be measured; a column that could not be read at all is left out."""
    rows = outcomes["observed", "rows"]
    newest, median = days if isinstance(days := outcomes.get(("figure", "days")), tuple) else (None, None)
    columns = [_column(column.name, rows, outcomes) for column in table.columns.values()]
    return RunFigures(rows, tuple(column for column in columns if column is not None), _whole(newest), _number(median))


def unreadable_columns(table: Table, outcomes: Mapping[Hashable, Any]) -> list[str]:
    """The columns of a file that cannot be read to their end, in order."""
    if table.backend.name != "duckdb":
        return []
    return [
        name
        for name in table.columns
        if any(_is_refused(outcomes.get(("figure", what, name))) for what in ("present", "distinct"))
    ]


def _is_refused(outcome: Any) -> bool:
    cause = outcome.orig if isinstance(outcome, sa.exc.DBAPIError) else None
    is_of_the_question = isinstance(cause, duckdb.OutOfMemoryException | duckdb.InterruptException | duckdb.BinderException)
    return isinstance(cause, duckdb.Error) and not is_of_the_question


def _column(name: str, rows: int, outcomes: Mapping[Hashable, Any]) -> ColumnFigures | None:
    def outcome(what: str) -> Any:
        return outcomes.get(("figure", what, name))

    present = outcome("present")
    if not isinstance(present, int):
        return None
    return ColumnFigures(
        name=name,
        missing=round(1 - present / rows, _DIGITS) if rows else 0.0,
        distinct=_whole(outcome("distinct")),
        mean=_number(outcome("mean")),
        lowest=_number(outcome("min")),
        highest=_number(outcome("max")),
        doubtful=_whole(outcome("doubtful")) or 0,
        not_available=_whole(outcome("not available")) or 0,
    )


def _questions(backend: Backend, column: Column, *, shows_values: bool) -> dict[str, Measurement]:
    domain = Domain()
    asked = {"present": aggregates.nonnull_count(domain, column)}
    # Of a binary column nothing else would be read to its end: where statistics say that no value is missing, counting reads
    # none. This question reads every page, so that a damaged one is noticed also where no check looks.
    is_counted = column.kind is not Kind.OTHER or column.container is None
    if is_counted and backend.name == "duckdb":
        asked["distinct"] = aggregates.scalar(domain, column, "about distinct", sa.func.approx_count_distinct(column.value))
    if column.kind.is_number and shows_values:
        asked["mean"] = aggregates.mean(domain, column)
        asked |= {name: aggregates.extreme(domain, column, name, backend) for name in ("min", "max")}
    doubtful = _doubtful(backend, column)
    if doubtful is not None:
        asked["doubtful"] = aggregates.scalar(domain, column, "doubtful", domain.count_where(doubtful))
    if column.kind is Kind.TEXT:
        is_code = domain.count_where(column.value == _NOT_AVAILABLE)
        asked["not available"] = aggregates.scalar(domain, column, "not available", is_code)
    return asked


def _doubtful(backend: Backend, column: Column) -> SqlExpression | None:
    """Whether a value stands for nothing; None for a column in which no value does."""
    if column.kind is Kind.FLOAT:
        infinite = [sa.cast(sa.literal_column(word), sa.Double) for word in ("'Infinity'", "'-Infinity'")]
        return sa.or_(column.value.in_(_NUMBERS), sa.cast(column.value, sa.Double).in_(infinite))
    if column.kind.is_number:
        return column.value.in_(_NUMBERS)
    if column.kind.is_moment:
        return sa.cast(column.value, sa.Date).in_([sa.cast(sa.literal(date), sa.Date) for date in _DATES])
    if column.kind is not Kind.TEXT:
        return None
    conditions = [
        column.value == _NOT_AVAILABLE,
        sa.func.lower(sa.func.trim(column.value)).in_(_WORDS),
        backend.matches(column.value, _BLANK),
    ]
    ordered = backend.ordered(column)
    # Most text is long and begins with a letter: patterns on all of it would take half of the scan.
    is_candidate = sa.or_(ordered < "0", ordered >= "\x7f", sa.func.length(column.value) <= _LONGEST_WORD)
    is_placeholder = sa.case((is_candidate, sa.or_(*conditions)), else_=sa.false())
    is_broken = sa.func.strpos(column.value, _REPLACEMENT) > 0
    if not column.is_moment_in_text:
        return sa.or_(is_placeholder, is_broken)
    return sa.or_(is_placeholder, is_broken, sa.func.substr(column.value, 1, len(_DATES[0])).in_(_DATES))


def _days(table: Table, column: Column) -> Measurement:
    """(rows of the newest day, median of rows over the days that have any)."""
    day = sa.cast(column.value if column.kind.is_moment else moment_in_text(table.backend, column), sa.Date)
    if table.backend.name == "postgres":
        return (yield from _days_by_groups(table, column.name, day))
    sizes = sa.func.histogram(day)
    newest = sa.func.list_extract(sa.func.map_extract(sizes, sa.func.max(day)), sa.literal_column("1"))
    median = sa.func.list_aggregate(sa.func.map_values(sizes), sa.literal_column("'median'"))
    keys = {what: ("days", what, column.name) for what in ("newest", "median")}
    answers = yield Scalars({keys["newest"]: newest, keys["median"]: median})
    return answers[keys["newest"]], answers[keys["median"]]


def _days_by_groups(table: Table, name: str, day: SqlExpression) -> Measurement:
    counted = sa.select(day.label("day"), sa.func.count().label("size")).select_from(table.selectable).group_by(day)
    days = counted.having(day.is_not(None)).cte("days")
    newest = sa.select(days.c.size).order_by(days.c.day.desc()).limit(1).scalar_subquery()
    median = sa.func.percentile_cont(0.5).within_group(days.c.size)
    rows = yield Rows(sa.select(newest, median).select_from(days), ("days", name))
    return tuple(rows[0])


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    """Six digits of a finite number; None of anything else, an error among it."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return float(f"{number:.{_DIGITS}g}") if math.isfinite(number) else None
