"""What is not AuthZEN 1.0 is a 400 that names the part, never a decision and never a row."""

import json
from typing import Any

import pytest

from catalog.models import Consumer
from tests.api.authzen.client import EnforcementPoint, demand_no_decision
from tests.api.authzen.words import action, question, resource, subject
from trust.models import Decision

EVALUATION = "/access/v1/evaluation"
ALL = [
    EVALUATION,
    "/access/v1/evaluations",
    "/access/v1/search/subject",
    "/access/v1/search/resource",
    "/access/v1/search/action",
]
SUBJECT, RESOURCE, ACTION = subject(), resource(), action()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (question(subject=None), "subject"),
        (question(action=None), "action"),
        (question(resource=None), "resource"),
        ({**question(), "subject": None}, "subject"),
        ({}, "subject"),
        (question(subject={"id": "a"}), "subject.type"),
        (question(subject={"type": "consumer"}), "subject.id"),
        (question(subject={"type": "consumer", "id": None}), "subject.id"),
        (question(action={}), "action.name"),
        (question(resource={"id": "orders"}), "resource.type"),
        (question(resource={"type": "data_product"}), "resource.id"),
        (question(subject="flight-planner"), "subject"),
        (question(subject=["flight-planner"]), "subject"),
        (question(subject={"type": "consumer", "id": 7}), "subject.id"),
        (question(subject={"type": True, "id": "a"}), "subject.type"),
        (question(action={"name": 123}), "action.name"),
        (question(action="consume"), "action"),
        (question(resource={"type": "data_product", "id": ["orders"]}), "resource.id"),
        (question(subject={**SUBJECT, "properties": "x"}), "subject.properties"),
        (question(resource={**RESOURCE, "properties": []}), "resource.properties"),
        (question(action={"name": "consume", "properties": 1}), "action.properties"),
        (question(context="now"), "context"),
        (question(context=[]), "context"),
        (question(subject={"type": "consumer", "id": "x" * 151}), "subject.id"),
        (question(resource={"type": "data_product", "id": "x" * 201}), "resource.id"),
        (question(action={"name": "x" * 81}), "action.name"),
        (question(action=action(purpose=["a"])), "action.properties.purpose"),  # type: ignore[arg-type]
        (question(action=action(purpose="x" * 81)), "action.properties.purpose"),
        (question(context={"purpose": 1}), "context.purpose"),
        (question(action=action(None), context={"purpose": ""}), "context.purpose"),
        (question(context={"purpose": "analytics"}), "context.purpose"),
        (question(context={"use_case": 1}), "context.use_case"),
        (question(context={"use_case": "x" * 201}), "context.use_case"),
        (question(context={"min_score": "80"}), "context.min_score"),
        (question(context={"min_score": True}), "context.min_score"),
        (question(context={"min_score": -1}), "context.min_score"),
        (question(context={"min_score": 100.5}), "context.min_score"),
        (question(context={"max_evidence_age": 0}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": 3600}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": -5}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": True}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": 10**30}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": -(10**400)}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": -1e300}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": "P\u0661D"}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": "1 day"}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": "P"}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": "PT0S"}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": "P1Y"}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": "P9999W"}), "context.max_evidence_age"),
        (question(context={"max_evidence_age": {}}), "context.max_evidence_age"),
    ],
)
@pytest.mark.parametrize("path", ["/access/v1/evaluation", "/access/v1/evaluations"])
def test_a_part_that_is_missing_or_wrong_is_named(pep: EnforcementPoint, path: str, body: Any, field: str) -> None:
    problem = demand_no_decision(pep.post(path, body), 400, "malformed_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_body"),
        ("  \n", "empty_body"),
        ("{", "malformed_json"),
        ("{'subject': 1}", "malformed_json"),
        ('{"a": NaN}', "malformed_json"),
        ('{"a": -Infinity}', "malformed_json"),
        ('{"a": 1e999}', "malformed_json"),
        ('{"a": ' + "9" * 5000 + "}", "malformed_json"),
        ('{"subject": {}, "subject": {}}', "malformed_json"),
        ('{"context": {"\\u0061": 1, "a": 2}}', "malformed_json"),
        ('\ufeff{"a": 1}', "malformed_json"),
        (json.dumps({"a": 1}).encode("utf-16"), "malformed_json"),
        (b'{"a": "\xff"}', "malformed_json"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ('"consume"', "not_an_object"),
        ('{"context": {"a": "\\ud800"}}', "bad_text"),
        ('{"context": {"a\\u0000": 1}}', "bad_text"),
        ('{"context": ' + '{"a":' * 32 + "1" + "}" * 33, "too_deep"),
        ('{"context": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}", "too_deep"),
    ],
)
def test_a_body_that_two_readers_could_read_differently_is_refused(
    pep: EnforcementPoint, content: str | bytes, code: str
) -> None:
    demand_no_decision(pep.post(EVALUATION, content), 400, code)


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/problem+json", "", "application/json; charset=utf-16"],
)
def test_another_content_type_is_a_400(pep: EnforcementPoint, path: str, content_type: str) -> None:
    response = pep.post(path, json.dumps(question()), content_type=content_type)
    demand_no_decision(response, 400, "unsupported_content_type")


