"""Agreements: who asks, who approves, who hears of it, and that the history knows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Agreement, Consumer, DataProduct, Notification, Person
from catalog.queries import standing_agreement
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from catalog.rules.vocabulary import ConsumerStatus, Lifecycle, Sensitivity
from catalog.services.agreements import approve_agreement, withdraw_agreement
from tests.catalog.asking import ask, history, told
from tests.factories import NOW, make_agreement, make_consumer, make_governance, make_owner, make_person, make_product

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


# Asking


def test_the_consumers_owner_asks_and_the_products_owner_hears_of_it(consumer: Consumer, product: DataProduct) -> None:
    gina = make_governance("gina")
    agreement = ask(consumer, product, reason="  To count. ")
    assert (agreement.status, agreement.reason, agreement.requested_by) == ("requested", "To count.", consumer.owner)
    assert (agreement.requested_at, agreement.starts_at, agreement.expires_at) == (NOW, None, NOW + 30 * DAY)
    assert told(agreement, "requested") == {"olga", "[agent]"}
    notice = Notification.objects.get(person=product.owner)
    assert "carl asks that agent may use orders for analytics" in notice.text
    assert "To count." in notice.text
    assert "It waits for the owner olga." in notice.text
    assert notice.payload["agreement"] == agreement.pk
    assert not Notification.objects.filter(person=gina).exists()
    assert history(agreement) == [("requested", "request_agreement", "carl")]


def test_governance_asks_for_any_consumer_and_hears_of_requests_above_internal(consumer: Consumer, secret: DataProduct) -> None:
    gina, greg = make_governance("gina"), make_governance("greg")
    agreement = ask(consumer, secret, actor=gina)
    assert agreement.requested_by == gina
    assert told(agreement, "requested") == {"sam", "greg", "[agent]"}
    assert "It waits for the owner sam and governance." in Notification.objects.get(person=greg).text


def test_others_ask_for_nobody(consumer: Consumer, product: DataProduct) -> None:
    for stranger in (make_person("sven"), product.owner):
        with pytest.raises(ForbiddenError, match="its owner is carl"):
            ask(consumer, product, actor=stranger)
    assert not Agreement.objects.exists()
    assert not Notification.objects.exists()


def test_an_inactive_owner_asks_for_nothing(consumer: Consumer, product: DataProduct, carl: Person) -> None:
    carl.is_active = False
    carl.save()
    with pytest.raises(ForbiddenError):
        ask(consumer, product, actor=carl)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"purpose": "world-domination"}, "purpose"),
        ({"reason": " \n"}, "reason"),
        ({"reason": "x" * 5001}, "reason"),
        ({"expires_at": NOW}, "expires_at"),
        ({"expires_at": NOW + 366 * DAY + timedelta(microseconds=1)}, "expires_at"),
    ],
)
def test_a_request_that_cannot_be_is_refused(
    consumer: Consumer, product: DataProduct, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidError) as refusal:
        ask(consumer, product, **changed)
    assert refusal.value.field == field
    assert not Agreement.objects.exists()


def test_a_leap_year_is_the_longest_life(consumer: Consumer, product: DataProduct) -> None:
    assert ask(consumer, product, expires_at=NOW + 366 * DAY).status == "requested"


def test_an_inactive_consumer_and_a_retired_product_get_no_request(consumer: Consumer, product: DataProduct) -> None:
    with pytest.raises(ConflictError) as refusal:
        ask(consumer, make_product(lifecycle=Lifecycle.RETIRED))
    assert refusal.value.code == "product_retired"
    consumer.status = ConsumerStatus.SUSPENDED
    with pytest.raises(ConflictError, match="is suspended") as refusal:
        ask(consumer, product)
    assert refusal.value.code == "consumer_inactive"


def test_a_draft_can_be_asked_for_only_by_those_who_see_it(consumer: Consumer) -> None:
    draft = make_product()
    with pytest.raises(NotFoundError):
        ask(consumer, draft)
    assert ask(consumer, draft, actor=make_governance()).product == draft


def test_a_second_request_for_the_same_waits_for_the_first(consumer: Consumer, product: DataProduct) -> None:
    first = ask(consumer, product)
    with pytest.raises(ConflictError) as refusal:
        ask(consumer, product)
    assert refusal.value.code == "already_requested"
    ask(consumer, product, purpose="ai.training")
    withdraw_agreement(agreement=first, actor=consumer.owner, now=NOW)
    assert ask(consumer, product).pk != first.pk


# Approving


def test_the_owner_alone_makes_an_internal_agreement_active(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    done = approve_agreement(agreement=agreement, actor=product.owner, now=NOW + HOUR)
    assert (done.status, done.starts_at, done.owner_approved_by, done.owner_approved_for) == (
        "active",
        NOW + HOUR,
        product.owner,
        "internal",
    )
    assert done.governance_approved_by is None
    assert told(done, "active") == {"[agent]"}  # the owner did it and knows
    assert history(done)[-1] == ("active", "approve_agreement", "olga")
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW + HOUR) == agreement.pk
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW) is None


@pytest.mark.parametrize("sensitivity", [Sensitivity.CONFIDENTIAL, Sensitivity.RESTRICTED, None])
@pytest.mark.parametrize("owner_first", [True, False])
def test_above_internal_owner_and_governance_approve_in_any_order(
    consumer: Consumer, sensitivity: Sensitivity | None, owner_first: bool
) -> None:
    product = make_product(owner=make_owner("sam"), lifecycle=Lifecycle.PUBLISHED, sensitivity=sensitivity)
    gina = make_governance("gina")
    first, second = (product.owner, gina) if owner_first else (gina, product.owner)
    agreement = approve_agreement(agreement=ask(consumer, product), actor=first, now=NOW)
    assert agreement.status == "requested"
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW) is None
    assert told(agreement, "approved") == {second.username, "[agent]"}
    agreement = approve_agreement(agreement=agreement, actor=second, now=NOW + HOUR)
    assert (agreement.status, agreement.owner_approved_by, agreement.governance_approved_by) == ("active", product.owner, gina)
    assert told(agreement, "active") == {first.username, "[agent]"}
    assert [entry[2] for entry in history(agreement)] == ["carl", first.username, second.username]


def test_nobody_approves_what_they_asked_for_or_what_their_consumer_gets(consumer: Consumer, secret: DataProduct) -> None:
    gina = make_governance("gina")
    agreement = ask(consumer, secret, actor=gina)
    for who in (gina, consumer.owner):
        with pytest.raises(ForbiddenError) as refusal:
            approve_agreement(agreement=agreement, actor=who, now=NOW)
        assert refusal.value.code == "four_eyes"
    agreement.refresh_from_db()
    assert (agreement.owner_approved_by, agreement.governance_approved_by) == (None, None)


def test_governance_stands_in_for_an_owner_who_asks(product: DataProduct) -> None:
    agreement = ask(make_consumer(owner=product.owner), product)
    gina = make_governance("gina")
    agreement = approve_agreement(agreement=agreement, actor=gina, now=NOW)
    assert (agreement.status, agreement.owner_approved_by, agreement.governance_approved_by) == ("active", gina, None)


def test_above_internal_an_owner_who_asks_needs_two_people_of_governance(secret: DataProduct) -> None:
    agreement = ask(make_consumer(owner=secret.owner), secret)
    gina, greg = make_governance("gina"), make_governance("greg")
    agreement = approve_agreement(agreement=agreement, actor=gina, now=NOW)
    with pytest.raises(ForbiddenError, match="must come from another person") as refusal:
        approve_agreement(agreement=agreement, actor=gina, now=NOW)
    assert refusal.value.code == "four_eyes"
    agreement = approve_agreement(agreement=agreement, actor=greg, now=NOW)
    assert (agreement.status, agreement.owner_approved_by, agreement.governance_approved_by) == ("active", gina, greg)


def test_strangers_and_governance_below_its_level_do_not_approve(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    for who in (make_person("sven"), make_owner("otto"), make_governance("gina")):
        with pytest.raises(ForbiddenError, match="belongs to olga"):
            approve_agreement(agreement=agreement, actor=who, now=NOW)


def test_an_inactive_owner_does_not_approve(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    product.owner.is_active = False
    with pytest.raises(ForbiddenError):
        approve_agreement(agreement=agreement, actor=product.owner, now=NOW)


def test_an_approval_is_given_once(consumer: Consumer, secret: DataProduct) -> None:
    agreement = approve_agreement(agreement=ask(consumer, secret), actor=secret.owner, now=NOW)
    with pytest.raises(ConflictError) as refusal:
        approve_agreement(agreement=agreement, actor=secret.owner, now=NOW)
    assert refusal.value.code == "already_approved"


def test_an_approval_from_before_the_product_became_more_sensitive_must_be_given_anew(
    consumer: Consumer, secret: DataProduct
) -> None:
    agreement = approve_agreement(agreement=ask(consumer, secret), actor=secret.owner, now=NOW)
    DataProduct.objects.filter(pk=secret.pk).update(sensitivity=Sensitivity.RESTRICTED)
    gina = make_governance("gina")
    agreement = approve_agreement(agreement=agreement, actor=gina, now=NOW + HOUR)
    assert (agreement.status, agreement.owner_approved_by, agreement.owner_approved_for) == ("requested", None, "")
    agreement = approve_agreement(agreement=agreement, actor=secret.owner, now=NOW + 2 * HOUR)
    assert (agreement.status, agreement.owner_approved_for, agreement.governance_approved_for) == (
        "active",
        "restricted",
        "restricted",
    )


def test_what_was_asked_for_an_internal_product_needs_governance_once_it_is_confidential(
    consumer: Consumer, product: DataProduct
) -> None:
    agreement = ask(consumer, product)
    DataProduct.objects.filter(pk=product.pk).update(sensitivity=Sensitivity.CONFIDENTIAL)
    assert approve_agreement(agreement=agreement, actor=product.owner, now=NOW).status == "requested"


def test_nothing_is_approved_for_a_consumer_that_was_suspended_meanwhile(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    Consumer.objects.update(status=ConsumerStatus.SUSPENDED)
    with pytest.raises(ConflictError) as refusal:
        approve_agreement(agreement=agreement, actor=product.owner, now=NOW)
    assert refusal.value.code == "consumer_inactive"


def test_a_request_whose_time_has_passed_is_not_approved(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    with pytest.raises(ConflictError) as refusal:
        approve_agreement(agreement=agreement, actor=product.owner, now=NOW + 30 * DAY)
    assert refusal.value.code == "request_expired"


def test_the_database_refuses_what_two_eyes_approved(consumer: Consumer, secret: DataProduct) -> None:
    agreement = make_agreement(consumer, secret)
    for columns in (
        {"owner_approved_by": agreement.requested_by_id},
        {"governance_approved_by": agreement.requested_by_id},
        {"governance_approved_by": agreement.owner_approved_by_id},
    ):
        with pytest.raises(IntegrityError, match="agreement_four_eyes"), transaction.atomic():
            Agreement.objects.filter(pk=agreement.pk).update(**columns)
    with pytest.raises(IntegrityError, match="agreement_active_is_approved"), transaction.atomic():
        Agreement.objects.filter(pk=agreement.pk).update(owner_approved_by=None)
