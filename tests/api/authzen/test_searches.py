"""For whom, for what and to what end there would be a yes; page by page, each page one row in the log."""

from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from catalog.models import Consumer, DataProduct
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus
from tests.api.authzen.client import EnforcementPoint, demand_no_decision
from tests.api.authzen.conftest import PURPOSE, Rows, enforcement_point_of, make_good_product
from tests.api.authzen.words import action, resource, subject
from tests.conftest import ModuleRows
from tests.factories import make_consumer, make_governed_product
from tests.trust.builders import run_well
from trust.models import CurrentVerdict, Decision

PRODUCTS = {"subject": subject(), "action": action(), "resource": {"type": "data_product"}}
SUBJECTS = {"subject": {"type": "consumer"}, "action": action(), "resource": resource()}
CANDIDATES = "trust.decisions.services.search"
ACTIONS = {"subject": subject(), "resource": resource()}


def ids(answer: dict[str, Any]) -> list[str]:
    return [entity["id"] for entity in answer["results"]]


pytestmark = pytest.mark.usefixtures("catalog")


@pytest.fixture(scope="module")
def module_catalog(module_rows: ModuleRows, module_authzen: Rows) -> None:
    with module_rows():
        make_good_product("stock")
        make_good_product("returns", purposes=("ai.training",))
        make_governed_product("ports")


@pytest.fixture
def catalog(module_catalog: None, db: None, orders: DataProduct, agent: Consumer) -> None:
    """orders and stock may be used; returns is for another purpose, ports is not production-grade."""


def test_the_products_that_may_be_used_now_are_found(pep: EnforcementPoint, catalog: None) -> None:
    answer = pep.search("resource", **PRODUCTS)
    assert answer["results"] == [resource("orders"), resource("stock")]
    assert answer["page"] == {"next_token": "", "count": 2}


def test_what_is_found_is_then_permitted(pep: EnforcementPoint, catalog: None) -> None:
    for found in pep.search("resource", **PRODUCTS)["results"]:
        assert pep.evaluate(subject=subject(), action=action(), resource=found)["decision"] is True
    for found in pep.search("subject", **SUBJECTS)["results"]:
        assert pep.evaluate(subject=found, action=action(), resource=resource())["decision"] is True
    for found in pep.search("action", **ACTIONS)["results"]:
        assert pep.evaluate(subject=subject(), action=found, resource=resource())["decision"] is True


def test_a_search_is_one_row_in_the_log_with_what_it_answered(pep: EnforcementPoint, catalog: None) -> None:
    response = pep.post("/access/v1/search/resource", {**PRODUCTS, "context": {"use_case": "planning", "min_score": 10}})
    row = Decision.objects.get()
    assert row.answer == response.content.decode()
    assert row.id == response.json()["context"]["decision_id"]
    assert (row.channel, row.subject, row.asker, row.product_slug) == ("search", "flight-planner", "gateway", "*")
    assert (row.decision, row.purpose, row.use_case) == (False, PURPOSE, "planning")
    assert row.question == {"search": "products", "after": "", "limit": 50, "min_score": 10}


def test_an_id_of_what_is_sought_is_ignored(pep: EnforcementPoint, catalog: None) -> None:
    asked = {**PRODUCTS, "resource": {"type": "data_product", "id": 17}}
    assert ids(pep.search("resource", **asked)) == ["orders", "stock"]


def test_a_product_whose_verdict_has_run_out_is_judged_first(pep: EnforcementPoint, catalog: None, orders: DataProduct) -> None:
    run_well(orders.output_ports.get(), timezone.now(), failed=1)
    CurrentVerdict.objects.update(invalidated=True)
    assert ids(pep.search("resource", **PRODUCTS)) == ["stock"]


def test_a_stricter_question_finds_less(pep: EnforcementPoint, catalog: None) -> None:
    assert ids(pep.search("resource", **PRODUCTS, context={"min_score": 100})) == []
    assert ids(pep.search("resource", **PRODUCTS, context={"max_evidence_age": "PT60S"})) == []


