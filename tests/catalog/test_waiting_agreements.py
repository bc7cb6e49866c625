"""The queue of those whose approval is awaited says in SQL what the rules say."""

from itertools import product as combinations

import pytest
from django.db import connection

from catalog.models import Agreement, DataProduct, Person
from catalog.queries import agreements_of, agreements_waiting_for
from catalog.rules.agreement import Part, part_of
from catalog.rules.vocabulary import Lifecycle, Sensitivity
from catalog.services.agreement_notices import request_of
from tests.factories import NOW, make_agreement, make_consumer, make_governance, make_owner, make_person, make_product

pytestmark = pytest.mark.django_db
LEVELS: tuple[Sensitivity | None, ...] = (Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL, Sensitivity.RESTRICTED, None)


def test_the_queue_holds_exactly_what_the_rules_let_each_person_approve_next() -> None:
    """Every sensitivity, with every combination of who owns, who asks and what was approved for which sensitivity."""
    olga, carl = make_owner("olga"), make_person("carl")
    gina, greg = make_governance("gina"), make_governance("greg")
    approvals = (None, Sensitivity.CONFIDENTIAL, Sensitivity.RESTRICTED)
    for level, owner, asker, for_owner, for_governance in combinations(
        LEVELS, (olga, gina), (carl, olga, greg), approvals, approvals
    ):
        product = make_product(owner=owner, lifecycle=Lifecycle.PUBLISHED, sensitivity=level)
        agreement = make_agreement(make_consumer(owner=asker), product, is_approved=False)
        first, second = [who for who in (gina, greg, olga) if who != asker][:2]
        Agreement.objects.filter(pk=agreement.pk).update(
            owner_approved_by=first if for_owner else None,
            owner_approved_for=for_owner or "",
            governance_approved_by=second if for_governance else None,
            governance_approved_for=for_governance or "",
        )
    with connection.cursor() as cursor:
        # As autovacuum would: plans that this session made when the tables were nearly empty take minutes on full ones.
        cursor.execute("ANALYZE")
    rows = list(Agreement.objects.select_related("product", "consumer"))
    for person, is_governance in ((olga, False), (carl, False), (gina, True), (greg, True)):
        expected = {
            row.pk for row in rows if isinstance(part_of(request_of(row), actor=person.pk, is_governance=is_governance), Part)
        }
        found = agreements_waiting_for(person, is_governance=is_governance, now=NOW)
        assert set(found.values_list("pk", flat=True)) == expected, person
        assert expected or person == carl


def test_what_is_decided_or_past_its_end_waits_for_nobody() -> None:
    agreement = make_agreement(is_approved=False)
    owner = agreement.product.owner
    assert list(agreements_waiting_for(owner, is_governance=False, now=NOW)) == [agreement]
    assert not agreements_waiting_for(owner, is_governance=False, now=agreement.expires_at)
    Agreement.objects.update(status="rejected")
    assert not agreements_waiting_for(owner, is_governance=False, now=NOW)


def test_agreements_concern_the_consumers_owner_the_products_owner_and_who_asked() -> None:
    agreement = make_agreement(is_approved=False)
    concerned: list[Person] = [agreement.consumer.owner, agreement.product.owner, agreement.requested_by]
    for person in concerned:
        assert list(agreements_of(person)) == [agreement]
    assert not agreements_of(make_person())
    assert DataProduct.objects.count() == 1
