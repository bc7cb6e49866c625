"""Expectations of Great Expectations: from measurements to a finding, by its own decision."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.expectation import Expectation as GxExpectation
from great_expectations.validator.metric_configuration import MetricConfiguration

from trust.evidence.engines.gx import aggregates
from trust.evidence.engines.gx.arguments import members, naive_utc
from trust.evidence.engines.gx.domain import Domain
from trust.evidence.engines.gx.execution import TouchstoneExecutionEngine, measurement_key
from trust.evidence.engines.gx.findings import CheckFinding, count_rows
from trust.evidence.engines.gx.map_measurements import LOOKS_AT_NULLS
from trust.evidence.engines.gx.requests import Measurement
from trust.evidence.engines.gx.row_filter import row_filter

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
# Aggregates that say nothing about any single value: they may be shown of a redacted column.
_COUNTING_METRICS = {
    "column.distinct_values.count",
    "column.unique_proportion",
    "column.non_null_proportion",
    "column.non_null_count",
}


@dataclass
class GxCheck:
    """An expectation of Great Expectations whose metrics are all ours."""

    expectation: GxExpectation
    engine: TouchstoneExecutionEngine
    metrics: dict[str, MetricConfiguration]
    columns: tuple[str, ...]
    row_condition: tuple[Any, str | None]
    exact_bounds: Mapping[str, Any]
    presence: tuple[Any, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.presence = ("presence", self.columns, repr(self.row_condition))

    def _key(self, metric: MetricConfiguration) -> Hashable:
        return measurement_key(metric, self.row_condition)

    @property
    def is_map(self) -> bool:
        return isinstance(self.expectation, (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation))

    @property
    def is_column_aggregate(self) -> bool:
        return not self.is_map and any(name.startswith("column.") for name in self.metrics)

    def measurements(self) -> Mapping[Hashable, Measurement]:
        found: dict[Hashable, Measurement] = {
            self._key(metric): self.engine.measurement(metric, self.row_condition) for metric in self.metrics.values()
        }
        if self.is_column_aggregate:
            domain = row_filter(*self.row_condition, self.engine.column)
            found[self.presence] = aggregates.presence(domain, self.engine.column(self.columns[0]))
        return found

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding:
        by_name = {name: values[self._key(metric)] for name, metric in self.metrics.items()}
        for value in by_name.values():
            if isinstance(value, Exception):
                raise value
        if self.is_map:
            return self._conclude_map(by_name)
        if self.is_column_aggregate:
            rows, present = values[self.presence]
            looked_at = rows if "column.non_null_proportion" in self.metrics else present
            if not looked_at:
                return CheckFinding(None, element_count=rows, missing_count=rows - present)
            _align_moments(self.expectation, by_name)
            wanted = getattr(self.expectation, "value_set", None)
            if "column.most_common_value" in by_name and wanted is not None:
                # Dates as dates, as the column has them; a suite in JSON writes text.
                setattr(self.expectation, "value_set", members(self.engine.column(self.columns[0]), wanted))  # noqa: B010  # it has no type
        if len(by_name) == 1 and (exact := _lies_between(self.expectation, self.exact_bounds, *by_name.items())) is not None:
            return self._conclude_aggregate({"success": exact, "result": {"observed_value": next(iter(by_name.values()))}})
        result: Any = self.expectation._validate(  # noqa: SLF001  # the decision itself; what is around it is costly and ours
            metrics=by_name, runtime_configuration={"result_format": RESULT_FORMAT}, execution_engine=self.engine
        )
        return self._conclude_aggregate(result)

    def _conclude_map(self, by_name: Mapping[str, Any]) -> CheckFinding:
        metric = str(getattr(self.expectation, "map_metric", ""))
        rows, unexpected = by_name["table.row_count"], by_name[f"{metric}.unexpected_count"]
        missing = 0
        if f"{metric}.filtered_row_count" in by_name:
            missing = rows - by_name[f"{metric}.filtered_row_count"]
        elif metric not in LOOKS_AT_NULLS:
            missing = by_name["column_values.nonnull.unexpected_count"]
        finding = count_rows(rows, missing, unexpected, self.expectation._get_success_kwarg("mostly"))  # noqa: SLF001
        if metric in LOOKS_AT_NULLS:
            finding.missing_count = unexpected if metric == "column_values.nonnull" else rows - unexpected
        return finding

    def _conclude_aggregate(self, result: Mapping[str, Any]) -> CheckFinding:
        details = dict(result.get("result") or {})
        listed = details.pop("partial_unexpected_list", None) or details.pop("partial_missing_list", None) or []
        finding = CheckFinding(bool(result["success"]), observed=details.get("observed_value"), samples=tuple(listed))
        finding.unexpected_count = details.get("unexpected_count")  # of distinct values, where a set is compared
        finding.observed_is_value = self.is_column_aggregate and not set(self.metrics) <= _COUNTING_METRICS
        return finding

    def sampler(self) -> Measurement | None:
        if self.is_map:
            metric = str(getattr(self.expectation, "map_metric", ""))
            return self.engine.sampler(self.metrics[f"{metric}.unexpected_count"], self.row_condition)
        return None


def _lies_between(expectation: GxExpectation, exact: Mapping[str, Any], metric: tuple[str, Any]) -> bool | None:
    """Whether a number lies between the bounds, to its last digit; None where Great Expectations' own answer will do."""
    name, value = metric
    low, high = (exact.get(bound, getattr(expectation, bound, None)) for bound in ("min_value", "max_value"))
    if name not in {"column.min", "column.max", "column.sum"} or isinstance(value, bool):
        return None
    numbers = [each for each in (value, low, high) if each is not None]
    are_numbers = isinstance(value, int | Decimal) and all(isinstance(each, int | float | Decimal) for each in numbers)
    if not are_numbers and not all(isinstance(each, time) for each in numbers):
        return None
    is_above = low is None or (value > low if getattr(expectation, "strict_min", False) else value >= low)
    is_below = high is None or (value < high if getattr(expectation, "strict_max", False) else value <= high)
    return is_above and is_below


