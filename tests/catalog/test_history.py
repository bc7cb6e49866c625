"""Every change of a claim leaves a history row that says who did what."""

import pghistory
import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.test import Client

from catalog.models import Domain

pytestmark = pytest.mark.django_db


def test_a_write_inside_a_context_is_recorded_with_it() -> None:
    with pghistory.context(actor="ada", action="create"):
        Domain.objects.create(slug="seller", name="Seller")

    event = apps.get_model("catalog", "DomainEvent").objects.select_related("pgh_context").get()
    assert event.pgh_context.metadata == {"actor": "ada", "action": "create"}


@pytest.mark.django_db(transaction=True)
def test_the_context_holds_outside_of_a_transaction_too_and_not_longer_than_its_block() -> None:
    with pghistory.context(actor="ada"):
        Domain.objects.create(slug="seller", name="Seller")
    Domain.objects.create(slug="buyer", name="Buyer")

    events = apps.get_model("catalog", "DomainEvent").objects.order_by("pgh_id").values_list("slug", "pgh_context__metadata")
    assert list(events) == [("seller", {"actor": "ada"}), ("buyer", None)]


def test_a_person_can_log_in_though_the_middleware_records_the_change() -> None:
    get_user_model().objects.create_superuser("ada", password="correct horse")
    response = Client().post("/admin/login/", {"username": "ada", "password": "correct horse", "next": "/admin/"})
    assert response.status_code == 302
