"""Columns as their values show them: the type of most values, what means "no value", and what is of another type."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any

from catalog.rules.vocabulary import LogicalType

MOST_SHARE = 0.08
"""More rows than this are no defect: they are what the column is like. Our choice, as all numbers of this package."""
LEAST_SHARE = 0.004
MOST_CATEGORIES = 60

PLACEHOLDERS = frozenset(
    [
        "n/a",
        "na",
        "#n/a",
        "n.a.",
        "null",
        "nil",
        "none",
        "nan",
        "<na>",
        "(null)",
        "\\n",
        "unknown",
        "unk",
        "unbekannt",
        "tbd",
        "tba",
        "missing",
        "undefined",
        "not available",
        "not applicable",
        "not set",
        "invalid",
        "error",
        "test",
        "dummy",
        "xxx",
        "xxxx",
        "asdf",
        "foo",
        "-",
        "--",
        "---",
        "?",
        "??",
        "???",
        ".",
        "..",
        "*",
        "#",
        "0000-00-00",
        "default",
    ]
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,38}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"0[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_BOOLEANS = {"true": True, "false": False}
_LAYOUTS = {
    "dd.MM.yyyy": (re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}"), "%d.%m.%Y"),
    "dd/MM/yyyy": (re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}"), "%d/%m/%Y"),
    "MM/dd/yyyy": (re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}"), "%m/%d/%Y"),
    "yyyy/MM/dd": (re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}"), "%Y/%m/%d"),
    "yyyyMMdd": (re.compile(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])"), "%Y%m%d"),
}
_SURE = 1 - MOST_SHARE


@dataclass(frozen=True)
class Column:
    """One column of the sample.

    values: one for each row, of the column's type; None where there is none, or one of another type. blank: which rows hold
    nothing at all. placeholders: words for "no value" and how many rows hold each. strangers: row -> text of another type.
    texts: as they are written, of a column of text. layout: how dates are written where it is not ISO 8601. written: whether
    the format has no types, so that the type was found in the texts. reads_dates: whether readers take its texts for dates.
    """

    name: str
    type: LogicalType | None
    values: Sequence[Any]
    blank: frozenset[int]
    placeholders: Counter[str]
    strangers: dict[int, str]
    texts: Sequence[str | None] = ()
    layout: str = ""
    written: bool = False
    reads_dates: bool = True

    @property
    def contract_type(self) -> LogicalType | None:
        """The type that a contract can demand: dates in text are none where the format has a type for dates."""
        return self.type if self.reads_dates or not self.texts else LogicalType.STRING

    @property
    def is_number(self) -> bool:
        return self.type in {LogicalType.INTEGER, LogicalType.NUMBER}

    @property
    def is_moment(self) -> bool:
        return self.type in {LogicalType.DATE, LogicalType.TIMESTAMP}

    @property
    def rows(self) -> int:
        return len(self.values)

    @cached_property
    def counts(self) -> Counter[Any]:
        """How often each value occurs."""
        if self.type is None or self.type in {LogicalType.ARRAY, LogicalType.OBJECT, LogicalType.MAP}:
            return Counter()
        return Counter(value for value in self.values if value is not None)

    @cached_property
    def present(self) -> int:
        return sum(self.counts.values())

    @cached_property
    def is_category(self) -> bool:
        """Whether few values hold almost all rows, so that each can be listed."""
        if self.type not in {LogicalType.STRING, LogicalType.INTEGER, LogicalType.BOOLEAN} or self.present < 20:
            return False
        frequent = sum(sorted(self.counts.values(), reverse=True)[:MOST_CATEGORIES])
        return frequent >= _SURE * self.present and self.present >= 4 * min(len(self.counts), MOST_CATEGORIES)

    @cached_property
    def numbers(self) -> list[float]:
        return [float(value) for value in self.values if value is not None] if self.is_number else []

    @property
    def null_texts(self) -> tuple[str, ...]:
        """The words for "no value" that so many rows hold that they are the column's way to say so."""
        most = MOST_SHARE * self.rows
        return tuple(sorted(word for word, count in self.placeholders.items() if count > most))


def few(count: int, rows: int) -> bool:
    """Whether so many rows are a small part that does not fit, neither a stray one nor what the data is like."""
    return max(2, LEAST_SHARE * rows) <= count <= MOST_SHARE * rows


