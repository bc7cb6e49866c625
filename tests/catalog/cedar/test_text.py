"""Cedar text: readable, canonical, and safe against whatever people write; and what is refused of texts that people write."""

from datetime import UTC, datetime

import cedarpy
import pytest

from catalog.cedar import InvalidCedarError, demand_valid, read_policy
from catalog.rules.access_policy import access_policy_digest
from catalog.rules.cedar_text import cedar_text, quoted
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from tests.catalog.cedar.builders import a_guardrail, a_rule

FULL = a_rule(
    consumer_kinds=frozenset({ConsumerKind.AI_MODEL, ConsumerKind.AI_AGENT}),
    purposes=frozenset({"ai.training", "ai.evaluation"}),
    minimum_score=75,
    agreement_required=True,
    obligations=("cite-source", {"type": "mask_fields", "fields": ["name", "email"]}),
    expires_at=datetime(2027, 1, 31, tzinfo=UTC),
)


def test_the_text_can_be_read() -> None:
    assert cedar_text(FULL, product="nyc-planes", name="ai-use", version=2) == (
        """\
@id("nyc-planes/ai-use/v2")
@name("ai-use v2")
@obligations("[{\\"type\\": \\"mask_fields\\", \\"fields\\": [\\"email\\", \\"name\\"]}, \\"cite-source\\"]")
@expires_at("2027-01-31T00:00:00+00:00")
permit (
  principal,
  action == Touchstone::Action::"consume",
  resource == Touchstone::DataProduct::"nyc-planes"
)
when { ["ai_agent", "ai_model"].contains(principal.kind) }
when { ["ai.evaluation", "ai.training"].contains(context.purpose) }
when { context.score.greaterThanOrEqual(decimal("75.0")) }
when { context.agreement };
"""
    )


def test_a_guardrail_says_where_it_applies() -> None:
    rule = a_guardrail(domain="people", minimum_sensitivity=Sensitivity.RESTRICTED, purposes=frozenset({"ai.training"}))
    text = cedar_text(rule, product=None, name="no-training", version=1)
    demand_valid(text)
    assert text.startswith('@id("guardrail/no-training/v1")')
    assert 'resource in Touchstone::Domain::"people"' in text
    assert "when { resource.sensitivity >= 3 }" in text


def test_the_text_is_formatted_as_cedar_formats_it() -> None:
    text = cedar_text(FULL, product="nyc-planes", name="ai-use", version=2)
    assert cedarpy.format_policies(text, line_width=120) == text


@pytest.mark.parametrize(
    "text", ['"', "\\", '\\"', "\n", "\r\t\0", "\x7f\u2028", 'a"); permit(principal, action, resource);', "ü😀", "'*"]
)
def test_a_quoted_text_means_itself(text: str) -> None:
    policy = f"@said({quoted(text)}) permit(principal, action, resource == Touchstone::DataProduct::{quoted(text)});"
    (parsed,) = cedarpy.policies_to_pst(policy).static_policies.values()
    assert (parsed.annotations["said"], read_policy(policy).product) == (text, text)


def test_digests_of_policies_from_before_cedar_stay_what_they_were() -> None:
    old = a_rule(
        consumer_kinds=frozenset({ConsumerKind.AI_AGENT}),
        minimum_score=75.0,
        obligations=("cite-source",),
        expires_at=datetime(2027, 1, 31, tzinfo=UTC),
    )
    assert access_policy_digest(old) == "595aa21b6841936b22a6d2c96b5758659f6fc9c214324a5871060412e32f2469"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("permit(principal, action", "Cedar cannot read the text: unexpected end of input"),
        ("permit(principal, action, resource); forbid(principal, action, resource);", "2 policies"),
        ("// nothing", "0 policies"),
        ("permit(principal == ?principal, action, resource);", "template"),
        ("x" * 20_001, "20,001 characters"),
        ("permit(principal, action, resource) when { " + "(" * 21 + "true" + ")" * 21 + " };", "nests 22 brackets"),
        ("permit(principal, action, resource) when { " + "true && " * 2000 + "true };", "2001 operators"),
        ("permit(principal, action, resource) when { " + "if true then true else " * 500 + "true };", "501 operators"),
        ("permit(principal, action, resource) when { context" + '["agreement"]' * 500 + " };", "501 operators"),
        ("permit(principal, action, resource) " + 'when{context["agreement"]}' * 300 + ";", "600 operators"),
        ("permit(principal, action, resource) " + "unless { false }" * 300 + ";", "300 operators"),
        ('permit(principal, action, resource) when { context.purpose == "\0" };', "cannot be stored in a text file"),
    ],
)
def test_a_text_that_is_not_one_small_policy_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidCedarError, match=words):
        read_policy(text)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("principal.colour == 1", "attribute `colour`"),
        ("context.score > 3", "expected Long but saw decimal"),
        ('context.use_case == "a"', "optional attribute `use_case`"),
        ("resource.sensitivity > 1 && principal.salary > 2", "attribute `salary`"),
    ],
)
def test_the_schema_finds_what_a_policy_cannot_speak_about(condition: str, words: str) -> None:
    with pytest.raises(InvalidCedarError, match=words):
        demand_valid(f"permit(principal, action, resource) when {{ {condition} }};")


def test_every_fault_is_named() -> None:
    with pytest.raises(InvalidCedarError) as refusal:
        demand_valid("permit(principal, action, resource) when { principal.a == 1 && resource.b == 2 };")
    assert len(refusal.value.faults) == 2


def test_what_a_text_is_bound_to_is_read_from_its_scope_alone() -> None:
    bound = read_policy('@why("x") permit(principal, action, resource == Touchstone::DataProduct::"orders");')
    assert (bound.effect, bound.product, set(bound.annotations)) == (Effect.PERMIT, "orders", {"why"})
    loose = 'forbid(principal, action, resource) when { resource == Touchstone::DataProduct::"orders" };'
    assert read_policy(loose).product is None
