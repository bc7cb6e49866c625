"""What falls due, for whom, and who is reminded of it when."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct, Notification, Person
from catalog.services.products import acknowledge_product, review_product
from tests.factories import (
    NOW,
    make_agreement,
    make_auditor,
    make_consumer,
    make_governance,
    make_governed_product,
    make_owner,
    make_person,
    make_product,
    make_use_case,
)
from tests.trust.builders import ask_for_waiver, make_waiver
from trust.desk.queries.due import Due, falls_due
from trust.models import OutputException, Waiver
from trust.verdicts.services.product_upkeep import look_after_products
from trust.vocabulary import DueKind, WaiverStatus

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@pytest.fixture
def product() -> DataProduct:
    return make_governed_product("orders")


def due(person: Person, now: datetime, kind: DueKind, within: timedelta = WEEK) -> list[Due]:
    return [found for found in falls_due(person, now, within) if found.kind is kind]


def told(kind: str) -> list[str]:
    return sorted(notice.person.username for notice in Notification.objects.filter(kind=kind) if notice.person)


# What is listed


def test_an_acknowledgement_is_listed_for_its_owner_from_a_week_before_and_stays_when_overdue(product: DataProduct) -> None:
    due_at = NOW + 180 * DAY
    assert not due(product.owner, due_at - 8 * DAY, DueKind.ACKNOWLEDGEMENT)
    for now in (due_at - 7 * DAY, due_at + 30 * DAY):
        found = due(product.owner, now, DueKind.ACKNOWLEDGEMENT)
        assert found == [
            Due(
                DueKind.ACKNOWLEDGEMENT,
                "orders: acknowledgement due",
                "catalog.dataproduct",
                product.pk,
                due_at,
                product.owner.username,
            )
        ]
        assert found[0].is_overdue(now) is (now >= due_at)


def test_an_acknowledgement_by_a_former_owner_is_none(product: DataProduct) -> None:
    heir = make_owner()
    DataProduct.objects.filter(pk=product.pk).update(owner=heir)
    found = due(heir, NOW, DueKind.ACKNOWLEDGEMENT)
    assert [(one.due_at, one.who) for one in found] == [(NOW, heir.username)]


def test_drafts_and_retired_products_are_not_due() -> None:
    owner = make_owner()
    make_product("draft", owner=owner)
    assert not falls_due(owner, NOW, 400 * DAY)


def test_a_review_is_due_a_year_later_and_is_for_governance(product: DataProduct) -> None:
    now = NOW + 360 * DAY
    found = due(make_auditor(), now, DueKind.REVIEW)
    assert [(one.pk, one.due_at, one.who) for one in found] == [(product.pk, NOW + 365 * DAY, "governance")]
    assert due(product.owner, now, DueKind.REVIEW) == found


def test_waivers_and_agreements_are_listed_until_they_end(product: DataProduct) -> None:
    waiver = make_waiver(product)
    agreement = make_agreement(make_consumer(owner=make_person()), product, lives=30 * DAY)
    now = NOW + 25 * DAY
    assert [one.pk for one in due(product.owner, now, DueKind.WAIVER_END)] == [waiver.pk]
    assert [one.pk for one in due(agreement.consumer.owner, now, DueKind.AGREEMENT_END)] == [agreement.pk]
    gone = NOW + 30 * DAY
    assert not due(product.owner, gone, DueKind.WAIVER_END) + due(product.owner, gone, DueKind.AGREEMENT_END)


def test_a_use_case_is_due_to_be_acknowledged_by_its_business_owner() -> None:
    use_case = make_use_case()
    found = due(use_case.business_owner, NOW, DueKind.USE_CASE_ACKNOWLEDGEMENT)
    assert [(one.pk, one.model) for one in found] == [(use_case.pk, "catalog.usecase")]


def test_an_exception_of_an_output_is_due_for_who_handles_it() -> None:
    handler, use_case = make_person(), make_use_case()
    row = OutputException.objects.create(
        use_case=use_case,
        decision_id=1,
        title="Wrong gate",
        opened_at=NOW,
        opened_by=handler,
        assigned_to=handler,
        due_at=NOW + DAY,
    )
    found = due(handler, NOW + 2 * DAY, DueKind.EXCEPTION)
    assert [(one.pk, one.due_at, one.who) for one in found] == [(row.pk, NOW + DAY, handler.username)]


def test_a_stranger_sees_nothing_and_whoever_sees_everything_all(product: DataProduct) -> None:
    make_waiver(product)
    make_use_case()
    assert falls_due(make_person(), NOW, 400 * DAY) == []
    kinds = {one.kind for one in falls_due(make_governance(), NOW, 400 * DAY)}
    assert kinds >= {
        DueKind.ACKNOWLEDGEMENT,
        DueKind.REVIEW,
        DueKind.WAIVER_END,
        DueKind.USE_CASE_ACKNOWLEDGEMENT,
    }


def test_what_is_due_comes_soonest_first_and_not_without_end(product: DataProduct) -> None:
    for number in range(3):
        make_governed_product(f"product-of-many-{number}")
    found = falls_due(make_governance(), NOW, 400 * DAY, most=2)
    assert [one.due_at for one in found] == sorted(one.due_at for one in found)
    assert sum(one.kind is DueKind.REVIEW for one in found) == 2


def test_the_cost_does_not_grow(product: DataProduct) -> None:
    def cost(person: Person) -> int:
        with CaptureQueriesContext(connection) as queries:
            falls_due(person, NOW, 400 * DAY)
        return len(queries)

    person = product.owner
    before = cost(person)
    for number in range(3):
        other = make_governed_product(f"other-{number}", owner=person)
        make_waiver(other)
    assert cost(person) == before <= 11


# Who is reminded


@pytest.fixture
def judge() -> Person:
    return make_governance("judge")


def acknowledged(product: DataProduct, at: datetime) -> None:
    acknowledge_product(product=product, actor=product.owner, now=at)


def reviewed(product: DataProduct, at: datetime) -> None:
    review_product(product=product, actor=make_governance(), now=at)


@pytest.mark.parametrize(("kind", "days", "again"), [("acknowledgement", 180, acknowledged), ("review", 365, reviewed)])
def test_two_reminders_come_before_and_one_when_it_is_overdue_each_once(
    product: DataProduct, judge: Person, kind: str, days: int, again: Callable[[DataProduct, datetime], None]
) -> None:
    acknowledged(product, NOW + (200 * DAY if kind == "review" else timedelta()))
    due_at = NOW + days * DAY
    username = product.owner.username if kind == "acknowledgement" else judge.username

    def count(now: datetime) -> tuple[int, int]:
        look_after_products(now=now)
        look_after_products(now=now)
        return told(f"product.{kind}_due").count(username), told(f"product.{kind}_overdue").count(username)

    assert count(due_at - 15 * DAY) == (0, 0)
    assert count(due_at - 14 * DAY) == (1, 0)
    assert count(due_at - 4 * DAY) == (1, 0)
    assert count(due_at - 3 * DAY) == (2, 0)
    assert count(due_at) == (2, 1)
    assert count(due_at + 2 * DAY) == (2, 1)

    again(product, due_at + 3 * DAY)
    assert count(due_at + 4 * DAY) == (2, 1)
    assert count(due_at + (days - 3) * DAY) == (3, 1)


def test_whoever_was_late_sends_the_newest_reminder_only(product: DataProduct, judge: Person) -> None:
    look_after_products(now=NOW + 178 * DAY)
    assert told("product.acknowledgement_due") == [product.owner.username]


def test_nobody_inactive_is_told_and_governance_hears_of_an_owner_who_left(product: DataProduct, judge: Person) -> None:
    Person.objects.filter(pk=product.owner_id).update(is_active=False)
    look_after_products(now=NOW + 170 * DAY)
    assert told("product.acknowledgement_due") == []
    look_after_products(now=NOW + 181 * DAY)
    assert judge.username in told("product.acknowledgement_overdue")
    assert product.owner.username not in told("product.acknowledgement_overdue")


def test_who_just_published_has_a_day_and_a_new_owner_is_asked(judge: Person) -> None:
    fresh = make_product("fresh")
    DataProduct.objects.filter(pk=fresh.pk).update(lifecycle="published", published_at=NOW)
    look_after_products(now=NOW + timedelta(hours=23))
    assert not told("product.acknowledgement_overdue")
    look_after_products(now=NOW + DAY)
    assert told("product.acknowledgement_overdue") == [fresh.owner.username]
    heir = make_owner()
    DataProduct.objects.filter(pk=fresh.pk).update(owner=heir)
    look_after_products(now=NOW + DAY)
    assert told("product.acknowledgement_overdue") == sorted([fresh.owner.username, heir.username])


def test_a_waiver_that_ends_is_told_of_before_and_at_its_end(product: DataProduct) -> None:
    answerable = make_person()
    waiver = make_waiver(product, owner=answerable, expires_at=NOW + 30 * DAY)
    everybody = sorted([answerable.username, product.owner.username])
    look_after_products(now=NOW + 15 * DAY)
    assert told("waiver.ending") == []
    look_after_products(now=NOW + 16 * DAY)
    assert told("waiver.ending") == everybody
    look_after_products(now=NOW + 30 * DAY)
    look_after_products(now=NOW + 31 * DAY)
    assert told("waiver.ended") == everybody
    assert str(waiver.expires_at.year) in Notification.objects.filter(kind="waiver.ended")[0].subject


def test_a_short_waiver_is_not_reminded_of_as_soon_as_it_is_granted(product: DataProduct) -> None:
    make_waiver(product, expires_at=NOW + 4 * DAY)
    look_after_products(now=NOW + timedelta(hours=1))
    assert told("waiver.ending") == []


def test_requests_that_nobody_answered_are_closed(product: DataProduct) -> None:
    ask_for_waiver(product, expires_at=NOW + DAY)
    look_after_products(now=NOW + DAY)
    assert Waiver.objects.get().status == WaiverStatus.WITHDRAWN
