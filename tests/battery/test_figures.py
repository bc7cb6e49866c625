"""What a run measures of its table beside the checks, in the scan that it makes anyway."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.battery.bench import AMOUNT, HAS_ROWS, ID, Bench, as_csv, as_json_lines, open_gates, rows_of
from trust.evidence.engines.gx import measure
from trust.evidence.models.run import Run
from trust.evidence.queries.facts import port_rows
from trust.evidence.rules.figures import ColumnFigures, RunFigures

NAME = {"name": "name", "logicalType": "string"}


def figures(bench: Bench) -> RunFigures:
    """Of the last run, as a judgement gets them."""
    (port,) = port_rows([bench.product.pk], 20).facts_of(bench.product)
    assert port.latest_run is not None
    assert isinstance(port.latest_run.figures, RunFigures)
    return port.latest_run.figures


def column(bench: Bench, name: str) -> ColumnFigures:
    return next(column for column in figures(bench).columns if column.name == name)


@contextmanager
def scans() -> Iterator[list[int]]:
    """How many questions each scan for scalars asks."""
    seen: list[int] = []
    scan = measure._scan
    with patch.object(measure, "_scan", side_effect=scan) as scanned:
        yield seen
        seen += [len(call.args[1]) for call in scanned.call_args_list]


def test_a_run_keeps_rows_and_figures_of_each_column(bench: Bench) -> None:
    bench.fields = [ID, AMOUNT, NAME]
    bench.judged(as_csv(rows_of(name=lambda n: None if n <= 100 else f"name {n % 3}")))
    assert figures(bench).rows == 400
    amount, name = column(bench, "amount"), column(bench, "name")
    assert (amount.missing, amount.mean, amount.lowest, amount.highest) == (0, 200.5, 1, 400)
    assert amount.distinct is not None
    assert 300 <= amount.distinct <= 500
    assert (name.missing, name.distinct, name.mean, name.lowest, name.highest) == (0.25, 3, None, None, None)


def test_columns_that_nobody_declared_show_no_values(bench: Bench) -> None:
    bench.judged(as_csv(rows_of(extra=7)))
    assert column(bench, "extra") == ColumnFigures("extra", 0.0, 1)


@pytest.mark.parametrize(
    "marks", [{"classification": "confidential"}, {"customProperties": [{"property": "touchstone.personal", "value": True}]}]
)
def test_of_a_redacted_column_no_value_is_kept(bench: Bench, marks: dict[str, object]) -> None:
    bench.fields = [ID, {**AMOUNT, **marks}]
    bench.properties = {"sensitivity": "confidential"}
    bench.judged(as_csv(rows_of()))
    stored = Run.objects.latest("finished_at").figures
    (amount,) = [one for one in stored["columns"] if one["name"] == "amount"]
    assert amount["missing"] == 0
    assert "distinct" in amount
    assert {"mean", "lowest", "highest"}.isdisjoint(amount)


def test_a_column_that_is_classified_after_the_run_shows_no_value_any_more(bench: Bench) -> None:
    bench.judged(as_csv(rows_of()))
    bench.run()
    bench.product.output_ports.get().fields.filter(name="amount").update(sensitivity="restricted")
    (port,) = port_rows([bench.product.pk], 20).facts_of(bench.product)
    assert port.past_figures
    for found in (figures(bench), port.past_figures[0].figures):
        (amount,) = [one for one in found.columns if one.name == "amount"]
        assert (amount.mean, amount.lowest, amount.highest) == (None, None, None)


def test_what_no_json_can_hold_is_left_out(bench: Bench) -> None:
    bench.fields = [ID, {"name": "amount", "logicalType": "number"}]
    bench.judged(as_csv(rows_of(amount=lambda n: "inf" if n == 1 else n)))
    json.dumps(Run.objects.latest("finished_at").figures, allow_nan=False)


def test_nested_columns_have_a_share_of_missing_values(bench: Bench) -> None:
    bench.location = "rows.jsonl"
    bench.judged(as_json_lines(rows_of(tags=lambda n: ["a"] if n % 2 else None)))
    assert column(bench, "tags") == ColumnFigures("tags", 0.5)


def test_the_newest_day_is_counted_beside_the_median_of_rows_a_day(bench: Bench) -> None:
    bench.fields = [ID, AMOUNT, {"name": "day", "logicalType": "date"}]
    bench.table = {"timeColumn": "day"}
    bench.extra = {"slaProperties": [{"property": "latency", "value": 7, "unit": "d", "element": "rows.day"}]}
    bench.judged(as_csv(rows_of(day=lambda n: "2026-01-05" if n == 1 else f"2026-01-0{1 + n % 4}")))
    assert (figures(bench).newest_day_rows, figures(bench).median_day_rows) == (1, 100)


def test_figures_take_no_scan_of_their_own(bench: Bench) -> None:
    with scans() as seen:
        bench.judged(as_csv(rows_of()))
    assert len(seen) == 1
    assert seen[0] > 10


def test_past_figures_are_those_of_ten_runs_before_the_latest_newest_first(bench: Bench) -> None:
    bench.judged(as_csv(rows_of()))
    for _ in range(12):
        bench.run()
    product = bench.product
    with CaptureQueriesContext(connection) as queries:
        (port,) = port_rows([product.pk], 20).facts_of(product)
    assert len(queries) <= 7
    assert port.latest_run is not None
    assert port.past_figures
    assert len(port.past_figures) == 10
    moments = [port.latest_run.started_at, *(past.started_at for past in port.past_figures)]
    assert moments == sorted(moments, reverse=True)
    assert port.latest_run.id not in {past.run_id for past in port.past_figures}


def test_a_run_that_failed_is_no_measure_for_the_next(bench: Bench) -> None:
    bench.judged(as_csv(rows_of(amount=-1)))
    bench.write(as_csv(rows_of()))
    bench.run()
    (port,) = port_rows([bench.product.pk], 20).facts_of(bench.product)
    assert not port.past_figures


def test_figures_cover_nothing(bench: Bench) -> None:
    bench.rules = [HAS_ROWS]
    bench.fields = [ID, {"name": "amount", "logicalType": "number", "criticalDataElement": True}]
    assert open_gates(bench.judged(as_csv(rows_of())))["coverage"] == "dimension_uncovered"
