"""A draft that is exchanged after it was read is not published on the word of a person who read the other text."""

from dataclasses import replace

import pytest

from catalog.models import AccessPolicy
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ConflictError
from catalog.rules.vocabulary import Effect
from catalog.services.policies import claims_of_policy, draft_guardrail, draft_policy, publish_policy
from tests.api.callers import Caller, assert_problem
from tests.factories import NOW, make_governance, make_owner, make_policy, make_product

pytestmark = pytest.mark.django_db
EVERYBODY = ("analytics", "ai.training")


def read_again(policy: AccessPolicy) -> AccessPolicy:
    return AccessPolicy.objects.get(pk=policy.pk)


def exchange(policy: AccessPolicy) -> None:
    """Its owner drafts something else under the same name."""
    assert policy.product is not None
    claims = replace(claims_of_policy(policy), purposes=EVERYBODY)
    draft_policy(product=policy.product, claims=claims, actor=policy.product.owner)


def test_a_draft_that_was_exchanged_since_it_was_loaded_is_not_published() -> None:
    loaded = read_again(make_policy(make_product(owner=make_owner()), is_published=False))
    exchange(loaded)
    with pytest.raises(ConflictError) as refusal:
        publish_policy(policy=loaded, actor=make_governance(), now=NOW)
    assert refusal.value.code == "changed_since_seen"
    assert read_again(loaded).status == "draft"


def test_a_draft_that_was_exchanged_since_it_was_read_is_not_published() -> None:
    product = make_product(owner=make_owner())
    policy = make_policy(product, is_published=False)
    gina, path = Caller(make_governance()), f"/api/v1/products/{product.slug}/policies/{policy.name}/{policy.version}"
    seen = {"seen": gina.get(path).json()["digest"]}
    exchange(policy)
    assert_problem(gina.post(f"{path}/publish", seen), 409, "changed_since_seen")
    seen = {"seen": gina.get(path).json()["digest"]}
    assert gina.post(f"{path}/publish", seen).json()["purposes"] == sorted(EVERYBODY)


def test_nobody_loosens_a_guardrail_alone_with_the_word_that_another_gave_to_another_text() -> None:
    """One asks for a small step, another reads it and agrees; meanwhile it was made a large one."""
    gina, greg = make_governance("gina"), make_governance("greg")
    strict = PolicyClaims(
        name="limits", effect=Effect.FORBID, consumer_kinds=(), purposes=("analytics", "ai.training", "ai.evaluation")
    )
    publish_policy(policy=draft_guardrail(claims=strict, actor=gina), actor=gina, now=NOW)
    small = draft_guardrail(claims=replace(strict, purposes=EVERYBODY), actor=gina)
    assert publish_policy(policy=small, actor=gina, now=NOW).status == "draft"
    seen = small.digest
    large = draft_guardrail(claims=replace(strict, purposes=EVERYBODY[:1]), actor=gina)
    assert large.pk == small.pk
    with pytest.raises(ConflictError):
        publish_policy(policy=read_again(small), actor=greg, now=NOW, seen=seen)
    assert publish_policy(policy=read_again(small), actor=gina, now=NOW).status == "draft"
    assert publish_policy(policy=read_again(small), actor=greg, now=NOW, seen=large.digest).status == "published"
