"""Our own expectations for the library metrics of ODCS: how many rows, or how many percent of them, are missing, invalid or
duplicate, within the operators of the standard. Great Expectations tolerates shares only.

Each takes `column` (duplicates also `column_list`), the operators (`mustBeLessThan` and the like; several must all hold), and
`unit`: rows, or percent. Missing values and duplicates count as in `catalog.contracts.library_metrics`.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from catalog.rules.expectation import Expectation
from catalog.rules.operators import OPERATORS, Bounds, OperatorError, bounds_of, in_words
from trust.evidence.engines.gx import aggregates
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.domain import Domain, without_ignored
from trust.evidence.engines.gx.execution import TouchstoneExecutionEngine
from trust.evidence.engines.gx.findings import CheckFinding
from trust.evidence.engines.gx.map_measurements import MapCount, MapQuestion, measure_map, sample_map
from trust.evidence.engines.gx.requests import Measurement
from trust.evidence.engines.gx.row_tests import ROW_TESTS, RowQuestion
from trust.evidence.rules.expectation_types import (
    DUPLICATE_LIMITS_TYPE,
    INVALID_LIMITS_TYPE,
    MISSING_LIMITS_TYPE,
    ROW_COUNT_LIMITS_TYPE,
)

_ARGUMENTS = {
    MISSING_LIMITS_TYPE: {"column", "value_set"},
    INVALID_LIMITS_TYPE: {"column", "value_set", "regex"},
    DUPLICATE_LIMITS_TYPE: {"column", "column_list"},
    ROW_COUNT_LIMITS_TYPE: set[str](),
}
_WHAT = {MISSING_LIMITS_TYPE: "missing", INVALID_LIMITS_TYPE: "invalid", DUPLICATE_LIMITS_TYPE: "duplicate"}


@dataclass
class LimitCheck:
    """questions: their counts together are the rows that are counted; none where the rows themselves are."""

    expectation: Expectation
    bounds: Bounds
    columns: tuple[str, ...]
    questions: tuple[MapQuestion, ...]
    looked_at: Domain

    def __post_init__(self) -> None:
        self._counts: list[MapCount] = []

    @property
    def _key(self) -> tuple[object, ...]:
        return ("limits", *(question.key for question in self.questions))

    def measurements(self) -> Mapping[Hashable, Measurement]:
        found: dict[Hashable, Measurement] = {("limits", "rows"): aggregates.row_count(Domain())}
        if self.questions:
            found["limits", "of", self.looked_at.key] = aggregates.row_count(self.looked_at)
            found[self._key] = self._count()
        return found

    def _count(self) -> Measurement:
        counts = []
        for question in self.questions:
            count = yield from measure_map(question)
            counts += [count]
        return counts

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding:
        rows = _value(values["limits", "rows"])
        allowed = f"allowed is {in_words(self.expectation.kwargs)}"
        if not self.questions:
            holds = self.bounds.admits(rows)
            return CheckFinding(holds, observed=rows, message="" if holds else f"There are {rows:,} rows; {allowed}.")
        self._counts = _value(values[self._key])
        looked_at = _value(values["limits", "of", self.looked_at.key])
        counted = sum(count.unexpected for count in self._counts)
        counts_missing = self.expectation.type == MISSING_LIMITS_TYPE
        if not looked_at:
            return CheckFinding(None, rows, rows - looked_at, 0)
        is_percent = self.expectation.kwargs.get("unit") == "percent"
        share = Fraction(100 * counted, looked_at)
        holds = self.bounds.admits(share if is_percent else counted)
        unit = "%" if is_percent else " rows"
        what = _WHAT[self.expectation.type]
        message = f"{counted:,} of {looked_at:,} rows ({float(share):.4g}%) are {what}; {allowed}{unit}."
        return CheckFinding(
            holds,
            element_count=rows,
            missing_count=counted if counts_missing else rows - looked_at,
            unexpected_count=counted,
            unexpected_percent=float(share),
            message="" if holds else message,
            wants_samples=counted > 0,
        )

    def sampler(self) -> Measurement | None:
        return self._samples() if self.questions else None

    def _samples(self) -> Measurement:
        found: list[Any] = []
        for question, count in zip(self.questions, self._counts, strict=True):
            if count.unexpected:
                found += yield from sample_map(question, count)
        return found


def _value(outcome: Any) -> Any:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def limit_check(expectation: Expectation, engine: TouchstoneExecutionEngine) -> LimitCheck:
    """The check of an expectation of one of these types. Raises ValueError or LookupError for arguments that make no sense."""
    kind, kwargs = expectation.type, expectation.kwargs
    known = _ARGUMENTS[kind] | {*OPERATORS, "unit"}
    if unknown := sorted(set(kwargs) - known):
        raise ValueError(f"Unknown arguments {', '.join(unknown)}; it takes {', '.join(sorted(known))}.")
    if kwargs.get("unit", "rows") not in ({"rows"} if kind == ROW_COUNT_LIMITS_TYPE else {"rows", "percent"}):
        raise ValueError(f"unit is {kwargs['unit']!r}; it must be rows or, unless rows are counted themselves, percent.")
    try:
        bounds = bounds_of(kwargs)
    except OperatorError as error:
        raise ValueError(f"The operators cannot be used: {error}.") from error
    if kind == ROW_COUNT_LIMITS_TYPE:
        return LimitCheck(expectation, bounds, (), (), Domain())
    names = _column_names(kwargs)
    columns = tuple(engine.column(name) for name in names)
    present = Domain().and_where(columns[0].value.is_not(None), f"has {names[0]}")
    match kind:
        case "expect_duplicate_values_to_be_within_limits":
            looked_at = present if len(columns) == 1 else without_ignored(Domain(), columns, "all_values_are_missing")
            metric = "column_values.unique" if len(columns) == 1 else "compound_columns.unique"
            questions = [_question(metric, columns, looked_at, {}, engine)]
        case "expect_column_missing_values_to_be_within_limits":
            looked_at = Domain()
            questions = [_question("column_values.nonnull", columns, looked_at, {}, engine)]
            if (values := _values(kwargs)) is not None:
                questions.append(_question("column_values.not_in_set", columns, looked_at, {"value_set": values}, engine))
        case _:
            looked_at = present
            questions = _invalid(kwargs, columns, looked_at, engine)
    return LimitCheck(expectation, bounds, names, tuple(questions), looked_at)


def _invalid(
    kwargs: Mapping[str, Any], columns: tuple[Column, ...], looked_at: Domain, engine: TouchstoneExecutionEngine
) -> list[MapQuestion]:
    """Values outside of the set, and those inside of it that do not match the pattern: no row counts twice."""
    questions, values = [], _values(kwargs)
    if values is not None:
        arguments = {"value_set": values}
        questions.append(_question("column_values.in_set", columns, looked_at, arguments, engine))
        inside = ROW_TESTS["column_values.in_set"](RowQuestion(columns, arguments, engine.table.backend)).holds
        if inside is not None:
            looked_at = looked_at.and_where(inside, f"in {values!r}")
    if (regex := kwargs.get("regex")) is not None:
        if not isinstance(regex, str) or not regex:
            raise ValueError("regex must be a regular expression in text.")
        questions.append(_question("column_values.match_regex", columns, looked_at, {"regex": regex}, engine))
    if not questions:
        raise ValueError("Give value_set, regex or both: nothing says which values are invalid.")
    return questions


def _question(
    metric: str, columns: tuple[Column, ...], domain: Domain, arguments: Mapping[str, Any], engine: TouchstoneExecutionEngine
) -> MapQuestion:
    return MapQuestion(metric, columns, domain, arguments, engine.table.backend, engine.table.selectable)


def _values(kwargs: Mapping[str, Any]) -> Sequence[Any] | None:
    values = kwargs.get("value_set")
    if values is None:
        return None
    if not isinstance(values, list) or not values:
        raise ValueError("value_set must be a list of values.")
    return values


def _column_names(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    if ("column" in kwargs) == ("column_list" in kwargs):
        raise ValueError("Name the column in `column`, or the columns of duplicates in `column_list`.")
    names = [kwargs["column"]] if "column" in kwargs else kwargs["column_list"]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("`column` must be a column name and `column_list` a list of them.")
    return tuple(names)
