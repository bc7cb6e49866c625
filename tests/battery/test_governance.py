"""Governance's word about a product never comes from a person who answers for it, by whichever account."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from catalog.models import DataProduct, Person
from catalog.rules.errors import ForbiddenError
from catalog.rules.roles import PersonRole
from catalog.rules.vocabulary import Effect, Sensitivity
from catalog.services.policies import publish_policy, withdraw_policy
from catalog.services.products import claims_of, review_product, update_product
from tests.battery.people import ADDRESS, BOTH, SECOND_ACCOUNTS, hand_on, make_olga
from tests.factories import NOW, make_governance, make_governed_product, make_owner, make_person, make_policy, make_product

pytestmark = pytest.mark.django_db

ACTORS: dict[str, Callable[[DataProduct], Person | None]] = {
    "owner": lambda product: product.owner,
    "owner of both groups": lambda product: product.owner,
    "second account": lambda _: make_person(None, *BOTH, email=ADDRESS.upper()),
    "governance": lambda _: make_governance(),
    "system": lambda _: None,
}


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize(
    "claims",
    [
        {"sensitivity": Sensitivity.INTERNAL},
        {"sensitivity": Sensitivity.PUBLIC},
        {"domain": "Elsewhere"},
        {"domain": "Elsewhere", "sensitivity": Sensitivity.RESTRICTED},
        {"domain": "Elsewhere", "sensitivity": Sensitivity.PUBLIC, "name": "New"},
    ],
)
def test_no_review_outlives_a_lower_sensitivity_or_another_domain(who: str, claims: dict[str, Any]) -> None:
    roles = BOTH if who == "owner of both groups" else (PersonRole.DATA_OWNERS,)
    product = make_governed_product(owner=make_person(None, *roles, email=ADDRESS), sensitivity=Sensitivity.CONFIDENTIAL)
    update_product(product=product, claims=replace(claims_of(product), **claims), actor=ACTORS[who](product))
    product.refresh_from_db()
    assert (product.reviewed_at, product.reviewed_by) == (None, None)


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("claims", [{"sensitivity": Sensitivity.RESTRICTED}, {"name": "New"}, {"usage": "Other use."}])
def test_a_review_holds_through_what_loosens_nothing(who: str, claims: dict[str, Any]) -> None:
    product = make_governed_product(owner=make_person(None, *BOTH, email=ADDRESS), sensitivity=Sensitivity.CONFIDENTIAL)
    update_product(product=product, claims=replace(claims_of(product), **claims), actor=ACTORS[who](product))
    product.refresh_from_db()
    assert product.reviewed_at == NOW


def review(product: DataProduct, actor: Person) -> None:
    review_product(product=product, actor=actor, now=NOW)


def publish(product: DataProduct, actor: Person) -> None:
    publish_policy(policy=make_policy(product, "more", is_published=False), actor=actor, now=NOW)


def withdraw_a_forbid(product: DataProduct, actor: Person) -> None:
    policy = make_policy(product, "no-training", effect=Effect.FORBID, purposes=("ai.training",))
    withdraw_policy(policy=policy, actor=actor, now=NOW)


JUDGED = pytest.mark.parametrize("deed", [review, publish, withdraw_a_forbid])


def refused(deed: Callable[[DataProduct, Person], None], product: DataProduct, actor: Person) -> ForbiddenError:
    product.refresh_from_db()
    with pytest.raises(ForbiddenError) as refusal:
        deed(product, actor)
    return refusal.value


@JUDGED
@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("past", ["owns", "handed on", "lent and taken back", "steward"])
def test_a_second_account_never_judges_what_the_first_answers_for(
    deed: Callable[[DataProduct, Person], None], make_second: Callable[[], Person], past: str
) -> None:
    olga = make_olga()
    product = make_product(owner=make_owner() if past == "steward" else olga)
    if past == "steward":
        product.stewards.add(olga)
    if past in {"handed on", "lent and taken back"}:
        hand_on(product, make_owner())
    if past == "lent and taken back":
        hand_on(product, olga)
    assert refused(deed, product, make_second()).code == "four_eyes"


@JUDGED
@pytest.mark.parametrize("past", ["owns", "handed on", "steward", "steward before"])
def test_governance_never_judges_what_it_answers_for(deed: Callable[[DataProduct, Person], None], past: str) -> None:
    judge = make_person(None, *BOTH)
    product = make_product(owner=judge if past in {"owns", "handed on"} else make_owner())
    if past == "handed on":
        hand_on(product, make_owner())
    if past.startswith("steward"):
        product.stewards.add(judge)
    if past == "steward before":
        product.stewards.remove(judge)
    assert refused(deed, product, judge).code == "four_eyes"


@JUDGED
def test_an_account_without_an_address_never_judges(deed: Callable[[DataProduct, Person], None]) -> None:
    error = refused(deed, make_product(), make_person(None, PersonRole.GOVERNANCE, email=""))
    assert error.code == "identity_not_verifiable"
    assert "set_email" in error.remedy


@JUDGED
@pytest.mark.parametrize("others", ["none", "closed", "the same person", "without an address"])
def test_who_is_alone_in_governance_reads_what_to_do(deed: Callable[[DataProduct, Person], None], others: str) -> None:
    judge = make_person(None, *BOTH, email=ADDRESS)
    product = make_product(owner=judge)
    if others != "none":
        email = {"closed": None, "the same person": ADDRESS, "without an address": ""}[others]
        make_person(None, PersonRole.GOVERNANCE, email=email, is_active=others != "closed")
    assert "add_person USERNAME --email ADDRESS --role governance" in refused(deed, product, judge).remedy
    make_governance()
    assert "add_person" not in refused(deed, product, judge).remedy


@JUDGED
def test_another_person_of_governance_judges(deed: Callable[[DataProduct, Person], None]) -> None:
    deed(make_product(), make_governance())


@JUDGED
def test_who_owned_it_before_the_last_review_of_another_judges_again(deed: Callable[[DataProduct, Person], None]) -> None:
    judge = make_person(None, *BOTH)
    product = make_product(owner=judge)
    hand_on(product, make_owner())
    DataProduct.objects.filter(pk=product.pk).update(reviewed_at="2999-01-01T00:00:00Z", reviewed_by=make_governance())
    product.refresh_from_db()
    deed(product, judge)
