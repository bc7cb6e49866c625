"""Who asks about another consumer: an enforcement point, which only governance makes. What others asked counts for nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from catalog.models import Consumer
from catalog.rules.errors import ForbiddenError, InvalidError
from catalog.rules.vocabulary import ConsumerKind
from catalog.services.consumers import consumer_of_person, set_enforcement_point
from tests.api.authzen.client import EnforcementPoint, demand_no_decision
from tests.api.authzen.conftest import enforcement_point_of, make_good_product
from tests.api.authzen.words import question, subject
from tests.api.callers import Caller, assert_problem
from tests.battery.machines import said_of
from tests.factories import NOW, make_auditor, make_consumer, make_governance, make_owner, make_person
from tests.trust.logged import log_decision
from trust.decisions.services import decision_cache
from trust.decisions.services.recall_notices import who_relied
from trust.models import Decision

pytestmark = pytest.mark.django_db
SUBJECTS: dict[str, Any] = {
    "subject": {"type": "consumer"},
    "action": {"name": "consume", "properties": {"purpose": "ai.decision-support"}},
    "resource": {"type": "data_product", "id": "orders"},
}


@pytest.fixture(autouse=True)
def agent() -> Consumer:
    """Whom the questions are about."""
    make_good_product("orders")
    decision_cache._remembered.clear()
    return make_consumer("flight-planner", kind=ConsumerKind.AI_AGENT)


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["context"].get("reasons", ())]


def asking(consumer: Consumer, *, is_enforcement_point: bool = False) -> EnforcementPoint:
    if is_enforcement_point:
        set_enforcement_point(consumer=consumer, is_enforcement_point=True, actor=make_governance())
    return enforcement_point_of(consumer)


def _service() -> Consumer:
    return make_consumer("gateway", kind=ConsumerKind.SERVICE)


def _owned_service() -> Consumer:
    """Of the person who owns the agent."""
    return make_consumer("gateway", kind=ConsumerKind.SERVICE, owner=Consumer.objects.get(slug="flight-planner").owner)


def _owner() -> Consumer:
    return consumer_of_person(Consumer.objects.get(slug="flight-planner").owner)


ASKERS: dict[str, Callable[[], Consumer]] = {
    "a service": _service,
    "a service of the agent's owner": _owned_service,
    "the agent's owner": _owner,
    "a person": lambda: consumer_of_person(make_person()),
    "a data owner": lambda: consumer_of_person(make_owner()),
    "governance": lambda: consumer_of_person(make_governance()),
    "an auditor": lambda: consumer_of_person(make_auditor()),
    "another agent": lambda: make_consumer("scout", kind=ConsumerKind.AI_AGENT),
    "a model": lambda: make_consumer("delay-model", kind=ConsumerKind.AI_MODEL),
}
MAY_BECOME_ONE = [name for name in ASKERS if name not in {"another agent", "a model"}]


@pytest.mark.parametrize("who", ASKERS)
def test_about_another_consumer_the_answer_is_no_and_says_how_to_get_the_right(who: str, agent: Consumer) -> None:
    pep = asking(ASKERS[who]())
    answer = pep.evaluate(**question())
    assert (answer["decision"], codes(answer)) == (False, ["subject_not_asker"])
    assert "enforcement point" in answer["context"]["reasons"][-1]["remedy"]
    (item,) = pep.evaluate_batch([question()])
    assert (item["decision"], codes(item)) == (False, ["subject_not_asker"])
    assert not Decision.objects.filter(consumer=agent).exists(), "the log has nothing of the agent that it did not ask"


@pytest.mark.parametrize("who", ASKERS)
def test_a_search_about_another_finds_nothing_and_one_for_subjects_is_refused(who: str) -> None:
    pep = asking(ASKERS[who]())
    demand_no_decision(pep.post("/access/v1/search/subject", SUBJECTS), 403, "subject_not_asker")
    about = {**SUBJECTS, "subject": {"type": "consumer", "id": "flight-planner"}}
    for sought in ("resource", "action"):
        found = pep.search(sought, **{**about, sought: {"type": "data_product"}} if sought == "resource" else about)
        assert found["results"] == []
        assert found["context"]["reasons"][0]["code"] == "subject_not_asker"


@pytest.mark.parametrize("who", MAY_BECOME_ONE)
def test_an_enforcement_point_gets_its_answers(who: str, agent: Consumer) -> None:
    pep = asking(ASKERS[who](), is_enforcement_point=True)
    for _ in range(3):  # also from memory
        assert pep.evaluate(**question())["decision"] is True
    assert {"type": "consumer", "id": "flight-planner"} in pep.search("subject", **SUBJECTS)["results"]
    assert Decision.objects.filter(consumer=agent, decision=True).count() == 3


@pytest.mark.parametrize("who", MAY_BECOME_ONE)
def test_a_right_that_is_taken_back_is_gone_with_the_next_question(who: str) -> None:
    consumer = ASKERS[who]()
    pep = asking(consumer, is_enforcement_point=True)
    for _ in range(3):
        assert pep.evaluate(**question())["decision"] is True
    set_enforcement_point(consumer=consumer, is_enforcement_point=False, actor=None)
    for _ in range(2):
        assert codes(pep.evaluate(**question())) == ["subject_not_asker"]
    demand_no_decision(pep.post("/access/v1/search/subject", SUBJECTS), 403, "subject_not_asker")


@pytest.mark.parametrize("who", ASKERS)
def test_each_asks_about_itself_without_that_right(who: str) -> None:
    consumer = ASKERS[who]()
    own = question(subject=subject(consumer.slug))
    assert asking(consumer).evaluate(**own)["decision"] is True


# -- who gives it


@pytest.mark.parametrize("role", [make_owner, make_auditor, make_person])
def test_nobody_but_governance_gives_the_right(role: Any) -> None:
    person = role()
    consumer = make_consumer("gateway", owner=person, kind=ConsumerKind.SERVICE)
    with pytest.raises(ForbiddenError):
        set_enforcement_point(consumer=consumer, is_enforcement_point=True, actor=person)
    address = "/api/v1/consumers/gateway/enforcement-point"
    assert_problem(Caller(person).post(address, {"is_enforcement_point": True}), 403, "forbidden")
    consumer.refresh_from_db()
    assert not consumer.is_enforcement_point


@pytest.mark.parametrize("kind", [ConsumerKind.AI_AGENT, ConsumerKind.AI_MODEL])
def test_no_ai_gets_it_not_even_from_governance_or_by_the_database(kind: ConsumerKind) -> None:
    consumer = make_consumer("ai", kind=kind)
    with pytest.raises(InvalidError, match="about itself only"):
        set_enforcement_point(consumer=consumer, is_enforcement_point=True, actor=None)
    address = "/api/v1/consumers/ai/enforcement-point"
    problem = Caller(make_governance()).post(address, {"is_enforcement_point": True})
    assert_problem(problem, 400, "kind_asks_for_itself")
    with pytest.raises(IntegrityError), transaction.atomic():
        Consumer.objects.filter(pk=consumer.pk).update(is_enforcement_point=True)


def test_governance_gives_and_takes_it_and_the_history_says_who() -> None:
    consumer = make_consumer("gateway", kind=ConsumerKind.SERVICE)
    gina = Caller(make_governance("gina"))
    for is_given in (True, False):
        answer = gina.post("/api/v1/consumers/gateway/enforcement-point", {"is_enforcement_point": is_given})
        assert (answer.status_code, answer.json()["is_enforcement_point"]) == (200, is_given)
        said = said_of(consumer)
        assert (said["action"], said["actor"]) == ("set_enforcement_point", "gina")
    assert gina.get("/api/v1/consumers/gateway").json()["is_enforcement_point"] is False


@pytest.mark.parametrize("body", [{}, {"is_enforcement_point": "true"}, {"is_enforcement_point": None}, {"enforces": True}])
def test_the_body_says_exactly_yes_or_no(body: dict[str, Any]) -> None:
    make_consumer("gateway", kind=ConsumerKind.SERVICE)
    gina = Caller(make_governance("gina"))
    assert gina.post("/api/v1/consumers/gateway/enforcement-point", body).status_code == 400


def test_a_new_consumer_has_it_from_the_operator_only() -> None:
    owner = make_owner("olga")
    body = {"slug": "gateway", "kind": "service", "name": "Gateway"}
    assert Caller(owner).post("/api/v1/consumers", {**body, "is_enforcement_point": True}).status_code == 400
    assert Caller(owner).post("/api/v1/consumers", body).json()["is_enforcement_point"] is False
    call_command("create_consumer", "pep", "--kind", "service", "--owner", "olga", "--enforcement-point")
    assert Consumer.objects.get(slug="pep").is_enforcement_point


# -- what counts


@pytest.mark.parametrize(
    "who", ["a service", "a service of the agent's owner", "the agent's owner", "a person", "another agent"]
)
def test_a_yes_that_another_asked_for_is_no_reliance(who: str, agent: Consumer) -> None:
    """As one could be written before asking about others was a right."""
    product = make_good_product("parcels")
    log_decision(product, agent, asker=ASKERS[who]().slug)
    assert not who_relied(product.pk, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    log_decision(product, agent)
    (found,) = who_relied(product.pk, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    assert (found.consumer_id, found.decision_count) == (agent.pk, 1)


@pytest.mark.parametrize("is_still_one", [True, False])
def test_a_yes_that_an_enforcement_point_asked_for_is_reliance_also_when_it_is_none_any_more(
    agent: Consumer, *, is_still_one: bool
) -> None:
    product, gateway = make_good_product("parcels"), _service()
    set_enforcement_point(consumer=gateway, is_enforcement_point=True, actor=None)
    log_decision(product, agent, asker="gateway")
    set_enforcement_point(consumer=gateway, is_enforcement_point=is_still_one, actor=None)
    (found,) = who_relied(product.pk, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    assert found.decision_count == 1
