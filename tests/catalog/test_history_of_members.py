"""Who is named on a list (stewards of a product, consumers of a use case) is history too, with who named them."""

from typing import Any

import pghistory
import pytest
from django.apps import apps

from tests.factories import make_consumer, make_person, make_product, make_use_case

pytestmark = pytest.mark.django_db


def events(model: str, **filters: Any) -> list[tuple[str, str]]:
    rows = apps.get_model("catalog", model).objects.filter(**filters).order_by("pgh_id")
    return [(row.pgh_label, row.pgh_context.metadata["actor"]) for row in rows.select_related("pgh_context")]


def test_stewards_who_are_named_and_taken_off_are_kept() -> None:
    product, person = make_product(), make_person()
    with pghistory.context(actor="ada"):
        product.stewards.add(person)
    with pghistory.context(actor="bert"):
        product.stewards.clear()
    assert events("DataProductStewardsEvent", dataproduct=product, person=person) == [("insert", "ada"), ("delete", "bert")]


def test_consumers_who_are_named_and_taken_out_are_kept() -> None:
    consumer = make_consumer()
    use_case = make_use_case(consumers=[consumer])
    with pghistory.context(actor="bert"):
        use_case.consumers.remove(consumer)
    assert events("UseCaseConsumersEvent", usecase=use_case, consumer=consumer) == [("insert", "system"), ("delete", "bert")]
