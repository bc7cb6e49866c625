"""Runs, suites and verdicts in the admin: everything that was found, in words, and never counted row by row."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import OutputPort
from tests.admin.cast import Cast, World
from tests.factories import NOW
from tests.trust.builders import claim_new_run, evidence_for, run_badly, run_well
from trust.evidence.rules.figures import ColumnFigures, RunFigures
from trust.evidence.services.runs import request_run
from trust.models import Run
from trust.verdicts.services.run_conclusion import complete_run
from trust.vocabulary import CheckStatus


def test_a_run_shows_every_check_worst_first_with_counts_and_arguments(cast: Cast, world: World) -> None:
    html = cast.owner.sees("trust_run_change", world.run.pk)
    assert "Checks failed" in html
    assert html.index("id is never empty") < html.index("id is unique")
    for words in ("expect_column_values_to_be_unique", "33.33%", "critical", "uniqueness", "There are between 1 and 100 rows"):
        assert words in html


def test_samples_and_messages_of_a_run_are_escaped(cast: Cast, world: World) -> None:
    claim = claim_new_run(world.port, NOW)
    evidence = evidence_for(Run.objects.get(id=claim.run_id), failed=1)
    poisoned = type(evidence.results[0])(
        expectation=evidence.results[0].expectation,
        status=CheckStatus.ERROR,
        samples=("<script>alert(1)</script>",),
        message="<script>alert(2)</script>",
        observed_value="<script>alert(3)</script>",
    )
    changed = type(evidence)(
        status=evidence.status, seconds=0.1, rows=3, results=(poisoned, *evidence.results[1:]), columns=evidence.columns
    )
    complete_run(claim=claim, evidence=changed, now=NOW)
    html = cast.owner.sees("trust_run_change", claim.run_id)
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert(" not in html


def test_a_run_that_could_not_look_says_why_and_what_to_do(cast: Cast, world: World) -> None:
    run_badly(world.port, NOW + timedelta(hours=1))
    run = Run.objects.get(status="failed")
    assert "There is no such file. Put it there." in cast.owner.sees("trust_run_change", run.pk)
    assert "Run failed" in cast.owner.sees("trust_run_changelist")
    assert "There is no such file." in cast.owner.sees("index")


def test_a_run_that_is_queued_has_a_page(cast: Cast, world: World) -> None:
    run = request_run(port=world.port, actor=None, now=NOW)
    assert "Queued" in cast.owner.sees("trust_run_change", run.pk)


def test_a_past_verdict_shows_what_was_said_then(cast: Cast, world: World) -> None:
    run_well(world.port, NOW + timedelta(hours=1))
    html = cast.owner.sees("trust_verdict_change", world.verdict.pk)
    assert "Not production-grade" in html
    assert "Why, and what would have fixed it" in html
    assert "Production-grade" in cast.owner.sees("catalog_dataproduct_change", world.product.pk)


def test_a_suite_lists_its_expectations(cast: Cast, world: World) -> None:
    html = cast.owner.sees("trust_suite_change", world.suite.pk)
    assert "expect_table_row_count_to_be_between" in html
    assert "completeness" in html


@pytest.mark.parametrize("name", ["trust_run", "trust_verdict", "trust_suite"])
@pytest.mark.parametrize("role", ["owner", "governance"])
def test_large_tables_are_never_counted_and_cost_a_fixed_number_of_queries(
    cast: Cast, world: World, name: str, role: str
) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            getattr(cast, role).sees(f"{name}_changelist")
        return [query["sql"] for query in captured]

    few = queries()
    for hours in range(1, 6):
        run_well(world.port, NOW + timedelta(minutes=hours), failed=hours % 3)
    many = queries()
    assert len(many) == len(few)
    assert not [sql for sql in many if "COUNT(" in sql and "trust_" in sql]


def test_runs_come_in_the_order_that_an_index_gives(cast: Cast, world: World) -> None:
    with CaptureQueriesContext(connection) as captured:
        cast.governance.sees("trust_run_changelist")
    (listed,) = [q["sql"] for q in captured if 'FROM "trust_run"' in q["sql"]]
    assert 'ORDER BY "trust_run"."requested_at" DESC, "trust_run"."id" ASC' in listed


def measured(port: OutputPort, hours: int, **changes: Any) -> Run:
    """A run with figures of one column and of one that is personal."""
    now = NOW + timedelta(hours=hours)
    claim = claim_new_run(port, now)
    column = replace(ColumnFigures("id", 0.25, 300, 12.5, 1.0, 99.0), **changes)
    evidence = replace(evidence_for(Run.objects.get(id=claim.run_id)), figures=RunFigures(400 + hours, (column,)))
    complete_run(claim=claim, evidence=evidence, now=now)
    return Run.objects.get(id=claim.run_id)


def test_a_run_draws_its_figures_beside_those_of_earlier_runs(cast: Cast, world: World) -> None:
    measured(world.port, 1)
    run = measured(world.port, 2, mean=13.75)
    measured(world.port, 3, mean=987.5)
    html = cast.owner.sees("trust_run_change", run.pk)
    for words in ("Figures of the table", "402", "13.75", "25%", "Mean of id", "Missing values of id"):
        assert words in html
    assert "987.5" not in html


def test_figures_of_a_field_that_is_redacted_by_now_show_no_value(cast: Cast, world: World) -> None:
    run = measured(world.port, 1, mean=13.75)
    world.port.fields.filter(name="id").update(personal=True)
    html = cast.owner.sees("trust_run_change", run.pk)
    assert "Missing values of id" in html
    assert "13.75" not in html


def test_a_run_from_before_there_were_figures_shows_none(cast: Cast, world: World) -> None:
    assert "Figures of the table" not in cast.owner.sees("trust_run_change", world.run.pk)
