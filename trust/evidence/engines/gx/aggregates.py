"""Aggregates of a column, each as Great Expectations on pandas computes it."""

import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trust.evidence.engines.gx.arguments import literal, members
from trust.evidence.engines.gx.backend import Backend, moment_in_text
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.domain import Domain
from trust.evidence.engines.gx.requests import Groups, Measurement, OrderStatistics, Rows, Scalars

_LOOKS_LIKE_A_DATE = re.compile(r"\s*([0-9]{4}[-/.][0-9]{1,2}\b|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}\b)")
MAX_LISTED = 20
_EXACT_DIGITS = 15
"""So many decimal digits a float holds whatever they are."""
# More modes than this are reported by their number; pandas would list them all.
MAX_MODES = 1_000


def need_number(column: Column) -> None:
    if not column.kind.is_summable:
        raise TypeError(f"Column {column.name!r} is {column.physical_type}; this check needs numbers.")


def scalar(domain: Domain, column: Column, name: str, expression: SqlExpression) -> Measurement:
    key = (name, column.name, domain.key)
    answers = yield Scalars({key: expression})
    return answers[key]


def nonnull_count(domain: Domain, column: Column) -> Measurement:
    return (yield from scalar(domain, column, "nonnull", domain.aggregate(sa.func.count(column.value))))


def mean(domain: Domain, column: Column) -> Measurement:
    need_number(column)
    value = yield from scalar(domain, column, "mean", domain.aggregate(sa.func.avg(column.number)))
    return _float(value)


def total(domain: Domain, column: Column) -> Measurement:
    need_number(column)
    value = yield from scalar(domain, column, "sum", domain.aggregate(sa.func.sum(column.number)))
    return _plain(column, value) if column.kind in {Kind.INTEGER, Kind.BOOLEAN} and value is not None else _float(value)


def standard_deviation(domain: Domain, column: Column) -> Measurement:
    """Sample standard deviation; NaN where a value is infinite, as in pandas; None of fewer than two values."""
    need_number(column)
    number = sa.cast(column.number, sa.Double)
    infinite = number.in_([sa.cast(sa.literal_column(text), sa.Double) for text in ("'Infinity'", "'-Infinity'")])
    key = ("stdev", column.name, domain.key)
    finite = domain.and_where(sa.not_(infinite), "finite")
    expressions: dict[Hashable, SqlExpression] = {key: finite.aggregate(sa.func.stddev_samp(number))}
    if column.kind is Kind.FLOAT:
        expressions["infinite", *key] = domain.count_where(infinite)
    answers = yield Scalars(expressions)
    return math.nan if answers.get(("infinite", *key)) else _float(answers[key])


def extreme(domain: Domain, column: Column, name: str, backend: Backend) -> Measurement:
    """`min` or `max`; a date comes back as a date, True and False as such."""
    if column.kind is Kind.OTHER:
        raise TypeError(f"Column {column.name!r} holds {column.holds} ({column.physical_type}), which have no order.")
    function = getattr(sa.func, name)
    if column.is_long_decimal:
        raise TypeError(f"Column {column.name!r} holds {column.holds}.")
    if column.is_moment_in_text:
        return (yield from _extreme_moment(domain, column, name, backend))
    value = column.number if column.kind is Kind.BOOLEAN else backend.ordered(column)
    wanted = domain.aggregate(function(value))
    found = yield from scalar(domain, column, name, backend.in_calendar(wanted, column))
    if isinstance(found, str) and _LOOKS_LIKE_A_DATE.match(found):
        raise TypeError(
            f"Column {column.name!r} holds text that looks like dates, and the order of its letters is not theirs. Declare it "
            "as a date or timestamp, with its format, or write it as YYYY-MM-DD."
        )
    return bool(found) if column.kind is Kind.BOOLEAN and found is not None else _plain(column, found)


def _extreme_moment(domain: Domain, column: Column, name: str, backend: Backend) -> Measurement:
    moment = moment_in_text(backend, column)
    unread = sa.and_(column.value.is_not(None), moment.is_(None))
    keys = [(what, name, column.name, domain.key) for what in ("moment", "unread")]
    answers = yield Scalars({keys[0]: domain.aggregate(getattr(sa.func, name)(moment)), keys[1]: domain.count_where(unread)})
    if answers[keys[1]]:
        raise TypeError(
            f"{answers[keys[1]]:,} values of column {column.name!r} are not written as the contract declares, so it has no "
            f"{name}imum. Correct them, or the format in the contract."
        )
    return answers[keys[0]]


def quantile(domain: Domain, column: Column, quantiles: Sequence[float], how: str) -> Measurement:
    """Quantiles by pandas' rules of interpolation, from exact order statistics. None for each where there is no value."""
    if not (column.kind.is_summable or column.kind.is_moment):
        raise TypeError(f"Column {column.name!r} is {column.physical_type}; quantiles need numbers or moments.")
    if not quantiles:
        raise ValueError("No quantile is given. Name at least one.")
    if any(not 0 <= q <= 1 for q in quantiles):
        raise ValueError("Quantiles must lie between 0 and 1.")
    count = yield from nonnull_count(domain, column)
    if not count:
        return [None] * len(quantiles)
    places = [(count - 1) * q for q in quantiles]
    positions = tuple(sorted({position for place in places for position in (math.floor(place), math.ceil(place))}))
    values = yield OrderStatistics(column, domain, count, positions)
    value_at = dict(zip(positions, values, strict=True))
    return [_interpolated(place, value_at, how) for place in places]


