"""Guardrails and Cedar over the API: schema, texts, export, differences, trials, and who may what."""

from typing import Any

import cedarpy
import pytest

from catalog.cedar import SCHEMA
from catalog.models import AccessPolicy, DataProduct
from catalog.rules.vocabulary import ConsumerKind
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import NOW, make_governance, make_policy, make_product
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision, make_agent

GUARDRAILS = "/api/v1/guardrails"
POLICIES = "/api/v1/products/orders/policies"
GUARDRAIL = {"name": "no-training", "minimum_sensitivity": "restricted", "purposes": ["ai.training"]}
RAW = 'permit (principal, action, resource == Touchstone::DataProduct::"orders") when { principal.owner == resource.owner };'


def test_a_guardrail_is_drafted_published_and_withdrawn_by_governance(cast: Cast, product: DataProduct) -> None:
    response = cast.governance.post(GUARDRAILS, GUARDRAIL)
    assert response.status_code == 201, response.content
    address = response["Location"]
    assert address == f"{GUARDRAILS}/no-training/1"
    draft = cast.consumer.get(address).json()
    assert (draft["status"], draft["effect"], draft["minimum_sensitivity"], draft["domain"]) == (
        "draft",
        "forbid",
        "restricted",
        None,
    )
    assert cast.governance.post(f"{address}/publish").json()["status"] == "published"
    assert cast.governance.post(GUARDRAILS, {**GUARDRAIL, "domain": product.domain.slug}).json()["version"] == 2
    listed = cast.consumer.get(GUARDRAILS).json()["results"]
    assert [(row["version"], row["status"]) for row in listed] == [(2, "draft"), (1, "published")]
    second = Caller(make_governance("gil"))
    asked = cast.governance.post(f"{address}/withdraw").json()
    assert (asked["status"], asked["requested_by"]) == ("published", "gina")
    assert_problem(cast.governance.post(f"{address}/withdraw"), 403, "four_eyes")
    assert second.post(f"{address}/withdraw").json()["status"] == "withdrawn"
    assert cast.consumer.get(address).json()["status"] == "withdrawn"
    assert_problem(cast.consumer.get(f"{GUARDRAILS}/no-training/9"), 404, "not_found")


def test_nobody_but_governance_changes_a_guardrail(cast: Cast, product: DataProduct) -> None:
    address = cast.governance.post(GUARDRAILS, GUARDRAIL)["Location"]
    for caller in (cast.owner, cast.stranger, cast.auditor):
        assert_problem(caller.post(GUARDRAILS, GUARDRAIL), 403, "forbidden")
        for deed in ("publish", "withdraw", "try"):
            assert_problem(caller.post(f"{address}/{deed}", {} if deed == "try" else None), 403, "forbidden")
    assert_problem(cast.consumer.post(GUARDRAILS, GUARDRAIL), 403, "scope_missing")
    assert_problem(cast.nobody.get(GUARDRAILS), 401, "not_authenticated")
    assert AccessPolicy.objects.get(name="no-training").status == "draft"


@pytest.mark.parametrize(
    "change",
    [
        {"effect": "permit"},
        {"minimum_sensitivity": "secret"},
        {"domain": "nowhere"},
        {"purposes": ["fun"]},
        {"consumer_kinds": ["robot"]},
        {"cedar": "permit(principal, action, resource);"},
        {"cedar": "forbid(principal, action, resource);"},
        {"name": "no name"},
        {"minimum_score": 3},
    ],
)
def test_a_guardrail_that_cannot_hold_is_refused(cast: Cast, product: DataProduct, change: dict[str, Any]) -> None:
    response = cast.governance.post(GUARDRAILS, {**GUARDRAIL, **change})
    assert_problem(response, 400, response.json()["code"])
    assert not AccessPolicy.objects.filter(product=None).exists()


def test_anybody_reads_the_schema_and_every_policy_as_cedar(cast: Cast, product: DataProduct) -> None:
    schema = cast.consumer.get("/api/v1/policies/schema")
    assert (schema.content.decode(), schema["Content-Type"]) == (SCHEMA, "text/plain; charset=utf-8")
    cast.governance.post(GUARDRAILS, GUARDRAIL)
    for address in (f"{POLICIES}/readers/1/cedar", f"{GUARDRAILS}/no-training/1/cedar"):
        response = cast.consumer.get(address)
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert cedarpy.validate_policies(response.content.decode(), SCHEMA)
    assert_problem(cast.consumer.get(f"{POLICIES}/readers/2/cedar"), 404, "not_found")
    assert_problem(cast.nobody.get("/api/v1/policies/schema"), 401, "not_authenticated")


