"""No person of governance loosens the trust policy alone, by whichever account."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalog.models import Person
from catalog.rules.errors import ConflictError, ForbiddenError
from catalog.rules.roles import PersonRole
from tests.battery.people import ADDRESS, SECOND_ACCOUNTS
from tests.factories import NOW, make_governance, make_owner, make_person
from trust.models import TrustPolicyVersion
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.trust_policy import DEFAULT_POLICY, policy_to_dict
from trust.verdicts.services.trust_policies import confirm_trust_policy, publish_trust_policy
from trust.vocabulary import GateName

pytestmark = pytest.mark.django_db

_SETTINGS = policy_to_dict(DEFAULT_POLICY)
LOOSER: dict[str, dict[str, Any]] = {
    "a gate off": {"gates": sorted({*GateName} - {GateName.POLICY})},
    "most gates off": {"gates": ["evidence"]},
    "lower minimum": {"minimum_score": 74.9},
    "no minimum": {"minimum_score": 0},
    "fewer critical fields": {"critical_field_share": 0.5},
    "a dimension less": {"required_dimensions": {"completeness": 1.0}},
    "a dimension counts for less": {"required_dimensions": {**_SETTINGS["required_dimensions"], "validity": 0.1}},
    "older evidence": {"default_ttl": "P30D"},
    "longer schedule": {"ttl_factor": 3},
    "evidence of a year": {"maximum_ttl": "P366D"},
    "rarer reviews": {"review_interval": "P3000D"},
    "rarer acknowledgements": {"acknowledgement_interval": "P181D"},
    "longer waivers": {"maximum_waiver": "P91D"},
    "longer answers": {"maximum_validity": "P31D"},
    "a faster clock": {"clock_skew": "PT23H"},
    "a laxer tolerance": {"minimum_tolerance": 0.1},
    "other weights": {"severity_weights": {"critical": 1, "warning": 1, "info": 1}},
    "no incidents": {"incident_rules": {"critical_check_failed": {"times": 0, "severity": "critical"}}},
    "rarer incidents": {"incident_rules": {"critical_check_failed": {"times": 9, "severity": "critical"}}},
    "milder incidents": {"incident_rules": {"critical_check_failed": {"times": 2, "severity": "info"}}},
    "less of the time": {"readiness": {"minimum_share": 0.1}},
    "later fallbacks": {"readiness": {"fallback_within": "P10D"}},
    "stricter and looser": {"minimum_score": 90, "review_interval": "P366D"},
}
STRICTER: dict[str, dict[str, Any]] = {
    "higher minimum": {"minimum_score": 80},
    "younger evidence": {"default_ttl": "PT1H"},
    "evidence of a month": {"maximum_ttl": "P30D"},
    "warnings that block": {"warnings_block": True},
    "another dimension": {"required_dimensions": {**_SETTINGS["required_dimensions"], "consistency": 1.0}},
    "shorter waivers": {"maximum_waiver": "P1D"},
    "stricter readiness": {"readiness": {"minimum_share": 0.95, "fallback_within": "PT12H"}},
    "sooner incidents": {"incident_rules": {"critical_check_failed": {"times": 1, "severity": "critical"}}},
}


def propose(actor: Person, changes: dict[str, Any] | None = None) -> TrustPolicyVersion:
    return publish_trust_policy(changes=changes or {"minimum_score": 1}, note="Why.", actor=actor, now=NOW)


@pytest.mark.parametrize("changes", LOOSER.values(), ids=LOOSER)
def test_what_loosens_never_holds_by_one_person(changes: dict[str, Any]) -> None:
    gina, greg = make_governance(), make_governance()
    row = propose(gina, changes)
    assert (row.is_current, row.published_at, row.proposed_by) == (False, None, gina)
    assert current_policy()[0].version == 1
    confirmed = confirm_trust_policy(version=row, actor=greg, now=NOW)
    assert (confirmed.is_current, confirmed.published_by) == (True, greg)
    assert current_policy()[0] == confirmed


@pytest.mark.parametrize("changes", STRICTER.values(), ids=STRICTER)
def test_what_is_stricter_holds_at_once(changes: dict[str, Any]) -> None:
    assert propose(make_governance(), changes).is_current


def test_warnings_that_block_no_longer_take_two_people() -> None:
    gina, greg = make_governance(), make_governance()
    assert propose(gina, {"warnings_block": True}).is_current
    row = propose(gina, {"warnings_block": False})
    assert not row.is_current
    assert confirm_trust_policy(version=row, actor=greg, now=NOW).is_current


def test_what_loosens_can_be_published_for_two_weeks_and_is_then_proposed_again() -> None:
    gina, greg = make_governance(), make_governance()
    row, late = propose(gina), NOW + timedelta(days=14)
    with pytest.raises(ConflictError) as refusal:
        confirm_trust_policy(version=row, actor=greg, now=late)
    assert refusal.value.code == "trust_policy_proposal_expired"
    assert "14 days" in str(refusal.value)
    assert refusal.value.remedy == "Propose the change again, if it is still wanted."
    assert current_policy()[0].version == 1
    newer = publish_trust_policy(changes={"minimum_score": 1}, note="Why.", actor=gina, now=late)
    assert confirm_trust_policy(version=newer, actor=greg, now=late + timedelta(days=14, seconds=-1)).is_current


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
def test_a_second_account_never_publishes_what_the_first_proposed(make_second: Callable[[], Person]) -> None:
    make_governance()
    row = propose(make_person(None, PersonRole.GOVERNANCE, email=ADDRESS))
    with pytest.raises(ForbiddenError) as refusal:
        confirm_trust_policy(version=row, actor=make_second(), now=NOW)
    assert refusal.value.code == "four_eyes"
    assert current_policy()[0].version == 1


@pytest.mark.parametrize("others", ["none", "the same person", "closed", "without an address"])
def test_who_is_alone_reads_what_to_do(others: str) -> None:
    gina = make_person(None, PersonRole.GOVERNANCE, email=ADDRESS)
    if others != "none":
        email = {"closed": None, "the same person": ADDRESS, "without an address": ""}[others]
        make_person(None, PersonRole.GOVERNANCE, email=email, is_active=others != "closed")
    with pytest.raises(ForbiddenError) as refusal:
        propose(gina)
    assert "add_person USERNAME --email ADDRESS --role governance" in refusal.value.remedy
    assert TrustPolicyVersion.objects.count() == 1


@pytest.mark.parametrize("proposes", [False, True])
def test_an_account_without_an_address_never_takes_part(proposes: bool) -> None:
    blank, other = make_person(None, PersonRole.GOVERNANCE, email=""), make_governance()
    make_governance()
    if proposes:
        with pytest.raises(ForbiddenError) as refusal:
            propose(blank)
    else:
        row = propose(other)
        with pytest.raises(ForbiddenError) as refusal:
            confirm_trust_policy(version=row, actor=blank, now=NOW)
    assert refusal.value.code == "identity_not_verifiable"


def test_no_proposal_is_published_on_another_version_than_it_changes() -> None:
    gina, greg = make_governance(), make_governance()
    row = propose(gina)
    propose(gina, {"minimum_score": 90})
    with pytest.raises(ConflictError) as refusal:
        confirm_trust_policy(version=row, actor=greg, now=NOW)
    assert refusal.value.code == "trust_policy_superseded"
    assert current_policy()[1].minimum_score == 90


def test_only_governance_publishes_a_proposal_and_once() -> None:
    gina, greg = make_governance(), make_governance()
    row = propose(gina)
    with pytest.raises(ForbiddenError):
        confirm_trust_policy(version=row, actor=make_owner(), now=NOW)
    confirm_trust_policy(version=row, actor=greg, now=NOW)
    with pytest.raises(ConflictError) as refusal:
        confirm_trust_policy(version=row, actor=greg, now=NOW)
    assert refusal.value.code == "trust_policy_published"


def test_the_operator_needs_nobody() -> None:
    assert publish_trust_policy(changes={"minimum_score": 1}, note="Why.", actor=None, now=NOW).is_current