def test_a_charset_of_utf_8_is_fine(pep: EnforcementPoint, agent: Consumer) -> None:
    response = pep.post(EVALUATION, question(), content_type="application/json; charset=UTF-8")
    assert response.status_code == 200


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_every_address_reads_its_body_strictly(pep: EnforcementPoint, path: str, content: str) -> None:
    response = pep.post(path, content)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_a_body_that_is_too_long_is_not_read(pep: EnforcementPoint) -> None:
    response = pep.post(EVALUATION, question(context={"blob": "x" * (2 * 1024 * 1024)}))
    demand_no_decision(response, 413, "body_too_large")


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_only_post_asks(pep: EnforcementPoint, path: str, method: str) -> None:
    response = getattr(pep.client, method)(path, headers={"Authorization": f"Bearer {pep.key}"})
    assert response.status_code == 405
    assert response["Allow"] == "POST, OPTIONS"
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ALL)
def test_options_say_what_an_address_takes(pep: EnforcementPoint, path: str) -> None:
    response = pep.client.options(path)
    assert (response.status_code, response["Allow"]) == (204, "POST, OPTIONS")


@pytest.mark.parametrize(
    "path", ["/access", "/access/v1", "/access/v1/evaluation/", "/access/v2/evaluation", "/access/v1/search"]
)
def test_no_other_address_answers(pep: EnforcementPoint, path: str) -> None:
    demand_no_decision(pep.post(path, question()), 404, "not_found")


@pytest.mark.parametrize("request_id", ["a", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716", 'trace 7 {of} <x>;"', "x" * 128])
def test_any_printable_request_id_comes_back(pep: EnforcementPoint, agent: Consumer, request_id: str) -> None:
    """Also with errors: the client checks it on every answer."""
    assert pep.post(EVALUATION, question(), request_id=request_id).status_code == 200
    assert Decision.objects.get().request_id == request_id
    demand_no_decision(pep.post(EVALUATION, {}, request_id=request_id), 400, "malformed_request")


def test_a_request_id_that_cannot_be_kept_is_refused(pep: EnforcementPoint) -> None:
    headers = {"Authorization": f"Bearer {pep.key}", "X-Request-ID": "x" * 129}
    response = pep.client.post(EVALUATION, question(), content_type="application/json", headers=headers)
    demand_no_decision(response, 400, "unusable_request_id")


def test_without_a_request_id_one_is_made(pep: EnforcementPoint, agent: Consumer) -> None:
    assert pep.post(EVALUATION, question(), request_id=None)["X-Request-ID"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("subject", {"subject": {"type": "consumer"}, "resource": RESOURCE}, "action"),
        ("subject", {"subject": {}, "action": ACTION, "resource": RESOURCE}, "subject.type"),
        ("subject", {"subject": {"type": "consumer"}, "action": ACTION, "resource": {"type": "data_product"}}, "resource.id"),
        ("resource", {"action": ACTION, "resource": {"type": "data_product"}}, "subject"),
        ("resource", {"subject": {"type": "consumer"}, "action": ACTION, "resource": {"type": "data_product"}}, "subject.id"),
        ("resource", {"subject": SUBJECT, "action": ACTION, "resource": {}}, "resource.type"),
        ("action", {"subject": SUBJECT}, "resource"),
        ("action", {"subject": SUBJECT, "resource": RESOURCE, "page": []}, "page"),
        ("action", {"subject": SUBJECT, "resource": RESOURCE, "page": {"limit": -1}}, "page.limit"),
        ("action", {"subject": SUBJECT, "resource": RESOURCE, "page": {"limit": "5"}}, "page.limit"),
        ("action", {"subject": SUBJECT, "resource": RESOURCE, "page": {"limit": True}}, "page.limit"),
        ("action", {"subject": SUBJECT, "resource": RESOURCE, "page": {"token": 5}}, "page.token"),
        ("action", {"subject": SUBJECT, "resource": RESOURCE, "context": {"min_score": "x"}}, "context.min_score"),
    ],
)
def test_searches_name_what_is_missing_or_wrong(pep: EnforcementPoint, path: str, body: Any, field: str) -> None:
    problem = demand_no_decision(pep.post(f"/access/v1/search/{path}", body), 400, "malformed_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Decision.objects.exists()