def test_pages_lead_on_until_the_token_is_empty(pep: EnforcementPoint, catalog: None) -> None:
    for name in ("a", "b", "c"):
        make_good_product(name)
    first = pep.search("resource", **PRODUCTS, page={"limit": 2})
    assert ids(first) == ["a", "b"]
    assert first["page"]["next_token"]
    second = pep.search("resource", **PRODUCTS, page={"token": first["page"]["next_token"]})
    assert ids(second) == ["c", "orders"]
    last = pep.search("resource", **PRODUCTS, page={"token": second["page"]["next_token"], "limit": 2})
    assert (ids(last), last["page"]["next_token"]) == (["stock"], "")
    everything = pep.search_all("resource", **PRODUCTS, page={"limit": 1})
    assert [entity["id"] for entity in everything] == ["a", "b", "c", "orders", "stock"]


def test_a_limit_of_nothing_shows_nothing(pep: EnforcementPoint, catalog: None) -> None:
    answer = pep.search("resource", **PRODUCTS, page={"limit": 0})
    assert answer["results"] == []
    assert answer["page"]["next_token"]


def test_a_large_limit_is_cut_to_what_a_page_may_hold(pep: EnforcementPoint, catalog: None) -> None:
    pep.search("resource", **PRODUCTS, page={"limit": 10**6})
    row = Decision.objects.get()
    assert row.question is not None
    assert row.question["limit"] == 500


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": subject("delay-model")},
        {"action": action("analytics")},
        {"context": {"min_score": 1}},
        {"page": {"limit": 3}},
        {"page": {"token": "nonsense"}},
        {"page": {"token": "é"}},
        {"page": {"token": "WzFd"}},
    ],
)
def test_a_token_is_good_for_the_same_search_only(pep: EnforcementPoint, catalog: None, changes: dict[str, Any]) -> None:
    token = pep.search("resource", **PRODUCTS, page={"limit": 1})["page"]["next_token"]
    page = {"token": token, **changes.get("page", {})}
    problem = demand_no_decision(
        pep.post("/access/v1/search/resource", {**PRODUCTS, **changes, "page": page}), 400, "invalid_page_token"
    )
    assert problem["errors"][0]["field"] == "page.token"


def test_a_token_of_one_search_is_none_of_another(pep: EnforcementPoint, catalog: None) -> None:
    token = pep.search("resource", **PRODUCTS, page={"limit": 1})["page"]["next_token"]
    response = pep.post("/access/v1/search/subject", {**SUBJECTS, "page": {"token": token}})
    demand_no_decision(response, 400, "invalid_page_token")


def test_the_work_of_a_page_is_bounded(pep: EnforcementPoint, catalog: None) -> None:
    """A page may come back short, even empty, and still lead to all there is."""
    with (
        patch("trust.decisions.services.search.MOST_CANDIDATES", 1),
        patch("trust.decisions.services.search.MOST_PRODUCTS_LOOKED_AT", 2),
    ):
        short = pep.search("resource", **PRODUCTS)
        assert short["page"]["count"] <= 1
        assert [entity["id"] for entity in pep.search_all("resource", **PRODUCTS)] == ["orders", "stock"]
        make_consumer("aaa")
        assert {entity["id"] for entity in pep.search_all("subject", **SUBJECTS)} >= {"aaa", "flight-planner"}
        assert pep.search_all("action", **ACTIONS) == [action(PURPOSE), action("analytics")]
    CurrentVerdict.objects.update(invalidated=True)
    with patch("trust.decisions.services.search.MOST_JUDGED", 1):
        assert [entity["id"] for entity in pep.search_all("resource", **PRODUCTS)] == ["orders", "stock"]


# Subjects.


def test_the_consumers_that_may_use_a_product_are_found(pep: EnforcementPoint, catalog: None, model: Consumer) -> None:
    make_consumer("retired", status=ConsumerStatus.RETIRED)
    found = ids(pep.search("subject", **SUBJECTS))
    assert "flight-planner" in found
    assert "gateway" in found
    assert not {"delay-model", "retired"} & set(found)  # too low a clearance; not active
    agents = pep.search("subject", **{**SUBJECTS, "subject": {"type": "ai_agent"}})
    assert agents["results"] == [{"type": "ai_agent", "id": "flight-planner"}]
    row = Decision.objects.latest("id")
    assert (row.subject, row.product_slug) == ("*", "*")
    assert row.question == {"search": "subjects", "product": "orders", "after": "", "limit": 50, "subject_kind": "ai_agent"}


