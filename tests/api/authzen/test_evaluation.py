"""One question: yes, no with reasons, and who may ask it."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.utils import timezone

from catalog.models import Consumer, DataProduct
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Effect, Sensitivity
from catalog.services.api_keys import create_key_of, revoke_key_of
from catalog.services.consumers import consumer_of_person, set_enforcement_point
from tests.api.authzen.client import EnforcementPoint, demand_no_decision
from tests.api.authzen.conftest import PURPOSE, enforcement_point_of, make_good_product
from tests.api.authzen.words import action, question, resource, subject
from tests.factories import make_consumer, make_governance, make_owner, make_policy
from tests.trust.builders import run_well
from trust.models import Decision

EVALUATION = "/access/v1/evaluation"


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["context"]["reasons"]]


def test_a_permitted_agent_gets_a_yes_with_everything_that_goes_with_it(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct
) -> None:
    answer = pep.evaluate(**question(context={"use_case": "planning", "trace": "abc"}))
    context = answer["context"]
    assert answer["decision"] is True
    assert next(iter(context)) == "decision_id"
    assert (context["subject"], context["product"], context["purpose"]) == ("flight-planner", "orders", PURPOSE)
    assert (context["is_production_grade"], context["verdict"], context["use_case"]) == (True, "production_grade", "planning")
    assert context["obligations"] == [{"type": "human_review"}]
    assert [policy["name"] for policy in context["determining_policies"]] == ["deciders"]
    assert context["reasons"] == []
    assert "reason_user" not in context
    assert context["valid_until"] > context["as_of"]


def test_the_answer_is_in_the_log_as_it_was_given(
    pep: EnforcementPoint, gateway: Consumer, agent: Consumer, orders: DataProduct
) -> None:
    response = pep.post(EVALUATION, question(context={"use_case": "planning", "min_score": 50, "trace": "abc"}))
    row = Decision.objects.get()
    assert row.id == response.json()["context"]["decision_id"]
    assert row.answer == response.content.decode()
    assert (row.channel, row.subject, row.asker, row.product_slug) == ("evaluation", "flight-planner", "gateway", "orders")
    assert (row.consumer, row.product, row.decision, row.purpose) == (agent, orders, True, PURPOSE)
    assert row.question == {"min_score": 50, "properties": {"trace": "abc"}}
    assert row.request_id == response["X-Request-ID"]
    assert row.use_case == "planning"
    assert 0 < row.latency_us < 60_000_000


@pytest.mark.parametrize("kind", ["consumer", "ai_agent"])
def test_a_consumer_is_found_by_its_kind_or_without(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct, kind: str
) -> None:
    assert pep.evaluate(**question(subject=subject(kind=kind)))["decision"] is True


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": action("analytics-of-love")}, "purpose_unknown"),
        ({"action": action(None)}, "purpose_missing"),
        ({"action": action(name="delete")}, "action_unknown"),
        ({"resource": resource("no-such-product")}, "product_unknown"),
        ({"resource": resource("")}, "product_unknown"),
        ({"resource": {"type": "table", "id": "orders"}}, "resource_type_unknown"),
        ({"subject": subject("nobody")}, "subject_unknown"),
        ({"subject": subject("")}, "subject_unknown"),
        ({"subject": subject(kind="service")}, "subject_unknown"),
        ({"subject": subject(kind="user")}, "subject_unknown"),
    ],
)
def test_whatever_is_not_known_is_a_logged_no(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct, changes: dict[str, Any], code: str
) -> None:
    answer = pep.evaluate(**question(**changes))
    assert answer["decision"] is False
    assert codes(answer) == [code]
    assert answer["context"]["reasons"][0]["remedy"]
    assert answer["context"]["reason_user"]["403"].startswith(answer["context"]["reasons"][0]["message"])
    assert Decision.objects.get().reason_codes == [code]


def test_a_wrong_purpose_is_a_no_that_says_what_would_be_needed(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct
) -> None:
    answer = pep.evaluate(**question(action=action("ai.training")))
    assert answer["decision"] is False
    assert answer["context"]["is_production_grade"] is True
    assert answer["context"]["determining_policies"] == []
    assert answer["context"]["reasons"][0]["remedy"]


def test_too_low_a_clearance_is_a_no(pep: EnforcementPoint, model: Consumer, orders: DataProduct) -> None:
    answer = pep.evaluate(**question(subject=subject("delay-model")))
    assert answer["decision"] is False
    assert codes(answer) == ["clearance_too_low"]


def test_data_that_is_not_fit_is_a_no_for_whoever_asks(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    run_well(orders.output_ports.get(), timezone.now(), failed=1)
    answer = pep.evaluate(**question())
    assert answer["decision"] is False
    assert answer["context"]["is_production_grade"] is False
    assert "critical_check_failed" in codes(answer)


def test_a_suspended_consumer_is_a_no(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    Consumer.objects.filter(pk=agent.pk).update(status=ConsumerStatus.SUSPENDED)
    assert codes(pep.evaluate(**question())) == ["subject_inactive"]


def test_a_forbid_overrides(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    make_policy(orders, "no-agents", effect=Effect.FORBID, consumer_kinds=(ConsumerKind.AI_AGENT,), purposes=(PURPOSE,))
    answer = pep.evaluate(**question())
    assert answer["decision"] is False
    assert [policy["name"] for policy in answer["context"]["determining_policies"]] == ["no-agents"]


@pytest.mark.parametrize(
    ("context", "code"),
    [
        ({"min_score": 100}, "min_score_not_met"),
        ({"max_evidence_age": "PT60S"}, "max_evidence_age_exceeded"),
        ({"max_evidence_age": "PT1M"}, "max_evidence_age_exceeded"),
    ],
)
def test_a_condition_of_the_caller_changes_nothing_about_the_product(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct, context: dict[str, Any], code: str
) -> None:
    plain, answer = pep.evaluate(**question()), pep.evaluate(**question(context=context))
    assert (plain["decision"], answer["decision"]) == (True, False)
    assert codes(answer) == [code]
    for name in ("is_production_grade", "verdict", "score", "grade"):
        assert answer["context"][name] == plain["context"][name], name


@pytest.mark.parametrize("age", ["P1D", "PT36H", "P1W", "P1DT12H30M5S", "PT86400S"])
def test_an_age_that_the_evidence_has_not_reached_changes_nothing(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct, age: object
) -> None:
    assert pep.evaluate(**question(context={"max_evidence_age": age, "min_score": 0}))["decision"] is True


def test_what_the_caller_says_about_subject_and_resource_is_not_believed(
    pep: EnforcementPoint, model: Consumer, orders: DataProduct
) -> None:
    boast = {"clearance": "restricted", "kind": "person", "status": "active", "production_grade": True}
    answer = pep.evaluate(
        **question(
            subject=subject("delay-model", properties=boast), resource=resource(properties={"sensitivity": "public", **boast})
        )
    )
    assert answer["decision"] is False
    assert "clearance" not in str(Decision.objects.get().question)


def test_unknown_names_and_nulls_are_passed_over(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    answer = pep.evaluate(
        **question(subject=subject(name="x", properties=None), context={"purpose": None, "min_score": None, "weather": None}),
        futureField={"nested": True},
        foo=None,
    )
    assert answer["decision"] is True
    assert Decision.objects.get().question is None


def test_the_purpose_may_stand_in_the_context(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    assert pep.evaluate(**question(action=action(None), context={"purpose": PURPOSE}))["decision"] is True
    assert pep.evaluate(**question(context={"purpose": PURPOSE}))["decision"] is True


def test_a_large_context_is_not_kept(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    assert pep.evaluate(**question(context={"blob": "x" * 5000}))["decision"] is True
    row = Decision.objects.get()
    assert row.question is not None
    assert row.question["properties"] == {"left_out_bytes": 5012}


def test_the_same_question_gets_the_same_decision(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    answers = [pep.evaluate(**question()) for _ in range(3)]
    assert [answer["decision"] for answer in answers] == [True] * 3
    assert len({answer["context"]["decision_id"] for answer in answers}) == 3


# Who may ask.


def test_an_agent_asks_about_itself_only(agent: Consumer, model: Consumer, orders: DataProduct) -> None:
    own = enforcement_point_of(agent)
    assert own.evaluate(**question())["decision"] is True
    other = own.evaluate(**question(subject=subject("delay-model")))
    assert (other["decision"], codes(other)) == (False, ["subject_not_asker"])


def test_a_person_asks_about_others_with_that_right_only(agent: Consumer, orders: DataProduct) -> None:
    consumer = consumer_of_person(make_governance())
    person = enforcement_point_of(consumer)
    assert codes(person.evaluate(**question())) == ["subject_not_asker"]
    set_enforcement_point(consumer=consumer, is_enforcement_point=True, actor=None)
    assert person.evaluate(**question())["decision"] is True


def test_a_draft_does_not_exist_for_a_stranger(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    DataProduct.objects.filter(pk=orders.pk).update(lifecycle="draft")
    answer = pep.evaluate(**question())
    assert codes(answer) == ["product_unknown"]
    assert answer["context"]["verdict"] == "unknown"


def test_nobody_gets_an_answer_without_a_key(agent: Consumer, orders: DataProduct) -> None:
    response = EnforcementPoint(None).post(EVALUATION, question())
    demand_no_decision(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert not Decision.objects.exists()


@pytest.mark.parametrize("key", ["ts_aaaaaaaaaa_" + "a" * 43, "nonsense", "ts_"])
def test_a_key_that_is_none_is_refused(orders: DataProduct, key: str) -> None:
    response = EnforcementPoint(key).post(EVALUATION, question())
    demand_no_decision(response, 401, "key_unknown" if len(key) > 40 else "key_malformed")


def test_the_refusal_of_the_key_comes_before_that_of_the_body(orders: DataProduct) -> None:
    demand_no_decision(EnforcementPoint(None).post(EVALUATION, "{"), 401, "not_authenticated")


@pytest.mark.parametrize("scope", [Scope.TRUST_READ, Scope.CATALOG_WRITE])
def test_a_key_without_the_scope_is_forbidden(gateway: Consumer, orders: DataProduct, scope: Scope) -> None:
    response = enforcement_point_of(gateway, [scope]).post(EVALUATION, question())
    demand_no_decision(response, 403, "scope_missing")
    assert not Decision.objects.exists()


def test_a_revoked_and_an_expired_key_are_refused(gateway: Consumer, agent: Consumer, orders: DataProduct) -> None:
    now = timezone.now()
    row, key = create_key_of(consumer=gateway, actor=None, name="test", scopes=[Scope.DECIDE], now=now)
    pep = EnforcementPoint(key)
    assert pep.evaluate(**question())["decision"] is True
    type(row).objects.filter(pk=row.pk).update(expires_at=now - timedelta(seconds=1))
    demand_no_decision(pep.post(EVALUATION, question()), 401, "key_expired")
    revoke_key_of(consumer=gateway, key_id=row.pk, actor=None, now=now)
    demand_no_decision(pep.post(EVALUATION, question()), 401, "key_revoked")
    assert Decision.objects.count() == 1


def test_the_key_of_a_suspended_consumer_is_refused(pep: EnforcementPoint, gateway: Consumer, orders: DataProduct) -> None:
    Consumer.objects.filter(pk=gateway.pk).update(status=ConsumerStatus.SUSPENDED)
    demand_no_decision(pep.post(EVALUATION, question()), 401, "consumer_suspended")


def test_a_key_has_a_limit(gateway: Consumer, agent: Consumer, orders: DataProduct) -> None:
    _, key = create_key_of(
        consumer=gateway, actor=None, name="test", scopes=[Scope.DECIDE], now=timezone.now(), requests_per_minute=2
    )
    pep = EnforcementPoint(key)
    responses = [pep.post(EVALUATION, question()) for _ in range(5)]
    refused = [response for response in responses if response.status_code == 429]
    assert refused
    demand_no_decision(refused[0], 429, "too_many_requests")
    assert int(refused[0]["Retry-After"]) >= 1
    assert Decision.objects.count() == len(responses) - len(refused)


# Errors never allow.


def test_a_fault_is_an_error_without_a_decision(pep: EnforcementPoint, agent: Consumer, orders: DataProduct) -> None:
    with patch("catalog.cedar.rule", side_effect=RuntimeError("secret")):
        response = pep.post(EVALUATION, question())
    demand_no_decision(response, 500, "internal_error")
    assert b"secret" not in response.content
    assert not Decision.objects.exists()


def test_a_database_that_is_away_is_an_error_without_a_decision(
    pep: EnforcementPoint, agent: Consumer, orders: DataProduct
) -> None:
    with patch("api.authzen.evaluation.answer", side_effect=OperationalError("gone")):
        demand_no_decision(pep.post(EVALUATION, question()), 503, "database_unavailable")


def test_a_product_of_another_sensitivity_needs_the_clearance(pep: EnforcementPoint) -> None:
    make_good_product("salaries", sensitivity=Sensitivity.RESTRICTED)
    make_consumer("hr", kind=ConsumerKind.SERVICE, clearance=Sensitivity.RESTRICTED, owner=make_owner())
    make_consumer("canteen", kind=ConsumerKind.SERVICE)
    asked = [pep.evaluate(**question(subject=subject(slug), resource=resource("salaries"))) for slug in ("hr", "canteen")]
    assert [answer["decision"] for answer in asked] == [True, False]
