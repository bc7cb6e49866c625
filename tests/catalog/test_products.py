"""Products: who may do what, which steps of life are allowed, and that a refusal changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.models import DataProduct, Person
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import Cadence, Lifecycle, Sensitivity
from catalog.services.products import (
    acknowledge_product,
    claims_of,
    create_product,
    deprecate_product,
    publish_product,
    retire_product,
    review_product,
    update_product,
)
from tests.factories import NOW, make_auditor, make_governance, make_owner, make_person, make_product, product_claims

pytestmark = pytest.mark.django_db


def test_an_owner_registers_a_draft() -> None:
    ada = make_owner("ada")
    product = create_product(
        claims=product_claims("orders", "ada", stewards=("bob",) if make_person("bob") else ()), actor=ada, now=NOW
    )
    assert (product.lifecycle, product.owner, product.domain.slug) == (Lifecycle.DRAFT, ada, "testing")
    assert [steward.username for steward in product.stewards.all()] == ["bob"]
    assert claims_of(product) == product_claims("orders", "ada", stewards=("bob",))


def test_a_slug_that_exists_is_a_conflict() -> None:
    make_product("orders")
    with pytest.raises(ConflictError) as refusal:
        create_product(claims=product_claims("orders", make_owner().username), actor=None, now=NOW)
    assert (refusal.value.code, refusal.value.field) == ("slug_exists", "slug")


@pytest.mark.parametrize(("owner", "code"), [("nobody", "person_unknown"), ("gone", "person_inactive"), ("", "person_unknown")])
def test_an_owner_who_cannot_answer_is_refused_by_name(owner: str, code: str) -> None:
    make_person("gone", is_active=False)
    with pytest.raises(InvalidError) as refusal:
        create_product(claims=product_claims("orders", owner), actor=None, now=NOW)
    assert (refusal.value.code, refusal.value.field) == (code, "owner")
    assert owner in refusal.value.message
    assert not DataProduct.objects.exists()


def test_a_steward_who_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidError, match="steward 'nobody'"):
        create_product(claims=product_claims("orders", make_owner().username, stewards=("nobody",)), actor=None, now=NOW)
    assert not DataProduct.objects.exists()


@pytest.mark.parametrize(
    ("claims", "column"),
    [
        ({"slug": "Or ders"}, "slug"),
        ({"name": ""}, "name"),
        ({"version": "1" * 60}, "version"),
        ({"tags": ("x" * 99,)}, "tags"),
    ],
)
def test_claims_that_cannot_be_stored_are_named(claims: dict[str, Any], column: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        create_product(claims=replace(product_claims("orders", make_owner().username), **claims), actor=None, now=NOW)
    assert refusal.value.details[0].startswith(column)


def test_a_stranger_registers_nothing_and_an_owner_nothing_for_others() -> None:
    ada = make_owner("ada")
    for actor, owner in [(make_person("eve"), "eve"), (make_auditor("ann"), "ann"), (ada, make_owner("bob").username)]:
        with pytest.raises(ForbiddenError):
            create_product(claims=product_claims("orders", owner), actor=actor, now=NOW)
    assert create_product(claims=product_claims("orders", "ada"), actor=make_governance(), now=NOW).owner == ada


def test_a_change_is_told_line_by_line_and_written_once() -> None:
    product = make_product("orders", owner=make_owner("ada"))
    new = replace(claims_of(product), name="Orders!", sensitivity=Sensitivity.RESTRICTED, cadence=Cadence.SCHEDULED)

    assert update_product(product=product, claims=new, actor=product.owner) == [
        "name: Orders -> Orders!",
        "sensitivity: internal -> restricted",
        "cadence: static -> scheduled",
    ]
    product.refresh_from_db()
    before = product.updated_at
    assert update_product(product=product, claims=new, actor=product.owner) == []
    product.refresh_from_db()
    assert product.updated_at == before


def test_a_product_passes_to_another_owner() -> None:
    product, eve = make_product("orders", owner=make_owner("ada")), make_person("eve")
    assert update_product(product=product, claims=replace(claims_of(product), owner="eve"), actor=product.owner) == [
        "owner: ada -> eve"
    ]
    product.refresh_from_db()
    assert product.owner == eve


def test_a_slug_stays() -> None:
    product = make_product("orders")
    with pytest.raises(InvalidError, match="cannot become other"):
        update_product(product=product, claims=replace(claims_of(product), slug="other"), actor=None)


def test_a_steward_edits_texts_and_nothing_else() -> None:
    bob = make_person("bob")
    product = make_product("orders", stewards=("bob",))
    assert update_product(product=product, claims=replace(claims_of(product), purpose="Better."), actor=bob)
    with pytest.raises(ForbiddenError):
        update_product(product=product, claims=replace(claims_of(product), sensitivity=Sensitivity.PUBLIC), actor=bob)
    with pytest.raises(ForbiddenError):
        publish_product(product=product, actor=bob, now=NOW)


def test_a_retired_product_does_not_change_any_more() -> None:
    product = make_product(lifecycle=Lifecycle.RETIRED)
    acts: list[Callable[[], object]] = [
        lambda: update_product(product=product, claims=replace(claims_of(product), name="New"), actor=None),
        lambda: acknowledge_product(product=product, actor=product.owner, now=NOW),
        lambda: review_product(product=product, actor=make_governance(), now=NOW),
    ]
    for act in acts:
        with pytest.raises(ConflictError) as refusal:
            act()
        assert refusal.value.code == "product_retired"


def test_a_life_from_draft_to_retirement() -> None:
    product = make_product()
    publish_product(product=product, actor=product.owner, now=NOW)
    assert (product.lifecycle, product.published_at) == (Lifecycle.PUBLISHED, NOW)
    end = NOW + timedelta(days=30)
    deprecate_product(product=product, ends_at=end, actor=product.owner, now=NOW)
    assert (product.lifecycle, product.deprecation_ends_at) == (Lifecycle.DEPRECATED, end)
    publish_product(product=product, actor=product.owner, now=NOW)
    assert product.deprecation_ends_at is None
    deprecate_product(product=product, ends_at=None, actor=product.owner, now=NOW)
    retire_product(product=product, actor=product.owner, now=NOW)
    assert (product.lifecycle, product.retired_at) == (Lifecycle.RETIRED, NOW)


@pytest.mark.parametrize(
    ("lifecycle", "step"),
    [
        (Lifecycle.PUBLISHED, lambda product: retire_product(product=product, actor=None, now=NOW)),
        (Lifecycle.DRAFT, lambda product: deprecate_product(product=product, ends_at=None, actor=None, now=NOW)),
        (Lifecycle.RETIRED, lambda product: publish_product(product=product, actor=None, now=NOW)),
    ],
)
def test_a_step_that_life_does_not_allow_is_refused(lifecycle: Lifecycle, step: Callable[[DataProduct], Any]) -> None:
    product = make_product(lifecycle=lifecycle)
    with pytest.raises(ConflictError) as refusal:
        step(product)
    assert refusal.value.code == "lifecycle_transition"
    product.refresh_from_db()
    assert product.lifecycle == lifecycle


def test_an_end_in_the_past_is_refused() -> None:
    product = make_product(lifecycle=Lifecycle.PUBLISHED)
    with pytest.raises(InvalidError):
        deprecate_product(product=product, ends_at=NOW, actor=None, now=NOW)


def test_only_the_owner_acknowledges() -> None:
    product = make_product()
    for actor in (None, make_governance(), make_owner()):
        with pytest.raises(ForbiddenError):
            acknowledge_product(product=product, actor=actor, now=NOW)
    acknowledge_product(product=product, actor=product.owner, now=NOW)
    product.refresh_from_db()
    assert (product.acknowledged_by, product.acknowledged_at) == (product.owner, NOW)


def test_only_a_named_person_of_governance_reviews() -> None:
    product, governance = make_product(), make_governance()
    for actor in (None, product.owner, make_auditor()):
        with pytest.raises(ForbiddenError):
            review_product(product=product, actor=actor, now=NOW)
    review_product(product=product, actor=governance, now=NOW)
    product.refresh_from_db()
    assert (product.reviewed_by, product.reviewed_at) == (governance, NOW)


def test_an_inactive_person_may_do_nothing() -> None:
    product = make_product()
    product.owner.is_active = False
    product.owner.save()
    gone = Person.objects.get(pk=product.owner.pk)
    acts: list[Callable[[], object]] = [
        lambda: publish_product(product=product, actor=gone, now=NOW),
        lambda: acknowledge_product(product=product, actor=gone, now=NOW),
    ]
    for act in acts:
        with pytest.raises(DomainError):
            act()
