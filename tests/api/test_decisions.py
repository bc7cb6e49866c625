"""The log of answers over HTTP: who may read what of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from catalog.models import Consumer, DataProduct
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind
from catalog.services.api_keys import create_key_of
from catalog.services.consumers import consumer_of_person
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import NOW, make_consumer, make_governed_product
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision
from trust.clock import database_now
from trust.models import Decision

DECISIONS = "/api/v1/decisions"
HOUR = timedelta(hours=1)


@pytest.fixture
def agent(cast: Cast) -> Consumer:
    return make_consumer("agent", kind=ConsumerKind.AI_AGENT, owner=cast.consumer.person)


@pytest.fixture
def product(cast: Cast) -> DataProduct:
    return make_governed_product("orders", owner=cast.owner.person)


def ids(caller: Caller, **query: Any) -> list[int]:
    found: list[int] = []
    path: str | None = DECISIONS + "?" + "&".join(f"{name}={value}" for name, value in {"limit": 2, **query}.items())
    while path:
        response = caller.get(path)
        assert response.status_code == 200, response.content
        page = response.json()
        found += [row["id"] for row in page["results"]]
        path = page["next"]
    return found


def test_everybody_sees_what_concerns_them_newest_first(cast: Cast, product: DataProduct, agent: Consumer) -> None:
    other = make_consumer("other")
    foreign = make_governed_product("foreign")
    about_agent = log_decision(product, agent).pk
    elsewhere = log_decision(foreign, agent).pk
    about_other = log_decision(product, other).pk
    nobodys = log_decision(foreign, other).pk
    everything = [nobodys, about_other, elsewhere, about_agent]

    assert ids(cast.consumer) == [elsewhere, about_agent]
    assert ids(cast.owner) == [about_other, about_agent]
    assert ids(cast.stranger) == []
    assert ids(cast.governance) == ids(cast.auditor) == everything
    assert_problem(cast.nobody.get(DECISIONS), 401, "not_authenticated")


def test_a_steward_sees_the_answers_on_the_product(cast: Cast, product: DataProduct, agent: Consumer) -> None:
    row = log_decision(product, agent)
    person = cast.stranger.person
    assert person is not None
    assert ids(cast.stranger) == []
    product.stewards.add(person)
    assert ids(cast.stranger) == [row.pk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"consumer": "agent"}, "ab"),
        ({"consumer": "nobody"}, ""),
        ({"product": "foreign"}, "c"),
        ({"product": "nothing"}, ""),
        ({"purpose": "ai.training"}, "b"),
        ({"decision": "true"}, "ac"),
        ({"decision": "false"}, "b"),
        ({"channel": "evaluation"}, "c"),
        ({"since": (NOW + HOUR).isoformat().replace("+", "%2B")}, "bc"),
        ({"until": (NOW + HOUR).isoformat().replace("+", "%2B")}, "a"),
        ({"consumer": "agent", "decision": "false"}, "b"),
    ],
)
def test_filters_narrow_the_list(cast: Cast, product: DataProduct, agent: Consumer, query: Any, found: str) -> None:
    rows = {
        log_decision(product, agent, NOW).pk: "a",
        log_decision(product, agent, NOW + HOUR, purpose="ai.training", decision=False).pk: "b",
        log_decision(make_governed_product("foreign"), make_consumer("other"), NOW + 2 * HOUR, channel="evaluation").pk: "c",
    }
    assert "".join(sorted(rows[number] for number in ids(cast.governance, **query))) == found


@pytest.mark.parametrize("query", ["consumr=x", "decision=perhaps", "since=yesterday", "channel=letter"])
def test_a_filter_that_cannot_be_read_is_refused(cast: Cast, query: str) -> None:
    assert_problem(cast.governance.get(f"{DECISIONS}?{query}"), 400, "invalid")


def test_a_decision_shows_all_that_it_rested_on(cast: Cast, product: DataProduct) -> None:
    run_well(make_ready_port(product), database_now())
    said = cast.consumer.get("/api/v1/products/orders/trust?purpose=analytics")
    number = said.json()["decision_id"]

    shown = cast.owner.get(f"{DECISIONS}/{number}").json()

    assert (shown["consumer"], shown["asker"], shown["product"], shown["purpose"]) == ("carl", "carl", "orders", "analytics")
    assert shown["answer"] == said.json()
    assert shown["answer_text"] == said.content.decode()
    assert shown["basis"]["trust_policy"]["version"] == 1
    assert [policy["name"] for policy in shown["ruling"]["determining"]] == ["readers"]
    assert shown["request_id"] == said["X-Request-ID"]
    links = shown["links"]
    assert links["replay_url"] == f"{DECISIONS}/{number}/replay"
    assert cast.consumer.get(links["verdict_url"]).json()["facts_sha256"] == shown["basis"]["facts_digest"]


def test_who_may_not_see_a_decision_is_told_that_there_is_none(cast: Cast, product: DataProduct, agent: Consumer) -> None:
    row = log_decision(product, agent)
    for caller in (cast.consumer, cast.owner, cast.governance, cast.auditor):
        assert caller.get(f"{DECISIONS}/{row.pk}").status_code == 200
    assert_problem(cast.stranger.get(f"{DECISIONS}/{row.pk}"), 404, "decision_unknown")
    assert_problem(cast.stranger.get(f"{DECISIONS}/{row.pk}/replay"), 404, "decision_unknown")
    assert_problem(cast.governance.get(f"{DECISIONS}/{row.pk + 1000}"), 404, "decision_unknown")


def test_an_enforcement_point_sees_what_it_asked_about_others(cast: Cast, product: DataProduct) -> None:
    person = cast.stranger.person
    assert person is not None
    row = log_decision(product, make_consumer("other"), asker=consumer_of_person(person).slug)
    assert cast.stranger.get(f"{DECISIONS}/{row.pk}").status_code == 200


def test_a_key_that_may_only_decide_reads_no_log(cast: Cast, agent: Consumer, product: DataProduct) -> None:
    caller = Caller(None)
    _, caller.key = create_key_of(consumer=agent, actor=None, name="x", scopes=[Scope.DECIDE], now=database_now())
    log_decision(product, agent)
    assert_problem(caller.get(DECISIONS), 403, "scope_missing")


def test_the_log_is_only_read(cast: Cast, product: DataProduct, agent: Consumer) -> None:
    row = log_decision(product, agent)
    for method in ("post", "put", "patch", "delete"):
        assert cast.governance.send(method, f"{DECISIONS}/{row.pk}", {}).status_code == 405
        assert cast.governance.send(method, DECISIONS, {}).status_code == 405
    assert Decision.objects.get(pk=row.pk) == row


def test_the_cost_of_the_log_does_not_grow_with_it(
    cast: Cast, product: DataProduct, agent: Consumer, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        number = log_decision(product, agent).pk
        cast.consumer.get(DECISIONS)
        cast.governance.get(DECISIONS)
        with django_assert_num_queries(6):  # key, two for the role, consumers, products, log
            cast.consumer.get(DECISIONS)
        with django_assert_num_queries(3):  # key, the role, log
            cast.governance.get(DECISIONS)
        with django_assert_num_queries(3):  # key, log, own consumer
            cast.consumer.get(f"{DECISIONS}/{number}")


@pytest.mark.django_db
def test_one_decision_is_found_by_a_probe_of_each_partition() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {Decision.objects.filter(pk=1).order_by().query}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert plan.count("_pkey") >= 13


@pytest.mark.django_db
def test_a_span_of_time_reads_its_partitions_only() -> None:
    rows = Decision.objects.filter(asked_at__gte=database_now(), asked_at__lt=database_now() + HOUR)
    plan = rows.explain()
    assert len({line.split(" on ")[1].split()[0] for line in plan.splitlines() if " on trust_decision" in line}) <= 3
