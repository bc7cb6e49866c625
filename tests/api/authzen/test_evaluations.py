"""Many questions at once: defaults, order, how far it is worked through, and items that are wrong in themselves."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from catalog.cedar import rule
from catalog.models import Consumer, DataProduct
from catalog.rules.errors import UnavailableError
from tests.api.authzen.client import EnforcementPoint, demand_no_decision, demand_success
from tests.api.authzen.conftest import enforcement_point_of, make_good_product
from tests.api.authzen.words import action, question, resource, subject
from trust.models import Decision

EVALUATIONS = "/access/v1/evaluations"


@pytest.fixture
def products(orders: DataProduct, agent: Consumer) -> list[DataProduct]:
    """orders may be used; returns and nothing may not."""
    return [orders, make_good_product("returns", purposes=("ai.training",)), make_good_product("stock")]


def decisions(answers: list[dict[str, Any]]) -> list[bool]:
    return [answer["decision"] for answer in answers]


def items(*slugs: str) -> list[dict[str, Any]]:
    return [{"resource": resource(slug)} for slug in slugs]


def logged() -> list[str]:
    return list(Decision.objects.order_by("id").values_list("product_slug", flat=True))


def test_the_answers_come_in_the_order_of_the_questions(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    answers = pep.evaluate_batch(items("stock", "returns", "orders", "stock"), subject=subject(), action=action())
    assert decisions(answers) == [True, False, True, True]
    assert [answer["context"]["product"] for answer in answers] == ["stock", "returns", "orders", "stock"]
    assert logged() == ["stock", "returns", "orders", "stock"]
    ids = [answer["context"]["decision_id"] for answer in answers]
    assert ids == sorted(ids)
    assert set(Decision.objects.values_list("channel", flat=True)) == {"evaluations"}


def test_every_answer_is_logged_as_it_was_given(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    response = pep.post(EVALUATIONS, {**question(resource=None), "evaluations": items("orders", "returns")})
    rows = Decision.objects.order_by("id").values_list("answer", flat=True)
    assert response.content.decode() == '{"evaluations":[' + ",".join(rows) + "]}"


def test_an_item_overrides_each_default(pep: EnforcementPoint, products: list[DataProduct], model: Consumer) -> None:
    answers = pep.evaluate_batch(
        [
            {},
            {"subject": subject("delay-model")},
            {"action": action("ai.training")},
            {"action": action("ai.training"), "resource": resource("returns")},
            {"context": {"min_score": 100}},
        ],
        **question(context={"use_case": "planning"}),
    )
    assert decisions(answers) == [True, False, False, True, False]
    assert [answer["context"].get("use_case") for answer in answers] == ["planning"] * 4 + [None]
    assert list(Decision.objects.order_by("id").values_list("subject", flat=True))[1] == "delay-model"


def test_an_entity_overrides_the_default_as_a_whole(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    """The default's purpose does not leak into an action of the item's own."""
    (answer,) = pep.evaluate_batch([{"action": {"name": "consume"}}], **question())
    assert [reason["code"] for reason in answer["context"]["reasons"]] == ["purpose_missing"]


def test_only_the_type_of_an_entity_may_be_left_to_the_default(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    """An id that an item lost must not become that of the default."""
    answers = pep.evaluate_batch(
        [{"resource": {"id": "stock"}}, {"resource": {"type": "data_product"}}, {"subject": {"type": "consumer"}}], **question()
    )
    assert decisions(answers) == [True, False, False]
    assert [answer["context"].get("error", {}).get("status") for answer in answers] == [None, 400, 400]


def test_an_item_that_is_wrong_is_a_logged_no_of_its_own(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    wrong: list[Any] = [{}, "orders", None, {"resource": "orders"}, {"resource": resource(), "context": {"min_score": "x"}}]
    answers = pep.evaluate_batch([*items("orders"), *wrong, *items("stock")], subject=subject(), action=action())
    assert decisions(answers) == [True, False, False, False, False, False, True]
    for answer in answers[1:-1]:
        error = answer["context"]["error"]
        assert (error["status"], error["code"]) == (400, "malformed_request")
        assert error["message"]
        assert answer["context"]["decision_id"]
    assert "`resource` is required" in answers[1]["context"]["error"]["message"]
    assert Decision.objects.filter(reason_codes=["malformed_request"], decision=False).count() == 5


@pytest.mark.parametrize("length", [81, 151, 201, 5000])
def test_an_item_with_names_that_are_too_long_is_a_logged_no_as_well(
    pep: EnforcementPoint, products: list[DataProduct], length: int
) -> None:
    """The log keeps what fits of each of its names; the other items are answered."""
    long = "x" * length
    wrong = [
        {"subject": {"type": "consumer", "id": long}},
        {"action": {"name": long}},
        {"resource": {"type": "data_product", "id": long}},
        {"subject": {}, "action": {"name": long}, "resource": {"id": long}},
    ]
    answers = pep.evaluate_batch([*items("orders"), *wrong], **question())
    assert decisions(answers) == [True, *[False] * 4]
    assert all(answer["context"]["decision_id"] for answer in answers)


@pytest.mark.parametrize("entity", ["subject", "action", "resource"])
@pytest.mark.parametrize("name", ["type", "id", "name"])
def test_an_item_with_a_word_that_is_too_long_is_a_no_of_its_own(
    pep: EnforcementPoint, products: list[DataProduct], entity: str, name: str
) -> None:
    asked: dict[str, Any] = {"subject": subject(), "action": action(), "resource": resource()}
    answers = pep.evaluate_batch([{}, {entity: {**asked[entity], name: "x" * 300}}, {}], **asked)
    is_read = name in asked[entity]
    assert decisions(answers) == [True, not is_read, True]
    assert ("error" in answers[1]["context"]) == is_read


def test_the_first_no_is_the_last_answer_where_that_is_asked(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    asked: dict[str, Any] = {"subject": subject(), "action": action()}
    answers = pep.evaluate_batch(items("orders", "returns", "stock"), semantic="deny_on_first_deny", **asked)
    assert decisions(answers) == [True, False]
    assert logged() == ["orders", "returns"]
    assert decisions(pep.evaluate_batch(items("orders", "stock"), semantic="deny_on_first_deny", **asked)) == [True, True]


def test_an_item_that_is_wrong_ends_it_as_well(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    asked: dict[str, Any] = {"subject": subject(), "action": action()}
    answers = pep.evaluate_batch([{}, *items("orders")], semantic="deny_on_first_deny", **asked)
    assert decisions(answers) == [False]
    assert len(logged()) == 1


def test_the_first_yes_is_the_last_answer_where_that_is_asked(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    asked: dict[str, Any] = {"subject": subject(), "action": action()}
    answers = pep.evaluate_batch(items("returns", "orders", "stock"), semantic="permit_on_first_permit", **asked)
    assert decisions(answers) == [False, True]
    assert logged() == ["returns", "orders"]
    assert decisions(pep.evaluate_batch(items("returns", "returns"), semantic="permit_on_first_permit", **asked)) == [False] * 2


def test_all_are_answered_by_default(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    asked = {"subject": subject(), "action": action(), "options": {"another_option": "value", "evaluations_semantic": None}}
    for semantic in (None, "execute_all"):
        assert decisions(pep.evaluate_batch(items("returns", "orders"), semantic=semantic, **asked)) == [False, True]


@pytest.mark.parametrize("evaluations", [{}, {"evaluations": []}, {"evaluations": None}])
def test_without_items_it_is_one_question(
    pep: EnforcementPoint, products: list[DataProduct], evaluations: dict[str, Any]
) -> None:
    answer = demand_success(pep.post(EVALUATIONS, {**question(), **evaluations}))
    assert answer["decision"] is True
    assert "evaluations" not in answer
    assert Decision.objects.get().channel == "evaluations"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"evaluations": {}}, "evaluations"),
        ({"evaluations": "all"}, "evaluations"),
        ({"options": []}, "options"),
        ({"options": {"evaluations_semantic": "all"}}, "options.evaluations_semantic"),
        ({"options": {"evaluations_semantic": 1}}, "options.evaluations_semantic"),
        ({"subject": "flight-planner"}, "subject"),
        ({"context": "now"}, "context"),
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_is_a_400(pep: EnforcementPoint, changes: dict[str, Any], field: str) -> None:
    problem = demand_no_decision(pep.post(EVALUATIONS, {"evaluations": [{}], **changes}), 400, "malformed_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Decision.objects.exists()


def test_five_hundred_questions_are_answered_in_a_handful_of_statements(
    pep: EnforcementPoint, products: list[DataProduct]
) -> None:
    asked: dict[str, Any] = {"subject": subject(), "action": action()}
    pep.evaluate_batch(items("orders", "stock", "returns"), **asked)
    with CaptureQueriesContext(connection) as queries:
        answers = pep.evaluate_batch(items("orders", "returns") * 250, **asked)
    assert decisions(answers) == [True, False] * 250
    assert len(queries) <= 4
    assert Decision.objects.count() == 503


def test_five_hundred_consumers_cost_no_more(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    with CaptureQueriesContext(connection) as queries:
        answers = pep.evaluate_batch([{"subject": subject(f"nobody-{n}")} for n in range(499)] + [{}], **question())
    assert decisions(answers) == [False] * 499 + [True]
    assert len(queries) <= 6


def test_more_than_five_hundred_are_refused(pep: EnforcementPoint) -> None:
    body = {**question(), "evaluations": [{}] * 501}
    demand_no_decision(pep.post(EVALUATIONS, body), 400, "too_many_evaluations")


def test_an_empty_id_is_nobody_even_beside_others(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    answers = pep.evaluate_batch([{}, {"subject": subject("")}, {"resource": resource("")}], **question())
    assert decisions(answers) == [True, False, False]


def test_an_agent_gets_a_no_for_others_and_its_own_answers(
    agent: Consumer, model: Consumer, products: list[DataProduct]
) -> None:
    answers = enforcement_point_of(agent).evaluate_batch([{}, {"subject": subject("delay-model")}], **question())
    assert decisions(answers) == [True, False]
    assert answers[1]["context"]["reasons"][-1]["code"] == "subject_not_asker"


# Errors never allow.


def test_an_item_that_fails_is_a_no_and_the_others_are_answered(pep: EnforcementPoint, products: list[DataProduct]) -> None:
    def fail_for_stock(subject: Any, about: Any, *others: Any, **more: Any) -> Any:
        if about.slug == "stock":
            raise RuntimeError("secret")
        return rule(subject, about, *others, **more)

    asked: dict[str, Any] = {"subject": subject(), "action": action()}
    with patch("catalog.cedar.rule", side_effect=fail_for_stock):
        answers = pep.evaluate_batch(items("orders", "stock", "returns"), **asked)
        short = pep.evaluate_batch(items("stock", "orders"), semantic="deny_on_first_deny", **asked)
    assert decisions(answers) == [True, False, False]
    assert answers[1]["context"]["error"]["status"] == 500
    assert answers[1]["context"]["error"]["code"] == "evaluation_failed"
    assert "secret" not in str(answers)
    assert decisions(short) == [False]
    assert logged() == ["orders", "stock", "returns", "stock"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("gone"), "database_unavailable"),
        (UnavailableError("It changes.", remedy="Ask again.", code="changing_too_fast"), "changing_too_fast"),
    ],
)
def test_what_concerns_the_whole_batch_is_no_answer_at_all(
    pep: EnforcementPoint, products: list[DataProduct], error: Exception, code: str
) -> None:
    with patch("api.authzen.evaluation.answer", side_effect=error):
        response = pep.post(EVALUATIONS, {**question(), "evaluations": items("orders", "stock")})
    demand_no_decision(response, 503, code)
    assert not Decision.objects.exists()
