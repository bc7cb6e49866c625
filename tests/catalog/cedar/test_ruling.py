"""One ruling: who decides, what is said when nobody permits, and that nothing that goes wrong ever allows."""

from dataclasses import replace
from typing import Any

import pytest

from catalog.cedar import CLEARANCE_RULE, SCHEMA, demand_valid, explain_again, rule, rule_again
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from tests.catalog.cedar.builders import a_guardrail, a_resource, a_rule, a_subject, asked_for, in_force, raw

AGENTS = frozenset({ConsumerKind.AI_AGENT})
PERMIT = in_force(a_rule(minimum_score=75.0, agreement_required=True, consumer_kinds=AGENTS))
GOOD = asked_for(has_agreement=True)


def test_the_permit_that_holds_decides_and_obliges() -> None:
    policy = in_force(a_rule(obligations=("cite-source", {"type": "delete_after", "days": 30})))
    ruling = rule(a_subject(), a_resource(), asked_for(), (policy,))
    assert ruling.is_permitted
    assert [(one.id, one.name, one.version, one.digest) for one in ruling.determining] == [(7, "readers", 1, policy.digest)]
    assert ruling.obligations == ({"type": "delete_after", "days": 30}, {"type": "cite-source"})
    assert ruling.reasons == ()


def test_obligations_of_all_permits_that_hold_are_owed_once() -> None:
    first = in_force(a_rule(obligations=("human_review", "cite-source")), 1)
    second = in_force(a_rule(obligations=("human_review",)), 2, name="others")
    ruling = rule(a_subject(), a_resource(), asked_for(), (first, second))
    assert ruling.obligations == ({"type": "cite-source"}, {"type": "human_review"})


DENIALS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ("purpose_not_permitted", {}, {}, {"purpose": "ai.training"}, "analytics, but not ai.training"),
    (
        "consumer_kind_not_permitted",
        {"kind": ConsumerKind.PERSON},
        {},
        {},
        "permits ai_agent; consumer robot is of kind person",
    ),
    ("score_below_policy", {}, {}, {"score": 74.5}, "at least 75; it is 74.5"),
    ("agreement_required", {}, {}, {"has_agreement": False}, "robot has none for analytics on data product orders"),
    (
        "clearance_too_low",
        {},
        {"sensitivity": Sensitivity.CONFIDENTIAL},
        {},
        "cleared for internal data; data product orders is",
    ),
    ("clearance_too_low", {}, {"sensitivity": None}, {}, "unclassified, which counts as restricted"),
]


@pytest.mark.parametrize(("code", "subject", "resource", "asked", "words"), DENIALS)
def test_a_denial_says_what_would_have_been_needed(
    code: str, subject: dict[str, Any], resource: dict[str, Any], asked: dict[str, Any], words: str
) -> None:
    ruling = rule(a_subject(**subject), a_resource(**resource), replace(GOOD, **asked), (PERMIT,))
    assert not ruling.is_permitted
    (reason,) = ruling.reasons
    assert (reason.code, words in reason.message) == (code, True), reason
    assert reason.remedy
    assert reason.owner in {"olga", "carl", "governance"}


def test_without_any_permit_the_owner_is_asked_for_one() -> None:
    (reason,) = rule(a_subject(), a_resource(), asked_for(), ()).reasons
    assert (reason.code, reason.owner) == ("no_policy_permits", "olga")
    assert "olga" in reason.remedy


def test_the_permit_that_comes_closest_explains() -> None:
    far = in_force(a_rule(consumer_kinds=frozenset({ConsumerKind.PERSON}), purposes=frozenset({"ai.training"})), 1, name="far")
    near = in_force(a_rule(consumer_kinds=AGENTS, minimum_score=95.0), 2, name="near")
    reasons = rule(a_subject(), a_resource(), asked_for(), (far, near)).reasons
    assert [(reason.code, "near v1" in reason.message) for reason in reasons] == [("score_below_policy", True)]


def test_all_that_the_closest_permit_lacks_is_told() -> None:
    reasons = rule(a_subject(), a_resource(), asked_for("ai.training", 10), (PERMIT,)).reasons
    assert [reason.code for reason in reasons] == ["purpose_not_permitted", "score_below_policy", "agreement_required"]


def test_a_forbid_overrides_and_a_guardrail_is_governances() -> None:
    forbid = in_force(a_rule(Effect.FORBID), 8, name="never")
    guardrail = in_force(a_guardrail(domain="sales"), 9, name="no-sales")
    ruling = rule(a_subject(), a_resource(), GOOD, (PERMIT, forbid, guardrail))
    assert [one.id for one in ruling.determining] == [8, 9]
    assert [(one.code, one.owner) for one in ruling.reasons] == [
        ("forbidden_by_policy", "olga"),
        ("forbidden_by_policy", "governance"),
    ]


