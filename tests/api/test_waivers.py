"""Waivers over HTTP: asked for, granted by another, rejected, withdrawn, revoked, and listed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.rules.scopes import Scope
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_governance, make_governed_product, make_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import Waiver

TRUST = "/api/v1/products/orders/trust"
WAIVERS = "/api/v1/products/orders/waivers"


@pytest.fixture(autouse=True)
def good_product(cast: Cast) -> None:
    run_well(make_ready_port(make_governed_product("orders", owner=cast.owner.person)), timezone.now())


def waiver(**change: Any) -> dict[str, Any]:
    end = (timezone.now() + timedelta(days=10)).isoformat()
    return {"gate": "incidents", "reason": "Known and harmless.", "owner": "olga", "expires_at": end, **change}


def asked(cast: Cast, **change: Any) -> str:
    """The address of a request that the owner made."""
    response = cast.owner.post(WAIVERS, waiver(**change))
    assert response.status_code == 201, response.content
    return str(response["Location"])


def test_a_waiver_excepts_a_gate_from_its_grant_until_it_is_revoked(cast: Cast) -> None:
    cast.owner.post("/api/v1/products/orders/incidents", {"title": "Known"})
    address = asked(cast)
    assert cast.consumer.get(TRUST).json()["is_production_grade"] is False
    granted = cast.governance.post(f"{address}/grant").json()
    assert (granted["status"], granted["requested_by"], granted["granted_by"]) == ("granted", "olga", "gina")
    answer = cast.consumer.get(TRUST).json()
    assert (answer["is_production_grade"], answer["gates"]["waived"]) == (True, 1)
    assert answer["waivers"][0]["owner"] == "olga"
    assert cast.consumer.get(address).json() == granted
    revoked = cast.governance.post(f"{address}/revoke", {"reason": "It got worse."}).json()
    assert (revoked["status"], revoked["ended_by"], revoked["end_reason"]) == ("revoked", "gina", "It got worse.")
    assert revoked["revoked_at"] == revoked["ended_at"]
    assert cast.consumer.get(TRUST).json()["is_production_grade"] is False
    assert_problem(cast.governance.post(f"{address}/revoke", {"reason": "Again."}), 409, "waiver_transition")


def test_a_waiver_of_one_check_names_it_by_its_key(cast: Cast) -> None:
    full = cast.consumer.get(f"{TRUST}?detail=full").json()
    body = waiver(check_key=full["checks"][0]["checks"][0]["key"])
    del body["gate"]
    assert cast.owner.post(WAIVERS, body).json()["check_key"] == body["check_key"]
    assert_problem(cast.owner.post(WAIVERS, {**body, "check_key": "none such"}), 400, "check_unknown")


@pytest.mark.parametrize(
    "change",
    [
        {"gate": "beauty"},
        {"check_key": "x"},
        {"reason": " "},
        {"owner": "nobody-here"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"gate": "evidence"},
        {"gate": "lifecycle"},
        {"starts_at": "2020-01-01T00:00:00Z"},
        {"granted_by": "gina"},
        {"status": "granted"},
    ],
)
def test_a_bad_request_is_refused(cast: Cast, change: dict[str, Any]) -> None:
    response = cast.owner.post(WAIVERS, waiver(**change))
    assert response.status_code == 400, response.content
    assert_problem(response, 400, response.json()["code"])
    assert not Waiver.objects.exists()


def test_who_may_ask(cast: Cast) -> None:
    assert_problem(cast.stranger.post(WAIVERS, waiver()), 403, "forbidden")
    assert_problem(cast.auditor.post(WAIVERS, waiver()), 403, "forbidden")
    assert_problem(cast.consumer.post(WAIVERS, waiver()), 403, "scope_missing")
    assert_problem(cast.nobody.post(WAIVERS, waiver()), 401, "not_authenticated")
    assert cast.governance.post(WAIVERS, waiver()).json()["requested_by"] == "gina"
    assert_problem(cast.owner.post(WAIVERS, waiver()), 409, "waiver_requested")


@pytest.mark.parametrize(("step", "body"), [("grant", None), ("reject", {"reason": "No."}), ("revoke", {"reason": "No."})])
def test_only_governance_decides(cast: Cast, step: str, body: Any) -> None:
    address = asked(cast)
    assert_problem(cast.owner.post(f"{address}/{step}", body), 403, "forbidden")
    assert_problem(cast.auditor.post(f"{address}/{step}", body), 403, "forbidden")
    assert_problem(cast.consumer.post(f"{address}/{step}", body), 403, "scope_missing")
    weak = Caller(cast.governance.person, [Scope.TRUST_READ, Scope.CATALOG_WRITE])
    assert_problem(weak.post(f"{address}/{step}", body), 403, "scope_missing")
    assert_problem(cast.governance.post(f"{WAIVERS}/999999/{step}", body), 404, "not_found")
    assert Waiver.objects.get().status == "requested"


def test_who_asked_cannot_grant_and_another_can(cast: Cast) -> None:
    address = cast.governance.post(WAIVERS, waiver())["Location"]
    assert_problem(cast.governance.post(f"{address}/grant"), 403, "four_eyes")
    assert_problem(cast.governance.post(f"{address}/reject", {"reason": "Oops."}), 403, "four_eyes")
    other = Caller(make_governance("greta"))
    assert other.post(f"{address}/grant").json()["granted_by"] == "greta"


def test_a_rejection_and_a_withdrawal_say_who_and_end_the_request(cast: Cast) -> None:
    address = asked(cast)
    assert_problem(cast.governance.post(f"{address}/reject", {"reason": " "}), 400, "invalid")
    rejected = cast.governance.post(f"{address}/reject", {"reason": "Repair it."}).json()
    assert (rejected["status"], rejected["ended_by"], rejected["end_reason"]) == ("rejected", "gina", "Repair it.")
    assert_problem(cast.governance.post(f"{address}/grant"), 409, "waiver_transition")
    again = asked(cast)
    assert_problem(cast.stranger.post(f"{again}/withdraw"), 403, "forbidden")
    assert cast.owner.post(f"{again}/withdraw").json()["status"] == "withdrawn"


def test_all_waivers_are_those_of_products_that_one_may_see(cast: Cast) -> None:
    make_product("hidden", owner=cast.owner.person)
    asked(cast, gate="score")
    hidden = cast.owner.post("/api/v1/products/hidden/waivers", waiver(gate="owner"))["Location"]
    cast.governance.post(f"{hidden}/grant")

    def gates(caller: Caller, query: str = "") -> list[str]:
        return sorted(one["gate"] for one in caller.get(f"/api/v1/waivers{query}").json()["results"])

    assert gates(cast.consumer) == gates(cast.stranger) == ["score"]
    assert gates(cast.owner) == gates(cast.auditor) == ["owner", "score"]
    assert gates(cast.owner, "?status=granted") == ["owner"]
    assert gates(cast.owner, "?product=orders") == ["score"]
    assert gates(cast.governance, "?is_waiting_for_me=true") == ["score"]
    assert gates(cast.owner, "?is_waiting_for_me=true") == []
    listed = cast.consumer.get(WAIVERS).json()["results"]
    assert [(one["gate"], one["status"], one["granted_by"]) for one in listed] == [("score", "requested", None)]
    assert cast.consumer.get(f"{WAIVERS}?status=granted").json()["results"] == []