def test_everything_in_force_is_exported_as_one_cedar_text(cast: Cast, product: DataProduct, settings: Any) -> None:
    secret = make_product("secret-draft")
    make_policy(secret)
    make_policy(product, "draft", is_published=False)
    cast.governance.post(GUARDRAILS, GUARDRAIL)
    cast.governance.post(f"{GUARDRAILS}/no-training/1/publish")
    text = b"".join(cast.consumer.get("/api/v1/policies/export").streaming_content).decode()
    exported = cedarpy.policies_to_pst(text).static_policies.values()
    assert [policy.annotations["id"] for policy in exported] == [
        "clearance",
        "guardrail/no-training/v1",
        "orders/readers/v1",
    ]
    assert cedarpy.validate_policies(text, SCHEMA)
    assert "secret-draft" not in text
    assert "secret-draft" in b"".join(cast.governance.get("/api/v1/policies/export").streaming_content).decode()


def test_the_difference_between_two_versions_is_told(cast: Cast, product: DataProduct) -> None:
    change = {"name": "readers", "effect": "permit", "consumer_kinds": ["person"], "purposes": ["analytics"]}
    cast.owner.post(
        POLICIES,
        {**change, "minimum_score": 80, "is_agreement_required": True, "obligations": [{"type": "delete_after", "days": 9}]},
    )
    told = cast.consumer.get(f"{POLICIES}/readers/2/diff").json()
    assert (told["version"], told["against"]) == (2, 1)
    assert "minimum_score: none -> 80" in told["settings"]
    assert "agreement_required: no -> yes" in told["settings"]
    assert 'obligations: empty -> {"days": 9, "type": "delete_after"}' in told["settings"]
    assert "+when { context.agreement };" in told["cedar"]
    assert cast.consumer.get(f"{POLICIES}/readers/2/diff?against=2").json()["cedar"] == ""
    first = assert_problem(cast.consumer.get(f"{POLICIES}/readers/1/diff"), 404, "not_found")
    assert "first version" in first["detail"]
    assert_problem(cast.consumer.get(f"{POLICIES}/readers/2/diff?against=x"), 400, "invalid")


def test_the_new_settings_are_kept_and_answered_as_they_were_written(cast: Cast, product: DataProduct) -> None:
    duties = [
        {"type": "delete_after", "days": 30},
        {"type": "mask_fields", "minimum_sensitivity": "confidential"},
        {"type": "human_review"},
    ]
    policy = {"name": "ai", "effect": "permit", "consumer_kinds": ["ai_model"], "purposes": ["ai.training"]}
    answer = cast.owner.post(POLICIES, {**policy, "obligations": duties, "is_agreement_required": True}).json()
    assert answer["is_agreement_required"] is True
    assert sorted(map(str, answer["obligations"])) == sorted(map(str, duties))
    assert answer["is_raw"] is False
    assert "when { context.agreement }" in answer["cedar"]


@pytest.mark.parametrize(
    "obligation",
    [
        {"type": "delete_after"},
        {"type": "delete_after", "days": 0},
        {"type": "delete_after", "days": "3"},
        {"type": "mask_fields"},
        {"type": "mask_fields", "fields": []},
        {"type": "mask_fields", "fields": ["a"], "minimum_sensitivity": "public"},
        {"type": "human_review", "by": "me"},
        {"days": 3},
        ["human_review"],
        "human_review",
        {"type": "Do It!"},
        3,
        None,
    ],
)
def test_an_obligation_that_cannot_be_kept_is_refused(cast: Cast, product: DataProduct, obligation: Any) -> None:
    policy = {"name": "ai", "effect": "permit", "consumer_kinds": ["ai_model"], "purposes": ["ai.training"]}
    response = cast.owner.post(POLICIES, {**policy, "obligations": [obligation]})
    assert_problem(response, 400, response.json()["code"])
    assert not AccessPolicy.objects.filter(name="ai").exists()


def test_governance_writes_raw_cedar_and_owners_do_not(cast: Cast, product: DataProduct) -> None:
    raw = {"name": "mine", "cedar": RAW}
    assert_problem(cast.owner.post(POLICIES, raw), 403, "forbidden")
    response = cast.governance.post(POLICIES, raw)
    assert response.status_code == 201, response.content
    assert (response.json()["is_raw"], response.json()["effect"]) == (True, "permit")
    assert RAW in cast.consumer.get(f"{response['Location']}/cedar").content.decode()
    assert cast.governance.post(f"{response['Location']}/publish").status_code == 200