def test_a_guardrail_forbids_only_where_it_applies() -> None:
    restricted = in_force(a_guardrail(minimum_sensitivity=Sensitivity.RESTRICTED, purposes=frozenset({"ai.training"})), 9)
    policies = (in_force(a_rule(purposes=frozenset({"ai.training"}))), restricted)
    cleared = a_subject(clearance=Sensitivity.RESTRICTED)
    for sensitivity, is_permitted in [(Sensitivity.CONFIDENTIAL, True), (Sensitivity.RESTRICTED, False), (None, False)]:
        ruling = rule(cleared, a_resource(sensitivity=sensitivity), asked_for("ai.training"), policies)
        assert ruling.is_permitted is is_permitted


def test_a_policy_of_one_product_says_nothing_about_another() -> None:
    assert not rule(a_subject(), a_resource(slug="clicks"), GOOD, (PERMIT,)).is_permitted


UNSAFE = 'when { context.use_case == "x" };'


def test_a_forbid_that_cannot_be_evaluated_denies() -> None:
    policies = (in_force(a_rule()), raw(f"forbid(principal, action, resource) {UNSAFE}"))
    ruling = rule(a_subject(), a_resource(), asked_for(), policies)
    assert (ruling.is_permitted, [reason.code for reason in ruling.reasons]) == (False, ["policy_error"])
    assert rule(a_subject(), a_resource(), asked_for(use_case="y"), policies).is_permitted


def test_a_permit_that_cannot_be_evaluated_permits_nothing_and_takes_nothing_away() -> None:
    broken = raw(f"permit(principal, action, resource) {UNSAFE}", effect=Effect.PERMIT)
    ruling = rule(a_subject(), a_resource(), asked_for(), (broken,))
    assert (ruling.is_permitted, [reason.code for reason in ruling.reasons]) == (False, ["policy_error"])
    assert rule(a_subject(), a_resource(), asked_for(), (in_force(a_rule()), broken)).is_permitted


@pytest.mark.parametrize("text", ["", "permit(", "permit(principal, action, resource); permit(principal, action, resource);"])
def test_text_that_is_not_one_policy_denies(text: str) -> None:
    ruling = rule(a_subject(), a_resource(), asked_for(), (in_force(a_rule()), raw(text, effect=Effect.PERMIT)))
    assert (ruling.is_permitted, [reason.code for reason in ruling.reasons]) == (False, ["policy_error"])


def test_a_policy_cannot_pass_for_another_by_what_it_calls_itself() -> None:
    liar = raw('@id("7") @name("readers v1") forbid(principal, action, resource);', 9)
    ruling = rule(a_subject(), a_resource(), asked_for(), (in_force(a_rule(), 7), liar))
    assert [one.id for one in ruling.determining] == [9]


@pytest.mark.parametrize("number", [0, 7])
def test_two_policies_with_one_id_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="one id"):
        rule(a_subject(), a_resource(), asked_for(), (in_force(a_rule(), 7), in_force(a_rule(), number, name="twin")))


@pytest.mark.parametrize("score", [-1.0, 100.1, float("nan"), float("inf")])
def test_a_score_that_is_none_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 100"):
        rule(a_subject(), a_resource(), asked_for(score=score), (PERMIT,))


def test_an_earlier_request_is_ruled_on_again_under_other_policies() -> None:
    ruling = rule(a_subject(), a_resource(), asked_for(use_case="reorder"), (in_force(a_rule()),))
    assert rule_again(ruling.request, (in_force(a_rule()),)) == (True, (7,))
    assert explain_again(ruling.request, (in_force(a_rule()),)) == ()
    assert rule_again(ruling.request, (PERMIT,)) == (False, ())
    assert [reason.code for reason in explain_again(ruling.request, (PERMIT,))] == ["agreement_required"]
    assert rule_again(ruling.request, (in_force(a_rule(Effect.FORBID), 8),)) == (False, (8,))


def test_equal_questions_are_ruled_on_once_and_others_anew() -> None:
    rule.cache_clear()
    for asked in (GOOD, replace(GOOD), replace(GOOD, score=80.0)):
        assert rule(a_subject(), a_resource(), asked, (PERMIT,)).is_permitted
    stricter = replace(PERMIT, cedar=PERMIT.cedar.replace("75.0", "99.0"))
    assert not rule(a_subject(), a_resource(), GOOD, (stricter,)).is_permitted
    assert rule(a_subject(), a_resource(), GOOD, (replace(PERMIT, obligations=()),)).obligations == ()
    assert (rule.cache_info().misses, rule.cache_info().hits) == (3, 2)


def test_the_built_in_rule_holds_against_the_schema() -> None:
    demand_valid(CLEARANCE_RULE.cedar)
    assert (CLEARANCE_RULE.id, len(CLEARANCE_RULE.digest)) == (0, 64)
    assert "namespace Touchstone" in SCHEMA
