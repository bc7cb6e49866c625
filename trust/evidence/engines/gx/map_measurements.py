"""Row-wise expectations: how many rows do not hold, exactly, and a few of their values."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from trust.evidence.engines.gx.backend import Backend
from trust.evidence.engines.gx.columns import Column, SqlExpression
from trust.evidence.engines.gx.domain import Domain
from trust.evidence.engines.gx.limits import MAX_DISTINCT_IN_PYTHON, MAX_SAMPLES, SAMPLED_ROWS, python_time_limit
from trust.evidence.engines.gx.requests import Groups, Measurement, Rows, Scalars, Visit
from trust.evidence.engines.gx.row_tests import ROW_TESTS, RowQuestion, RowTest

# These two look at missing values; every other column test passes them over.
LOOKS_AT_NULLS = {"column_values.nonnull", "column_values.null"}
UNIQUE = {"column_values.unique", "compound_columns.unique"}
IN_ORDER = {"column_values.increasing": 1, "column_values.decreasing": -1}


@dataclass(frozen=True)
class MapQuestion:
    """metric: the condition metric's name. domain: after `row_condition` and `ignore_row_if`."""

    metric: str
    columns: tuple[Column, ...]
    domain: Domain
    arguments: Mapping[str, Any]
    backend: Backend
    table: sa.FromClause

    @property
    def key(self) -> tuple[object, ...]:
        return (self.metric, tuple(c.name for c in self.columns), self.domain.key, repr(sorted(self.arguments.items())))

    @property
    def is_column_test(self) -> bool:
        return self.metric.startswith("column_values.")

    def looked_at(self) -> Domain:
        """The rows that the test judges: of one column, those with a value."""
        if not self.is_column_test or self.metric in LOOKS_AT_NULLS:
            return self.domain
        column = self.columns[0]
        return self.domain.and_where(column.value.is_not(None), f"has {column.name}")


@dataclass
class MapCount:
    """unexpected: rows that do not hold. samples: some of their values, where counting already met them."""

    unexpected: int
    samples: list[Any] | None = None
    test: RowTest | None = field(default=None, repr=False)


def is_known(metric: str) -> bool:
    return metric in ROW_TESTS or metric in UNIQUE or metric in IN_ORDER or metric in STATISTICAL


def measure_map(question: MapQuestion) -> Measurement:
    """A `MapCount`. Raises what the test raises: wrong arguments, kinds that do not compare."""
    if question.metric in UNIQUE:
        counts = yield Groups(question.columns, question.looked_at())
        samples = None
        if counts.most_repeated is not None:
            samples = [_sample(question.columns, key) for key in counts.most_repeated]
        return MapCount(counts.repeated_rows, samples)
    if question.metric in IN_ORDER:
        return (yield from _measure_order(question))
    if question.metric in STATISTICAL:
        test = yield from STATISTICAL[question.metric](question)
    else:
        test = ROW_TESTS[question.metric](RowQuestion(question.columns, question.arguments, question.backend))
    return (yield from _measure_test(question, test))


def _measure_test(question: MapQuestion, test: RowTest) -> Measurement:
    looked_at = question.looked_at()
    count = MapCount(0, test=test)
    to_judge = 0
    if test.holds is not None:
        expressions: dict[Hashable, SqlExpression] = {("unexpected", *question.key): looked_at.count_where(_fails(test))}
        if test.judged is not None:
            expressions["judged", *question.key] = looked_at.count_where(test.judged)
        answers = yield Scalars(expressions)
        count.unexpected = answers["unexpected", *question.key]
        to_judge = answers.get(("judged", *question.key), 0)
    if test.judge is not None and (test.holds is None or to_judge):
        judging = _Judging(test.judge)
        where = looked_at if test.judged is None else looked_at.and_where(test.judged, "judged")
        value = question.columns[0].shown
        grouped = where.select(value, sa.func.count(), table=question.table).group_by(value)
        yield Visit(grouped, judging.visit)
        count.unexpected += judging.unexpected
        count.samples = judging.samples
    return count


def _fails(test: RowTest) -> SqlExpression:
    assert test.holds is not None  # noqa: S101  # the callers ask only then
    fails = sa.not_(test.holds)
    return fails if test.judged is None else sa.and_(sa.not_(test.judged), fails)


class _Judging:
    """Judges distinct values chunk by chunk, within limits of number and time."""

    def __init__(self, judge: Callable[[Sequence[Any]], Sequence[bool]]) -> None:
        self._judge = judge
        self._seen = 0
        self.unexpected = 0
        self.samples: list[Any] = []

    def visit(self, rows: Sequence[Sequence[Any]]) -> None:
        self._seen += len(rows)
        if self._seen > MAX_DISTINCT_IN_PYTHON:
            raise ValueError(
                f"This check must be made in Python, and the column has more than {MAX_DISTINCT_IN_PYTHON:,} distinct values. "
                "Use a pattern with $ at its end only and without flags for a part, or narrow the check with a row_condition."
            )
        with python_time_limit():
            verdicts = self._judge([row[0] for row in rows])
        for row, holds in zip(rows, verdicts, strict=True):
            if not holds:
                self.unexpected += row[1]
                if len(self.samples) < MAX_SAMPLES:
                    self.samples.append(row[0])