def test_every_fault_of_raw_cedar_is_answered(cast: Cast, product: DataProduct) -> None:
    faulty = RAW.replace("principal.owner == resource.owner", "principal.a == 1 && resource.b == 2")
    problem = assert_problem(cast.governance.post(POLICIES, {"name": "mine", "cedar": faulty}), 400, "invalid_cedar")
    said = str(problem)
    assert "attribute `a`" in said
    assert "attribute `b`" in said
    assert "/api/v1/policies/schema" in problem["remedy"]


@pytest.mark.parametrize(
    "hostile",
    [
        'ai.training"]) }; permit(principal, action, resource); //',
        'ai.training"].contains("x") || true || ["',
        "ai.training\\",
    ],
)
def test_what_tries_to_break_out_of_its_string_stays_an_unknown_purpose(cast: Cast, product: DataProduct, hostile: str) -> None:
    policy = {"name": "ai", "effect": "permit", "consumer_kinds": ["ai_model"], "purposes": [hostile]}
    assert_problem(cast.owner.post(POLICIES, policy), 400, "invalid")
    assert_problem(cast.governance.post(GUARDRAILS, {**GUARDRAIL, "domain": hostile[:80]}), 400, "invalid")
    assert AccessPolicy.objects.count() == 1


def test_an_owner_tries_a_draft_on_the_decisions_that_were_logged(cast: Cast, product: DataProduct) -> None:
    log_decision(product, make_agent(), purpose="analytics", ruling={"is_permitted": True, "reasons": [], "policies": []})
    address = f"{POLICIES}/readers/1/try"
    for caller in (cast.owner, cast.governance):
        trial = caller.post(address, {"last": 10}).json()
        assert {name: trial[name] for name in ("tried", "same", "newly_permitted", "newly_denied", "skipped")} == {
            "tried": 0,
            "same": 0,
            "newly_permitted": 0,
            "newly_denied": 0,
            "skipped": 1,
        }
        assert trial["changed"] == []
    assert_problem(cast.stranger.post(address, {}), 403, "forbidden")
    assert_problem(cast.auditor.post(address, {}), 403, "forbidden")
    assert_problem(cast.consumer.post(address, {}), 403, "scope_missing")
    assert_problem(cast.owner.post(address, {"last": 10_001}), 400, "invalid")
    assert_problem(cast.owner.post(address, {"first": 1}), 400, "invalid")


def test_a_draft_is_tried_on_answers_that_were_really_given(cast: Cast, product: DataProduct) -> None:
    """From the question over HTTP to the trial: what the log holds is enough to rule again."""
    make_policy(product, "retrieval", purposes=("ai.retrieval",), consumer_kinds=(ConsumerKind.PERSON,))
    run_well(make_ready_port(product, name="good"), NOW)
    product.output_ports.exclude(name="good").update(removed_at=NOW)
    ask = "/api/v1/products/orders/trust?purpose="
    yes = cast.consumer.get(f"{ask}analytics").json()
    no = cast.consumer.get(f"{ask}ai.training").json()
    assert (yes["decision"], no["decision"]) == (True, False), (yes, no)
    draft = {"name": "readers", "effect": "permit", "consumer_kinds": ["person"], "purposes": ["ai.training"]}
    assert cast.owner.post(POLICIES, draft).json()["version"] == 2
    trial = cast.owner.post(f"{POLICIES}/readers/2/try", {"last": 100}).json()
    told = {(one["decision_id"], one["old_decision"], one["new_decision"]) for one in trial["changed"]}
    assert told == {(int(yes["decision_id"]), True, False), (int(no["decision_id"]), False, True)}
    assert (trial["tried"], trial["newly_permitted"], trial["newly_denied"]) == (2, 1, 1)
    forbid = cast.governance.post(GUARDRAILS, {"name": "no-analytics", "purposes": ["analytics"]})["Location"]
    assert [one["why"] for one in cast.governance.post(f"{forbid}/try", {}).json()["changed"]] == [
        "Guardrail no-analytics v1 forbids the use of data product orders for analytics."
    ]
    cast.governance.post(f"{forbid}/publish")
    denied = cast.consumer.get(f"{ask}analytics").json()
    assert (denied["decision"], denied["reasons"][0]["code"]) == (False, "forbidden_by_policy")
