"""Arguments of expectations as SQL values of the column's kind: bound, never written into SQL text.

JSON has no dates, so a suite writes them as ISO text; for a column of dates or timestamps such text is read as a moment.
For any other kind a text is a text and a number a number, and the two never compare, as in pandas.
"""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from dateutil import parser as dateutil_parser  # type: ignore[import-untyped]

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression

_BIGGEST_INT = 2**63


def literal(value: Any) -> SqlExpression:  # noqa: PLR0911  # one return for each kind
    """`value` as a bound parameter with the type that holds it."""
    if isinstance(value, bool):
        return sa.literal(value, sa.Boolean)
    if isinstance(value, int):
        return (
            sa.literal(value, sa.BigInteger) if -_BIGGEST_INT <= value < _BIGGEST_INT else sa.literal(float(value), sa.Double)
        )
    if isinstance(value, float):
        return sa.literal(value, sa.Double)
    if isinstance(value, Decimal):
        return sa.literal(value, sa.Numeric)
    if isinstance(value, datetime):
        return sa.literal(value, sa.DateTime)
    if isinstance(value, date):
        return sa.literal(value, sa.Date)
    if isinstance(value, time):
        return sa.literal(value, sa.Time)
    return sa.literal(str(value), sa.Text)


def comparable(column: Column, value: Any) -> Any:
    """`value` as something that the values of `column` can be compared with by order.

    Raises TypeError where Great Expectations on pandas would: text against numbers and numbers against text.
    """
    converted = _converted(column, value)
    if converted is None:
        raise TypeError(
            f"Column {column.name!r} holds {_plural(column.kind)} ({column.physical_type}), which cannot be compared with "
            f"{value!r}. Give a bound of the same kind, or check the column's type."
        )
    return converted


def members(column: Column, values: Iterable[Any]) -> list[Any]:
    """The members of a value set that a value of `column` can equal at all; the others never match and are left out."""
    found: dict[Any, None] = {}
    for value in values:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        try:
            converted = _converted(column, value)
        except ValueError:
            continue  # a text that is no moment equals no moment
        if converted is not None:
            found[converted] = None
    return list(found)


def moment(text: str) -> datetime:
    """The moment that `text` writes, in UTC without a zone. Raises ValueError."""
    try:
        parsed = dateutil_parser.parse(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a date or time. Write it as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS.") from error
    return naive_utc(parsed)


def moment_of(bound: Any) -> datetime:
    """A bound of moments: a text, a date (its start) or a moment. Raises ValueError, TypeError for anything else."""
    if isinstance(bound, str):
        return moment(bound)
    if isinstance(bound, datetime):
        return naive_utc(bound)
    if isinstance(bound, date):
        return datetime.combine(bound, time.min)
    raise TypeError(f"{bound!r} is not a date or time. Write it as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS.")


def naive_utc(value: datetime) -> datetime:
    """`value` in UTC without a zone; at the ends of the calendar, where UTC would lie beyond them, as it is written."""
    try:
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    except OverflowError:
        return value.replace(tzinfo=None)


def _converted(column: Column, value: Any) -> Any:
    kind = column.kind
    if kind is Kind.TEXT:
        is_written_as_number = column.declared is LogicalType.STRING and isinstance(value, int) and not isinstance(value, bool)
        return str(value) if is_written_as_number else value if isinstance(value, str) else None
    if kind.is_summable:
        return _number(kind, value) if isinstance(value, (bool, int, float, Decimal)) else None
    if kind.is_moment:
        return _moment(kind, value)
    if kind is Kind.TIME and isinstance(value, str):
        return time.fromisoformat(value)
    return None


def _number(kind: Kind, value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and kind is not Kind.FLOAT:
        value = int(value)
    if isinstance(value, float) and kind is Kind.DECIMAL and math.isfinite(value):
        return Decimal(repr(value))
    return int(value) if isinstance(value, bool) else value


def _moment(kind: Kind, value: Any) -> Any:
    if isinstance(value, str):
        value = moment(value)
    if isinstance(value, datetime):
        value = naive_utc(value)
        if kind is Kind.DATE and value.time() == time.min:
            return value.date()
        return value
    return value if isinstance(value, date) else None


def _plural(kind: Kind) -> str:
    return {Kind.TEXT: "text", Kind.OTHER: "nested values"}.get(kind, f"{kind.value}s")
