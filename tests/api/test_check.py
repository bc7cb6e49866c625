"""Many products in one question: POST /api/v1/trust/check."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import DataProduct, OutputPort
from catalog.rules.scopes import Scope
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_policy, make_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import Decision

ADDRESS = "/api/v1/trust/check"


@pytest.fixture
def ports(cast: Cast) -> list[OutputPort]:
    """Three products, of which the second is not fit; the caller's key has been met."""
    ports = [make_ready_port() for _ in range(3)]
    for number, port in enumerate(ports):
        run_well(port, timezone.now() - timedelta(hours=1), failed=int(number == 1))
    cast.consumer.get("/api/v1/products")
    return ports


def check(caller: Caller, *products: str, **more: Any) -> list[dict[str, Any]]:
    response = caller.post(ADDRESS, {"products": products, **more})
    assert response.status_code == 200, response.content
    assert response["Cache-Control"] == "no-store"
    found: list[dict[str, Any]] = response.json()["results"]
    return found


@pytest.mark.parametrize("more", [{}, {"purpose": "analytics"}])
def test_what_was_answered_before_costs_one_statement(
    cast: Cast, ports: list[OutputPort], django_assert_num_queries: Any, more: dict[str, str]
) -> None:
    slugs = [port.product.slug for port in ports]
    first = check(cast.consumer, *slugs, **more)
    with django_assert_num_queries(1):
        second = check(cast.consumer, *reversed(slugs), **more)
    assert Decision.objects.count() == 2 * len(slugs)
    for answer in (*first, *second):
        del answer["decision_id"], answer["as_of"], answer["evidence"]["age_seconds"]
    assert second == first[::-1]


def test_where_one_answer_does_not_hold_any_more_all_are_decided_in_full(cast: Cast, ports: list[OutputPort]) -> None:
    slugs = [port.product.slug for port in ports]
    assert [answer["decision"] for answer in check(cast.consumer, *slugs)] == [True, False, True]
    run_well(ports[0], timezone.now(), failed=1)
    assert [answer["decision"] for answer in check(cast.consumer, *slugs)] == [False, False, True]
    assert Decision.objects.count() == 2 * len(slugs)


def test_all_are_answered_in_order(cast: Cast, ports: list[OutputPort]) -> None:
    slugs = [port.product.slug for port in ports]
    answers = check(cast.consumer, slugs[2], "none-such", slugs[1], slugs[0], slugs[2])

    assert [answer["product"] for answer in answers] == [slugs[2], "none-such", slugs[1], slugs[0], slugs[2]]
    assert [answer["decision"] for answer in answers] == [True, False, False, True, True]
    assert [reason["code"] for reason in answers[1]["reasons"]] == ["product_unknown"]
    assert answers[1]["reasons"][0]["message"] == "There is no data product none-such that the caller may see."
    ids = [answer["decision_id"] for answer in answers]
    assert ids == sorted(ids)
    rows = list(Decision.objects.filter(channel="check").order_by("id"))
    assert [row.id for row in rows] == ids
    assert [json.loads(row.answer) for row in rows] == answers
    assert [(row.product_slug, row.decision, row.verdict) for row in rows][1:3] == [
        ("none-such", False, "unknown"),
        (slugs[1], False, "not_production_grade"),
    ]
    assert rows[1].reason_codes == ["product_unknown"]
    assert (rows[1].product_id, rows[1].basis) == (None, None)


def test_the_answer_is_that_of_the_single_question(cast: Cast, ports: list[OutputPort]) -> None:
    for port in ports:
        [of_check] = check(cast.consumer, port.product.slug)
        [of_check_by_drf] = check(cast.consumer, port.product.slug, min_score=0)
        single = cast.consumer.get(f"/api/v1/products/{port.product.slug}/trust").json()
        for answer in (single, of_check, of_check_by_drf):
            del answer["decision_id"], answer["as_of"], answer["evidence"]["age_seconds"]
        assert of_check == single
        assert of_check_by_drf == {**single, "valid_until": of_check_by_drf["valid_until"]}


def test_what_has_to_be_judged_first_is(cast: Cast, ports: list[OutputPort]) -> None:
    DataProduct.objects.filter(pk=ports[0].product_id).update(purpose="")
    answers = check(cast.consumer, *[port.product.slug for port in ports])
    assert [answer["decision"] for answer in answers] == [False, False, True]
    assert answers[0]["reasons"][0]["gate"] == "explainability"


def test_a_draft_is_there_for_its_owner_only(cast: Cast, ports: list[OutputPort]) -> None:
    draft = make_product("draft", owner=cast.owner.person)
    for caller, verdict in ((cast.owner, "lifecycle"), (cast.governance, "lifecycle"), (cast.consumer, None)):
        [answer] = check(caller, draft.slug)
        assert answer["decision"] is False
        gates = {reason.get("gate") for reason in answer["reasons"]}
        assert (verdict in gates) == (verdict is not None) or verdict is None
        assert (answer["reasons"][0]["code"] == "product_unknown") == (caller is cast.consumer)


def test_with_a_purpose_each_is_ruled_on(cast: Cast, ports: list[OutputPort]) -> None:
    make_policy(ports[0].product, "training", purposes=("ai.training",))
    answers = check(cast.consumer, *[port.product.slug for port in ports], "none-such", purpose="ai.training")

    assert [answer["decision"] for answer in answers] == [True, False, False, False]
    assert [answer.get("is_permitted") for answer in answers] == [True, False, False, None]
    row = Decision.objects.get(id=answers[0]["decision_id"])
    assert row.ruling is not None
    assert (row.purpose, row.ruling["is_permitted"]) == ("ai.training", True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"products": []},
        {"products": ["x"] * 501},
        {"products": "orders"},
        {"products": [1]},
        {"products": ["a" * 81]},
        {"products": ["orders"], "purposes": "x"},
        {"products": ["orders"], "min_score": 101},
        {"products": ["orders"], "max_evidence_age": "PT0S"},
        {"products": ["orders"], "purpose": 7},
    ],
)
def test_what_cannot_be_read_is_refused_and_not_logged(cast: Cast, body: dict[str, Any]) -> None:
    cast.consumer.get("/api/v1/products")
    assert_problem(cast.consumer.post(ADDRESS, body), 400, "invalid")
    assert not Decision.objects.exists()


def test_an_unknown_purpose_is_refused(cast: Cast, ports: list[OutputPort]) -> None:
    assert_problem(cast.consumer.post(ADDRESS, {"products": ["x"], "purpose": "fun"}), 400, "purpose_unknown")


def test_who_may_ask(cast: Cast, ports: list[OutputPort]) -> None:
    body = {"products": [ports[0].product.slug]}
    assert_problem(cast.nobody.post(ADDRESS, body), 401, "not_authenticated")
    assert_problem(Caller(cast.owner.person, [Scope.DECIDE]).post(ADDRESS, body), 403, "scope_missing")
    assert_problem(cast.consumer.get(ADDRESS), 405, "method_not_allowed")
    assert_problem(cast.consumer.post(ADDRESS, b"{", content_type="application/json"), 400, "malformed_json")
    cast.consumer.key_row.revoked_at = timezone.now()
    cast.consumer.key_row.save()
    assert_problem(cast.consumer.post(ADDRESS, body), 401, "key_revoked")
    assert not Decision.objects.exists()


def test_five_hundred_are_answered_at_once(cast: Cast, ports: list[OutputPort]) -> None:
    slugs = [ports[number % 3].product.slug for number in range(500)]
    assert [answer["product"] for answer in check(cast.consumer, *slugs)] == slugs
