"""Great Expectations' execution engine on our measuring: the metrics that we know are ours, the others are its own."""

import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validation_graph import ValidationGraph

from trust.evidence.engines.gx import aggregates, map_measurements
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.domain import Domain, without_ignored
from trust.evidence.engines.gx.map_measurements import MapCount, MapQuestion, measure_map
from trust.evidence.engines.gx.measure import Table, run_measurements
from trust.evidence.engines.gx.requests import Measurement
from trust.evidence.engines.gx.row_filter import row_filter

_COUNT = ".unexpected_count"
_VALUES = ".unexpected_values"
_FILTERED = ".filtered_row_count"


# The condition object of an expectation and the name of its parser.
RowCondition = tuple[Any, str | None]


class MissingColumnError(LookupError):
    """An expectation names a column that the source does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        known = list(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        near += [other for other in known if other.lower() == name.lower() and other not in near]
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else f" It has: {', '.join(known[:20])}."
        super().__init__(f"Column {name!r} does not exist in the data.{hint}")
        self.name = name


@dataclass
class Asked:
    """What was asked for a metric, so that samples can be fetched for what failed."""

    question: MapQuestion
    count: MapCount = field(default_factory=lambda: MapCount(0))


class TouchstoneExecutionEngine(SqlAlchemyExecutionEngine):
    """One source of one run. `measure` answers many metrics together; Great Expectations may also ask one by one."""

    def __init__(self, table: Table) -> None:
        super().__init__(engine=table.backend.connection.engine, create_temp_table=False)
        self.table = table
        self.asked: dict[Hashable, Asked] = {}

    def load_for_own_metrics(self) -> None:
        """Make the source known to Great Expectations' own metrics; needed only where ours do not reach."""
        if "source" in self.batch_manager.batch_data_cache:
            return
        selectable = self.table.selectable
        name, schema = getattr(selectable, "name", "data"), getattr(selectable, "schema", None)
        batch = SqlAlchemyBatchData(execution_engine=self, schema_name=schema, table_name=name, create_temp_table=False)
        self.load_batch_data("source", batch)

    def own_path(self, metrics: Iterable[MetricConfiguration], result_format: Mapping[str, Any]) -> Measurement:
        """Values of metrics that Great Expectations must compute, by id. Raises ValueError where it could not."""
        graph = ValidationGraph(execution_engine=self)
        for metric in metrics:
            graph.build_metric_dependency_graph(metric, {"result_format": dict(result_format)})
        resolved, aborted = graph.resolve(show_progress_bars=False)
        if aborted:
            reasons = {str(info["exception_info"].exception_message) for info in aborted.values()}
            raise ValueError(f"Great Expectations could not compute it here: {'; '.join(sorted(reasons))[:500]}")
        return resolved
        yield  # a generator must have one

    def knows(self, metric: MetricConfiguration) -> bool:
        name = metric.metric_name
        if name.startswith("table."):
            return name in _TABLE_METRICS and not metric.metric_domain_kwargs.get("table")
        if name.endswith((_COUNT, _VALUES, _FILTERED)):
            return map_measurements.is_known(name.rpartition(".")[0])
        return name in _COLUMN_METRICS

    def sampler(self, metric: MetricConfiguration, row_condition: RowCondition) -> Measurement | None:
        """The measurement of samples for a map metric that was measured."""
        asked = self.asked.get(measurement_key(metric, row_condition))
        return None if asked is None else map_measurements.sample_map(asked.question, asked.count)

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: Any = None,
        runtime_configuration: Any = None,
    ) -> dict[Any, Any]:
        """Great Expectations' own way in: ours where we know the metric, its own SQL otherwise."""
        known: dict[Hashable, Measurement] = {
            metric.id: self.measurement(metric) for metric in metrics_to_resolve if self.knows(metric)
        }
        outcomes = run_measurements(self.table, known)
        for outcome in outcomes.values():
            if isinstance(outcome, Exception):
                raise outcome
        others = [metric for metric in metrics_to_resolve if not self.knows(metric)]
        if others:
            others_resolved: dict[Any, Any] = dict(super().resolve_metrics(others, metrics, runtime_configuration))
            outcomes.update(others_resolved)
        return outcomes

    def column(self, name: str) -> Column:
        try:
            return self.table.columns[name]
        except KeyError:
            raise MissingColumnError(name, self.table.columns) from None

    def _columns_of(self, domain_kwargs: Mapping[str, Any]) -> tuple[Column, ...]:
        if domain_kwargs.get("column") is not None:
            return (self.column(domain_kwargs["column"]),)
        if domain_kwargs.get("column_A") is not None:
            return (self.column(domain_kwargs["column_A"]), self.column(domain_kwargs["column_B"]))
        return tuple(self.column(name) for name in domain_kwargs.get("column_list") or ())

    def measurement(self, metric: MetricConfiguration, row_condition: RowCondition | None = None) -> Measurement:
        """The measurement of a known metric. `row_condition` holds the condition and parser of the expectation:
        Great Expectations leaves them out of some metrics' domains, and a condition must never be ignored.

        Raises MissingColumnError, and ValueError or TypeError for arguments that make no sense.
        """
        domain_kwargs = metric.metric_domain_kwargs
        condition, parser = row_condition or (domain_kwargs.get("row_condition"), domain_kwargs.get("condition_parser"))
        domain = row_filter(condition, parser, self.column)
        name = metric.metric_name
        if name in _TABLE_METRICS:
            return _TABLE_METRICS[name](self, domain)
        columns = self._columns_of(domain_kwargs)
        if name.endswith((_COUNT, _VALUES, _FILTERED)):
            rule = domain_kwargs.get("ignore_row_if")
            if len(columns) > 1 or rule is not None:
                domain = without_ignored(domain, columns, rule or "never")
            return self._map_measurement(metric, columns, domain, measurement_key(metric, row_condition))
        return _COLUMN_METRICS[name](self, domain, columns[0], metric.metric_value_kwargs)

    def _map_measurement(
        self, metric: MetricConfiguration, columns: tuple[Column, ...], domain: Domain, key: Hashable
    ) -> Measurement:
        condition, _, what = metric.metric_name.rpartition(".")
        if f".{what}" == _VALUES:
            return _constant([])  # samples come later, and only for what failed
        if f".{what}" == _FILTERED:
            return aggregates.row_count(domain)
        arguments = {key: value for key, value in metric.metric_value_kwargs.items() if key != "result_format"}
        table = self.table
        question = MapQuestion(condition, columns, domain, arguments, table.backend, table.selectable)
        asked = self.asked[key] = Asked(question)
        return _kept(asked, measure_map(question))