def test_an_agent_may_not_search_for_others(agent: Consumer, orders: DataProduct) -> None:
    own = enforcement_point_of(agent)
    demand_no_decision(own.post("/access/v1/search/subject", SUBJECTS), 403, "subject_not_asker")
    assert ids(own.search("resource", **PRODUCTS)) == ["orders", "stock"]
    for sought, asked in (("resource", PRODUCTS), ("action", ACTIONS)):
        other = own.search(sought, **{**asked, "subject": subject("gateway")})
        assert other["results"] == []
        assert other["context"]["reasons"][0]["code"] == "subject_not_asker"


# Actions.


def test_an_action_is_shown_with_each_purpose_that_would_be_permitted(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct
) -> None:
    assert pep.search("action", **ACTIONS)["results"] == [action(PURPOSE), action("analytics")]
    assert pep.search("action", **ACTIONS, context={"purpose": PURPOSE})["page"]["count"] == 1
    assert pep.search("action", **ACTIONS, context={"purpose": "ai.training"})["results"] == []


# Nothing found is an answer.


@pytest.mark.parametrize(
    ("sought", "asked", "code"),
    [
        ("resource", {**PRODUCTS, "subject": subject("nobody")}, None),
        ("resource", {**PRODUCTS, "subject": subject(kind="service")}, None),
        ("resource", {**PRODUCTS, "subject": subject(kind="user")}, "subject_unknown"),
        ("resource", {**PRODUCTS, "resource": {"type": "table"}}, "resource_type_unknown"),
        ("resource", {**PRODUCTS, "action": action(name="delete")}, "action_unknown"),
        ("resource", {**PRODUCTS, "action": action(None)}, "purpose_missing"),
        ("resource", {**PRODUCTS, "action": action("no-such-purpose")}, None),
        ("subject", {**SUBJECTS, "subject": {"type": "spaceship"}}, "subject_unknown"),
        ("subject", {**SUBJECTS, "resource": resource("nothing")}, None),
        ("subject", {**SUBJECTS, "action": action(None)}, "purpose_missing"),
        ("action", {**ACTIONS, "subject": subject("nobody")}, None),
        ("action", {**ACTIONS, "resource": resource("nothing")}, None),
    ],
)
def test_what_is_not_known_finds_nothing(
    pep: EnforcementPoint, catalog: None, sought: str, asked: dict[str, Any], code: str | None
) -> None:
    answer = pep.search(sought, **asked)
    assert answer["results"] == []
    assert answer["page"]["next_token"] == ""
    assert answer["context"].get("reasons", [{}])[0].get("code") == code
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("sought", ["subject", "resource", "action"])
def test_nobody_searches_without_a_key_and_the_scope(gateway: Consumer, sought: str) -> None:
    demand_no_decision(EnforcementPoint(None).post(f"/access/v1/search/{sought}", ACTIONS), 401, "not_authenticated")
    reader = enforcement_point_of(gateway, ["trust:read"])
    demand_no_decision(reader.post(f"/access/v1/search/{sought}", ACTIONS), 403, "scope_missing")


def test_a_key_that_is_lost_meanwhile_gets_nothing(pep: EnforcementPoint, catalog: None) -> None:
    with patch("trust.decisions.services.search.write", return_value={}):
        demand_no_decision(pep.post("/access/v1/search/resource", PRODUCTS), 503, "key_lost")


def test_a_service_finds_what_it_may_use_itself(gateway: Consumer, orders: DataProduct) -> None:
    assert gateway.kind == ConsumerKind.SERVICE
    found = enforcement_point_of(gateway).search("resource", **{**PRODUCTS, "subject": subject("gateway", "service")})
    assert ids(found) == ["orders", "stock"]
