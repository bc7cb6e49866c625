"""Data warnings as a rule: what history bears, what they cost, and that without them every byte is as before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.trust.verdicts.rules.factories import NOW, gate_of, make_port, make_product, make_run, outcome_of
from trust.evidence.rules.figures import ColumnFigures, PastFigures, RunFigures, figures_from_json, figures_to_json
from trust.verdicts.rules.answer import short_answer, stored_text
from trust.verdicts.rules.codec import dump_facts, dump_outcome, load_facts, load_outcome
from trust.verdicts.rules.facts import ProductFacts
from trust.vocabulary import GateName, VerdictStatus

SIZE = ColumnFigures("size", 0.0, 100, 50.0, 1.0, 99.0)


def table(rows: int = 1000, **changes: Any) -> RunFigures:
    return RunFigures(rows, (replace(SIZE, **changes),))


def compared(now: RunFigures, *past: RunFigures) -> ProductFacts:
    """A product whose run measured `now`, after runs that measured `past`, the newest of them first."""
    older = tuple(PastFigures(f"run-{n}", NOW - timedelta(days=n + 1), figures) for n, figures in enumerate(past))
    return make_product(ports=(make_port(latest_run=make_run(figures=now), past_figures=older),))


def codes(facts: ProductFacts) -> list[str]:
    return [warning.code for warning in outcome_of(facts).warnings or ()]


@pytest.mark.parametrize(
    ("now", "past", "expected"),
    [
        (table(), (), []),
        (table(500), (table(),), ["row_count_jumped"]),
        (table(501), (table(),), []),
        (table(2000), (table(),) * 6, ["row_count_jumped"]),
        (table(1999), (table(),) * 6, []),
        (table(1100), (table(),) * 7, []),
        (table(1101), (table(),) * 7, ["row_count_jumped"]),
        (table(1300), tuple(table(1000 + 100 * (n % 3)) for n in range(7)), []),
        (table(missing=0.2), (table(),), ["missing_share_jumped"]),
        (table(missing=0.19), (table(),), []),
        (table(missing=0.06), (table(),) * 7, ["missing_share_jumped"]),
        (table(distinct=119), (table(),) * 7, []),
        (table(distinct=121), (table(),) * 7, ["distinct_count_jumped"]),
        (table(distinct=None, mean=None), (table(),) * 7, []),
        (table(mean=59.0), (table(),) * 7, []),
        (table(mean=61.0), (table(),) * 7, ["mean_jumped"]),
        (table(mean=-0.2), (table(mean=0.1),), []),
        (table(lowest=-40.0), (table(),) * 7, []),
        (table(lowest=-999.0, highest=999.0), (table(),) * 7, ["maximum_jumped", "minimum_jumped"]),
        (RunFigures(0), (table(),) * 7, []),
        (RunFigures(1000, (replace(SIZE, name="new"),)), (table(),) * 7, []),
    ],
)
def test_what_history_bears(now: RunFigures, past: tuple[RunFigures, ...], expected: list[str]) -> None:
    assert codes(compared(now, *past)) == expected


@pytest.mark.parametrize(
    ("began", "rows", "is_warned"),
    [((0, 30), 1, False), ((0, 30), 0, True), ((12, 0), 1, True), ((12, 0), 3, False), ((23, 0), 4, True)],
)
def test_of_a_day_that_has_not_ended_only_its_share_is_expected(began: tuple[int, int], rows: int, *, is_warned: bool) -> None:
    started = datetime(NOW.year, NOW.month, NOW.day, *began, tzinfo=UTC) - timedelta(days=1)
    run = make_run(started_at=started, data_time=started, figures=RunFigures(1000, (), rows, 100.0))
    facts = make_product(ports=(make_port(latest_run=run, schedule_interval=timedelta(days=5)),))
    assert codes(facts) == (["newest_day_alone"] if is_warned else [])


def test_a_warning_costs_two_points_and_no_gate() -> None:
    calm, warned = outcome_of(compared(table())), outcome_of(compared(table(), table(2000)))
    assert warned.raw_score == pytest.approx(calm.raw_score - 2)
    assert warned.parts[0].deduction == 2
    least = calm.raw_score - 1
    at_the_limit = outcome_of(compared(table(), table(2000)), minimum_score=least)
    assert at_the_limit.verdict is VerdictStatus.PRODUCTION_GRADE
    assert "before data warnings" in gate_of(GateName.SCORE, compared(table(), table(2000))).message


def test_many_warnings_cost_ten_points() -> None:
    columns = tuple(replace(SIZE, name=f"c{n}") for n in range(20))
    emptied = RunFigures(1000, tuple(replace(column, missing=1.0, distinct=0) for column in columns))
    outcome = outcome_of(compared(emptied, RunFigures(1000, columns)))
    assert len(outcome.warnings or ()) > 5
    assert outcome.parts[0].deduction == 10


def test_the_short_answer_counts_them_within_one_kilobyte() -> None:
    columns = tuple(replace(SIZE, name="x" * 200 + str(n)) for n in range(50))
    emptied = RunFigures(1000, tuple(replace(column, missing=1.0) for column in columns))
    outcome = outcome_of(compared(emptied, RunFigures(1000, columns)), warnings_block=True)
    assert short_answer(outcome)["warnings"] == 50
    assert len(stored_text(outcome).encode()) < 1024
    assert outcome.gate(GateName.EVIDENCE).code == "data_warning"


def test_without_figures_and_warnings_the_bytes_are_as_before() -> None:
    facts = make_product()
    assert b"figures" not in dump_facts(facts)
    assert b"warnings" not in dump_outcome(outcome_of(facts))
    assert b"deduction" not in dump_outcome(outcome_of(facts))
    assert b"warnings" not in dump_outcome(outcome_of(compared(table(), table())))


def test_facts_and_outcomes_with_them_are_read_back() -> None:
    facts = compared(table(), table(2000), table(2100))
    assert dump_facts(load_facts(dump_facts(facts))) == dump_facts(facts)
    outcome = outcome_of(facts)
    assert load_outcome(dump_outcome(outcome)) == outcome


def test_the_order_of_past_runs_and_columns_does_not_matter() -> None:
    facts = compared(RunFigures(1, (SIZE, replace(SIZE, name="a"))), table(10), table(2000))
    (port,) = facts.ports
    assert port.latest_run is not None
    run = replace(port.latest_run, figures=RunFigures(1, (replace(SIZE, name="a"), SIZE)))
    turned = replace(port, latest_run=run, past_figures=(port.past_figures or ())[::-1])
    assert dump_outcome(outcome_of(replace(facts, ports=(turned,)))) == dump_outcome(outcome_of(facts))


def test_figures_are_stored_without_what_was_not_measured() -> None:
    figures = RunFigures(5, (ColumnFigures("a", 0.5),))
    stored = figures_to_json(figures)
    assert stored == {"rows": 5, "columns": [{"name": "a", "missing": 0.5, "doubtful": 0, "not_available": 0}]}
    assert figures_from_json(msgspec.json.decode(msgspec.json.encode(stored))) == figures
    assert figures_from_json({}) is None
