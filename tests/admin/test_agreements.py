"""Agreements and notices in the admin: the queue of what waits for whom, decided with a reason; the rest is read."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.models import Agreement, Delivery, Notification
from catalog.rules.vocabulary import Sensitivity
from tests.admin.cast import Cast, Visitor, World
from tests.factories import make_agreement, make_consumer

LIST = "catalog_agreement_changelist"


def decide(visitor: Visitor, action: str, agreement: Agreement, reason: str = "") -> str:
    """What the page says after the action."""
    data = {"action": action, "_selected_action": [str(agreement.pk)], "reason": reason}
    response = visitor.client.post(f"/admin/catalog/agreement/?status__exact={agreement.status}", data, follow=True)
    agreement.refresh_from_db()
    return " ".join(str(message) for message in response.context["messages"])


def shown(response: Any) -> list[Agreement]:
    return list(response.context["cl"].result_list)


@pytest.fixture
def agreement(world: World) -> Agreement:
    return make_agreement(make_consumer("agent"), world.product, is_approved=False)


def test_the_owner_finds_what_waits_and_approves_it(cast: Cast, agreement: Agreement) -> None:
    assert shown(cast.owner.get(LIST, waits_for="me")) == [agreement]
    assert "the owner olga" in cast.owner.sees(LIST)
    assert decide(cast.owner, "approve", agreement) == "You have approved that agent may use sales for analytics."
    assert (agreement.status, agreement.owner_approved_by) == ("active", cast.owner.person)
    assert shown(cast.owner.get(LIST, waits_for="me")) == []


def test_the_first_page_names_what_waits_for_whoever_looks(cast: Cast, agreement: Agreement) -> None:
    link = f'href="/admin/catalog/agreement/{agreement.pk}/change/">agent: sales for analytics</a>'
    assert link in cast.owner.client.get("/admin/").content.decode()
    assert link not in cast.auditor.client.get("/admin/").content.decode()


def test_rejecting_and_revoking_ask_for_a_reason(cast: Cast, agreement: Agreement, world: World) -> None:
    assert "must have a reason" in decide(cast.owner, "reject", agreement)
    assert agreement.status == "requested"
    assert "You have rejected" in decide(cast.owner, "reject", agreement, "Not for that.")
    assert (agreement.status, agreement.end_reason) == ("rejected", "Not for that.")
    active = make_agreement(make_consumer(), world.product)
    assert "must have a reason" in decide(cast.governance, "revoke", active)
    assert "You have revoked" in decide(cast.governance, "revoke", active, "Over.")
    assert active.status == "revoked"


def test_governance_has_its_own_queue_above_internal(cast: Cast, agreement: Agreement, world: World) -> None:
    assert shown(cast.governance.get(LIST, waits_for="me")) == []
    assert "belongs to olga" in decide(cast.governance, "approve", agreement)
    world.product.sensitivity = Sensitivity.CONFIDENTIAL
    world.product.save(update_fields=["sensitivity"])
    assert shown(cast.governance.get(LIST, waits_for="me")) == [agreement]
    assert "It still waits for the owner olga." in decide(cast.governance, "approve", agreement)
    assert agreement.status == "requested"


def test_others_neither_see_nor_decide(cast: Cast, agreement: Agreement) -> None:
    for visitor in (cast.other, cast.steward):
        assert shown(visitor.get(LIST)) == []
        decide(visitor, "approve", agreement)
        assert agreement.status == "requested"
    assert shown(cast.auditor.get(LIST)) == [agreement]
    assert "belongs to olga" in decide(cast.auditor, "approve", agreement)
    assert cast.stranger.get(LIST).status_code == 403
    assert agreement.status == "requested"


def test_people_see_their_own_notices_and_governance_sees_how_all_were_delivered(cast: Cast, agreement: Agreement) -> None:
    Delivery.objects.create(
        notification=Notification.objects.get(person=cast.owner.person),
        channel="webhook",
        target="https://hook.example.org/services/secret",
    )
    assert "asks that agent may use sales" in cast.owner.sees("catalog_notification_changelist")
    assert "asks that agent" not in cast.other.sees("catalog_notification_changelist")
    assert "hook.example.org" not in cast.other.sees("catalog_delivery_changelist")
    page = cast.governance.sees("catalog_delivery_changelist")
    assert "https://hook.example.org/…" in page
    assert "secret" not in page


@pytest.mark.parametrize(
    ("page", "queries"), [(LIST, 8), ("catalog_notification_changelist", 6), ("catalog_delivery_changelist", 6)]
)
def test_lists_cost_the_same_for_one_row_and_for_many(
    cast: Cast, world: World, page: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        made = make_agreement(make_consumer(webhook_url="https://hook.example.org/x"), world.product, is_approved=False)
        assert made.status == "requested"
        cast.governance.get(page)
        with django_assert_num_queries(queries):
            assert cast.governance.get(page).status_code == 200
