"""Incidents, waivers and trust policies: who may, what is refused, what is kept."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.models import DataProduct
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import Severity
from tests.factories import NOW, make_governance, make_governed_product, make_owner, make_person
from tests.trust.builders import EXPECTATIONS, make_ready_port, run_well
from trust.models import Incident, TrustPolicyVersion, Waiver
from trust.queries.policies import current_policy
from trust.rules.identity import check_key
from trust.rules.trust_policy import DEFAULT_POLICY, policy_digest, policy_from_dict
from trust.services.incidents import open_incident, resolve_incident
from trust.services.judging import ensure_current
from trust.services.readings import suite_of
from trust.services.trust_policies import publish_trust_policy
from trust.services.waivers import check_keys_of, grant_waiver, revoke_waiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> DataProduct:
    return make_governed_product()


def grant(product: DataProduct, **changes: Any) -> Waiver:
    wanted = {
        "product": product,
        "gate": "score",
        "reason": "Accepted for the pilot.",
        "owner": product.owner,
        "expires_at": NOW + timedelta(days=30),
        "actor": make_governance(),
        "now": NOW,
    }
    return grant_waiver(**{**wanted, **changes})


def test_a_steward_opens_and_an_owner_resolves_an_incident(product: DataProduct) -> None:
    steward = make_person()
    product.stewards.add(steward)

    incident = open_incident(product=product, title=" Late ", severity=Severity.WARNING, actor=steward, now=NOW)
    resolved = resolve_incident(incident=incident, resolution="Came.", actor=product.owner, now=NOW)

    assert (incident.title, incident.opened_by, resolved.resolved_by, resolved.resolved_at) == (
        "Late",
        steward,
        product.owner,
        NOW,
    )


def test_a_stranger_neither_opens_nor_resolves(product: DataProduct) -> None:
    incident = open_incident(product=product, title="Late", severity=Severity.WARNING, actor=None, now=NOW)

    with pytest.raises(ForbiddenError):
        open_incident(product=product, title="False alarm", severity=Severity.CRITICAL, actor=make_owner(), now=NOW)
    with pytest.raises(ForbiddenError):
        resolve_incident(incident=incident, resolution="Never mind.", actor=make_owner(), now=NOW)
    assert Incident.objects.get().resolved_at is None


def test_an_incident_needs_a_title_and_its_end_a_word_on_how(product: DataProduct) -> None:
    with pytest.raises(InvalidError, match="title"):
        open_incident(product=product, title=" ", severity=Severity.WARNING, actor=None, now=NOW)
    incident = open_incident(product=product, title="Late", severity=Severity.WARNING, actor=None, now=NOW)
    with pytest.raises(InvalidError, match="without a word"):
        resolve_incident(incident=incident, resolution=" ", actor=None, now=NOW)


def test_an_incident_is_resolved_once(product: DataProduct) -> None:
    incident = open_incident(product=product, title="Late", severity=Severity.WARNING, actor=None, now=NOW)
    resolve_incident(incident=incident, resolution="Came.", actor=None, now=NOW)

    with pytest.raises(ConflictError, match="was resolved"):
        resolve_incident(incident=incident, resolution="Came again.", actor=None, now=NOW)


def test_only_governance_grants_and_revokes(product: DataProduct) -> None:
    with pytest.raises(ForbiddenError):
        grant(product, actor=product.owner)
    waiver = grant(product)
    with pytest.raises(ForbiddenError):
        revoke_waiver(waiver=waiver, actor=product.owner, now=NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gate": ""}, "exactly one"),
        ({"check_key": "rows:x"}, "exactly one"),
        ({"gate": "evidence"}, "cannot be waived"),
        ({"gate": "nonsense"}, "no gate 'nonsense'"),
        ({"reason": " "}, "must have a reason"),
        ({"expires_at": NOW}, "ends before"),
        ({"expires_at": NOW + timedelta(days=91)}, "longer than the 90 days"),
        ({"gate": "", "check_key": "no such check"}, "has no check"),
    ],
)
def test_a_waiver_that_would_not_hold_is_refused(product: DataProduct, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(DomainError, match=reason):
        grant(product, **changes)
    assert not Waiver.objects.exists()


def test_a_waiver_needs_an_owner_who_is_still_there(product: DataProduct) -> None:
    with pytest.raises(InvalidError, match="has left"):
        grant(product, owner=make_person(is_active=False))


def test_a_waived_check_no_longer_decides_until_the_waiver_ends(product: DataProduct) -> None:
    port = make_ready_port(product)
    suite = suite_of(port.suites.get())
    key = check_key(port.name, suite.expectations[2])
    assert key in check_keys_of(product)
    run_well(port, failed=3)
    for number in range(3):
        grant(
            product,
            gate="",
            check_key=check_key(port.name, suite.expectations[number]),
            expires_at=NOW + timedelta(hours=1),
        )

    ensure_current([product.id], NOW)
    product.current_verdict.refresh_from_db()
    assert "critical_checks" not in product.current_verdict.failing_gates
    ensure_current([product.id], NOW + timedelta(hours=1))
    product.current_verdict.refresh_from_db()
    assert "critical_checks" in product.current_verdict.failing_gates
    assert len(EXPECTATIONS) == len(check_keys_of(product))


def test_a_waiver_is_revoked_once(product: DataProduct) -> None:
    waiver = grant(product)
    governance = make_governance()
    assert revoke_waiver(waiver=waiver, actor=governance, now=NOW).revoked_at == NOW

    with pytest.raises(ConflictError, match="was revoked"):
        revoke_waiver(waiver=waiver, actor=governance, now=NOW)


def test_the_policy_that_comes_with_the_migrations_is_the_default_one() -> None:
    row, policy = current_policy()

    assert policy == DEFAULT_POLICY
    assert (row.version, row.digest) == (1, policy_digest(DEFAULT_POLICY))


def test_a_published_policy_is_the_next_version_and_the_only_current_one() -> None:
    governance = make_governance()

    row = publish_trust_policy(changes={"minimum_score": 80}, note="Stricter.", actor=governance, now=NOW)

    assert (row.version, row.is_current, row.published_by, row.published_at) == (2, True, governance, NOW)
    assert current_policy()[1].minimum_score == 80
    assert row.digest == policy_digest(policy_from_dict(row.body))
    assert TrustPolicyVersion.objects.filter(is_current=True).count() == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"minimum_score": 101}, InvalidError),
        ({"minimum_scroe": 80}, InvalidError),
        ({"version": 7}, InvalidError),
        ({"gates": []}, InvalidError),
        ({"minimum_score": 75}, ConflictError),
        ({}, ConflictError),
    ],
)
def test_a_policy_that_cannot_judge_or_changes_nothing_is_refused(changes: dict[str, Any], error: type[DomainError]) -> None:
    with pytest.raises(error):
        publish_trust_policy(changes=changes, note="Why not.", actor=make_governance(), now=NOW)
    assert TrustPolicyVersion.objects.get().is_current


def test_a_policy_is_published_by_governance_with_a_note() -> None:
    with pytest.raises(ForbiddenError):
        publish_trust_policy(changes={"minimum_score": 80}, note="Mine.", actor=make_owner(), now=NOW)
    with pytest.raises(InvalidError, match="why"):
        publish_trust_policy(changes={"minimum_score": 80}, note="", actor=make_governance(), now=NOW)
