"""A contract that is registered again says what it loosens, takes away and overwrites, and tells whom that concerns."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import DataProduct, Notification, Person
from catalog.services.ports import claims_of_port, put_output_port
from catalog.services.products import claims_of, update_product
from tests.catalog.contracts.documents import contract, orders
from tests.catalog.registering import register
from tests.factories import make_agreement, make_consumer
from trust.models import Suite

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data")]

ID: dict[str, Any] = {"name": "id", "logicalType": "integer", "required": True}
AMOUNT: dict[str, Any] = {"name": "amount", "logicalType": "number", "logicalTypeOptions": {"minimum": 0, "maximum": 9}}
NOTE: dict[str, Any] = {"name": "note", "logicalType": "string"}


def document(*fields: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return contract(schema=[orders(*(fields or (ID, AMOUNT, NOTE)))], **parts)


def warned(beginning: str, *fields: dict[str, Any], **parts: Any) -> list[str]:
    report = register(document(*fields, **parts), now=timezone.now())
    return [warning for warning in report.warnings if warning.startswith(beginning)]


def product() -> DataProduct:
    return DataProduct.objects.get(slug="orders")


def test_the_same_meaning_in_another_order_is_no_change() -> None:
    register(document())
    suite = Suite.objects.get(is_current=True)
    again = {**AMOUNT, "logicalTypeOptions": {"maximum": 9, "minimum": 0}}
    assert all(line.startswith("contract: ") for line in register(document(ID, again, NOTE)).changes)
    assert Suite.objects.get(is_current=True) == suite


@pytest.mark.parametrize(
    ("fields", "is_looser"),
    [
        ((ID, {**AMOUNT, "logicalTypeOptions": {"minimum": 0, "maximum": 10}}, NOTE), True),
        (({**ID, "required": False}, AMOUNT, NOTE), True),
        ((ID, AMOUNT), True),
        ((ID, {**AMOUNT, "logicalTypeOptions": {"minimum": 0, "maximum": 8}}, NOTE), False),
        (({**ID, "unique": True}, AMOUNT, NOTE), False),
    ],
)
def test_what_was_loosened_is_said(fields: tuple[dict[str, Any], ...], *, is_looser: bool) -> None:
    register(document())
    assert bool(warned("loosened: ", *fields, version="2.0.0")) is is_looser


def test_other_content_under_the_same_version_is_warned_of() -> None:
    register(document())
    assert warned("version: 1.0.0 is registered already", ID, AMOUNT)
    assert not warned("version: ", ID, version="2.0.0")


def test_what_was_set_in_the_browser_is_not_overwritten_in_silence() -> None:
    register(document())
    ada = Person.objects.get(username="ada")
    update_product(product=product(), claims=replace(claims_of(product()), usage="Ask Ada first."), actor=ada)
    port = product().output_ports.get()
    put_output_port(product=product(), claims=replace(claims_of_port(port), service_level=timedelta(days=1)), actor=ada)
    told = warned("set since the contract was registered", version="1.1.0")
    assert [line.partition(": ")[2].partition(":")[0] for line in told] == ["usage", "port orders.service_level"]
    assert not warned("set since the contract was registered", version="1.2.0")


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ((ID, AMOUNT), "orders.note is gone"),
        ((ID, {**AMOUNT, "logicalType": "string", "logicalTypeOptions": {}}, NOTE), "orders.amount was number and is string"),
        (({**ID, "required": False}, AMOUNT, NOTE), "orders.id may be without a value now"),
    ],
)
def test_consumers_are_told_of_what_is_taken_away(fields: tuple[dict[str, Any], ...], line: str) -> None:
    register(document(), now=timezone.now())
    agent, other = make_consumer("agent"), make_consumer("other")
    make_agreement(agent, product(), now=timezone.now())
    assert warned("taken away: ", *fields, version="2.0.0") == [f"taken away: {line}"]
    notice = Notification.objects.filter(kind="contract.field_changed").get()
    assert line in notice.text
    assert notice.consumer == agent != other


def test_nobody_is_told_of_what_is_added() -> None:
    register(document(), now=timezone.now())
    make_agreement(make_consumer("agent"), product(), now=timezone.now())
    assert not warned("taken away: ", ID, AMOUNT, NOTE, {"name": "more", "logicalType": "string"}, version="2.0.0")
    assert not Notification.objects.filter(kind="contract.field_changed").exists()
