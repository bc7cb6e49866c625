"""`as_of` with a purpose: what would have been answered then, whatever has changed since. Told by the real clock."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from catalog.models import Consumer, DataProduct
from catalog.rules.claims import PolicyClaims
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from catalog.services.api_keys import create_key_of
from catalog.services.policies import draft_guardrail, publish_policy, withdraw_policy
from tests.api.callers import Caller, Cast, make_cast
from tests.factories import make_consumer, make_governed_product
from tests.trust.builders import make_ready_port, run_well
from trust.clock import database_now
from trust.models import Decision, Incident

# Histories are dated by the beginning of the transaction, so each change must be one of its own.
pytestmark = pytest.mark.django_db(transaction=True)


class Agent(Caller):
    """A caller with a key of an AI agent of its own, cleared for internal data."""

    def __init__(self, consumer: Consumer) -> None:
        super().__init__(None)
        _, self.key = create_key_of(consumer=consumer, actor=None, name="test", scopes=[Scope.TRUST_READ], now=database_now())
        self.consumer = consumer

    def ask(self, **query: Any) -> dict[str, Any]:
        response = self.get(f"/api/v1/products/orders/trust?{urlencode(query)}")
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def product(cast: Cast) -> DataProduct:
    made = make_governed_product("orders", owner=cast.owner.person)
    run_well(make_ready_port(made), database_now())
    return made


@pytest.fixture
def agent() -> Agent:
    return Agent(make_consumer("agent", kind=ConsumerKind.AI_AGENT, clearance=Sensitivity.INTERNAL))


def withdraw(product: DataProduct, agent: Agent) -> None:
    withdraw_policy(policy=product.access_policies.get(), actor=None, now=database_now())


def lower_clearance(product: DataProduct, agent: Agent) -> None:
    Consumer.objects.filter(pk=agent.consumer.pk).update(clearance=Sensitivity.PUBLIC)


def raise_sensitivity(product: DataProduct, agent: Agent) -> None:
    DataProduct.objects.filter(pk=product.pk).update(sensitivity=Sensitivity.RESTRICTED)


def break_product(product: DataProduct, agent: Agent) -> None:
    Incident.objects.create(product=product, title="Broken", opened_at=database_now())


@pytest.mark.parametrize("change", [withdraw, lower_clearance, raise_sensitivity, break_product])
def test_what_changed_since_does_not_change_what_would_have_been_answered_then(
    product: DataProduct, agent: Agent, change: Callable[[DataProduct, Agent], None]
) -> None:
    then = database_now()
    change(product, agent)
    between = database_now()

    assert agent.ask(purpose="analytics")["decision"] is False
    was, became = (agent.ask(purpose="analytics", as_of=moment.isoformat()) for moment in (then, between))

    assert (was["decision"], was["is_permitted"], was["reasons"]) == (True, True, [])
    assert became["decision"] is False
    assert became["reasons"]


def test_a_guardrail_that_did_not_bind_the_product_then_takes_nothing_from_the_cover(
    product: DataProduct, agent: Agent
) -> None:
    guardrail = PolicyClaims("no-analytics", minimum_sensitivity=Sensitivity.RESTRICTED, purposes=("analytics",))
    publish_policy(policy=draft_guardrail(claims=guardrail, actor=None), actor=None, now=database_now())
    then = database_now()
    raise_sensitivity(product, agent)

    was, became = (agent.ask(purpose="analytics", as_of=moment.isoformat()) for moment in (then, database_now()))

    assert (was["is_permitted"], was["purpose_coverage"]["is_covered"]) == (True, True)
    assert (became["is_permitted"], became["purpose_coverage"]["is_covered"]) == (False, False)


def test_the_answer_about_the_past_is_in_the_log_and_allows_nothing(product: DataProduct, agent: Agent) -> None:
    then = database_now()
    withdraw(product, agent)

    answer = agent.ask(purpose="analytics", as_of=then.isoformat())

    row = Decision.objects.get(pk=answer["decision_id"])
    assert row.question is not None
    assert row.question["as_of"]
    assert row.ruling is not None
    assert [policy["name"] for policy in row.ruling["determining"]] == ["readers"]
    assert answer["purpose_coverage"]["is_covered"] is True


def test_a_condition_of_the_caller_is_held_against_the_verdict_of_then(product: DataProduct, agent: Agent) -> None:
    then = database_now()
    break_product(product, agent)

    easy, strict = (agent.ask(as_of=then.isoformat(), min_score=score) for score in (1, 100))

    assert easy["is_production_grade"] is True
    assert (strict["decision"], strict["verdict"], strict["score"]) == (False, "production_grade", easy["score"])
    assert [reason["code"] for reason in strict["reasons"]] == ["min_score_not_met"]


def test_a_consumer_that_did_not_exist_then_would_have_got_nothing(product: DataProduct) -> None:
    then = database_now()
    late = Agent(make_consumer("late", kind=ConsumerKind.AI_AGENT))

    answer = late.ask(purpose="analytics", as_of=then.isoformat())

    assert answer["decision"] is False
    assert [reason["code"] for reason in answer["reasons"]] == ["subject_unknown"]
