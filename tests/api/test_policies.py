"""Access policies of a product, and the trust policy."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import AccessPolicy, DataProduct
from catalog.rules.scopes import Scope
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_governance
from trust.models import TrustPolicyVersion

POLICIES = "/api/v1/products/orders/policies"
POLICY = {
    "name": "training",
    "effect": "permit",
    "consumer_kinds": ["ai_agent", "ai_model"],
    "purposes": ["ai.training"],
    "minimum_score": 80,
    "obligations": [{"type": "cite-source"}],
    "expires_at": (timezone.now() + timedelta(days=90)).isoformat(),
}
VERSIONS = "/api/v1/trust-policies"


def test_a_policy_is_drafted_published_and_withdrawn(cast: Cast, product: DataProduct) -> None:
    response = cast.owner.post(POLICIES, POLICY)
    assert response.status_code == 201, response.content
    address = response["Location"]
    assert address == f"{POLICIES}/training/1"
    draft = cast.consumer.get(address).json()
    assert (draft["status"], draft["purposes"], draft["minimum_score"]) == ("draft", ["ai.training"], 80)
    assert_problem(cast.owner.post(f"{address}/publish"), 403, "forbidden")
    published = cast.governance.post(f"{address}/publish").json()
    assert (published["status"], published["published_by"]) == ("published", "gina")
    assert cast.owner.post(POLICIES, {**POLICY, "minimum_score": 90}).json()["version"] == 2
    assert cast.consumer.get(address).json()["minimum_score"] == 80
    assert cast.governance.post(f"{POLICIES}/training/2/publish").json()["status"] == "published"
    assert cast.consumer.get(address).json()["status"] == "withdrawn"
    assert cast.governance.post(f"{POLICIES}/training/2/withdraw").json()["status"] == "withdrawn"
    assert_problem(cast.governance.post(f"{address}/publish"), 409, "policy_withdrawn")


def test_policies_are_listed_in_two_queries_and_the_key(
    cast: Cast, product: DataProduct, django_assert_num_queries: Any
) -> None:
    cast.owner.post(POLICIES, POLICY)
    cast.consumer.get(POLICIES)
    with django_assert_num_queries(3):
        listed = cast.consumer.get(POLICIES).json()["results"]
    assert cast.consumer.get("/api/v1/policies").json()["results"] == listed[::-1]
    assert [(policy["name"], policy["status"]) for policy in listed] == [("readers", "published"), ("training", "draft")]


def test_a_machine_drops_drafts_of_governance_but_withdraws_nothing_that_is_in_force(cast: Cast, product: DataProduct) -> None:
    """To withdraw a forbid is to permit: that is no change of a claim, which `catalog:write` is for."""
    machine = Caller(cast.governance.person, [Scope.TRUST_READ, Scope.CATALOG_WRITE])
    assert_problem(machine.post(f"{POLICIES}/readers/1/withdraw"), 403, "scope_missing")
    assert cast.owner.get(f"{POLICIES}/readers/1").json()["status"] == "published"
    address = cast.owner.post(POLICIES, POLICY)["Location"]
    assert_problem(machine.delete(f"{POLICIES}/readers/1"), 409, "policy_published")
    assert_problem(cast.governance.post(f"{address}/withdraw"), 409, "policy_not_published")
    assert machine.delete(address).status_code == 204


def test_an_owner_may_drop_a_draft(cast: Cast, product: DataProduct) -> None:
    address = cast.owner.post(POLICIES, POLICY)["Location"]
    assert_problem(cast.stranger.delete(address), 403, "forbidden")
    assert cast.owner.delete(address).status_code == 204
    assert_problem(cast.owner.get(address), 404, "not_found")
    assert_problem(cast.owner.post(f"{POLICIES}/readers/1/withdraw"), 403, "forbidden")


@pytest.mark.parametrize(
    "change",
    [
        {"effect": "maybe"},
        {"consumer_kinds": []},
        {"consumer_kinds": ["robot"]},
        {"purposes": []},
        {"purposes": ["fun"]},
        {"minimum_score": 101},
        {"minimum_score": -1},
        {"obligations": [{"type": "Do It!"}]},
        {"expires_at": "soon"},
        {"name": "no name"},
        {"status": "published"},
        {"effect": "forbid"},
    ],
)
def test_a_policy_that_cannot_hold_is_refused(cast: Cast, product: DataProduct, change: dict[str, Any]) -> None:
    response = cast.owner.post(POLICIES, {**POLICY, **change})
    assert response.status_code == 400, response.content
    assert_problem(response, 400, response.json()["code"])
    assert AccessPolicy.objects.count() == 1


def test_who_may_draft(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.stranger.post(POLICIES, POLICY), 403, "forbidden")
    assert_problem(cast.auditor.post(POLICIES, POLICY), 403, "forbidden")
    assert_problem(cast.consumer.post(POLICIES, POLICY), 403, "scope_missing")


def test_governance_publishes_the_trust_policy_and_everybody_reads_it(cast: Cast, product: DataProduct) -> None:
    present = cast.consumer.get("/api/v1/trust-policies/current").json()
    assert present["body"]["readiness"]["minimum_share"] == 0.9
    assert (present["version"], present["body"]["minimum_score"]) == (1, 75)
    response = cast.governance.post(VERSIONS, {"changes": {"minimum_score": 80}, "note": "Higher."})
    assert response.status_code == 201, response.content
    assert response["Location"] == f"{VERSIONS}/2"
    assert cast.consumer.get(response["Location"]).json()["body"]["minimum_score"] == 80
    assert cast.consumer.get("/api/v1/trust-policies/current").json()["version"] == 2
    assert [version["version"] for version in cast.consumer.get(VERSIONS).json()["results"]] == [2, 1]
    assert cast.consumer.get("/api/v1/products/orders/trust").json()["policy_version"] == 2


def test_a_trust_policy_that_loosens_is_proposed_by_one_and_published_by_another(cast: Cast) -> None:
    body = {"changes": {"minimum_score": 10}, "note": "Lower."}
    assert_problem(cast.governance.post(VERSIONS, body), 403, "four_eyes")
    other = Caller(make_governance())
    response = cast.governance.post(VERSIONS, body)
    assert response.status_code == 201, response.content
    assert (response.json()["published_at"], response.json()["proposed_by"]) == (None, "gina")
    assert cast.consumer.get("/api/v1/trust-policies/current").json()["version"] == 1
    publish = f"{response['Location']}/publish"
    assert_problem(cast.governance.post(publish), 403, "four_eyes")
    assert_problem(cast.owner.post(publish), 403, "forbidden")
    assert other.post(publish).json()["is_current"]
    assert cast.consumer.get("/api/v1/trust-policies/current").json()["version"] == 2
    assert_problem(other.post(publish), 409, "trust_policy_published")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"changes": {"minimum_score": 101}, "note": "x"}, 400, "invalid_trust_policy"),
        ({"changes": {"minimum": 1}, "note": "x"}, 400, "invalid_trust_policy"),
        ({"changes": {}, "note": "x"}, 409, "trust_policy_unchanged"),
        ({"changes": {"version": 9}, "note": "x"}, 400, "invalid"),
        ({"changes": [], "note": "x"}, 400, "invalid"),
        ({"changes": {"minimum_score": 80}}, 400, "invalid"),
    ],
)
def test_a_trust_policy_that_cannot_judge_is_refused(cast: Cast, body: dict[str, Any], status: int, code: str) -> None:
    assert_problem(cast.governance.post(VERSIONS, body), status, code)
    assert TrustPolicyVersion.objects.count() == 1


def test_only_governance_publishes_trust_policies(cast: Cast) -> None:
    body = {"changes": {"minimum_score": 10}, "note": "Mine."}
    assert_problem(cast.owner.post(VERSIONS, body), 403, "forbidden")
    assert_problem(cast.auditor.post(VERSIONS, body), 403, "forbidden")
    assert_problem(cast.consumer.post(VERSIONS, body), 403, "scope_missing")
