"""What each row-wise expectation asks of a row, in SQL; in Python over the distinct values where SQL would answer otherwise.

Keyed by the condition metric of Great Expectations (`column_values.between`), so that any expectation built on a metric,
also one of a later release, gets the same test. The truth to match is Great Expectations on pandas.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from trust.evidence.engines.gx import value_tests
from trust.evidence.engines.gx.arguments import comparable, literal, members, moment_of
from trust.evidence.engines.gx.backend import Backend, moment_in_text
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.regex import translate
from trust.evidence.engines.gx.text import text_expression, texts

Judge = Callable[[Sequence[Any]], Sequence[bool]]


@dataclass(frozen=True)
class RowTest:
    """holds: in SQL, whether a row holds; never NULL for a row that is looked at. None where only Python can tell.

    judge: in Python, for values of the one column. judged: the rows that are for Python; None means all, and
    a test without `judge` has none.
    """

    holds: SqlExpression | None = None
    judge: Judge | None = None
    judged: SqlExpression | None = None


@dataclass(frozen=True)
class RowQuestion:
    """columns: of the expectation, in its order. arguments: the metric's value arguments."""

    columns: tuple[Column, ...]
    arguments: Mapping[str, Any]
    backend: Backend

    @property
    def column(self) -> Column:
        return self.columns[0]


def _between(question: RowQuestion) -> RowTest:
    low, high = question.arguments.get("min_value"), question.arguments.get("max_value")
    if low is None and high is None:
        raise ValueError("min_value and max_value cannot both be None. Give at least one bound.")
    column = question.column
    if column.kind is Kind.OTHER:
        raise TypeError(f"Column {column.name!r} holds {column.holds} ({column.physical_type}), which have no order.")
    if column.is_moment_in_text:
        return _between_moments(question, low, high)
    bounds: list[Any] = [None if bound is None else comparable(column, bound) for bound in (low, high)]
    if low is not None and high is not None and bounds[0] > bounds[1]:
        raise ValueError(f"min_value {low!r} cannot be greater than max_value {high!r}. Exchange them.")
    value = question.backend.ordered(column)
    if column.kind is Kind.BOOLEAN:
        value = column.number
    return RowTest(sa.and_(*_bounded(question, value, bounds)))


def _bounded(question: RowQuestion, value: SqlExpression, bounds: Sequence[Any]) -> list[SqlExpression]:
    parts: list[SqlExpression] = []
    if bounds[0] is not None:
        parts.append(value > literal(bounds[0]) if question.arguments.get("strict_min") else value >= literal(bounds[0]))
    if bounds[1] is not None:
        parts.append(value < literal(bounds[1]) if question.arguments.get("strict_max") else value <= literal(bounds[1]))
    return parts


def _between_moments(question: RowQuestion, low: Any, high: Any) -> RowTest:
    """Text that the contract declares as a date or a timestamp; text that is none lies between no bounds."""
    zone = question.column.zone
    bounds = [None if bound is None else moment_of(bound, zone) for bound in (low, high)]
    if bounds[0] is not None and bounds[1] is not None and bounds[0] > bounds[1]:
        raise ValueError(f"min_value {low!r} cannot be greater than max_value {high!r}. Exchange them.")
    value = moment_in_text(question.backend, question.column)
    return RowTest(sa.func.coalesce(sa.and_(*_bounded(question, value, bounds)), sa.false()))


def _is_in(question: RowQuestion) -> SqlExpression:
    column = question.column
    value = column.number
    wanted = members(column, question.arguments.get("value_set") or [])
    return question.backend.is_one_of(value, [literal(member) for member in wanted])


def _in_set(question: RowQuestion) -> RowTest:
    return RowTest(sa.true() if question.arguments.get("value_set") is None else _is_in(question))


def _not_in_set(question: RowQuestion) -> RowTest:
    return RowTest(sa.true() if question.arguments.get("value_set") is None else sa.not_(_is_in(question)))


def _length_test(question: RowQuestion, holds: Callable[[Any], Any]) -> RowTest:
    text = text_expression(question.column)
    if text is not None:
        return RowTest(holds(sa.func.length(text)))
    return RowTest(judge=lambda values: [bool(holds(len(text))) for text in texts(values)])


