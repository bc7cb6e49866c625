"""A key that lost its power gets nothing at any address that looks at keys with a statement of its own: the rule is one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import ApiKey, Consumer, DataProduct, Person
from catalog.rules.vocabulary import ConsumerStatus
from tests.api.authzen.words import action, question, subject
from tests.api.callers import Caller, assert_problem
from tests.factories import make_governed_product, make_person
from tests.trust.builders import make_ready_port, run_well
from trust.models import Decision

TRUST = "/api/v1/products/orders/trust"


def about_itself(caller: Caller) -> dict[str, Any]:
    """A question whose answer is remembered: a yes from a ruling."""
    return question(subject=subject(caller.key_row.consumer.slug), action=action("analytics"))


WAYS: dict[str, Callable[[Caller], Any]] = {
    "the stored answer": lambda caller: caller.get(TRUST),
    "the answer for a purpose": lambda caller: caller.get(f"{TRUST}?purpose=analytics"),
    "the answer in full": lambda caller: caller.get(f"{TRUST}?detail=full"),
    "many stored answers": lambda caller: caller.post("/api/v1/trust/check", {"products": ["orders"]}),
    "many answers for a purpose": lambda caller: caller.post(
        "/api/v1/trust/check", {"products": ["orders"], "purpose": "analytics"}
    ),
    "an evaluation": lambda caller: caller.post("/access/v1/evaluation", about_itself(caller)),
    "evaluations": lambda caller: caller.post("/access/v1/evaluations", {**about_itself(caller), "evaluations": [{}]}),
    "a list": lambda caller: caller.get("/api/v1/products"),
}
YESTERDAY = timezone.now() - timedelta(days=1)
LOSSES: dict[str, Callable[[ApiKey], Any]] = {
    "key_revoked": lambda key: ApiKey.objects.filter(pk=key.pk).update(revoked_at=YESTERDAY),
    "key_expired": lambda key: ApiKey.objects.filter(pk=key.pk).update(expires_at=YESTERDAY),
    "key_blocked": lambda key: ApiKey.objects.filter(pk=key.pk).update(is_blocked=True),
    "person_inactive": lambda key: Person.objects.filter(pk=key.person.pk).update(is_active=False),
    "consumer_suspended": lambda key: Consumer.objects.filter(pk=key.consumer_id).update(status=ConsumerStatus.SUSPENDED),
    "consumer_retired": lambda key: Consumer.objects.filter(pk=key.consumer_id).update(status=ConsumerStatus.RETIRED),
    "key_unknown": lambda key: ApiKey.objects.filter(pk=key.pk).update(digest="0" * 64),
}


@pytest.fixture
def orders(db: None) -> DataProduct:
    port = make_ready_port(make_governed_product("orders"))
    run_well(port, timezone.now())
    return port.product


@pytest.mark.parametrize("code", LOSSES)
def test_a_key_without_power_gets_nothing_whichever_way_it_asks(orders: DataProduct, code: str) -> None:
    caller = Caller(make_person())
    for way, ask in WAYS.items():
        assert [ask(caller).status_code for _ in range(2)] == [200, 200], way  # what can be remembered is remembered
    assert Decision.objects.filter(channel="evaluation", decision=True).count() == 2
    answered = Decision.objects.count()

    LOSSES[code](caller.key_row)

    for ask in WAYS.values():
        assert_problem(ask(caller), 401, code)
    assert Decision.objects.count() == answered
