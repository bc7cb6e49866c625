"""Recalls over HTTP: seen by those whom they concern, acknowledged by those whom they name."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.models import Consumer, OutputPort
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key_of
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import NOW, make_consumer, make_governed_product
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision
from trust.decisions.services.recall_notices import carry_out_recalls
from trust.models import Decision, Recall, RecalledConsumer

RECALLS = "/api/v1/recalls"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def agent(cast: Cast) -> Consumer:
    return make_consumer("agent", owner=cast.consumer.person)


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    made = make_ready_port(make_governed_product("orders", owner=cast.owner.person))
    run_well(made, NOW)
    return made


@pytest.fixture
def decision(port: OutputPort, agent: Consumer) -> Decision:
    return log_decision(port.product, agent, NOW + MINUTE)


@pytest.fixture
def recall(port: OutputPort, decision: Decision) -> Recall:
    """Of `orders`, told to `agent` and to somebody else's consumer."""
    log_decision(port.product, make_consumer("other"), NOW + MINUTE)
    run_well(port, NOW + 10 * MINUTE, failed=1)
    carry_out_recalls(now=NOW + 15 * MINUTE)
    return Recall.objects.get()


def listed(caller: Caller, query: str = "") -> list[int]:
    response = caller.get(f"{RECALLS}{query}")
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_those_see_a_recall_whom_it_concerns(cast: Cast, recall: Recall) -> None:
    for caller in (cast.owner, cast.consumer, cast.governance, cast.auditor):
        assert listed(caller) == [recall.pk]
    assert listed(cast.stranger) == []
    assert_problem(cast.stranger.get(f"{RECALLS}/{recall.pk}"), 404, "not_found")
    assert_problem(cast.nobody.get(RECALLS), 401, "not_authenticated")


def test_a_consumer_is_shown_its_own_part_and_the_products_people_see_all(
    cast: Cast, recall: Recall, decision: Decision
) -> None:
    own = cast.consumer.get(f"{RECALLS}/{recall.pk}").json()
    whole = cast.owner.get(f"{RECALLS}/{recall.pk}").json()

    assert [(part["consumer"], part["decision_ids"]) for part in own["consumers"]] == [("agent", [decision.pk])]
    assert [part["consumer"] for part in whole["consumers"]] == ["agent", "other"]
    assert (own["product"], own["status"], own["verdict"]) == ("orders", "sent", "not_production_grade")
    assert own["cause"]
    assert cast.consumer.get(own["fallen_verdict_url"]).json()["verdict"] == "not_production_grade"


def test_nobody_learns_of_a_fall_before_it_has_stayed(cast: Cast, port: OutputPort, decision: Decision) -> None:
    run_well(port, NOW + 10 * MINUTE, failed=1)
    carry_out_recalls(now=NOW + 11 * MINUTE)
    assert listed(cast.consumer) == []
    assert listed(cast.owner) == [Recall.objects.get().pk]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("?product=orders", True),
        ("?product=others", False),
        ("?consumer=agent", True),
        ("?consumer=nobody", False),
        ("?status=sent", True),
        ("?status=damped", False),
        ("?is_open=true", True),
        ("?is_open=false", False),
    ],
)
def test_filters_narrow_the_list(cast: Cast, recall: Recall, query: str, is_found: bool) -> None:
    assert listed(cast.governance, query) == ([recall.pk] if is_found else [])


def test_the_filter_tells_nobody_who_else_relied_on_the_product(cast: Cast, recall: Recall) -> None:
    """`carl` sees the recall, which names a consumer of somebody else beside his own."""
    for caller, expected in ((cast.consumer, []), (cast.owner, [recall.pk]), (cast.auditor, [recall.pk])):
        assert listed(caller, "?consumer=other") == expected
    assert listed(cast.consumer, "?consumer=agent") == [recall.pk]


def test_the_owner_of_a_named_consumer_acknowledges_once_and_for_its_own_part(cast: Cast, recall: Recall) -> None:
    said = cast.consumer.post(f"{RECALLS}/{recall.pk}/acknowledge")
    assert said.status_code == 200, said.content
    (part,) = said.json()["consumers"]
    assert part["acknowledged_by"] == "carl"
    row = RecalledConsumer.objects.get(consumer__slug="agent")
    assert row.acknowledged_at is not None
    assert RecalledConsumer.objects.get(consumer__slug="other").acknowledged_at is None

    again = cast.consumer.post(f"{RECALLS}/{recall.pk}/acknowledge").json()
    assert again["consumers"][0]["acknowledged_at"] == part["acknowledged_at"]


def test_whoever_is_not_named_acknowledges_nothing(cast: Cast, recall: Recall) -> None:
    assert_problem(cast.owner.post(f"{RECALLS}/{recall.pk}/acknowledge"), 403, "forbidden")
    assert_problem(cast.governance.post(f"{RECALLS}/{recall.pk}/acknowledge"), 403, "forbidden")
    assert_problem(cast.stranger.post(f"{RECALLS}/{recall.pk}/acknowledge"), 404, "not_found")
    assert not RecalledConsumer.objects.exclude(acknowledged_at=None).exists()


def test_an_agent_acknowledges_with_its_own_key(cast: Cast, recall: Recall, agent: Consumer) -> None:
    caller = Caller(None)
    scopes = [Scope.TRUST_READ, Scope.RECALLS_ACKNOWLEDGE]
    _, caller.key = create_key_of(consumer=agent, actor=None, name="x", scopes=scopes, now=NOW)
    assert caller.post(f"{RECALLS}/{recall.pk}/acknowledge").status_code == 200


def test_the_cost_of_recalls_does_not_grow_with_them(
    cast: Cast, recall: Recall, agent: Consumer, django_assert_num_queries: Any
) -> None:
    for _ in range(4):
        more = Recall.objects.create(
            product=recall.product,
            status="damped",
            fallen_at=NOW,
            changed_at=NOW,
            closed_at=NOW,
            fallen_verdict=recall.fallen_verdict,
        )
        RecalledConsumer.objects.create(recall=more, consumer=agent, decision_ids=[1], decision_count=1)
        RecalledConsumer.objects.create(recall=recall, consumer=make_consumer(), decision_ids=[1], decision_count=1)
        cast.consumer.get(RECALLS)
        cast.governance.get(RECALLS)
        with django_assert_num_queries(4):  # key, two for the role, recalls
            cast.consumer.get(RECALLS)
        with django_assert_num_queries(3):  # key, the role, recalls
            cast.governance.get(RECALLS)
        with django_assert_num_queries(6):  # key, the role twice, recall, steward, named consumers
            cast.governance.get(f"{RECALLS}/{recall.pk}")