def measurement_key(metric: MetricConfiguration, row_condition: RowCondition | None) -> Hashable:
    """What tells two measurements apart: also the row condition, which Great Expectations leaves out of some metrics."""
    return (metric.id, repr(row_condition))


def _kept(asked: Asked, measurement: Measurement) -> Measurement:
    """The count for Great Expectations; the rest stays here for the samples."""
    asked.count = yield from measurement
    return asked.count.unexpected


def _constant(value: Any) -> Measurement:
    """A measurement that asks nothing."""
    return value
    yield  # a generator must have one


_TABLE_METRICS: Mapping[str, Callable[[TouchstoneExecutionEngine, Domain], Measurement]] = {
    "table.row_count": lambda _engine, domain: aggregates.row_count(domain),
    "table.columns": lambda engine, _domain: _constant(list(engine.table.columns)),
    "table.column_count": lambda engine, _domain: _constant(len(engine.table.columns)),
    "table.column_types": lambda engine, _domain: _constant(
        [{"name": column.name, "type": column.physical_type} for column in engine.table.columns.values()]
    ),
}

_ColumnMetric = Callable[[TouchstoneExecutionEngine, Domain, Column, Mapping[str, Any]], Measurement]


def _quantile_values(
    _engine: TouchstoneExecutionEngine, domain: Domain, column: Column, arguments: Mapping[str, Any]
) -> Measurement:
    how = arguments.get("allow_relative_error") or "nearest"
    ways = ("linear", "lower", "higher", "midpoint", "nearest")
    if how not in ways:
        raise ValueError(f"allow_relative_error is {how!r}; use one of {', '.join(ways)}, or leave it out.")
    return aggregates.quantile(domain, column, list(arguments["quantiles"]), how)


def _of_set(which: Callable[..., Measurement], part: int) -> _ColumnMetric:
    def measured(
        engine: TouchstoneExecutionEngine, domain: Domain, column: Column, arguments: Mapping[str, Any]
    ) -> Measurement:
        table = engine.table
        return _part(which(domain, column, arguments.get("value_set"), table.selectable, table.backend), part)

    return measured


def _part(measurement: Measurement, index: int) -> Measurement:
    found: Sequence[Any] = yield from measurement
    return found[index]


def _simple(aggregate: aggregates.Simple) -> _ColumnMetric:
    return lambda _engine, domain, column, _arguments: aggregate(domain, column)


_COLUMN_METRICS: Mapping[str, _ColumnMetric] = {
    **{name: _simple(aggregate) for name, aggregate in aggregates.SIMPLE_AGGREGATES.items()},
    "column.min": lambda engine, domain, column, _: aggregates.extreme(domain, column, "min", engine.table.backend),
    "column.max": lambda engine, domain, column, _: aggregates.extreme(domain, column, "max", engine.table.backend),
    "column.quantile_values": _quantile_values,
    "column.most_common_value": lambda engine, domain, column, _: aggregates.modes(
        domain, column, engine.table.selectable, engine.table.backend
    ),
    "column.distinct_values.not_in_set.count": _of_set(aggregates.not_in_set, 0),
    "column.distinct_values.not_in_set": _of_set(aggregates.not_in_set, 1),
    "column.distinct_values.missing_from_column.count": _of_set(aggregates.missing_from, 0),
    "column.distinct_values.missing_from_column": _of_set(aggregates.missing_from, 1),
}
