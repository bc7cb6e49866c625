"""Incidents and waivers."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.api.callers import Cast, assert_problem
from tests.factories import make_governed_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import Incident, Waiver

TRUST = "/api/v1/products/orders/trust"
INCIDENTS = "/api/v1/products/orders/incidents"
WAIVERS = "/api/v1/products/orders/waivers"


@pytest.fixture(autouse=True)
def good_product(cast: Cast) -> None:
    run_well(make_ready_port(make_governed_product("orders", owner=cast.owner.person)), timezone.now())


def waiver(**change: Any) -> dict[str, Any]:
    end = (timezone.now() + timedelta(days=10)).isoformat()
    return {"gate": "incidents", "reason": "Known and harmless.", "owner": "olga", "expires_at": end, **change}


def test_a_critical_incident_takes_the_product_out_until_it_is_resolved(cast: Cast) -> None:
    response = cast.owner.post(INCIDENTS, {"title": "Rows lost", "description": "Since noon."})
    assert response.status_code == 201, response.content
    address = response["Location"]
    assert cast.consumer.get(TRUST).json()["reasons"][0]["gate"] == "incidents"
    assert cast.consumer.get(address).json()["opened_by"] == "olga"
    resolved = cast.owner.post(f"{address}/resolve", {"resolution": "Loaded again."}).json()
    assert (resolved["resolved_by"], resolved["resolution"]) == ("olga", "Loaded again.")
    assert cast.consumer.get(TRUST).json()["production_grade"] is True
    assert_problem(cast.owner.post(f"{address}/resolve", {"resolution": "Again."}), 409, "incident_resolved")


def test_incidents_are_listed_open_or_resolved(cast: Cast, django_assert_num_queries: Any) -> None:
    first = cast.owner.post(INCIDENTS, {"title": "One"})["Location"]
    cast.owner.post(INCIDENTS, {"title": "Two", "severity": "info"})
    cast.owner.post(f"{first}/resolve", {"resolution": "Done."})

    def titles(query: str = "") -> list[str]:
        return [incident["title"] for incident in cast.consumer.get(INCIDENTS + query).json()["results"]]

    assert titles() == ["Two", "One"]
    assert titles("?is_open=true") == ["Two"]
    assert titles("?is_open=false") == ["One"]
    assert_problem(cast.consumer.get(f"{INCIDENTS}?is_open=maybe"), 400, "invalid")
    with django_assert_num_queries(3):  # key, product, incidents
        titles()


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": "  "}, {"title": "x", "severity": "bad"}, {"title": "x" * 201}])
def test_a_bad_incident_is_refused(cast: Cast, body: dict[str, Any]) -> None:
    assert_problem(cast.owner.post(INCIDENTS, body), 400, "invalid")
    assert not Incident.objects.exists()


def test_who_may_open_and_resolve(cast: Cast) -> None:
    body = {"title": "Not mine"}
    assert_problem(cast.stranger.post(INCIDENTS, body), 403, "forbidden")
    assert_problem(cast.auditor.post(INCIDENTS, body), 403, "forbidden")
    assert_problem(cast.consumer.post(INCIDENTS, body), 403, "missing_scope")
    address = cast.owner.post(INCIDENTS, body)["Location"]
    assert_problem(cast.stranger.post(f"{address}/resolve", {"resolution": "x"}), 403, "forbidden")
    assert_problem(cast.owner.post(f"{INCIDENTS}/999999/resolve", {"resolution": "x"}), 404, "not_found")


def test_a_waiver_excepts_a_gate_until_it_is_revoked(cast: Cast) -> None:
    cast.owner.post(INCIDENTS, {"title": "Known"})
    made = cast.governance.post(WAIVERS, waiver())
    assert made.status_code == 201, made.content
    answer = cast.consumer.get(TRUST).json()
    assert (answer["production_grade"], answer["gates"]["waived"]) == (True, 1)
    assert answer["waivers"][0]["owner"] == "olga"
    listed = cast.consumer.get(WAIVERS).json()["results"]
    assert [(one["gate"], one["owner"], one["granted_by"]) for one in listed] == [("incidents", "olga", "gina")]
    address = f"{WAIVERS}/{made.json()['id']}/revoke"
    assert cast.governance.post(address).json()["revoked_at"]
    assert cast.consumer.get(TRUST).json()["production_grade"] is False
    assert_problem(cast.governance.post(address), 409, "waiver_revoked")


def test_a_waiver_of_one_check_names_it_by_its_key(cast: Cast) -> None:
    full = cast.consumer.get(f"{TRUST}?detail=full").json()
    key = full["checks"][0]["checks"][0]["key"]
    body = waiver(check_key=key)
    del body["gate"]
    assert cast.governance.post(WAIVERS, body).json()["check_key"] == key
    assert_problem(cast.governance.post(WAIVERS, {**body, "check_key": "none such"}), 400, "unknown_check")


@pytest.mark.parametrize(
    "change",
    [
        {"gate": "beauty"},
        {"check_key": "x"},
        {"reason": " "},
        {"owner": "nobody-here"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"gate": "evidence", "starts_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_bad_waiver_is_refused(cast: Cast, change: dict[str, Any]) -> None:
    response = cast.governance.post(WAIVERS, waiver(**change))
    assert response.status_code == 400, response.content
    assert_problem(response, 400, response.json()["code"])
    assert not Waiver.objects.exists()


def test_only_governance_grants_and_revokes(cast: Cast) -> None:
    made = cast.governance.post(WAIVERS, waiver()).json()
    for path, body in ((WAIVERS, waiver()), (f"{WAIVERS}/{made['id']}/revoke", None)):
        assert_problem(cast.owner.post(path, body), 403, "forbidden")
        assert_problem(cast.auditor.post(path, body), 403, "forbidden")
        assert_problem(cast.consumer.post(path, body), 403, "missing_scope")
    assert_problem(cast.governance.post(f"{WAIVERS}/999999/revoke"), 404, "not_found")