def _measure_order(question: MapQuestion) -> Measurement:
    """Increasing or decreasing: each value against the one before it, in the order of the file."""
    column = question.columns[0]
    if not question.backend.keeps_order:
        raise ValueError("A database table has no order, so rising or falling values cannot be checked there.")
    if not (column.kind.is_number or column.kind.is_moment):
        raise TypeError(f"Column {column.name!r} is {column.physical_type}; rising or falling needs numbers or moments.")
    order = _Order(IN_ORDER[question.metric], strictly=bool(question.arguments.get("strictly")))
    yield Visit(question.looked_at().select(column.value, table=question.table), order.visit)
    return MapCount(order.unexpected, order.samples)


class _Order:
    def __init__(self, sign: int, *, strictly: bool) -> None:
        self._sign, self._strictly = sign, strictly
        self._last: Any = None
        self.unexpected = 0
        self.samples: list[Any] = []

    def visit(self, rows: Sequence[Sequence[Any]]) -> None:
        for (value,) in rows:
            if self._last is not None:
                rises = value > self._last if self._sign > 0 else value < self._last
                if not (rises or (value == self._last and not self._strictly)):
                    self.unexpected += 1
                    if len(self.samples) < MAX_SAMPLES:
                        self.samples.append(value)
            self._last = value


def _z_score(question: MapQuestion) -> Measurement:
    """Less than `threshold` standard deviations from the mean; every row holds where there is no deviation."""
    from trust.evidence.engines.gx.aggregates import mean, standard_deviation  # noqa: PLC0415  # the two modules need each other

    column, threshold = question.columns[0], question.arguments["threshold"]
    center = yield from mean(question.domain, column)
    spread = yield from standard_deviation(question.domain, column)
    if not spread or not _is_finite(spread) or not _is_finite(center):
        return RowTest(sa.true())
    score = (sa.cast(column.number, sa.Double) - float(center)) / float(spread)
    if question.arguments.get("double_sided", True):
        return RowTest(sa.func.abs(score) < abs(threshold))
    return RowTest(score < threshold)


def _not_outlier(question: MapQuestion) -> Measurement:
    """Within the fences that Great Expectations draws: 1.5 interquartile ranges, or so many standard deviations."""
    from trust.evidence.engines.gx.aggregates import mean, quantile, standard_deviation  # noqa: PLC0415

    column, method = question.columns[0], question.arguments.get("method") or "iqr"
    multiplier = question.arguments.get("multiplier")
    multiplier = 1.5 if multiplier is None else multiplier
    value = sa.cast(column.number, sa.Double)
    if method == "iqr":
        low, high = yield from quantile(question.domain, column, [0.25, 0.75], "linear")
        if not (_is_finite(low) and _is_finite(high)):
            return RowTest(sa.true())
        reach = multiplier * (float(high) - float(low))
        return RowTest(sa.and_(value >= float(low) - reach, value <= float(high) + reach))
    if method != "std":
        raise ValueError(f"method is {method!r}; it must be 'iqr' or 'std'.")
    center = yield from mean(question.domain, column)
    spread = yield from standard_deviation(question.domain, column)
    if not (_is_finite(center) and _is_finite(spread)):
        return RowTest(sa.true())
    reach = multiplier * float(spread)
    return RowTest(value == float(center) if reach <= 0 else sa.func.abs(value - float(center)) < reach)


STATISTICAL: Mapping[str, Callable[[MapQuestion], Measurement]] = {
    "column_values.z_score.under_threshold": _z_score,
    "column_values.not_outliers": _not_outlier,
}


def _is_finite(value: Any) -> bool:
    return value is not None and abs(float(value)) < float("inf")


def sample_map(question: MapQuestion, count: MapCount) -> Measurement:
    """Up to `MAX_SAMPLES` distinct values that do not hold, found among the first rows that do not."""
    if count.samples is not None and (count.test is None or count.test.holds is None or len(count.samples) >= MAX_SAMPLES):
        return count.samples
    if question.metric == "column_values.nonnull":
        return []  # a list of nothing tells nothing
    if question.metric in UNIQUE:
        rows = yield Rows(_repeated(question))
    else:
        test = count.test
        if test is None or test.holds is None:
            return count.samples or []
        values = [column.shown.label(f"v{index}") for index, column in enumerate(question.columns)]
        first = question.looked_at().select(*values, table=question.table).where(_fails(test)).limit(SAMPLED_ROWS).subquery()
        rows = yield Rows(sa.select(*first.c).distinct().limit(MAX_SAMPLES))
    found = [_sample(question.columns, row) for row in rows]
    return (found + (count.samples or []))[:MAX_SAMPLES]


def _repeated(question: MapQuestion) -> sa.Select[Any]:
    """Keys that more than one row has."""
    keys = [question.backend.grouping(column) for column in question.columns]
    labelled = [key.label(f"v{index}") for index, key in enumerate(keys)]
    statement = question.looked_at().select(*labelled, table=question.table)
    return statement.group_by(*keys).having(sa.func.count() > 1).limit(MAX_SAMPLES)


def _sample(columns: tuple[Column, ...], row: Sequence[Any]) -> Any:
    if len(columns) == 1:
        return row[0]
    return {column.name: value for column, value in zip(columns, row, strict=True)}
