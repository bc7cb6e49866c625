"""An agreement is never approved by the person who profits, by whichever account, nor for less than the data is."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from catalog.models import Agreement, Consumer, DataProduct, Person
from catalog.queries import agreements_waiting_for
from catalog.rules.errors import DomainError, ForbiddenError
from catalog.rules.roles import PersonRole
from catalog.rules.vocabulary import AgreementStatus, Lifecycle, Sensitivity
from catalog.services.agreements import approve_agreement
from catalog.services.permissions import is_governance
from catalog.services.products import claims_of, review_product, update_product
from tests.battery.people import ADDRESS, BOTH, SECOND_ACCOUNTS, hand_on, lend_consumer, make_olga, second_account
from tests.factories import NOW, make_agreement, make_consumer, make_governance, make_owner, make_person, make_product

pytestmark = pytest.mark.django_db


def make_published(owner: Person | None = None, sensitivity: Sensitivity = Sensitivity.INTERNAL) -> DataProduct:
    product = make_product(owner=owner, lifecycle=Lifecycle.PUBLISHED, sensitivity=sensitivity)
    return review_product(product=product, actor=make_governance(), now=NOW)


def ask(product: DataProduct, consumer: Consumer | None = None) -> Agreement:
    return make_agreement(consumer, product, is_approved=False)


def refused(agreement: Agreement, actor: Person) -> str:
    with pytest.raises(DomainError) as refusal:
        approve_agreement(agreement=agreement, actor=actor, now=NOW)
    assert not agreements_waiting_for(actor, is_governance=is_governance(actor), now=NOW).filter(pk=agreement.pk).exists()
    return refusal.value.code


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("role", ["owns the product", "is of governance"])
@pytest.mark.parametrize("lent", [False, True])
def test_a_second_account_of_who_asks_never_approves(make_second: Callable[[], Person], role: str, lent: bool) -> None:
    olga, second = make_olga(), make_second()
    consumer = make_consumer(owner=olga)
    product = make_published(second if role == "owns the product" else make_owner(), Sensitivity.CONFIDENTIAL)
    agreement = ask(product, consumer)
    if lent:
        lend_consumer(consumer, make_person())
    assert refused(agreement, second) == "four_eyes"


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
def test_one_person_never_gives_both_approvals(make_second: Callable[[], Person]) -> None:
    olga, second = make_olga(), make_second()
    agreement = ask(make_published(olga, Sensitivity.CONFIDENTIAL))
    approve_agreement(agreement=agreement, actor=olga, now=NOW)
    assert refused(agreement, second) in {"four_eyes", "already_approved", "forbidden"}
    agreement.refresh_from_db()
    assert agreement.status == AgreementStatus.REQUESTED


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
def test_two_accounts_in_the_owners_place_never_give_both(make_second: Callable[[], Person]) -> None:
    """The owner asks, and the two accounts are both of governance."""
    first, second = make_person(None, *BOTH, email=ADDRESS), make_second()
    owner = make_owner()
    agreement = ask(make_published(owner, Sensitivity.CONFIDENTIAL), make_consumer(owner=owner))
    approve_agreement(agreement=agreement, actor=first, now=NOW)
    assert refused(agreement, second) == "four_eyes"


def test_who_lent_the_consumer_for_an_hour_never_approves_as_the_products_owner() -> None:
    owner, friend = make_owner(), make_owner()
    consumer = make_consumer(owner=owner)
    lend_consumer(consumer, friend)
    agreement = ask(make_published(owner), consumer)
    lend_consumer(consumer, owner)
    assert refused(agreement, owner) == "four_eyes"


def test_who_lends_the_consumer_after_asking_never_approves() -> None:
    owner, friend = make_owner(), make_owner()
    consumer = make_consumer(owner=owner)
    agreement = ask(make_published(owner), consumer)
    Agreement.objects.filter(pk=agreement.pk).update(requested_by=friend)
    lend_consumer(consumer, friend)
    assert refused(agreement, owner) == "four_eyes"


@pytest.mark.parametrize("taken_back", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_who_got_the_product_for_an_hour_never_approves_in_the_place_of_an_owner_who_asks(
    taken_back: bool, second: bool
) -> None:
    olga, friend = make_olga(), make_owner()
    product = make_published(olga)
    agreement = ask(product, make_consumer(owner=second_account() if second else olga))
    hand_on(product, friend)
    if taken_back:
        assert refused(agreement, friend)
        hand_on(product, olga)
    assert refused(agreement, friend if not taken_back else olga)


def test_who_owned_the_product_since_never_approves_for_governance() -> None:
    judge = make_person(None, *BOTH)
    product = make_published(judge, Sensitivity.CONFIDENTIAL)
    agreement = ask(product)
    hand_on(product, make_owner())
    assert refused(agreement, judge)


def classify(product: DataProduct, level: Sensitivity) -> None:
    update_product(product=product, claims=replace(claims_of(product), sensitivity=level), actor=product.owner)
    product.refresh_from_db()


@pytest.mark.parametrize("highest", [Sensitivity.CONFIDENTIAL, Sensitivity.RESTRICTED])
@pytest.mark.parametrize("lowest", [Sensitivity.PUBLIC, Sensitivity.INTERNAL])
@pytest.mark.parametrize("when", ["before the request", "after the request", "through public"])
def test_a_product_called_less_sensitive_for_an_hour_never_does_without_governance(
    highest: Sensitivity, lowest: Sensitivity, when: str
) -> None:
    product = make_published(sensitivity=highest)
    if when == "before the request":
        classify(product, lowest)
    agreement = ask(product)
    if when == "through public":
        classify(product, Sensitivity.PUBLIC)
    if when != "before the request":
        classify(product, lowest)
    approved = approve_agreement(agreement=agreement, actor=product.owner, now=NOW)
    assert (approved.status, approved.owner_approved_for) == (AgreementStatus.REQUESTED, highest)
    assert approve_agreement(agreement=agreement, actor=make_governance(), now=NOW).status == AgreementStatus.ACTIVE


@pytest.mark.parametrize("role", ["owner", "governance"])
def test_an_account_without_an_address_never_approves(role: str) -> None:
    blank = make_person(None, PersonRole.DATA_OWNERS, PersonRole.GOVERNANCE, email="")
    product = make_published(blank if role == "owner" else make_owner(), Sensitivity.CONFIDENTIAL)
    agreement = ask(product)
    with pytest.raises(ForbiddenError) as refusal:
        approve_agreement(agreement=agreement, actor=blank, now=NOW)
    assert refusal.value.code == "identity_not_verifiable"
    assert not agreements_waiting_for(blank, is_governance=True, now=NOW).exists()


def test_a_hand_over_between_two_people_who_do_not_ask_changes_nothing() -> None:
    product = make_published()
    agreement = ask(product)
    hand_on(product, make_owner())
    assert approve_agreement(agreement=agreement, actor=product.owner, now=NOW).status == AgreementStatus.ACTIVE
