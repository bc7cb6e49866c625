"""What a gate tells beside its status: sentences, paths, waivers of single checks, who can act."""

from dataclasses import replace

import pytest

from catalog.rules.vocabulary import Dimension
from tests.trust.verdicts.rules.factories import (
    HOUR,
    INSTANT,
    NOW,
    OWNER,
    POLICY,
    failed_run,
    failing,
    field,
    gate_of,
    make_port,
    make_product,
    make_run,
    make_upstream,
    make_waiver,
    outcome_of,
    past_runs,
    with_checks,
    with_port,
    with_run,
)
from trust.verdicts.rules.facts import PersonFacts
from trust.vocabulary import GateName, GateStatus, Role, VerdictStatus

PASSED, FAILED, UNKNOWN = GateStatus.PASSED, GateStatus.FAILED, GateStatus.UNKNOWN
BAD_INPUT = make_upstream(
    verdict=VerdictStatus.NOT_PRODUCTION_GRADE,
    effective_score=40.0,
    failing_path=("parts", "bolts"),
    cause="No bolts have a size.",
)


def test_a_waived_check_passes_the_gate_but_not_the_score() -> None:
    spoilt = with_checks(failing(key="orders:bad"))
    waived = replace(spoilt, waivers=(make_waiver(check_key="orders:bad"),))
    result = gate_of(GateName.CRITICAL_CHECKS, waived)
    assert (result.status, result.check_waiver_ids) == (PASSED, ("waiver-1",))
    assert result.message == "5 of 6 critical checks passed, 1 under waiver."
    assert outcome_of(waived).raw_score == outcome_of(spoilt).raw_score
    assert outcome_of(waived).verdict is VerdictStatus.PRODUCTION_GRADE


def test_a_waived_check_covers_its_dimension() -> None:
    bad = failing(Dimension.UNIQUENESS, key="orders:bad")
    facts = with_checks(bad, without=Dimension.UNIQUENESS)
    waived = replace(facts, waivers=(make_waiver(check_key="orders:bad"),))
    assert gate_of(GateName.COVERAGE, facts).status is FAILED
    assert gate_of(GateName.COVERAGE, waived).status is PASSED
    assert gate_of(GateName.COVERAGE, waived).check_waiver_ids == ("waiver-1",)


@pytest.mark.parametrize(
    ("mostly", "status"), [(1.0, PASSED), (0.95, PASSED), (0.949, FAILED), ("all", FAILED), (True, FAILED)]
)
def test_a_check_that_tolerates_too_much_does_not_cover_a_critical_field(mostly: object, status: GateStatus) -> None:
    checks = tuple(replace(check, kwargs=dict(check.kwargs) | {"mostly": mostly}) for check in make_run().checks)
    assert gate_of(GateName.COVERAGE, with_run(checks=checks)).status is status


def test_the_required_share_of_critical_fields_is_asked_over_all_ports() -> None:
    ports = (make_port(), make_port("items", fields=(field(), field("other"), field("third"))))
    facts = make_product(ports=ports)
    assert gate_of(GateName.COVERAGE, facts, replace(POLICY, critical_field_share=0.5)).status is PASSED
    result = gate_of(GateName.COVERAGE, facts, replace(POLICY, critical_field_share=0.51))
    assert result.message == "2 of 4 critical fields (50%) have a passed check, 51% must; other and third have none."
    assert result.numbers["critical_fields"] == 4


def test_a_product_without_critical_fields_says_so() -> None:
    result = gate_of(GateName.COVERAGE, with_port(fields=(field(is_critical=False),)))
    assert "0 critical fields, as none is declared" in result.message
    assert result.numbers["critical_fields"] == 0


def test_a_failed_upstream_names_the_path_the_cause_and_its_owner() -> None:
    outcome = outcome_of(make_product(upstreams=(BAD_INPUT,)))
    result = outcome.gate(GateName.UPSTREAM)
    assert "shop-orders → parts → bolts" in result.message
    assert "No bolts have a size" in result.message
    assert result.responsible is not None
    assert result.responsible.username == "uma"
    assert outcome.failing_path == ("shop-orders", "parts", "bolts")
    assert outcome.cause == "No bolts have a size."


def test_messages_count_rows_and_name_who_can_act() -> None:
    nulls = failing(
        Dimension.COMPLETENESS,
        type="expect_column_values_to_not_be_null",
        kwargs={"column": "dep_time"},
        element_count=336_776,
        unexpected_count=8_255,
    )
    result = gate_of(GateName.CRITICAL_CHECKS, with_checks(nulls))
    assert result.message == "8,255 of 336,776 rows (2.5%) have no dep_time."
    assert result.evidence_ids == (nulls.id,)
    assert result.numbers == {"critical_checks": 6, "failed": 1, "waived": 0}
    assert result.responsible is not None
    assert (result.responsible.role, result.responsible.username) == (Role.STEWARD, "sam")


def test_without_an_active_steward_the_owner_can_act() -> None:
    facts = replace(with_checks(failing()), steward=PersonFacts("sam", is_active=False))
    result = gate_of(GateName.CRITICAL_CHECKS, facts)
    assert result.responsible is not None
    assert (result.responsible.role, result.responsible.username) == (Role.OWNER, OWNER.username)


def test_the_score_gate_looks_at_the_uncapped_score() -> None:
    outcome = outcome_of(replace(make_product(), has_purpose=False))
    assert outcome.gate(GateName.EXPLAINABILITY).status is FAILED
    assert outcome.gate(GateName.SCORE).status is PASSED
    assert (outcome.score, outcome.raw_score > 75) == (59.0, True)


def test_the_minimum_score_itself_is_enough() -> None:
    raw = outcome_of(make_product()).raw_score
    assert outcome_of(make_product(), minimum_score=raw).gate(GateName.SCORE).status is PASSED
    assert outcome_of(make_product(), minimum_score=raw + 0.1).gate(GateName.SCORE).status is FAILED


def test_default_time_to_live_without_a_schedule_is_36_hours() -> None:
    last = make_run(started_at=NOW - 36 * HOUR)
    over = make_run(started_at=NOW - 36 * HOUR - INSTANT)
    assert gate_of(GateName.EVIDENCE, with_port(schedule_interval=None, latest_run=last)).status is PASSED
    assert gate_of(GateName.EVIDENCE, with_port(schedule_interval=None, latest_run=over)).status is UNKNOWN
    assert gate_of(
        GateName.EVIDENCE, with_port(schedule_interval=HOUR, latest_run=make_run(started_at=NOW - 2 * HOUR))
    ).code == ("evidence_too_old")


def test_a_stale_green_never_hides_a_run_that_could_not_look() -> None:
    outcome = outcome_of(with_port(latest_run=failed_run(), past_runs=past_runs(19, 1)))
    assert outcome.verdict is VerdictStatus.UNKNOWN
    assert "could not be read at 2026-11-22 11:30 UTC: The file orders.csv does not exist" in outcome.cause
    assert outcome.gate(GateName.EVIDENCE).remedy == "Put the file back."
