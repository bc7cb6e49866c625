"""Incidents over HTTP: opened, talked about, handed on, weighed, resolved, and listed."""

from typing import Any

import pytest
from django.utils import timezone

from tests.api.callers import Cast, assert_problem
from tests.factories import make_governed_product, make_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import Incident

TRUST = "/api/v1/products/orders/trust"
INCIDENTS = "/api/v1/products/orders/incidents"


@pytest.fixture(autouse=True)
def good_product(cast: Cast) -> None:
    run_well(make_ready_port(make_governed_product("orders", owner=cast.owner.person)), timezone.now())


def test_a_critical_incident_takes_the_product_out_until_it_is_resolved(cast: Cast) -> None:
    response = cast.owner.post(INCIDENTS, {"title": "Rows lost", "description": "Since noon."})
    assert response.status_code == 201, response.content
    address = response["Location"]
    assert cast.consumer.get(TRUST).json()["reasons"][0]["gate"] == "incidents"
    opened = cast.consumer.get(address).json()
    assert (opened["created_by"], opened["assignee"], opened["rule"]) == ("olga", "olga", None)
    resolved = cast.owner.post(f"{address}/resolve", {"resolution": "Loaded again."}).json()
    assert (resolved["resolved_by"], resolved["resolution"]) == ("olga", "Loaded again.")
    assert cast.consumer.get(TRUST).json()["is_production_grade"] is True
    assert_problem(cast.owner.post(f"{address}/resolve", {"resolution": "Again."}), 409, "incident_resolved")


def test_every_step_shows_in_the_timeline(cast: Cast) -> None:
    address = cast.owner.post(INCIDENTS, {"title": "Late", "severity": "info", "assignee": "carl"})["Location"]
    assert cast.owner.post(f"{address}/comments", {"text": "Looked at it."}).status_code == 200
    assert cast.owner.post(f"{address}/assign", {"assignee": "gina"}).status_code == 200
    weighed = cast.governance.post(f"{address}/severity", {"severity": "critical", "reason": "Worse."}).json()
    assert (weighed["severity"], weighed["is_held_by_governance"], weighed["assignee"]) == ("critical", True, "gina")
    assert_problem(cast.owner.post(f"{address}/severity", {"severity": "info", "reason": "Fine."}), 403, "held_by_governance")
    cast.governance.post(f"{address}/resolve", {"resolution": "Came."})
    timeline = cast.consumer.get(address).json()["timeline"]
    assert [(entry["kind"], entry["actor"], entry["after"]) for entry in timeline] == [
        ("opened", "olga", "info"),
        ("comment", "olga", None),
        ("owner", "olga", "gina"),
        ("severity", "gina", "critical"),
        ("resolved", "gina", None),
    ]


def test_one_that_a_rule_opened_is_not_resolved_by_hand_while_its_cause_holds(cast: Cast) -> None:
    port = make_ready_port(make_governed_product("bad", owner=cast.owner.person))
    for _ in range(2):
        run_well(port, timezone.now(), failed=1)
    incident = cast.consumer.get("/api/v1/products/bad/incidents").json()["results"][0]
    assert (incident["rule"], incident["created_by"]) == ("critical_check_failed", None)
    address = f"/api/v1/products/bad/incidents/{incident['id']}"
    assert cast.consumer.get(address).json()["timeline"][0]["run"]
    body = {"resolution": "It is fine."}
    assert_problem(cast.owner.post(f"{address}/resolve", body), 403, "held_by_governance")
    assert_problem(cast.governance.post(f"{address}/resolve", body), 409, "incident_cause_holds")


def test_incidents_are_listed_open_or_resolved(cast: Cast) -> None:
    first = cast.owner.post(INCIDENTS, {"title": "One"})["Location"]
    cast.owner.post(INCIDENTS, {"title": "Two", "severity": "info"})
    cast.owner.post(f"{first}/resolve", {"resolution": "Done."})

    def titles(query: str = "") -> list[str]:
        return [incident["title"] for incident in cast.consumer.get(INCIDENTS + query).json()["results"]]

    assert titles() == ["Two", "One"]
    assert titles("?is_open=true") == ["Two"]
    assert titles("?is_open=false") == ["One"]
    assert titles("?severity=critical") == ["One"]
    assert_problem(cast.consumer.get(f"{INCIDENTS}?is_open=maybe"), 400, "invalid")


def test_all_incidents_are_those_of_products_that_one_may_see(cast: Cast) -> None:
    make_product("hidden", owner=cast.owner.person)
    cast.owner.post(INCIDENTS, {"title": "Open to all"})
    cast.owner.post("/api/v1/products/hidden/incidents", {"title": "Of a draft", "assignee": "carl"})

    def titles(caller: Any, query: str = "") -> list[str]:
        return [incident["title"] for incident in caller.get(f"/api/v1/incidents{query}").json()["results"]]

    assert titles(cast.stranger) == titles(cast.consumer) == ["Open to all"]
    assert titles(cast.owner) == titles(cast.auditor) == titles(cast.governance) == ["Of a draft", "Open to all"]
    assert titles(cast.owner, "?product=orders") == ["Open to all"]
    assert titles(cast.owner, "?assignee=carl") == ["Of a draft"]
    assert_problem(cast.nobody.get("/api/v1/incidents"), 401, "not_authenticated")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "  "},
        {"title": "x", "severity": "bad"},
        {"title": "x" * 201},
        {"title": "x", "opened_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_bad_incident_is_refused(cast: Cast, body: dict[str, Any]) -> None:
    response = cast.owner.post(INCIDENTS, body)
    assert_problem(response, 400, response.json()["code"])
    assert not Incident.objects.exists()


def test_who_may_open_and_work_on_them(cast: Cast) -> None:
    body = {"title": "Not mine"}
    assert_problem(cast.stranger.post(INCIDENTS, body), 403, "forbidden")
    assert_problem(cast.auditor.post(INCIDENTS, body), 403, "forbidden")
    assert_problem(cast.consumer.post(INCIDENTS, body), 403, "scope_missing")
    address = cast.owner.post(INCIDENTS, body)["Location"]
    steps: dict[str, dict[str, str]] = {
        "comments": {"text": "x"},
        "assign": {"assignee": "sven"},
        "severity": {"severity": "info", "reason": "x"},
        "resolve": {"resolution": "x"},
    }
    for step, said in steps.items():
        assert_problem(cast.stranger.post(f"{address}/{step}", said), 403, "forbidden")
        assert_problem(cast.auditor.post(f"{address}/{step}", said), 403, "forbidden")
        assert_problem(cast.consumer.post(f"{address}/{step}", said), 403, "scope_missing")
        assert_problem(cast.owner.post(f"{INCIDENTS}/999999/{step}", said), 404, "not_found")
        assert_problem(cast.owner.post(f"{address}/{step}", {}), 400, "invalid")
    assert_problem(cast.owner.post(f"{address}/assign", {"assignee": "nobody-here"}), 400, "person_unknown")


def test_one_incident_costs_the_same_however_long_its_timeline(cast: Cast, django_assert_num_queries: Any) -> None:
    address = cast.owner.post(INCIDENTS, {"title": "Long"})["Location"]
    for number in range(5):
        cast.owner.post(f"{address}/comments", {"text": f"Comment {number}"})
    cast.consumer.get(address)
    with django_assert_num_queries(5):  # key, product, incident, timeline, who is in it
        cast.consumer.get(address)