def typed_column(
    name: str,
    kind: LogicalType | None,
    values: Sequence[Any],
    *,
    written: bool,
    decimal_sign: str = ".",
    reads_dates: bool = True,
) -> Column:
    """A column whose values have a type in the source already, or are texts.

    written: the format has no types (CSV): its texts are typed by what most of them look like. Of JSON and Parquet only dates
    are found in texts.
    """
    if kind is LogicalType.STRING:
        column = _text_column(name, values, written=written, decimal_sign=decimal_sign)
        return replace(column, reads_dates=reads_dates)
    blank = frozenset(row for row, value in enumerate(values) if value is None)
    if kind in {LogicalType.DATE, LogicalType.TIMESTAMP}:
        values = [_moment(value) for value in values]
    elif kind is LogicalType.NUMBER:
        values = [float(value) if isinstance(value, Decimal | int | float) else None for value in values]
    return Column(name, kind, values, blank, Counter(), {})


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return datetime.combine(value, time.min) if isinstance(value, date) else None


def _text_column(name: str, texts: Sequence[str | None], *, written: bool, decimal_sign: str) -> Column:
    blank, placeholders, kept = set(), Counter[str](), {}
    for row, text in enumerate(texts):
        if text is None or not text.strip():
            blank.add(row)
        elif text.strip().lower() in PLACEHOLDERS:
            placeholders[text] += 1
        else:
            kept[row] = text
    if placeholders and _are_codes(kept, placeholders):
        kept = {row: text for row, text in enumerate(texts) if text is not None and row not in blank}
        placeholders.clear()
    if decimal_sign != ".":
        plain = {row: text.replace(decimal_sign, ".") for row, text in kept.items()}
        if _type_of(Counter(plain.values()), written=written)[0] is LogicalType.NUMBER:
            kept = plain
    kind, layout = _type_of(Counter(kept.values()), written=written)
    values: list[Any] = [None] * len(texts)
    strangers: dict[int, str] = {}
    read: dict[str, Any] = {}
    for row, text in kept.items():
        if text not in read:
            read[text] = _read(text, kind, layout)
        values[row] = read[text]
        if read[text] is None:
            strangers[row] = text
    return Column(name, kind, values, frozenset(blank), placeholders, strangers, texts, layout, written)


def _are_codes(kept: dict[int, str], placeholders: Counter[str]) -> bool:
    """`NA` among codes of two capitals is Namibia."""
    if set(placeholders) != {"NA"} or not kept:
        return False
    return sum(len(text) == 2 and text.isupper() for text in kept.values()) >= _SURE * len(kept)


def _type_of(texts: Counter[str], *, written: bool) -> tuple[LogicalType, str]:  # noqa: PLR0911  # one for each type
    total = sum(texts.values())
    if not total:
        return LogicalType.STRING, ""

    def share(pattern: re.Pattern[str]) -> float:
        return sum(count for text, count in texts.items() if pattern.fullmatch(text.strip())) / total

    if share(_DATE) >= _SURE:
        return LogicalType.DATE, ""
    if share(_TIMESTAMP) >= _SURE:
        return LogicalType.TIMESTAMP, ""
    for layout, (pattern, _) in _LAYOUTS.items():
        sure = sum(count for text, count in texts.items() if pattern.fullmatch(text) and _read(text, LogicalType.DATE, layout))
        if sure >= _SURE * total and (written or layout != "yyyyMMdd") and len(texts) > 1:
            return LogicalType.DATE, layout
    if not written:
        return LogicalType.STRING, ""
    if sum(count for text, count in texts.items() if text.lower() in _BOOLEANS) >= _SURE * total:
        return LogicalType.BOOLEAN, ""
    if share(_LEADING_ZERO) >= 0.001 or sum(count for text, count in texts.items() if text[0] == "+") >= 0.5 * total:
        return LogicalType.STRING, ""
    if share(_INTEGER) >= _SURE:
        fractions = {text for text in texts if _NUMBER.fullmatch(text.strip()) and not _INTEGER.fullmatch(text.strip())}
        return (LogicalType.NUMBER if fractions else LogicalType.INTEGER), ""
    return (LogicalType.NUMBER if share(_NUMBER) >= _SURE else LogicalType.STRING), ""


def _read(text: str, kind: LogicalType, layout: str) -> Any:  # noqa: PLR0911  # one for each type
    """The value that a text spells; None where it spells none of that type."""
    if kind is LogicalType.STRING:
        return text
    stripped = text.strip()
    try:
        match kind:
            case LogicalType.INTEGER:
                return int(stripped) if _INTEGER.fullmatch(stripped) else None
            case LogicalType.NUMBER:
                return float(stripped) if _NUMBER.fullmatch(stripped) else None
            case LogicalType.BOOLEAN:
                return _BOOLEANS.get(stripped.lower())
            case LogicalType.DATE if layout:
                return datetime.strptime(stripped, _LAYOUTS[layout][1])  # noqa: DTZ007  # a day has no zone
            case LogicalType.DATE:
                return _moment(date.fromisoformat(stripped)) if _DATE.fullmatch(stripped) else None
            case LogicalType.TIMESTAMP:
                return _moment(datetime.fromisoformat(stripped)) if _TIMESTAMP.fullmatch(stripped) else None
    except ValueError:
        return None
    return None
