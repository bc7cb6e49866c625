"""Which agreement stands, now and then."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Agreement, Consumer, DataProduct
from catalog.queries import standing_agreement, standing_agreements
from catalog.rules.vocabulary import AgreementStatus, ConsumerKind
from tests.factories import NOW, make_person, make_product

DAY = timedelta(days=1)


def make_row(consumer: Consumer, product: DataProduct, **columns: Any) -> Agreement:
    person = consumer.owner
    defaults: dict[str, Any] = {
        "purpose": "analytics",
        "status": AgreementStatus.ACTIVE,
        "reason": "A test.",
        "requested_by": person,
        "requested_at": NOW - DAY,
        "starts_at": NOW,
        "expires_at": NOW + 10 * DAY,
        "owner_approved_by": product.owner,
        "owner_approved_at": NOW,
    }
    return Agreement.objects.create(consumer=consumer, product=product, **{**defaults, **columns})


@pytest.fixture
def consumer(db: None) -> Consumer:
    return Consumer.objects.create(slug="agent", name="Agent", kind=ConsumerKind.AI_AGENT, owner=make_person())


@pytest.mark.parametrize(
    ("at", "stands"),
    [
        (NOW - timedelta(microseconds=1), False),
        (NOW, True),
        (NOW + 10 * DAY - timedelta(microseconds=1), True),
        (NOW + 10 * DAY, False),
    ],
)
def test_it_stands_from_its_start_until_the_moment_of_its_end(consumer: Consumer, at: datetime, stands: bool) -> None:
    row = make_row(consumer, make_product())
    assert standing_agreement(consumer.pk, row.product_id, "analytics", at) == (row.pk if stands else None)


@pytest.mark.parametrize("status", [AgreementStatus.REVOKED, AgreementStatus.EXPIRED])
def test_a_past_moment_does_not_know_of_a_later_end(consumer: Consumer, status: AgreementStatus) -> None:
    row = make_row(consumer, make_product(), status=status, ended_at=NOW + 3 * DAY)
    assert standing_agreement(consumer.pk, row.product_id, "analytics", NOW + 2 * DAY) == row.pk
    assert standing_agreement(consumer.pk, row.product_id, "analytics", NOW + 3 * DAY) is None


def test_it_ends_in_time_though_nobody_has_written_that_it_did(consumer: Consumer) -> None:
    row = make_row(consumer, make_product())
    assert row.status == AgreementStatus.ACTIVE
    assert standing_agreement(consumer.pk, row.product_id, "analytics", NOW + 11 * DAY) is None


@pytest.mark.parametrize("status", [AgreementStatus.REQUESTED, AgreementStatus.REJECTED, AgreementStatus.WITHDRAWN])
def test_what_was_never_approved_never_stands(consumer: Consumer, status: AgreementStatus) -> None:
    row = make_row(consumer, make_product(), status=status, starts_at=None)
    assert standing_agreement(consumer.pk, row.product_id, "analytics", NOW + DAY) is None


def test_it_stands_for_its_consumer_its_product_and_its_purpose_only(consumer: Consumer) -> None:
    row = make_row(consumer, make_product())
    other = Consumer.objects.create(slug="other", name="Other", kind=ConsumerKind.SERVICE, owner=consumer.owner)
    assert standing_agreement(consumer.pk, row.product_id, "ai.training", NOW) is None
    assert standing_agreement(consumer.pk, make_product().pk, "analytics", NOW) is None
    assert standing_agreement(other.pk, row.product_id, "analytics", NOW) is None


def test_many_products_are_one_query(consumer: Consumer, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    rows = [make_row(consumer, make_product()) for _ in range(5)]
    without = make_product()
    with django_assert_num_queries(1):
        found = standing_agreements(consumer.pk, [*(row.product_id for row in rows), without.pk], "analytics", NOW)
    assert found == {row.product_id: row.pk for row in rows}
    assert standing_agreements(consumer.pk, [], "analytics", NOW) == {}
