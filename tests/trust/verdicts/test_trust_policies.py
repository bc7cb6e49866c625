"""Versions of the trust policy: who publishes them, what is refused, what is kept."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from tests.factories import NOW, make_governance, make_owner
from tests.trust.builders import loosen_trust_policy
from trust.models import TrustPolicyVersion
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.trust_policy import DEFAULT_POLICY, policy_digest, policy_from_dict
from trust.verdicts.services.trust_policies import publish_trust_policy

pytestmark = pytest.mark.django_db


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


def test_a_change_of_one_setting_of_readiness_keeps_the_others() -> None:
    governance = make_governance()
    loosen_trust_policy({"readiness": {"minimum_share": 0.8}})
    publish_trust_policy(changes={"readiness": {"fallback_within": "PT1H"}}, note="Faster.", actor=governance, now=NOW)
    settings = current_policy()[1].readiness
    assert (settings.minimum_share, settings.fallback_within) == (0.8, timedelta(hours=1))
    assert TrustPolicyVersion.objects.get(version=3).digest == policy_digest(current_policy()[1])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"minimum_score": 101}, InvalidError),
        ({"minimum_scroe": 80}, InvalidError),
        ({"version": 7}, InvalidError),
        ({"readiness": {"minimum_share": 2}}, InvalidError),
        ({"readiness": {"minimal_share": 0.5}}, InvalidError),
        ({"readiness": 7}, InvalidError),
        ({"readiness": {"minimum_share": 0.9}}, ConflictError),
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
