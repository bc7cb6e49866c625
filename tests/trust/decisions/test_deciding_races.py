"""Answers while keys, consumers, policies and agreements are taken back: none is committed after that has committed."""

from collections.abc import Callable
from threading import Barrier, Event, Thread
from time import perf_counter_ns, sleep
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from catalog.models import AccessPolicy, Agreement, ApiKey, Consumer, Person
from catalog.rules.errors import UnavailableError
from catalog.services.api_keys import revoke_key
from tests.api.callers import Caller
from tests.factories import make_agreement, make_person, make_policy
from tests.trust.builders import make_ready_port, run_well
from trust.decisions.rules.question import Asker, Conclusion, Question
from trust.decisions.services.decide import answer
from trust.models import Decision
from trust.verdicts.rules.answer import DECISION_ID_MARK
from trust.vocabulary import DecisionChannel

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8
PURPOSE = "ai.training"


def word(finding: Conclusion) -> dict[str, Any]:
    return {"decision_id": DECISION_ID_MARK, "decision": finding.decision}


def last_id() -> int:
    """The last id that was given out: no answer of this moment or before has a greater one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM trust_decision")
        return int(cursor.fetchone()[0])


def while_answering(ask: Callable[[], object], deed: Callable[[], int], threads: int = 4) -> int:
    """What `deed` returns, done while threads ask without pause; they go on for a while after it."""
    stop, start = Event(), Barrier(threads + 1)
    faults: list[BaseException] = []

    def go_on() -> None:
        try:
            start.wait(timeout=10)
            while not stop.is_set():
                ask()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    crowd = [Thread(target=go_on) for _ in range(threads)]
    for one in crowd:
        one.start()
    start.wait(timeout=10)
    sleep(0.05)
    found = deed()
    sleep(0.05)
    stop.set()
    for one in crowd:
        one.join(timeout=30)
    assert not faults, faults[0]
    return found


def take_back(change: Callable[[], object]) -> Callable[[], int]:
    def deed() -> int:
        change()
        return last_id()

    return deed


@pytest.fixture
def address() -> str:
    port = make_ready_port()
    run_well(port, timezone.now())
    make_policy(port.product, "training", purposes=(PURPOSE,))
    return f"/api/v1/products/{port.product.slug}/trust"


@pytest.mark.parametrize("query", ["", f"?purpose={PURPOSE}", "check"])
def test_no_answer_is_committed_after_the_revocation_of_its_key(address: str, query: str) -> None:
    person = make_person()
    slug = address.split("/")[4]
    for _ in range(ROUNDS):
        caller = Caller(person)
        late: list[Any] = []
        gone: list[int] = []

        def ask(caller: Caller = caller, late: list[Any] = late, gone: list[int] = gone) -> None:
            began = perf_counter_ns()
            if query == "check":
                response = caller.post("/api/v1/trust/check", {"products": [slug, "none-such"]})
            else:
                response = caller.get(address + query)
            assert response.status_code in {200, 401, 403}, response.content
            if response.status_code == 200 and gone and began > gone[0]:
                late.append(response.content)

        def revoke(caller: Caller = caller, gone: list[int] = gone) -> None:
            revoke_key(person=person, key_id=caller.key_row.pk, now=timezone.now())
            gone.append(perf_counter_ns())

        ask()
        last = while_answering(ask, take_back(revoke))

        rows = Decision.objects.filter(key_id=caller.key_row.pk)
        assert rows.exists()
        assert not rows.filter(id__gt=last).exists()
        assert not late


@pytest.mark.parametrize("query", ["", f"?purpose={PURPOSE}"])
def test_no_answer_is_committed_after_its_consumer_was_suspended(address: str, query: str) -> None:
    for number in range(ROUNDS):
        caller = Caller(make_person())
        caller.get(address)
        consumer = caller.key_row.consumer

        def suspend(consumer: Consumer = consumer, by_owner: bool = bool(number % 2)) -> None:
            if by_owner:
                Person.objects.filter(pk=consumer.owner_id).update(is_active=False)
            else:
                Consumer.objects.filter(pk=consumer.pk).update(status="suspended")

        last = while_answering(lambda caller=caller: caller.get(address + query), take_back(suspend))  # type: ignore[misc]

        assert ApiKey.objects.get(pk=caller.key_row.pk).is_blocked
        assert not Decision.objects.filter(consumer=consumer, id__gt=last).exists()


def asker_of(caller: Caller) -> Asker:
    consumer = caller.key_row.consumer
    return Asker(consumer.owner_id, consumer.pk, consumer.slug, caller.key_row.pk, "race", perf_counter_ns())


def ask_for_purpose(asker: Asker, slug: str) -> None:
    question = Question(slug, purpose=PURPOSE)
    try:
        answer(
            asker=asker,
            subject=asker.slug,
            channel=DecisionChannel.EVALUATION,
            questions=[question],
            word=word,
            now=timezone.now(),
        )
    except UnavailableError:  # three changes in a row: nothing was answered
        return


def test_no_yes_is_committed_after_the_policy_behind_it_was_withdrawn() -> None:
    asker = asker_of(Caller(make_person()))
    for number in range(ROUNDS):
        port = make_ready_port()
        run_well(port, timezone.now())
        policy = make_policy(port.product, f"training-{number}", purposes=(PURPOSE,))

        def withdraw(policy: AccessPolicy = policy) -> None:
            AccessPolicy.objects.filter(pk=policy.pk).update(status="withdrawn", withdrawn_at=timezone.now())

        slug = port.product.slug
        ask_for_purpose(asker, slug)
        last = while_answering(lambda slug=slug: ask_for_purpose(asker, slug), take_back(withdraw))  # type: ignore[misc]

        rows = Decision.objects.filter(product_slug=slug)
        assert rows.filter(decision=True).exists()
        assert rows.filter(decision=False, id__gt=last).exists()
        assert not rows.filter(decision=True, id__gt=last).exists()


def test_no_yes_is_committed_after_the_agreement_behind_it_was_revoked() -> None:
    caller = Caller(make_person())
    asker, consumer = asker_of(caller), caller.key_row.consumer
    for _ in range(ROUNDS):
        port = make_ready_port()
        run_well(port, timezone.now())
        make_policy(port.product, "training", purposes=(PURPOSE,), agreement_required=True)
        agreement = make_agreement(consumer, port.product, PURPOSE, now=timezone.now())

        def revoke(agreement: Agreement = agreement) -> None:
            Agreement.objects.filter(pk=agreement.pk).update(status="revoked", ended_at=timezone.now(), end_reason="Over.")

        slug = port.product.slug
        ask_for_purpose(asker, slug)
        last = while_answering(lambda slug=slug: ask_for_purpose(asker, slug), take_back(revoke))  # type: ignore[misc]

        rows = Decision.objects.filter(product_slug=slug)
        assert rows.filter(decision=True).exists()
        assert not rows.filter(decision=True, id__gt=last).exists()
