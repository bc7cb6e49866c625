"""Incidents that open and resolve by themselves, and what an owner may try in order to be rid of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.models import Notification, OutputPort, Person
from catalog.rules.errors import ConflictError, ForbiddenError
from catalog.rules.vocabulary import Severity
from tests.factories import NOW, make_governance, make_person
from tests.trust.builders import (
    EXPECTATIONS,
    claim_new_run,
    evidence_for,
    loosen_trust_policy,
    make_ready_port,
    make_suite,
    make_waiver,
    run_badly,
    run_well,
)
from trust.evidence.rules.identity import check_key
from trust.evidence.services.source_resolution import suite_spec
from trust.models import Incident, Run, Verdict
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.services.incidents import change_severity, resolve_incident
from trust.verdicts.services.judging import ensure_current
from trust.verdicts.services.run_conclusion import complete_run
from trust.verdicts.services.waivers import revoke_waiver
from trust.vocabulary import CheckStatus, GateName, IncidentEntryKind, IncidentRule

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def port() -> OutputPort:
    return make_ready_port()


def gate_of(verdict: Verdict) -> str:
    return next(gate.status for gate in load_outcome(verdict.outcome).gates if gate.gate is GateName.INCIDENTS)


def fail(port: OutputPort, times: int = 2, failed: int = 1, start: Any = NOW) -> Verdict:
    """The last verdict of that many bad runs, an hour apart."""
    return [run_well(port, start + number * HOUR, failed=failed) for number in range(times)][-1]


def test_a_critical_check_that_fails_twice_opens_an_incident_that_the_same_verdict_knows(port: OutputPort) -> None:
    first = run_well(port, failed=1)
    assert not Incident.objects.exists()

    second = run_well(port, NOW + HOUR, failed=1)

    incident = Incident.objects.get()
    key = check_key(port.name, suite_spec(port.suites.get()).expectations[0])
    assert (incident.rule, incident.check_key, incident.port, incident.severity) == (
        IncidentRule.CRITICAL_CHECK_FAILED,
        key,
        port,
        Severity.CRITICAL,
    )
    assert (incident.owner, incident.opened_by, incident.opened_at) == (port.product.owner, None, NOW + HOUR)
    assert (gate_of(first), gate_of(second)) == ("passed", "failed")
    entry = incident.entries.get()
    assert (entry.kind, entry.actor, entry.run) == (IncidentEntryKind.OPENED, None, second.run)


def test_one_incident_stays_open_for_one_cause_however_often_it_fails(port: OutputPort) -> None:
    fail(port, times=4)
    assert Incident.objects.count() == 1
    fail(port, times=2, failed=2, start=NOW + 5 * HOUR)
    assert Incident.objects.count() == 2


def test_a_run_in_which_the_check_passed_resolves_it_and_says_so(port: OutputPort) -> None:
    fail(port)
    verdict = run_well(port, NOW + 2 * HOUR)

    incident = Incident.objects.get()
    assert (incident.resolved_at, incident.resolved_by, incident.resolution) == (NOW + 2 * HOUR, None, "The check passed.")
    assert (gate_of(verdict), verdict.verdict) == ("passed", "production_grade")
    last = incident.entries.last()
    assert last is not None
    assert (last.kind, last.run) == (IncidentEntryKind.RESOLVED, verdict.run)


def test_it_opens_anew_where_the_check_fails_twice_again(port: OutputPort) -> None:
    fail(port)
    run_well(port, NOW + 2 * HOUR)
    run_well(port, NOW + 3 * HOUR, failed=1)
    assert not Incident.objects.filter(resolved_at=None).exists()
    run_well(port, NOW + 4 * HOUR, failed=1)
    assert Incident.objects.filter(resolved_at=None).count() == 1


def test_runs_that_cannot_look_open_a_lesser_incident_and_the_next_good_one_resolves_it(port: OutputPort) -> None:
    for number in range(3):
        assert not Incident.objects.exists()
        run_badly(port, NOW + number * HOUR)
    incident = Incident.objects.get()
    assert (incident.rule, incident.severity, incident.check_key) == (IncidentRule.RUN_FAILED, Severity.WARNING, "")
    run_well(port, NOW + 3 * HOUR)
    incident.refresh_from_db()
    assert incident.resolution == "A run could read the data again."


def test_a_run_that_cannot_look_and_a_check_that_crashed_resolve_nothing(port: OutputPort) -> None:
    fail(port)
    run_badly(port, NOW + 2 * HOUR)
    run_well(port, NOW + 3 * HOUR, failed=1, status=CheckStatus.ERROR)
    run_well(port, NOW + 4 * HOUR, failed=1, status=CheckStatus.SKIPPED)
    assert Incident.objects.get().resolved_at is None


def test_a_lost_claim_opens_nothing(port: OutputPort) -> None:
    run_well(port, failed=1)
    claim = claim_new_run(port, NOW + HOUR)
    stale = replace(claim, token=claim.run_id)
    evidence = evidence_for(Run.objects.get(id=claim.run_id), failed=1)
    assert complete_run(claim=stale, evidence=evidence, now=NOW + HOUR) is None
    assert not Incident.objects.exists()


def test_the_owner_and_the_stewards_are_told_once_of_all_that_opened_at_once_and_of_its_end(port: OutputPort) -> None:
    steward, gone = make_person(), make_person(is_active=False)
    port.product.stewards.add(steward, gone)
    fail(port, failed=3)
    notices = Notification.objects.filter(kind="incident.opened")
    assert {notice.person for notice in notices} == {port.product.owner, steward}
    assert "3 incidents opened by themselves" in notices[0].subject
    run_well(port, NOW + 2 * HOUR)
    assert Notification.objects.filter(kind="incident.resolved").count() == 2


def test_the_policy_says_how_often_and_how_severe_and_can_switch_a_rule_off(port: OutputPort) -> None:
    rules = {"critical_check_failed": {"times": 0, "severity": "critical"}, "run_failed": {"times": 1, "severity": "critical"}}
    loosen_trust_policy({"incident_rules": rules})
    fail(port, times=3)
    assert not Incident.objects.exists()
    verdict = run_badly(port, NOW + 4 * HOUR)
    assert (Incident.objects.get().severity, gate_of(verdict)) == (Severity.CRITICAL, "failed")


def test_a_calm_run_asks_two_queries_for_its_incidents(port: OutputPort, django_assert_num_queries: Any) -> None:
    from trust.verdicts.services.rule_incidents import settle_run  # noqa: PLC0415

    run_well(port)
    run = Run.objects.select_related("port").get()
    with django_assert_num_queries(2):
        settle_run(run=run, now=NOW)


# Waivers


def waive_first_check(port: OutputPort, granted_by: Person | None = None, now: Any = NOW) -> Any:
    key = check_key(port.name, suite_spec(port.suites.get(is_current=True)).expectations[0])
    return make_waiver(port.product, check_key=key, granted_by=granted_by, now=now)


def test_a_check_under_waiver_opens_none(port: OutputPort) -> None:
    waive_first_check(port)
    fail(port, times=3)
    assert not Incident.objects.exists()


def test_a_waiver_of_the_check_resolves_its_incident_and_the_end_of_the_waiver_brings_it_back(port: OutputPort) -> None:
    fail(port)
    waiver = waive_first_check(port, now=NOW + 2 * HOUR)
    incident = Incident.objects.get()
    assert f"waiver {waiver.pk}" in incident.resolution

    revoke_waiver(waiver=waiver, reason="It got worse.", actor=make_governance(), now=NOW + 3 * HOUR)

    again = Incident.objects.get(resolved_at=None)
    assert (again.check_key, again.pk != incident.pk) == (incident.check_key, True)


# What an owner may try


def test_nobody_resolves_it_by_hand_while_the_check_fails(port: OutputPort) -> None:
    fail(port)
    incident = Incident.objects.get()
    with pytest.raises(ForbiddenError, match="a rule of the trust policy opened it"):
        resolve_incident(incident=incident, resolution="Looks fine.", actor=port.product.owner, now=NOW)
    for actor in (make_governance(), None):
        with pytest.raises(ConflictError, match="its cause remains"):
            resolve_incident(incident=incident, resolution="Looks fine.", actor=actor, now=NOW)
    incident.refresh_from_db()
    assert incident.resolved_at is None


def test_the_owner_does_not_lower_it_and_governance_may(port: OutputPort) -> None:
    fail(port)
    incident = Incident.objects.get()
    with pytest.raises(ForbiddenError):
        change_severity(incident=incident, severity=Severity.INFO, reason="Minor.", actor=port.product.owner, now=NOW)
    lowered = change_severity(
        incident=incident, severity=Severity.WARNING, reason="One row of a million.", actor=make_governance(), now=NOW
    )
    assert lowered.severity == Severity.WARNING


def test_an_owner_in_governance_is_still_the_owner(port: OutputPort) -> None:
    fail(port)
    owner = port.product.owner
    owner.groups.set(make_governance().groups.all())
    incident = Incident.objects.get()
    with pytest.raises(ForbiddenError):
        change_severity(incident=incident, severity=Severity.INFO, reason="Minor.", actor=owner, now=NOW)


@pytest.mark.parametrize("trick", ["dropped", "weakened"])
def test_a_check_written_out_of_the_suite_or_called_less_severe_leaves_it_open(port: OutputPort, trick: str) -> None:
    fail(port)
    others = EXPECTATIONS[1:] if trick == "dropped" else ({**EXPECTATIONS[0], "severity": "warning"}, *EXPECTATIONS[1:])
    make_suite(port, others)
    verdict = run_well(port, NOW + 2 * HOUR, failed=0 if trick == "dropped" else 1)

    assert gate_of(verdict) == "failed"
    incident = Incident.objects.get()
    with pytest.raises(ForbiddenError):
        resolve_incident(incident=incident, resolution="Gone.", actor=port.product.owner, now=NOW + 2 * HOUR)
    resolve_incident(incident=incident, resolution="Rightly dropped.", actor=make_governance(), now=NOW + 2 * HOUR)
    ensure_current([port.product_id], NOW + 2 * HOUR)
    port.product.current_verdict.refresh_from_db()
    assert "incidents" not in port.product.current_verdict.failing_gates


def test_a_port_that_is_no_longer_offered_leaves_governance_to_resolve(port: OutputPort) -> None:
    fail(port)
    OutputPort.objects.filter(pk=port.pk).update(removed_at=NOW)
    incident = Incident.objects.get()
    assert resolve_incident(incident=incident, resolution="Port is gone.", actor=make_governance(), now=NOW).resolved_at
