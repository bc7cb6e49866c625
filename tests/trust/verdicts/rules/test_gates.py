"""Each gate with a table of cases: what passes, what fails, what is unknown, and both sides of every number."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.rules.vocabulary import Cadence, Dimension, Effect, Lifecycle, LogicalType, Sensitivity, Severity
from tests.trust.evidence.rules.test_patterns import HOSTILE, SLOW_FOR_PYTHON
from tests.trust.verdicts.rules.factories import (
    DAY,
    HOUR,
    INSTANT,
    NOW,
    POLICY,
    failed_run,
    failing,
    field,
    gate_of,
    make_check,
    make_incident,
    make_policy,
    make_port,
    make_product,
    make_run,
    make_upstream,
    make_waiver,
    outcome_of,
    with_checks,
    with_port,
    with_run,
)
from trust.evidence.rules.evidence import ObservedColumn
from trust.verdicts.rules.facts import PersonFacts, ProductFacts
from trust.vocabulary import CheckStatus, EvidenceStatus, GateName, GateStatus, VerdictStatus

PASSED, FAILED, UNKNOWN = GateStatus.PASSED, GateStatus.FAILED, GateStatus.UNKNOWN
VACUOUS = make_check(Dimension.VOLUME, kwargs={"min_value": 0}, key="orders:vacuous")


def test_a_good_product_is_production_grade_with_every_gate_passed() -> None:
    outcome = outcome_of(make_product())
    assert outcome.verdict is VerdictStatus.PRODUCTION_GRADE
    assert [gate.gate for gate in outcome.gates] == list(GateName)
    assert {gate.status for gate in outcome.gates} == {PASSED}
    assert {gate.code for gate in outcome.gates} == {"ok"}
    assert outcome.failing_path == ()


EVIDENCE = [
    ("fresh", make_product(), PASSED, "ok"),
    ("no ports", make_product(ports=()), UNKNOWN, "no_output_ports"),
    ("no suite", with_port(suite_digest=None), UNKNOWN, "no_suite"),
    ("never ran", with_port(latest_run=None), UNKNOWN, "never_ran"),
    ("first run pending", with_port(latest_run=None, pending_run_id="run-9"), UNKNOWN, "run_pending"),
    ("older run counts while another is pending", with_port(pending_run_id="run-9"), PASSED, "ok"),
    ("latest run could not look", with_port(latest_run=failed_run()), UNKNOWN, "run_failed"),
    ("one port of two never ran", make_product(ports=(make_port(), make_port("items", latest_run=None))), UNKNOWN, "never_ran"),
    ("suite changed", with_port(suite_digest="other"), UNKNOWN, "suite_changed"),
    ("source changed", with_port(source_digest="other"), UNKNOWN, "source_changed"),
    ("empty suite", with_run(checks=()), UNKNOWN, "empty_suite"),
    ("no rows", with_run(rows=0), UNKNOWN, "empty_data"),
    ("no rows, allowed", with_port(allows_empty=True, latest_run=make_run(rows=0)), PASSED, "ok"),
    ("rows not counted", with_run(rows=None), UNKNOWN, "rows_unknown"),
    ("a check errored", with_checks(failing(status=CheckStatus.ERROR)), UNKNOWN, "checks_errored"),
    ("the run ended in error", with_run(evidence_status=EvidenceStatus.ERROR), UNKNOWN, "checks_errored"),
    ("a failed check is evidence", with_checks(failing()), PASSED, "ok"),
    ("nothing passed", with_run(checks=(failing(),)), UNKNOWN, "nothing_proven"),
    ("only vacuous checks passed", with_run(checks=(VACUOUS,)), UNKNOWN, "nothing_proven"),
    ("at the end of its life", with_run(started_at=NOW - 36 * HOUR), PASSED, "ok"),
    ("past its life", with_run(started_at=NOW - 36 * HOUR - INSTANT), UNKNOWN, "evidence_too_old"),
    ("within the clock skew", with_run(started_at=NOW + timedelta(minutes=5)), PASSED, "ok"),
    ("in the future", with_run(started_at=NOW + timedelta(minutes=5) + INSTANT), UNKNOWN, "run_time_in_future"),
]
NULLS = make_check(Dimension.COMPLETENESS, key="orders:nulls")
CRITICAL_CHECKS = [
    ("all passed", make_product(), PASSED, "ok"),
    ("one failed", with_checks(failing()), FAILED, "critical_check_failed"),
    ("a warning failed", with_checks(failing(severity=Severity.WARNING)), PASSED, "ok"),
    ("one errored", with_checks(failing(status=CheckStatus.ERROR)), UNKNOWN, "critical_check_errored"),
    ("one skipped", with_checks(failing(status=CheckStatus.SKIPPED)), UNKNOWN, "critical_check_skipped"),
    ("failed beats errored", with_checks(failing(), replace(NULLS, status=CheckStatus.ERROR)), FAILED, "critical_check_failed"),
    (
        "skipped on a table that may be empty",
        with_port(allows_empty=True, latest_run=make_run(rows=0, checks=(replace(NULLS, status=CheckStatus.SKIPPED),))),
        PASSED,
        "ok",
    ),
    ("none is critical", with_run(checks=(replace(NULLS, severity=Severity.WARNING),)), UNKNOWN, "no_critical_checks"),
    (
        "the only critical one cannot fail",
        with_run(checks=(VACUOUS, replace(NULLS, severity=Severity.INFO))),
        UNKNOWN,
        "no_critical_checks",
    ),
    ("never ran", with_port(latest_run=None), UNKNOWN, "no_evidence"),
    ("passed long ago", with_run(started_at=NOW - 3 * DAY), UNKNOWN, "no_evidence"),
    (
        "failed long ago",
        with_run(started_at=NOW - 3 * DAY, checks=(failing(), NULLS)),
        FAILED,
        "critical_check_failed",
    ),
    ("failed in another suite", with_port(suite_digest="x", latest_run=make_run(checks=(failing(),))), UNKNOWN, "no_evidence"),
]
COVERAGE = [
    ("everything covered", make_product(), PASSED, "ok"),
    ("a dimension without checks", with_checks(without=Dimension.UNIQUENESS), FAILED, "dimension_uncovered"),
    (
        "a dimension whose checks failed",
        with_checks(failing(Dimension.UNIQUENESS, Severity.INFO), without=Dimension.UNIQUENESS),
        FAILED,
        "dimension_uncovered",
    ),
    ("a dimension whose checks cannot fail", with_checks(VACUOUS, without=Dimension.VOLUME), FAILED, "dimension_uncovered"),
    (
        "another port does not help",
        make_product(ports=(make_port(), make_port("items", latest_run=make_run(checks=(make_check(),))))),
        FAILED,
        "dimension_uncovered",
    ),
    ("a critical field without checks", with_port(fields=(field(), field("size2"))), FAILED, "critical_field_uncovered"),
    ("no critical field", with_port(fields=(field(is_critical=False),)), PASSED, "ok"),
    ("never ran", with_port(latest_run=None), UNKNOWN, "no_evidence"),
    ("too old", with_run(started_at=NOW - 3 * DAY), UNKNOWN, "no_evidence"),
    ("empty suite", with_run(checks=()), UNKNOWN, "no_evidence"),
    ("the only check failed", with_run(checks=(failing(),)), FAILED, "dimension_uncovered"),
    ("the only check erred", with_run(checks=(failing(status=CheckStatus.ERROR),)), UNKNOWN, "no_evidence"),
]
FRESHNESS = [
    ("young", make_product(), PASSED, "ok"),
    ("exactly as old as allowed", with_run(data_time=NOW - DAY), PASSED, "ok"),
    ("older than allowed", with_run(data_time=NOW - DAY - INSTANT), FAILED, "data_too_old"),
    ("no time seen", with_run(data_time=None), UNKNOWN, "no_data_time"),
    ("no service level", with_port(service_level=None), UNKNOWN, "no_service_level"),
    ("static needs neither", with_port(cadence=Cadence.STATIC, service_level=None), PASSED, "ok"),
    ("later than its run", with_run(data_time=NOW + HOUR), UNKNOWN, "data_time_in_future"),
    ("later within the skew", with_run(data_time=NOW - HOUR + timedelta(minutes=6)), PASSED, "ok"),
    ("later than the skew", with_run(data_time=NOW - HOUR + timedelta(minutes=6) + INSTANT), UNKNOWN, "data_time_in_future"),
    ("never ran", with_port(latest_run=None), UNKNOWN, "no_evidence"),
    ("old evidence of young data", with_run(started_at=NOW - 37 * HOUR, data_time=NOW - HOUR * 37), FAILED, "data_too_old"),
    ("no ports", make_product(ports=()), UNKNOWN, "no_output_ports"),
]
LOW = with_run(checks=(make_check(),))
SCORE = [
    ("high", make_product(), PASSED, "ok"),
    ("low", LOW, FAILED, "score_too_low"),
    ("never ran", with_port(latest_run=None), UNKNOWN, "no_evidence"),
    ("no ports", make_product(ports=()), UNKNOWN, "no_output_ports"),
    ("the only check failed", with_run(checks=(failing(),)), FAILED, "score_too_low"),
    ("the only check erred", with_run(checks=(failing(status=CheckStatus.ERROR),)), UNKNOWN, "no_evidence"),
    ("old evidence is not bad data", with_run(started_at=NOW - 30 * DAY), UNKNOWN, "no_evidence"),
    (
        "old evidence of bad data",
        with_run(started_at=NOW - 30 * DAY, checks=(failing(), make_check())),
        FAILED,
        "score_too_low",
    ),
    (
        "checks that erred are not bad data",
        with_run(checks=tuple(replace(c, status=CheckStatus.ERROR) for c in (make_run().checks[:4])) + make_run().checks[4:]),
        UNKNOWN,
        "score_unsettled",
    ),
]
SCHEMA = [
    ("as declared", make_product(), PASSED, "ok"),
    ("missing", with_port(fields=(field("gone"),)), FAILED, "field_missing"),
    ("another type", with_port(fields=(field(logical_type=LogicalType.DATE),)), FAILED, "field_type_changed"),
    ("one of several types", with_port(fields=(field("size", logical_type=LogicalType.NUMBER),)), PASSED, "ok"),
    ("declared without a type", with_port(fields=(field(logical_type=None),)), PASSED, "ok"),
    ("nothing declared", with_port(fields=()), UNKNOWN, "no_declared_fields"),
    ("no columns seen", with_run(columns=()), UNKNOWN, "columns_not_seen"),
    ("never ran", with_port(latest_run=None), UNKNOWN, "no_evidence"),
    ("missing long ago", with_run(started_at=NOW - 9 * DAY, columns=(ObservedColumn("id", "", frozenset()),)), FAILED, None),
]
LIFECYCLE = [
    ("published", make_product(), PASSED, "ok"),
    ("draft", make_product(lifecycle=Lifecycle.DRAFT), FAILED, "not_published"),
    ("retired", make_product(lifecycle=Lifecycle.RETIRED), FAILED, "retired"),
    ("deprecated without end", make_product(lifecycle=Lifecycle.DEPRECATED), PASSED, "ok"),
    ("before its end", make_product(lifecycle=Lifecycle.DEPRECATED, deprecation_ends_at=NOW + INSTANT), PASSED, "ok"),
    ("at its end", make_product(lifecycle=Lifecycle.DEPRECATED, deprecation_ends_at=NOW), FAILED, "deprecation_ended"),
]
INCIDENTS = [
    ("none", make_product(), PASSED, "ok"),
    ("critical", make_product(incidents=(make_incident(),)), FAILED, "critical_incident_open"),
    ("warning", make_product(incidents=(make_incident(Severity.WARNING),)), PASSED, "ok"),
]
BAD_INPUT = make_upstream(
    verdict=VerdictStatus.NOT_PRODUCTION_GRADE,
    effective_score=40.0,
    failing_path=("parts", "bolts"),
    cause="No bolts have a size.",
)
UPSTREAM = [
    ("good", make_product(), PASSED, "ok"),
    ("none", make_product(upstreams=()), PASSED, "ok"),
    ("bad", make_product(upstreams=(BAD_INPUT,)), FAILED, "upstream_not_production_grade"),
    ("bad but optional", make_product(upstreams=(replace(BAD_INPUT, is_required=False),)), PASSED, "ok"),
    ("unknown", make_product(upstreams=(make_upstream(verdict=VerdictStatus.UNKNOWN),)), UNKNOWN, "upstream_unknown"),
    ("never judged", make_product(upstreams=(make_upstream(verdict=None),)), UNKNOWN, "upstream_never_judged"),
    ("just valid", make_product(upstreams=(make_upstream(valid_until=NOW + INSTANT),)), PASSED, "ok"),
    ("expired", make_product(upstreams=(make_upstream(valid_until=NOW),)), UNKNOWN, "upstream_expired"),
    (
        "bad and expired",
        make_product(upstreams=(replace(BAD_INPUT, valid_until=NOW),)),
        FAILED,
        "upstream_not_production_grade",
    ),
    ("circle", make_product(upstreams=(make_upstream(is_cycle=True),)), UNKNOWN, "upstream_cycle"),
    ("itself", make_product(upstreams=(make_upstream("shop-orders"),)), UNKNOWN, "upstream_cycle"),
    (
        "one bad, one unknown",
        make_product(upstreams=(make_upstream("a", verdict=None), BAD_INPUT)),
        FAILED,
        "upstream_not_production_grade",
    ),
]
SECRET = field(sensitivity=Sensitivity.RESTRICTED)
SENSITIVITY = [
    ("classified", make_product(), PASSED, "ok"),
    ("unclassified", make_product(sensitivity=None), FAILED, "product_unclassified"),
    ("field above", with_port(fields=(SECRET,)), FAILED, "field_more_sensitive"),
    ("field equal", with_port(fields=(replace(SECRET, sensitivity=Sensitivity.INTERNAL),)), PASSED, "ok"),
    ("personal, unclassified", with_port(fields=(field(is_personal_data=True),)), FAILED, "personal_field_unclassified"),
    ("personal, classified", with_port(fields=(field(is_personal_data=True, sensitivity=Sensitivity.PUBLIC),)), PASSED, "ok"),
]
ACCESS_POLICY = [
    ("covered", make_product(), PASSED, "ok"),
    ("none", make_product(policies=()), FAILED, "no_access_policy"),
    ("draft", make_product(policies=(make_policy(is_published=False),)), FAILED, "no_access_policy"),
    ("only a ban", make_product(policies=(make_policy(effect=Effect.FORBID),)), FAILED, "no_access_policy"),
    ("about to expire", make_product(policies=(make_policy(expires_at=NOW + INSTANT),)), PASSED, "ok"),
    ("expired", make_product(policies=(make_policy(expires_at=NOW),)), FAILED, "access_policy_expired"),
]
EXPLAINABILITY = [
    ("written", make_product(), PASSED, "ok"),
    ("no purpose", make_product(has_purpose=False), FAILED, "not_explained"),
    ("no limitations", make_product(has_limitations=False), FAILED, "not_explained"),
    ("no intended use", make_product(has_intended_use=False), FAILED, "not_explained"),
]
REVIEW = [
    ("reviewed", make_product(), PASSED, "ok"),
    ("never", make_product(reviewed_at=None), UNKNOWN, "never_reviewed"),
    ("dated in the future", make_product(reviewed_at=NOW + HOUR), UNKNOWN, "never_reviewed"),
    ("due today", make_product(reviewed_at=NOW - 365 * DAY), PASSED, "ok"),
    ("overdue", make_product(reviewed_at=NOW - 365 * DAY - INSTANT), FAILED, "review_overdue"),
]
OWNERS = [
    ("active", make_product(), PASSED, "ok"),
    ("nobody", make_product(owner=None), FAILED, "no_owner"),
    ("left", make_product(owner=PersonFacts("ana", is_active=False)), FAILED, "owner_inactive"),
]
ACKNOWLEDGEMENT = [
    ("recent", make_product(), PASSED, "ok"),
    ("never", make_product(acknowledged_at=None), FAILED, "never_acknowledged"),
    ("dated in the future", make_product(acknowledged_at=NOW + HOUR), FAILED, "never_acknowledged"),
    ("by the owner before", make_product(acknowledged_by="old"), FAILED, "acknowledged_by_other"),
    ("no owner", make_product(owner=None), FAILED, "acknowledged_by_other"),
    ("due today", make_product(acknowledged_at=NOW - 180 * DAY), PASSED, "ok"),
    ("overdue", make_product(acknowledged_at=NOW - 180 * DAY - INSTANT), FAILED, "acknowledgement_overdue"),
]
Case = tuple[str, ProductFacts, GateStatus, str | None]
TABLES: dict[GateName, Sequence[Case]] = {
    GateName.LIFECYCLE: LIFECYCLE,
    GateName.EVIDENCE: EVIDENCE,
    GateName.CRITICAL_CHECKS: CRITICAL_CHECKS,
    GateName.COVERAGE: COVERAGE,
    GateName.FRESHNESS: FRESHNESS,
    GateName.SCORE: SCORE,
    GateName.SCHEMA: SCHEMA,
    GateName.INCIDENTS: INCIDENTS,
    GateName.UPSTREAM: UPSTREAM,
    GateName.SENSITIVITY: SENSITIVITY,
    GateName.POLICY: ACCESS_POLICY,
    GateName.EXPLAINABILITY: EXPLAINABILITY,
    GateName.REVIEW: REVIEW,
    GateName.OWNER: OWNERS,
    GateName.ACKNOWLEDGEMENT: ACKNOWLEDGEMENT,
}
CASES = [pytest.param(gate, *case[1:], id=f"{gate}: {case[0]}") for gate, table in TABLES.items() for case in table]
SPOILT = [(gate, next(facts for _, facts, status, _ in table if status is not PASSED)) for gate, table in TABLES.items()]


@pytest.mark.parametrize(("gate", "facts", "status", "code"), CASES)
def test_gate_says_what_its_table_says(gate: GateName, facts: ProductFacts, status: GateStatus, code: str | None) -> None:
    result = gate_of(gate, facts)
    assert (result.status, result.code if code else None) == (status, code)
    assert result.message.endswith(".")
    assert len(result.message) < 400
    assert bool(result.remedy) is (status is not PASSED)
    assert (result.responsible is not None) is (status is not PASSED)


@pytest.mark.parametrize(("gate", "facts"), SPOILT)
def test_a_gate_that_is_off_is_listed_and_decides_nothing(gate: GateName, facts: ProductFacts) -> None:
    if gate is GateName.EVIDENCE:
        with pytest.raises(ValueError, match="keeps the gate evidence on"):
            replace(POLICY, gates=frozenset(GateName) - {gate})
        return
    outcome = outcome_of(facts, gates=frozenset(GateName) - {gate})
    assert outcome.gate(gate).status is GateStatus.OFF
    assert gate not in {open_gate.gate for open_gate in outcome.open_gates}


@pytest.mark.parametrize(("gate", "facts"), SPOILT)
def test_a_waiver_passes_its_gate_and_still_shows_what_it_excepts(gate: GateName, facts: ProductFacts) -> None:
    before = gate_of(gate, facts)
    after = gate_of(gate, replace(facts, waivers=(make_waiver(gate),)))
    if gate in {GateName.LIFECYCLE, GateName.EVIDENCE}:
        assert after == before
    else:
        assert after == replace(before, status=PASSED, waiver_id="waiver-1", waived_from=before.status)


@pytest.mark.parametrize("pattern", [*HOSTILE, *SLOW_FOR_PYTHON], ids=lambda value: value[:20])
def test_a_product_is_judged_soon_whatever_pattern_its_suite_has(pattern: str) -> None:
    kind = "expect_column_values_to_match_regex"
    check = make_check(kwargs={"column": "id", "regex": pattern}, type=kind, key="orders:pattern")
    before = time.monotonic()

    outcome = outcome_of(with_checks(check))

    assert outcome.verdict is VerdictStatus.PRODUCTION_GRADE
    assert time.monotonic() - before < 1
