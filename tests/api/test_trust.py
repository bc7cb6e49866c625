"""The one question, asked in every way."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import DataProduct, OutputPort
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, Effect
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_governed_product, make_policy
from tests.trust.builders import make_ready_port, run_well
from trust.models import CurrentVerdict

KEYS = [
    "decision_id",
    "decision",
    "product",
    "is_production_grade",
    "verdict",
    "score",
    "raw_score",
    "grade",
    "as_of",
    "valid_until",
    "gates",
    "reasons",
    "sensitivity",
    "owner",
    "policy_version",
    "evidence",
]


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    """The port of a production-grade product."""
    port = make_ready_port()
    run_well(port, timezone.now() - timedelta(hours=1))
    return port


@pytest.fixture
def address(port: OutputPort) -> str:
    return f"/api/v1/products/{port.product.slug}/trust"


def test_the_answer_has_the_shape_of_the_design(cast: Cast, address: str) -> None:
    response = cast.consumer.get(address)
    answer = response.json()
    assert list(answer) == KEYS
    assert (answer["is_production_grade"], answer["verdict"], answer["grade"]) == (True, "production_grade", "B")
    assert answer["gates"] == {"passed": 15, "failed": 0, "unknown": 0}
    assert answer["reasons"] == []
    assert 3600 <= answer["evidence"]["age_seconds"] < 3660
    assert (timezone.now() - parse(answer["as_of"])).total_seconds() < 60
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
    assert len(response.content) < 1024


def parse(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def test_reasons_say_what_would_fix_it_and_who_can(cast: Cast, port: OutputPort, address: str) -> None:
    run_well(port, timezone.now(), failed=1)
    response = cast.consumer.get(address)
    answer = response.json()
    assert (answer["is_production_grade"], answer["verdict"], answer["score"]) == (False, "not_production_grade", 59)
    reason = answer["reasons"][0]
    assert (reason["gate"], reason["code"]) == ("critical_checks", "critical_check_failed")
    assert reason["message"]
    assert reason["remedy"]
    assert reason["owner"] == port.product.owner.username
    assert len(response.content) < 1024


def test_a_product_that_never_ran_is_answered_with_no(cast: Cast, product: DataProduct) -> None:
    answer = cast.consumer.get("/api/v1/products/orders/trust").json()
    assert (answer["is_production_grade"], answer["verdict"], answer["evidence"]) == (False, "unknown", None)


def test_an_answer_that_was_given_before_costs_one_statement(cast: Cast, address: str, django_assert_num_queries: Any) -> None:
    cast.consumer.get(address)
    with django_assert_num_queries(1):
        assert cast.consumer.get(address).status_code == 200


def test_the_shortcut_and_the_view_say_the_same(cast: Cast, port: OutputPort, address: str) -> None:
    for failed in (0, 1):
        run_well(port, timezone.now(), failed=failed)
        short_way = cast.consumer.get(address).json()
        ordinary = cast.consumer.get(f"{address}?detail=short").json()
        for answer in (short_way, ordinary):
            assert parse(answer.pop("as_of"))
            assert answer.pop("decision_id")
            answer["evidence"].pop("age_seconds")
        assert short_way == ordinary


def test_an_outdated_verdict_is_never_served(cast: Cast, port: OutputPort, address: str) -> None:
    assert cast.consumer.get(address).json()["is_production_grade"] is True
    port.product.owner.is_active = False
    port.product.owner.save()
    assert cast.consumer.get(address).json()["reasons"][0]["gate"] == "owner"


def test_a_verdict_past_its_time_is_never_served(cast: Cast) -> None:
    product = make_governed_product()
    long_ago = timezone.now() - timedelta(days=3)
    DataProduct.objects.update(acknowledged_at=long_ago, reviewed_at=long_ago)
    port = make_ready_port(product)
    run_well(port, timezone.now() - timedelta(hours=36, seconds=1))  # evidence lives 36 hours
    assert CurrentVerdict.objects.get().verdict == "production_grade"
    answer = cast.consumer.get(f"/api/v1/products/{port.product.slug}/trust").json()
    assert (answer["is_production_grade"], answer["verdict"]) == (False, "unknown")
    assert answer["reasons"][0]["gate"] == "evidence"


def test_full_detail_lets_the_score_be_recomputed(cast: Cast, address: str) -> None:
    answer = cast.consumer.get(f"{address}?detail=full").json()
    assert set(KEYS) < set(answer)
    assert len(answer["gate_results"]) == 15
    assert round(sum(part["points"] for part in answer["score_parts"]), 1) == answer["raw_score"]


def test_as_of_answers_what_was_said_then(cast: Cast, port: OutputPort, address: str) -> None:
    run_well(port, timezone.now() - timedelta(minutes=10), failed=1)
    then = (timezone.now() - timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    answer = cast.consumer.get(f"{address}?as_of={then}").json()
    assert (answer["is_production_grade"], answer["as_of"]) == (True, then)
    assert cast.consumer.get(f"{address}?as_of={then}&detail=full").json()["is_production_grade"] is True
    assert cast.consumer.get(address).json()["is_production_grade"] is False


@pytest.mark.parametrize("code", ["no_verdict_yet"])
def test_before_the_first_verdict_there_is_no_answer(cast: Cast, address: str, code: str) -> None:
    assert_problem(cast.consumer.get(f"{address}?as_of=2001-01-01T00:00:00Z"), 404, code)


@pytest.mark.parametrize(
    "given",
    [
        "now",
        "2026-11-22",
        "2026-11-22T12:00:00",
        "2026-11-22 12:00:00Z",
        "2026-11-22T12:00Z",
        "2026-13-22T12:00:00Z",
        "2026-11-22T25:00:00Z",
        "0000-11-22T12:00:00Z",
        "2026-11-22T12:00:00 01:00",
        "2026-11-22T12:00:00+99:00",
        "9999-12-31T23:59:59-23:00",
        "1763812800",
        "%00",
        "",
    ],
)
def test_a_moment_must_be_rfc_3339(cast: Cast, address: str, given: str) -> None:
    problem = assert_problem(cast.consumer.get(f"{address}?as_of={given}"), 400, "invalid")
    assert problem["errors"][0]["field"] == "as_of"


@pytest.mark.parametrize("given", ["2026-11-22t08:00:00z", "2026-11-22T08:00:00.123456789Z", "2026-11-22T09:00:00%2B01:00"])
def test_every_form_of_rfc_3339_is_read(cast: Cast, address: str, given: str) -> None:
    assert_problem(cast.consumer.get(f"{address}?as_of={given}"), 404, "no_verdict_yet")


def test_the_future_is_not_known(cast: Cast, address: str) -> None:
    ahead = (timezone.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert_problem(cast.consumer.get(f"{address}?as_of={ahead}"), 400, "as_of_in_the_future")


@pytest.mark.parametrize("query", ["detail=more", "as_off=2026-01-01T00:00:00Z", "x"])
def test_an_unknown_parameter_is_refused_rather_than_ignored(cast: Cast, address: str, query: str) -> None:
    assert_problem(cast.consumer.get(f"{address}?{query}"), 400, "invalid")


def test_a_purpose_is_answered_with_whether_a_published_permit_covers_it(cast: Cast, port: OutputPort, address: str) -> None:
    agents = (ConsumerKind.AI_AGENT,)
    make_policy(port.product, "training", purposes=("ai.training",), consumer_kinds=agents)
    make_policy(port.product, "too-much", purposes=("ai.retrieval",), minimum_score=100)
    make_policy(port.product, "draft", purposes=("ai.evaluation",), is_published=False)

    def cover(purpose: str) -> dict[str, Any]:
        response = cast.consumer.get(f"{address}?purpose={purpose}")
        assert len(response.content) < 1024
        found: dict[str, Any] = response.json()["purpose_coverage"]
        return found

    kinds = sorted(kind.value for kind in ConsumerKind)
    assert cover("analytics") == {"is_covered": True, "consumer_kinds": kinds}
    assert cover("ai.training") == {"is_covered": True, "consumer_kinds": ["ai_agent"]}
    assert cover("ai.evaluation")["is_covered"] is False
    make_policy(port.product, "no-agents", effect=Effect.FORBID, purposes=("ai.training",), consumer_kinds=agents)
    assert cover("ai.training")["is_covered"] is False


def test_the_document_names_everything_that_an_answer_holds(cast: Cast, address: str) -> None:
    schemas = cast.consumer.get("/api/schema").json()["components"]["schemas"]
    for query in ("", "?detail=full", "?purpose=analytics", "?purpose=ai.training&detail=full"):
        answer = cast.consumer.get(f"{address}{query}").json()
        assert answer.keys() <= schemas["TrustAnswer"]["properties"].keys(), query
    assert answer.keys() >= {"purpose", "purpose_coverage", "is_permitted", "determining_policies", "obligations"}
    (policy,) = cast.consumer.get(f"{address}?purpose=analytics").json()["determining_policies"]
    assert policy.keys() == schemas["DeterminingPolicy"]["properties"].keys()


def test_a_permit_holds_from_its_minimum_score_on(cast: Cast, port: OutputPort, address: str) -> None:
    make_policy(port.product, "good-only", purposes=("ai.training",), minimum_score=80)
    assert cast.consumer.get(f"{address}?purpose=ai.training").json()["purpose_coverage"]["is_covered"] is True
    run_well(port, timezone.now(), failed=1)
    assert cast.consumer.get(f"{address}?purpose=ai.training").json()["purpose_coverage"]["is_covered"] is False


@pytest.mark.parametrize("purpose", ["fun", "", "%00", "x" * 81, "ANALYTICS"])
def test_an_unknown_purpose_is_refused(cast: Cast, address: str, purpose: str) -> None:
    response = cast.consumer.get(f"{address}?purpose={purpose}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "purpose"


def test_who_may_ask(cast: Cast, address: str) -> None:
    assert_problem(cast.nobody.get(address), 401, "not_authenticated")
    for caller in (cast.consumer, cast.stranger, cast.governance, cast.auditor, cast.owner):
        assert caller.get(address).status_code == 200
    assert_problem(cast.consumer.get("/api/v1/products/none-such/trust"), 404, "product_unknown")
    client = Client()
    assert cast.consumer.person is not None
    client.force_login(cast.consumer.person)
    assert client.get(address).status_code == 200


def test_head_is_answered_and_other_methods_are_not(cast: Cast, address: str) -> None:
    response = cast.consumer.send("head", address)
    assert (response.status_code, response.content) == (200, b"")
    writer = Caller(cast.owner.person, [Scope.ADMIN])
    assert_problem(writer.post(address, {}), 405, "method_not_allowed")