def _align_moments(expectation: GxExpectation, by_name: dict[str, Any]) -> None:
    """Make dates and timestamps comparable: Great Expectations reads a bound such as 2024-01-01 as a date, always."""
    for name in set(by_name) & {"column.min", "column.max", "column.median"}:
        value, bounds = by_name[name], {key: getattr(expectation, key, None) for key in ("min_value", "max_value")}
        if not isinstance(value, date) or all(bound is None for bound in bounds.values()):
            continue
        if any(isinstance(each, datetime) for each in (value, *bounds.values())):
            by_name[name] = _as_datetime(value)
            for key, bound in bounds.items():
                setattr(expectation, key, _as_datetime(bound))


def _as_datetime(value: Any) -> Any:
    if isinstance(value, datetime):
        return naive_utc(value)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else value  # noqa: DTZ001


@dataclass
class OwnPathCheck:
    """An expectation with metrics that we have not: Great Expectations computes them with its own SQL, one by one."""

    expectation: GxExpectation
    engine: TouchstoneExecutionEngine
    metrics: dict[str, MetricConfiguration]
    columns: tuple[str, ...]

    @property
    def _key(self) -> tuple[Any, ...]:
        return ("own path", *(str(metric.id) for metric in self.metrics.values()))

    def measurements(self) -> Mapping[Hashable, Measurement]:
        found: dict[Hashable, Measurement] = {self._key: self.engine.own_path(self.metrics.values(), RESULT_FORMAT)}
        if self.columns:
            found["presence", self.columns, ""] = aggregates.presence(Domain(), self.engine.column(self.columns[0]))
        return found

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding:
        presence = values.get(("presence", self.columns, ""))
        if isinstance(presence, tuple) and not presence[1]:
            return CheckFinding(None, element_count=presence[0], missing_count=presence[0])
        resolved = values[self._key]
        if isinstance(resolved, Exception):
            raise resolved
        by_name = {name: resolved[metric.id] for name, metric in self.metrics.items()}
        result: Any = self.expectation._validate(  # noqa: SLF001
            metrics=by_name, runtime_configuration={"result_format": RESULT_FORMAT}, execution_engine=self.engine
        )
        if hasattr(result, "to_json_dict"):
            result = result.to_json_dict()
        details = result.get("result") or {}
        return CheckFinding(
            bool(result["success"]),
            details.get("element_count"),
            details.get("missing_count"),
            details.get("unexpected_count"),
            details.get("unexpected_percent"),
            observed=details.get("observed_value"),
            observed_is_value=True,
        )

    def sampler(self) -> Measurement | None:
        return None