def _length_equals(question: RowQuestion) -> RowTest:
    wanted = question.arguments["value"]
    return _length_test(question, lambda length: length == wanted)


def _length_between(question: RowQuestion) -> RowTest:
    low, high = question.arguments.get("min_value"), question.arguments.get("max_value")
    strict_low, strict_high = bool(question.arguments.get("strict_min")), bool(question.arguments.get("strict_max"))
    if low is None and high is None:
        raise ValueError("min_value and max_value cannot both be None. Give at least one bound.")

    def holds(length: Any) -> Any:
        above: Any = True if low is None else (length > low if strict_low else length >= low)
        below: Any = True if high is None else (length < high if strict_high else length <= high)
        return sa.and_(above, below) if isinstance(length, sa.ColumnElement) else above and below

    return _length_test(question, holds)


def _regexes(question: RowQuestion, patterns: Sequence[str], *, every: bool, negate: bool) -> RowTest:
    if not patterns:
        raise ValueError("regex_list is empty. Give at least one pattern.")
    text = text_expression(question.column)
    translated = [translate(pattern, question.backend.regex_flavour) for pattern in patterns]
    judge = value_tests.regex_judge(patterns, every=every, negate=negate)
    known = [each for each in translated if each is not None]
    if text is None or len(known) < len(translated):
        return RowTest(judge=judge)
    found = [question.backend.matches(text, each.pattern) for each in known]
    holds = sa.and_(*found) if every else sa.or_(*found)
    if negate:
        holds = sa.not_(holds)
    if not any(each.ascii_only for each in known) or (question.column.kind is not Kind.TEXT and not question.column.spelled):
        return RowTest(holds)
    return RowTest(holds, judge, sa.not_(question.backend.is_ascii(text)))


def _match_regex_list(question: RowQuestion) -> RowTest:
    match_on = question.arguments.get("match_on") or "any"
    if match_on not in {"any", "all"}:
        raise ValueError(f"match_on is {match_on!r}; it must be 'any' or 'all'.")
    return _regexes(question, question.arguments["regex_list"], every=match_on == "all", negate=False)


def _like(question: RowQuestion, patterns: Sequence[str], *, every: bool, negate: bool) -> RowTest:
    """pandas has no LIKE: this is SQL's own, with no escape character unless one is given."""
    column = question.column
    if column.kind is not Kind.TEXT and not column.spelled:
        raise TypeError(f"Column {column.name!r} is {column.physical_type}; a LIKE pattern needs text.")
    if not patterns:
        raise ValueError("like_pattern_list is empty. Give at least one pattern.")
    escape = question.arguments.get("escape") or ""
    found = [value_tests.like_expression(question.backend, column.shown, pattern, escape) for pattern in patterns]
    holds = sa.and_(*found) if every else sa.or_(*found)
    return RowTest(sa.not_(holds) if negate else holds)


def same_family(left: Column, right: Column) -> bool:
    """Whether two columns hold values that can be equal at all."""
    return (
        left.kind is right.kind
        or (left.kind.is_summable and right.kind.is_summable)
        or (left.kind.is_moment and right.kind.is_moment)
    )


def _equal(left: Column, right: Column) -> SqlExpression:
    if not same_family(left, right):
        return sa.false()
    return sa.func.coalesce(left.number == right.number, sa.false())


def _pair_greater(question: RowQuestion) -> RowTest:
    left, right = question.columns
    if not same_family(left, right) or left.kind is Kind.OTHER:
        raise TypeError(
            f"Columns {left.name!r} ({left.physical_type}) and {right.name!r} ({right.physical_type}) "
            "cannot be compared by order."
        )
    sides = [c.number if c.kind is Kind.BOOLEAN else question.backend.ordered(c) for c in (left, right)]
    if left.is_moment_in_text and right.is_moment_in_text:
        sides = [moment_in_text(question.backend, column) for column in (left, right)]
    greater = sides[0] >= sides[1] if question.arguments.get("or_equal") else sides[0] > sides[1]
    return RowTest(sa.func.coalesce(greater, sa.false()))


def _pair_in_set(question: RowQuestion) -> RowTest:
    pairs = question.arguments.get("value_pairs_set")
    if pairs is None:
        return RowTest(sa.true())
    options = []
    for pair in pairs:
        sides = [_is_value(column, value) for column, value in zip(question.columns, pair, strict=True)]
        options.append(sa.and_(*sides))
    return RowTest(sa.or_(sa.false(), *options))


