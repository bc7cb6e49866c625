"""Waivers in the admin: asked for by owners, decided by governance in a queue, by two people."""

from datetime import timedelta
from typing import Any

from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_governance
from trust.models import Waiver

LIST = "trust_waiver_changelist"


def messages(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def asked(visitor: Visitor, world: World, **changed: Any) -> Any:
    form = {
        "product": world.product.pk,
        "gate": "critical_checks",
        "check_key": "",
        "reason": "Known since May.",
        "owner": visitor.person.pk,
        "expires_at_0": f"{NOW + timedelta(days=32):%Y-%m-%d}",
        "expires_at_1": "12:00:00",
    }
    return visitor.post("trust_waiver_add", **{**form, **changed})


def decide(visitor: Visitor, action: str, waiver: Waiver, reason: str = "") -> str:
    data = {"action": action, "_selected_action": [str(waiver.pk)], "reason": reason}
    said = messages(visitor.client.post("/admin/trust/waiver/", data, follow=True))
    waiver.refresh_from_db()
    return said


def test_an_owner_asks_and_governance_grants_and_revokes(cast: Cast, world: World) -> None:
    assert asked(cast.owner, world).status_code == 302
    waiver = Waiver.objects.get()
    assert (waiver.requested_by, waiver.status) == (cast.owner.person, "requested")
    assert "under waiver" not in cast.owner.sees("catalog_dataproduct_change", world.product.pk)

    decide(cast.owner, "grant", waiver)
    assert waiver.status == "requested"
    assert "is granted" in decide(cast.governance, "grant", waiver)
    assert waiver.granted_by == cast.governance.person
    assert "under waiver" in cast.owner.sees("catalog_dataproduct_change", world.product.pk)

    decide(cast.owner, "revoke", waiver, "Mine.")
    assert waiver.status == "granted"
    assert "must have a reason" in decide(cast.governance, "revoke", waiver)
    assert "is revoked" in decide(cast.governance, "revoke", waiver, "It got worse.")
    assert (waiver.status, waiver.end_reason) == ("revoked", "It got worse.")


def test_governance_does_not_grant_what_it_asked_for(cast: Cast, world: World) -> None:
    asked(cast.governance, world)
    waiver = Waiver.objects.get()
    assert "gina requested it" in decide(cast.governance, "grant", waiver)
    assert waiver.status == "requested"
    assert "is granted" in decide(Visitor(make_governance("greta", is_staff=True)), "grant", waiver)


def test_a_request_is_rejected_with_a_reason_or_withdrawn(cast: Cast, world: World) -> None:
    asked(cast.owner, world)
    first = Waiver.objects.get()
    assert "is rejected" in decide(cast.governance, "reject", first, "Repair it.")
    asked(cast.owner, world)
    second = Waiver.objects.exclude(pk=first.pk).get()
    assert "did not request" in decide(cast.governance, "withdraw", second)
    assert "is withdrawn" in decide(cast.owner, "withdraw", second)


def test_the_queue_shows_what_one_may_decide(cast: Cast, world: World) -> None:
    asked(cast.governance, world, gate="score", reason="Asked by governance.")
    asked(cast.owner, world, reason="Asked by the owner.")
    queue = cast.governance.sees(LIST, waits_for="me")
    assert "Asked by the owner." in queue
    assert "Asked by governance." not in queue
    assert "Asked by the owner." not in cast.owner.sees(LIST, waits_for="me")
    assert "Asked by the owner." in cast.owner.sees(LIST)
    assert "Asked by the owner." not in cast.other.sees(LIST)


def test_a_waiver_without_an_allowed_end_is_told_in_the_form(cast: Cast, world: World) -> None:
    response = asked(cast.owner, world, gate="owner", expires_at_0="2036-01-01")
    assert response.status_code == 200
    assert not Waiver.objects.exists()


def test_a_product_out_of_reach_and_a_gate_that_may_not_be_waived_are_not_offered(cast: Cast, world: World) -> None:
    assert asked(cast.other, world).status_code == 200
    assert asked(cast.owner, world, gate="evidence").status_code == 200
    assert 'value="evidence"' not in cast.owner.sees("trust_waiver_add")
    assert not Waiver.objects.exists()
