"""Arguments of expectations as SQL values of the column's kind: bound, never written into SQL text.

JSON has no dates, so a suite writes them as ISO text; for a column of dates or timestamps such text is read as a moment.
For any other kind a text is a text and a number a number, and the two never compare, as in pandas.
"""

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from dateutil import parser as dateutil_parser  # type: ignore[import-untyped]

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.columns import BigNum, Column, Kind, SqlExpression

_BIGGEST_INT = 2**63
_NANOSECONDS = (datetime(1677, 9, 22), datetime(2262, 4, 11))  # noqa: DTZ001  # what 64 bits of them reach
_TWO_DAYS = (datetime(2000, 1, 2), datetime(2003, 4, 5))  # noqa: DTZ001  # whatever a text leaves out differs between them


def literal(value: Any) -> SqlExpression:  # noqa: PLR0911  # one return for each kind
    """`value` as a bound parameter with the type that holds it."""
    if isinstance(value, bool):
        return sa.literal(value, sa.Boolean)
    if isinstance(value, BigNumber):
        return sa.cast(sa.literal(str(int(value)), sa.Text), BigNum)
    if isinstance(value, int):
        return _integer(value)
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


def _integer(value: int) -> SqlExpression:
    if -_BIGGEST_INT <= value < _BIGGEST_INT:
        return sa.literal(value, sa.BigInteger)
    if -(_BIGGEST_INT**2) < value < _BIGGEST_INT**2:
        return sa.cast(sa.literal(str(value), sa.Text), sa.Numeric)
    return sa.literal(float(value), sa.Double)


def comparable(column: Column, value: Any) -> Any:
    """`value` as something that the values of `column` can be compared with by order.

    Raises TypeError where Great Expectations on pandas would: text against numbers and numbers against text.
    """
    converted = _converted(column, value)
    if column.has_nanoseconds and isinstance(converted, date):
        converted = min(max(_as_moment(converted), _NANOSECONDS[0]), _NANOSECONDS[1])
    if converted is None:
        raise TypeError(
            f"Column {column.name!r} holds {column.holds} ({column.physical_type}), which cannot be compared with "
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
        if converted is None or (column.kind is Kind.INTEGER and not _fits(column, converted)):
            continue
        if column.has_nanoseconds and not _NANOSECONDS[0] <= _as_moment(converted) <= _NANOSECONDS[1]:
            continue
        found[converted] = None
    return list(found)


class BigNumber(int):
    """A whole number for a column of DuckDB's BIGNUM, which compares with nothing else."""


def _fits(column: Column, value: Any) -> bool:
    """Whether an integer column can hold the number: DuckDB refuses to compare it with one that it cannot."""
    return column.is_bignum or (isinstance(value, int) and -(2**127) <= value < 2**127)


def _as_moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)


def moment(text: str, zone: str = "") -> datetime:
    """The moment that `text` writes, in UTC without a zone. zone: where the clock runs, if the text does not say.

    Raises ValueError; also for a part of a date, such as a month: nothing is filled up from today.
    """
    try:
        parsed, again = (dateutil_parser.parse(text, default=day) for day in _TWO_DAYS)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a date or time. Write it as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS.") from error
    if parsed != again:
        raise ValueError(f"{text!r} is only a part of a date. Write all of it, as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS.")
    return naive_utc(in_zone(parsed, zone))


def in_zone(value: datetime, zone: str) -> datetime:
    """`value` at `zone`, if it has no zone of its own and one is given."""
    return value.replace(tzinfo=ZoneInfo(zone)) if zone and value.tzinfo is None else value


def moment_of(bound: Any, zone: str = "") -> datetime:
    """A bound of moments: a text, a date (its start) or a moment. Raises ValueError, TypeError for anything else."""
    if isinstance(bound, str):
        return moment(bound, zone)
    if isinstance(bound, datetime):
        return naive_utc(in_zone(bound, zone))
    if isinstance(bound, date):
        return naive_utc(in_zone(datetime.combine(bound, time.min), zone))
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
        return _number(column, value) if isinstance(value, (bool, int, float, Decimal)) else None
    if kind.is_moment:
        return _moment(column, value)
    if kind is Kind.TIME and isinstance(value, str | time):
        return time.fromisoformat(value) if isinstance(value, str) else value
    return None


def _number(column: Column, value: Any) -> Any:
    kind = column.kind
    if isinstance(value, Decimal) and kind is Kind.INTEGER:
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and value.is_integer() and kind is not Kind.FLOAT:
        value = int(value)
    if isinstance(value, float) and kind is Kind.DECIMAL and math.isfinite(value):
        return Decimal(repr(value))
    value = int(value) if isinstance(value, bool) else value
    return BigNumber(value) if column.is_bignum and isinstance(value, int) else value


def _moment(column: Column, value: Any) -> Any:
    zone = column.zone if column.kind is Kind.TIMESTAMP else ""
    if isinstance(value, str):
        value = moment(value, zone)
    elif isinstance(value, datetime):
        value = naive_utc(in_zone(value, zone))
    elif isinstance(value, date) and zone:
        value = moment_of(value, zone)
    if isinstance(value, datetime):
        return value.date() if column.kind is Kind.DATE and value.time() == time.min else value
    return value if isinstance(value, date) else None