def _interpolated(place: float, value_at: Mapping[int, Any], how: str) -> Any:
    below, above = math.floor(place), math.ceil(place)
    if how == "nearest":
        return _plain_number(value_at[round(place)])  # halves go to the even neighbour, as in numpy
    if how in {"lower", "higher"}:
        return _plain_number(value_at[below if how == "lower" else above])
    share = 0.5 if how == "midpoint" and below != above else place - below
    low, high = value_at[below], value_at[above]
    if isinstance(low, (date, datetime)):
        return low if below == above else _as_moment(low) + (_as_moment(high) - _as_moment(low)) * share
    low, high = float(low), float(high)
    return low if low == high else low + (high - low) * share


def _as_moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def median(domain: Domain, column: Column) -> Measurement:
    return (yield from quantile(domain, column, [0.5], "linear"))[0]


def distinct_count(domain: Domain, column: Column) -> Measurement:
    present = domain.and_where(column.value.is_not(None), f"has {column.name}")
    counts = yield Groups((column,), present)
    return counts.distinct


def unique_proportion(domain: Domain, column: Column) -> Measurement:
    distinct = yield from distinct_count(domain, column)
    present = yield from nonnull_count(domain, column)
    return distinct / present if present else 0


def nonnull_proportion(domain: Domain, column: Column) -> Measurement:
    present = yield from nonnull_count(domain, column)
    rows = yield from row_count(domain)
    return present / rows if rows else 0


def row_count(domain: Domain) -> Measurement:
    key = ("rows", domain.key)
    answers = yield Scalars({key: domain.count()})
    return answers[key]


def presence(domain: Domain, column: Column) -> Measurement:
    """(rows of the domain, rows with a value in the column)."""
    rows = yield from row_count(domain)
    present = yield from nonnull_count(domain, column)
    return rows, present


def modes(domain: Domain, column: Column, table: sa.FromClause, backend: Backend) -> Measurement:
    """The most common values, in order, all of them where several are as common."""
    value = backend.grouping(column)
    groups = domain.select(value.label("value"), sa.func.count().label("size"), table=table)
    counted = groups.where(column.value.is_not(None)).group_by(value).cte("counted")
    most = sa.select(sa.func.max(counted.c.size)).scalar_subquery()
    statement = sa.select(counted.c.value).where(counted.c.size == most).order_by(counted.c.value).limit(MAX_MODES)
    rows = yield Rows(statement)
    return [_plain(column, row[0]) for row in rows]


def not_in_set(
    domain: Domain, column: Column, value_set: Sequence[Any] | None, table: sa.FromClause, backend: Backend
) -> Measurement:
    """(how many distinct values lie outside the set, the first of them in order)."""
    value = backend.grouping(column)
    inside = backend.is_one_of(column.number, [literal(member) for member in members(column, value_set or [])])
    distinct = (
        domain.select(value.label("value"), table=table)
        .where(column.value.is_not(None), sa.not_(inside))
        .distinct()
        .cte("outside")
    )
    how_many = sa.select(sa.func.count()).select_from(distinct)
    key = (column.name, domain.key, repr(value_set))
    counted = yield Rows(how_many, ("outside", *key))
    if not counted[0][0]:
        return 0, []
    rows = yield Rows(sa.select(distinct.c.value).order_by(distinct.c.value).limit(MAX_LISTED), ("outside, listed", *key))
    return counted[0][0], [_plain(column, row[0]) for row in rows]


def missing_from(
    domain: Domain, column: Column, value_set: Sequence[Any] | None, table: sa.FromClause, backend: Backend
) -> Measurement:
    """(how many members of the set no row has, the first of them in the set's order)."""
    wanted = list(dict.fromkeys(value_set or []))
    possible = members(column, wanted)
    found: set[Any] = set()
    if possible:
        value = column.number
        inside = backend.is_one_of(value, [literal(member) for member in possible])
        key = ("inside", column.name, domain.key, repr(value_set))
        rows = yield Rows(domain.select(value, table=table).where(inside).distinct(), key)
        found = {int(row[0]) if column.is_bignum else row[0] for row in rows}
    missing = [value for value in wanted if not any(member in found for member in members(column, [value]))]
    return len(missing), missing[:MAX_LISTED]


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _plain(column: Column, value: Any) -> Any:
    """A value as Python counts with it: DuckDB writes whole numbers of any size as text."""
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > _EXACT_DIGITS:
        return value
    return int(value) if column.is_bignum and value is not None else _plain_number(value)


def _plain_number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


Simple = Callable[[Domain, Column], Measurement]
SIMPLE_AGGREGATES: Mapping[str, Simple] = {
    "column.mean": mean,
    "column.sum": total,
    "column.standard_deviation": standard_deviation,
    "column.median": median,
    "column.non_null_count": nonnull_count,
    "column.distinct_values.count": distinct_count,
    "column.unique_proportion": unique_proportion,
    "column.non_null_proportion": nonnull_proportion,
}
