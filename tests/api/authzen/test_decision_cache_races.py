"""The same question asked again, where what the answer rested on is being taken back at that moment in another transaction."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.models import AccessPolicy, Agreement, ApiKey, Consumer
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus
from catalog.services.agreements import revoke_agreement
from catalog.services.policies import withdraw_policy
from tests.api.authzen.client import EnforcementPoint
from tests.api.authzen.conftest import PURPOSE, enforcement_point_of, make_good_product
from tests.api.authzen.words import question
from tests.factories import make_agreement, make_consumer, make_policy
from trust.decisions.services import decision_cache
from trust.models import Decision

pytestmark = pytest.mark.django_db(transaction=True)
EVALUATION = "/access/v1/evaluation"


@pytest.fixture
def gateway() -> Consumer:
    return make_consumer("gateway", kind=ConsumerKind.SERVICE, is_enforcement_point=True)


@pytest.fixture
def agent() -> Consumer:
    return make_consumer("flight-planner", kind=ConsumerKind.AI_AGENT)


def test_it_holds_outside_of_a_transaction_where_the_statement_is_prepared(agent: Consumer, gateway: Consumer) -> None:
    make_good_product("orders")
    pep = enforcement_point_of(gateway)
    answers = [pep.evaluate(**question()) for _ in range(3)]
    assert [answer["decision"] for answer in answers] == [True] * 3
    assert decision_cache._remembered
    ApiKey.objects.filter(consumer=gateway).update(revoked_at=timezone.now())
    assert pep.post(EVALUATION, question()).status_code == 401
    assert list(Decision.objects.order_by("id").values_list("decision", flat=True)) == [True] * 3


@pytest.mark.parametrize("taken", ["key", "policy", "subject"])
def test_whatever_is_being_taken_back_is_waited_for(agent: Consumer, gateway: Consumer, taken: str) -> None:
    """The answer waits for the transaction that takes the power away, looks again, and is not given from memory."""
    make_good_product("orders")
    pep = enforcement_point_of(gateway)
    assert [pep.evaluate(**question())["decision"] for _ in range(2)] == [True, True]
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            _take_back(taken, gateway, agent)
            waiting = threads.submit(_post_elsewhere, pep)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        response = waiting.result(timeout=30)
    assert response.status_code == (401 if taken == "key" else 200)
    assert taken == "key" or response.json()["decision"] is False


def _take_back(taken: str, gateway: Consumer, agent: Consumer) -> None:
    if taken == "key":
        ApiKey.objects.filter(consumer=gateway).update(revoked_at=timezone.now())
    elif taken == "policy":
        withdraw_policy(policy=AccessPolicy.objects.get(name="deciders"), actor=None, now=timezone.now())
    else:
        Consumer.objects.filter(pk=agent.pk).update(status=ConsumerStatus.SUSPENDED)


def _post_elsewhere(pep: EnforcementPoint) -> Any:
    try:
        return pep.post(EVALUATION, question())
    finally:
        connection.close()


def test_an_agreement_that_is_revoked_while_the_answer_waits_for_it_is_relied_on_no_more(
    agent: Consumer, gateway: Consumer
) -> None:
    """Its `ended_at` then lies after the beginning of the statement that waited: the time alone would let the yes through."""
    orders = make_good_product("orders")
    withdraw_policy(policy=AccessPolicy.objects.get(product=orders, name="deciders"), actor=None, now=timezone.now())
    make_policy(orders, "agreed", purposes=(PURPOSE,), agreement_required=True)
    agreement = make_agreement(agent, orders, PURPOSE, now=timezone.now())
    pep = enforcement_point_of(gateway)
    assert [pep.evaluate(**question())["decision"] for _ in range(2)] == [True, True]
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            Agreement.objects.select_for_update().get(pk=agreement.pk)
            waiting = threads.submit(_post_elsewhere, pep)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            revoke_agreement(agreement=agreement, reason="No more.", actor=orders.owner, now=timezone.now())
        response = waiting.result(timeout=30)
    assert response.json()["decision"] is False
