"""Drafts may change, published versions never: services and database agree on it."""

from dataclasses import replace

import pytest
from django.db import ProgrammingError, connection

from catalog.models import AccessPolicy, PolicyStatus
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import ConsumerKind, Effect
from catalog.services.policies import claims_of_policy, draft_policy, publish_policy, withdraw_policy
from tests.factories import NOW, make_governance, make_owner, make_policy, make_product

pytestmark = pytest.mark.django_db


def test_a_draft_changes_in_place() -> None:
    product = make_product()
    draft = make_policy(product, is_published=False)

    changed = draft_policy(product=product, claims=replace(claims_of_policy(draft), minimum_score=80), actor=None)

    assert (changed.pk, changed.version, changed.minimum_score) == (draft.pk, 1, 80)


def test_a_change_of_a_published_policy_is_a_new_version_and_publishing_it_withdraws_the_old_one() -> None:
    product, governance = make_product(), make_governance()
    first = make_policy(product)
    second = draft_policy(product=product, claims=replace(claims_of_policy(first), minimum_score=80), actor=product.owner)
    publish_policy(policy=second, actor=governance, now=NOW)

    first.refresh_from_db()
    assert (first.status, first.withdrawn_at, first.minimum_score) == (PolicyStatus.WITHDRAWN, NOW, None)
    assert (second.version, second.status, second.published_by) == (2, PolicyStatus.PUBLISHED, governance)


def test_the_same_claims_twice_change_nothing() -> None:
    product = make_product()
    policy = make_policy(product)
    assert draft_policy(product=product, claims=claims_of_policy(policy), actor=None).pk == policy.pk
    assert AccessPolicy.objects.count() == 1


@pytest.mark.parametrize("change", ["minimum_score = 1", "purposes = '{}'", "status = 'draft'", "name = 'other'"])
def test_the_database_refuses_to_change_a_published_version(change: str) -> None:
    policy = make_policy(make_product())
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(f"UPDATE catalog_accesspolicy SET {change} WHERE id = %s", [policy.pk])


def test_the_database_refuses_to_delete_a_published_version() -> None:
    policy = make_policy(make_product())
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_accesspolicy WHERE id = %s", [policy.pk])


def test_an_owner_drafts_but_does_not_publish() -> None:
    product = make_product()
    draft = make_policy(product, is_published=False)
    with pytest.raises(ForbiddenError) as refusal:
        publish_policy(policy=draft, actor=product.owner, now=NOW)
    assert "governance" in refusal.value.remedy
    draft.refresh_from_db()
    assert draft.status == PolicyStatus.DRAFT


def test_a_stranger_drafts_nothing() -> None:
    with pytest.raises(ForbiddenError):
        draft_policy(product=(product := make_product()), claims=claims_of_policy(make_policy(product)), actor=make_owner())


def test_a_purpose_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(InvalidError, match=r"world\.domination"):
        make_policy(make_product(), purposes=("world.domination",))


def test_a_withdrawn_policy_stays_withdrawn() -> None:
    policy = make_policy(make_product())
    withdraw_policy(policy=policy, actor=None, now=NOW)
    with pytest.raises(ConflictError):
        publish_policy(policy=policy, actor=None, now=NOW)


def test_what_became_of_a_policy_since_it_was_read_counts() -> None:
    """Of two who act on one draft at once, the second acts on what the first has made of it."""
    product = make_product()
    draft = make_policy(product, is_published=False)
    read, read_too = (AccessPolicy.objects.get(pk=draft.pk) for _ in range(2))
    publish_policy(policy=draft, actor=None, now=NOW)
    with pytest.raises(ForbiddenError):
        withdraw_policy(policy=read, actor=product.owner, now=NOW)
    withdraw_policy(policy=draft, actor=None, now=NOW)
    with pytest.raises(ConflictError) as raised:
        publish_policy(policy=read_too, actor=None, now=NOW)
    assert raised.value.code == "policy_withdrawn"


def test_a_draft_that_was_deleted_is_not_brought_back_by_publishing_it() -> None:
    draft = make_policy(make_product(), is_published=False)
    read = AccessPolicy.objects.get(pk=draft.pk)
    withdraw_policy(policy=draft, actor=None, now=NOW)
    with pytest.raises(ConflictError) as raised:
        publish_policy(policy=read, actor=None, now=NOW)
    assert raised.value.code == "policy_deleted"
    assert not AccessPolicy.objects.exists()


def test_withdrawing_a_draft_deletes_it() -> None:
    withdraw_policy(policy=make_policy(make_product(), is_published=False), actor=None, now=NOW)
    assert not AccessPolicy.objects.exists()


def test_two_first_drafts_at_the_same_moment_are_one_draft_and_one_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    product = make_product()
    claims = PolicyClaims("readers", Effect.PERMIT, (ConsumerKind.PERSON,), ("analytics",))

    def meanwhile(*_: object) -> None:
        monkeypatch.undo()
        draft_policy(product=product, claims=replace(claims, purposes=("ai.training",)), actor=None)

    monkeypatch.setattr("catalog.services.policies.demand_cedar_holds", meanwhile)
    with pytest.raises(ConflictError, match="at the same moment"):
        draft_policy(product=product, claims=claims, actor=None)