def _is_value(column: Column, value: Any) -> SqlExpression:
    """Whether the column has `value`; None stands for a missing one."""
    if value is None:
        return column.value.is_(None)
    found = members(column, [value])
    return sa.func.coalesce(column.number == literal(found[0]), sa.false()) if found else sa.false()


def _sum_equal(question: RowQuestion) -> RowTest:
    for column in question.columns:
        if not column.kind.is_summable:
            raise TypeError(f"Column {column.name!r} is {column.physical_type}; a sum needs numbers.")
    whole = all(column.kind in {Kind.INTEGER, Kind.BOOLEAN} for column in question.columns)
    exact = whole or (question.backend.name == "postgres" and all(c.kind is not Kind.FLOAT for c in question.columns))
    total: Any = None
    for column in question.columns:
        term = sa.cast(column.number, sa.Numeric if exact else sa.Double)
        total = term if total is None else total + term
    wanted = question.arguments["sum_total"]
    wanted = int(wanted) if isinstance(wanted, float) and wanted.is_integer() and exact else wanted
    return RowTest(sa.func.coalesce(total == literal(wanted), sa.false()))


def _all_equal(question: RowQuestion) -> RowTest:
    first = question.column
    parts = [
        sa.or_(_equal(first, other), sa.and_(first.value.is_(None), other.value.is_(None))) for other in question.columns[1:]
    ]
    return RowTest(sa.and_(sa.true(), *parts))


def _distinct_within_row(question: RowQuestion) -> RowTest:
    parts = [
        sa.not_(sa.or_(_equal(left, right), sa.and_(left.value.is_(None), right.value.is_(None))))
        for left, right in combinations(question.columns, 2)
    ]
    return RowTest(sa.and_(sa.true(), *parts))


def _text_judge(make: Callable[[Mapping[str, Any]], Judge]) -> Callable[[RowQuestion], RowTest]:
    return lambda question: RowTest(judge=make(question.arguments))


ROW_TESTS: Mapping[str, Callable[[RowQuestion], RowTest]] = {
    "column_values.nonnull": lambda question: RowTest(question.column.value.is_not(None)),
    "column_values.null": lambda question: RowTest(question.column.value.is_(None)),
    "column_values.between": _between,
    "column_values.in_set": _in_set,
    "column_values.not_in_set": _not_in_set,
    "column_values.value_length.equals": _length_equals,
    "column_values.value_length.between": _length_between,
    "column_values.match_regex": lambda q: _regexes(q, [q.arguments["regex"]], every=True, negate=False),
    "column_values.not_match_regex": lambda q: _regexes(q, [q.arguments["regex"]], every=True, negate=True),
    "column_values.match_regex_list": _match_regex_list,
    "column_values.not_match_regex_list": lambda q: _regexes(q, q.arguments["regex_list"], every=False, negate=True),
    "column_values.match_like_pattern": lambda q: _like(q, [q.arguments["like_pattern"]], every=True, negate=False),
    "column_values.not_match_like_pattern": lambda q: _like(q, [q.arguments["like_pattern"]], every=True, negate=True),
    "column_values.match_like_pattern_list": lambda q: _like(
        q, q.arguments["like_pattern_list"], every=(q.arguments.get("match_on") or "any") == "all", negate=False
    ),
    "column_values.not_match_like_pattern_list": lambda q: _like(q, q.arguments["like_pattern_list"], every=False, negate=True),
    "column_values.match_strftime_format": _text_judge(value_tests.strftime_judge),
    "column_values.dateutil_parseable": _text_judge(value_tests.dateutil_judge),
    "column_values.json_parseable": _text_judge(value_tests.json_judge),
    "column_values.match_json_schema": _text_judge(value_tests.json_schema_judge),
    "column_pair_values.equal": lambda q: RowTest(_equal(*q.columns)),
    "column_pair_values.a_greater_than_b": _pair_greater,
    "column_pair_values.in_set": _pair_in_set,
    "multicolumn_sum.equal": _sum_equal,
    "multicolumn_values.equal": _all_equal,
    "select_column_values.unique.within_record": _distinct_within_row,
}
