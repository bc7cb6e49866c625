"""Who acts for governance in one domain does so there, and nowhere else, and never in their own matter."""

from collections.abc import Callable

import pytest

from catalog.models import DataProduct, Person
from catalog.queries import agreements_waiting_for, visible_products
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ForbiddenError
from catalog.rules.vocabulary import Effect, Lifecycle, Sensitivity
from catalog.services.agreements import approve_agreement
from catalog.services.consumers import set_clearance
from catalog.services.people import add_person, set_domains
from catalog.services.policies import draft_guardrail, draft_policy, publish_policy, withdraw_policy
from catalog.services.products import review_product
from tests.factories import (
    NOW,
    make_agreement,
    make_consumer,
    make_governance,
    make_owner,
    make_policy,
    make_product,
)
from tests.trust.builders import ask_for_waiver, make_waiver
from trust.verdicts.queries.waivers import waivers_waiting_for
from trust.verdicts.services.trust_policies import publish_trust_policy
from trust.verdicts.services.waivers import grant_waiver, reject_waiver, revoke_waiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora() -> Person:
    """Governs the domain Sales, named by the operator."""
    make_product(domain="Sales")
    dora = make_owner("dora")
    return set_domains(person=dora, domains=["sales"], reason="Knows sales.", actor=None)


def product_of(domain: str, owner: Person | None = None) -> DataProduct:
    return make_product(
        owner=owner or make_owner(), lifecycle=Lifecycle.PUBLISHED, domain=domain, sensitivity=Sensitivity.CONFIDENTIAL
    )


def approve(product: DataProduct, dora: Person) -> object:
    agreement = make_agreement(make_consumer(owner=make_owner()), product, is_approved=False)
    if product.owner != dora:
        approve_agreement(agreement=agreement, actor=product.owner, now=NOW)
    waits = agreements_waiting_for(dora, is_governance=False, now=NOW).filter(pk=agreement.pk).exists()
    assert waits == (product.domain.slug == "sales")
    return approve_agreement(agreement=agreement, actor=dora, now=NOW)


def grant(product: DataProduct, dora: Person) -> object:
    row = ask_for_waiver(product, actor=make_owner_of(product))
    assert waivers_waiting_for(dora, NOW).filter(pk=row.pk).exists() == (
        product.domain.slug == "sales" and product.owner != dora
    )
    return grant_waiver(waiver=row, actor=dora, now=NOW)


def make_owner_of(product: DataProduct) -> Person:
    steward = make_owner()
    product.stewards.add(steward)
    return steward


ACTS: dict[str, Callable[[DataProduct, Person], object]] = {
    "review": lambda product, dora: review_product(product=product, actor=dora, now=NOW),
    "grant a waiver": grant,
    "reject a waiver": lambda product, dora: reject_waiver(
        waiver=ask_for_waiver(product, actor=make_owner_of(product)), reason="No.", actor=dora, now=NOW
    ),
    "publish a policy": lambda product, dora: publish_policy(
        policy=make_policy(product, is_published=False), actor=dora, now=NOW
    ),
}
MORE: dict[str, Callable[[DataProduct, Person], object]] = {
    "approve an agreement": approve,
    "revoke a waiver": lambda product, dora: revoke_waiver(waiver=make_waiver(product), reason="x", actor=dora, now=NOW),
    "withdraw a policy": lambda product, dora: withdraw_policy(policy=make_policy(product), actor=dora, now=NOW),
}


@pytest.mark.parametrize("act", [*ACTS.values(), *MORE.values()], ids=[*ACTS, *MORE])
def test_in_the_domain(act: Callable[[DataProduct, Person], object], dora: Person) -> None:
    act(product_of("Sales"), dora)


@pytest.mark.parametrize("act", [*ACTS.values(), *MORE.values()], ids=[*ACTS, *MORE])
def test_not_in_another_one(act: Callable[[DataProduct, Person], object], dora: Person) -> None:
    with pytest.raises(ForbiddenError):
        act(product_of("Finance"), dora)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_not_in_their_own_matter(act: Callable[[DataProduct, Person], object], dora: Person) -> None:
    with pytest.raises(ForbiddenError) as refusal:
        act(product_of("Sales", dora), dora)
    assert refusal.value.code == "four_eyes"


def test_not_for_who_named_them() -> None:
    gina, dora = make_governance("gina"), make_owner("dora")
    gina.is_superuser = True
    gina.save()
    product = product_of("Sales", gina)
    set_domains(person=dora, domains=["sales"], reason="Knows sales.", actor=gina)
    for act in (ACTS["review"], ACTS["publish a policy"]):
        with pytest.raises(ForbiddenError) as refusal:
            act(product, dora)
        assert refusal.value.code == "account_changed_lately"


BEYOND: dict[str, Callable[[Person, DataProduct], object]] = {
    "trust policy": lambda dora, _: publish_trust_policy(changes={"minimum_score": 90}, note="x", actor=dora, now=NOW),
    "guardrail": lambda dora, _: draft_guardrail(claims=PolicyClaims(name="walls", effect=Effect.FORBID), actor=dora),
    "people": lambda dora, _: add_person(username="new", actor=dora),
    "domains": lambda dora, _: set_domains(person=dora, domains=["sales", "finance"], reason="x", actor=dora),
    "clearance": lambda dora, _: set_clearance(
        consumer=make_consumer(owner=make_owner()), clearance=Sensitivity.RESTRICTED, actor=dora
    ),
    "another's product": lambda dora, product: draft_policy(
        product=product, claims=PolicyClaims(name="mine", effect=Effect.PERMIT, purposes=("analytics",)), actor=dora
    ),
}


@pytest.mark.parametrize("act", BEYOND.values(), ids=BEYOND)
def test_nothing_that_reaches_beyond(act: Callable[[Person, DataProduct], object], dora: Person) -> None:
    product = product_of("Sales")
    product_of("Finance")
    with pytest.raises(ForbiddenError):
        act(dora, product)


def test_a_product_that_leaves_the_domain_leaves_their_hands(dora: Person) -> None:
    product = make_product(domain="Sales")
    assert visible_products(dora).filter(pk=product.pk).exists()
    product.domain = product_of("Finance").domain
    product.save()
    assert not visible_products(dora).filter(pk=product.pk).exists()
    with pytest.raises(ForbiddenError):
        ACTS["review"](product, dora)
