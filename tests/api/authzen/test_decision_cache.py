"""The same question asked again is answered in one statement, and only while nothing has changed that the answer rested on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import AccessPolicy, Agreement, ApiKey, Consumer, DataProduct, Domain, Person, Purpose
from catalog.rules.moments import rfc_3339
from catalog.rules.vocabulary import ConsumerStatus, Effect, Sensitivity
from catalog.services.agreements import revoke_agreement
from catalog.services.policies import withdraw_policy
from tests.api.authzen.client import EnforcementPoint
from tests.api.authzen.conftest import PURPOSE, enforcement_point_of
from tests.api.authzen.words import action, question
from tests.factories import make_agreement, make_owner, make_policy, make_use_case
from tests.trust.builders import run_well
from trust.decisions.services import decision_cache
from trust.models import CurrentVerdict, Decision

EVALUATION = "/access/v1/evaluation"


def ask(pep: EnforcementPoint, **changes: Any) -> tuple[dict[str, Any], int]:
    """The answer and the number of statements that it cost."""
    with CaptureQueriesContext(connection) as queries:
        answer = pep.evaluate(**question(**changes))
    return answer, len(queries)


@pytest.fixture
def answered(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> dict[str, Any]:
    """A yes that has been given twice: the second time from memory."""
    ask(pep)
    answer, statements = ask(pep)
    assert answer["decision"] is True
    assert statements == 1
    return answer


def test_it_is_the_same_answer_but_for_its_id_and_its_moment(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct
) -> None:
    first, second = ask(pep)[0], ask(pep)[0]
    for answer in (first, second):
        assert 3600 <= answer["context"]["evidence"].pop("age_seconds") < 3700
    assert second["context"].pop("decision_id") > first["context"].pop("decision_id")
    assert second["context"].pop("as_of") > first["context"].pop("as_of")
    assert first == second


def test_no_answer_is_valid_longer_than_the_policies_and_the_agreement_that_it_rests_on(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct
) -> None:
    """Whoever keeps a yes until `valid_until`, as they may, keeps it no longer than time gives it."""
    now = timezone.now()
    ends = [now + timedelta(minutes=minutes) for minutes in (50, 40, 30)]
    make_policy(orders, "deciders", purposes=(PURPOSE,), agreement_required=True, expires_at=ends[0])
    make_policy(orders, "closed", effect=Effect.FORBID, purposes=("ai.training",), expires_at=ends[1])
    assert ask(pep)[0]["context"]["valid_until"] == rfc_3339(ends[1]), "a no may become a yes"
    make_agreement(agent, orders, PURPOSE, now=now, lives=timedelta(minutes=30))
    (first, _), (second, statements) = ask(pep), ask(pep)
    assert (first["decision"], second["decision"], statements) == (True, True, 1)
    assert first["context"]["valid_until"] == second["context"]["valid_until"] == rfc_3339(ends[2])
    until = list(Decision.objects.order_by("id").values_list("valid_until", flat=True))
    assert until == [ends[1], ends[2], ends[2]]


def test_the_log_has_the_whole_row_each_time(pep: EnforcementPoint, answered: dict[str, Any]) -> None:
    response = pep.post(EVALUATION, question(context={"trace": "t-2"}), request_id="second")
    first, _, third = Decision.objects.order_by("id")
    assert third.answer == response.content.decode()
    assert third.id == response.json()["context"]["decision_id"]
    assert (third.request_id, third.question) == ("second", {"properties": {"trace": "t-2"}})
    fresh = {"id", "asked_at", "request_id", "question", "latency_us", "answer"}
    names = {field.attname for field in Decision._meta.concrete_fields} - fresh
    assert {name: getattr(first, name) for name in names} == {name: getattr(third, name) for name in names}
    assert first.ruling is not None


def test_a_no_is_given_again_as_well(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    ask(pep, action=action("ai.training"))
    answer, statements = ask(pep, action=action("ai.training"))
    assert (answer["decision"], statements) == (False, 1)
    assert answer["context"]["reasons"]
    assert list(Decision.objects.values_list("decision", flat=True)) == [False, False]


def _fall(orders: DataProduct, agent: Consumer) -> None:
    run_well(orders.output_ports.get(), timezone.now(), failed=1)


def _lower(orders: DataProduct, agent: Consumer) -> None:
    Consumer.objects.filter(pk=agent.pk).update(clearance=Sensitivity.PUBLIC)


def _suspend(orders: DataProduct, agent: Consumer) -> None:
    Consumer.objects.filter(pk=agent.pk).update(status=ConsumerStatus.SUSPENDED)


def _deactivate(orders: DataProduct, agent: Consumer) -> None:
    Person.objects.filter(pk=agent.owner_id).update(is_active=False)


def _withdraw(orders: DataProduct, agent: Consumer) -> None:
    policy = AccessPolicy.objects.get(product=orders, name="deciders")
    withdraw_policy(policy=policy, actor=None, now=timezone.now())


def _forbid(orders: DataProduct, agent: Consumer) -> None:
    make_policy(orders, "nobody", effect=Effect.FORBID, purposes=(PURPOSE,))


def _classify(orders: DataProduct, agent: Consumer) -> None:
    DataProduct.objects.filter(pk=orders.pk).update(sensitivity=Sensitivity.RESTRICTED)


def _hide(orders: DataProduct, agent: Consumer) -> None:
    DataProduct.objects.filter(pk=orders.pk).update(lifecycle="draft")


def _forget_purpose(orders: DataProduct, agent: Consumer) -> None:
    Purpose.objects.filter(name=PURPOSE).delete()


@pytest.mark.parametrize(
    "change", [_fall, _lower, _suspend, _deactivate, _withdraw, _forbid, _classify, _hide, _forget_purpose]
)
def test_whatever_takes_the_yes_away_is_seen_at_once(
    pep: EnforcementPoint,
    agent: Consumer,
    orders: DataProduct,
    answered: dict[str, Any],
    change: Callable[[DataProduct, Consumer], None],
) -> None:
    change(orders, agent)
    answer, _ = ask(pep)
    assert answer["decision"] is False
    assert answer["context"]["reasons"]


def test_a_verdict_that_runs_out_is_not_given_again(
    pep: EnforcementPoint, orders: DataProduct, answered: dict[str, Any]
) -> None:
    CurrentVerdict.objects.filter(product=orders).update(valid_until=timezone.now() - timedelta(seconds=1))
    assert ask(pep)[1] > 1
    CurrentVerdict.objects.filter(product=orders).update(invalidated=True)
    assert ask(pep)[1] > 1


@pytest.mark.parametrize("field", ["domain", "owner"])
def test_a_change_of_what_the_policies_see_is_ruled_on_anew(
    pep: EnforcementPoint, orders: DataProduct, answered: dict[str, Any], field: str
) -> None:
    value: Any = make_owner() if field == "owner" else Domain.objects.create(slug="elsewhere", name="Elsewhere")
    DataProduct.objects.filter(pk=orders.pk).update(**{field: value})
    CurrentVerdict.objects.filter(product=orders).update(invalidated=False)
    assert ask(pep)[1] > 1
    ruling = Decision.objects.latest("id").ruling
    assert ruling is not None
    assert (value.username if field == "owner" else value.slug) in str(ruling["request"])


def test_an_agreement_counts_while_it_stands(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    policy = AccessPolicy.objects.get(product=orders, name="deciders")
    withdraw_policy(policy=policy, actor=None, now=timezone.now())
    make_policy(orders, "agreed", purposes=(PURPOSE,), agreement_required=True)
    assert [ask(pep)[0]["decision"] for _ in range(2)] == [False, False]
    agreement = make_agreement(agent, orders, PURPOSE)
    assert [ask(pep)[0]["decision"] for _ in range(2)] == [True, True]
    assert ask(pep)[1] == 1
    Agreement.objects.filter(pk=agreement.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(pep)[0]["decision"] is False
    Agreement.objects.filter(pk=agreement.pk).update(expires_at=timezone.now() + timedelta(days=1))
    assert [ask(pep)[0]["decision"] for _ in range(2)] == [True, True]
    revoke_agreement(agreement=agreement, reason="No more.", actor=orders.owner, now=timezone.now())
    assert ask(pep)[0]["decision"] is False


@pytest.mark.parametrize(
    "change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(days=1)}, {"is_blocked": True}]
)
def test_a_key_that_is_good_no_more_gets_nothing(
    pep: EnforcementPoint, gateway: Consumer, answered: dict[str, Any], change: dict[str, Any]
) -> None:
    ApiKey.objects.filter(consumer=gateway).update(**change)
    assert pep.post(EVALUATION, question()).status_code == 401
    assert Decision.objects.count() == 2


def test_a_key_that_lost_the_scope_gets_nothing(pep: EnforcementPoint, gateway: Consumer, answered: dict[str, Any]) -> None:
    ApiKey.objects.filter(consumer=gateway).update(scopes=["trust:read"])
    assert pep.post(EVALUATION, question()).status_code == 403


def test_each_key_has_a_memory_of_its_own(agent: Consumer, model: Consumer, answered: dict[str, Any]) -> None:
    other = enforcement_point_of(model)
    for _ in range(2):
        assert ask(other)[0]["context"]["reasons"][-1]["code"] == "subject_not_asker"


@pytest.mark.parametrize(
    "changes",
    [
        {"context": {"min_score": 1}},
        {"context": {"max_evidence_age": "P9D"}},
        {"action": action(None)},
        {"action": action(name="x")},
        {"context": {"use_case": "nobody-knows"}},
    ],
)
def test_what_asks_for_more_or_is_refused_is_always_decided_anew(
    pep: EnforcementPoint, answered: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert ask(pep, **changes)[1] > 1
    assert ask(pep, **changes)[1] > 1


def test_memory_is_bounded(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_cache, "MOST_REMEMBERED", 3)
    for number in range(10):
        make_use_case(f"case-{number}", business_owner=agent.owner)
        pep.evaluate(**question(context={"use_case": f"case-{number}"}))
    assert len(decision_cache._remembered) == 3
