"""Cedar against a plain restatement of the rules: whatever the policies and the question, both rule the same."""

from dataclasses import replace

import cedarpy
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from catalog.cedar import CLEARANCE_RULE, demand_valid, read_policy, rule, rule_again
from catalog.cedar.schema import schema_handle
from catalog.rules.access_policy import PolicySpec
from catalog.rules.obligation import Obligation
from catalog.rules.ruling import AskedFor, Resource, Subject
from catalog.rules.vocabulary import BUILT_IN_PURPOSES, ConsumerKind, Effect, Lifecycle, Sensitivity
from tests.catalog.cedar.builders import in_force

HOSTILE = [
    'x"]) }; permit(principal, action, resource); //',
    "a\nb",
    "\\",
    '"',
    "context.agreement",
    "ü\u200b\U0001f600",
    "*",
    "",
]
PURPOSES = [*BUILT_IN_PURPOSES[:3], *HOSTILE]
DOMAINS = ["sales", "people", 'd" || true', "e\\"]
PRODUCTS = ["orders", "clicks", 'o", resource == x']
kinds = st.frozensets(st.sampled_from(ConsumerKind))
purposes = st.frozensets(st.sampled_from(PURPOSES), max_size=4)
scores = st.one_of(st.integers(0, 100).map(float), st.floats(0, 100), st.sampled_from([74.9999, 74.99999, 75.00001, 1e-7]))
obligations = st.frozensets(st.sampled_from([Obligation("human_review"), Obligation("delete_after", days=3)]))
permits = st.builds(
    PolicySpec,
    effect=st.just(Effect.PERMIT),
    consumer_kinds=kinds,
    purposes=purposes,
    minimum_score=st.none() | scores,
    agreement_required=st.booleans(),
    obligations=obligations,
)
forbids = st.builds(PolicySpec, effect=st.just(Effect.FORBID), consumer_kinds=kinds, purposes=purposes)
guardrails = st.builds(
    PolicySpec,
    effect=st.just(Effect.FORBID),
    consumer_kinds=kinds,
    purposes=purposes,
    is_guardrail=st.just(True),
    domain=st.none() | st.sampled_from(DOMAINS),
    minimum_sensitivity=st.none() | st.sampled_from(Sensitivity),
)
policies = st.lists(st.one_of(permits, permits, forbids, guardrails), max_size=6)
subjects = st.builds(
    Subject,
    slug=st.sampled_from(["robot", *HOSTILE[:3]]),
    kind=st.sampled_from(ConsumerKind),
    clearance=st.sampled_from(Sensitivity),
    owner=st.sampled_from(["olga", '"']),
)
resources = st.builds(
    Resource,
    slug=st.sampled_from(PRODUCTS),
    domain=st.sampled_from(DOMAINS),
    sensitivity=st.none() | st.sampled_from(Sensitivity),
    lifecycle=st.sampled_from(Lifecycle),
    owner=st.just("olga"),
)
questions = st.builds(
    AskedFor,
    purpose=st.sampled_from(PURPOSES),
    score=scores,
    is_production_grade=st.booleans(),
    has_agreement=st.booleans(),
    use_case=st.none() | st.sampled_from(HOSTILE),
)


def applies(policy: PolicySpec, subject: Subject, resource: Resource, asked: AskedFor) -> bool:
    """Whether a policy that speaks about the product holds, said once more without Cedar."""
    level = resource.sensitivity or Sensitivity.RESTRICTED
    return (
        (not policy.consumer_kinds or subject.kind in policy.consumer_kinds)
        and (not policy.purposes or asked.purpose in policy.purposes)
        and (policy.minimum_score is None or floor4(asked.score) >= policy.minimum_score)
        and (asked.has_agreement or not policy.agreement_required)
        and (policy.domain is None or policy.domain == resource.domain)
        and (policy.minimum_sensitivity is None or level.rank >= policy.minimum_sensitivity.rank)
    )


def floor4(score: float) -> float:
    """A score counts with four digits, never rounded up."""
    whole, _, digits = f"{score:.20f}".rpartition(".") if "e" in repr(score) else repr(score).partition(".")
    return float(f"{whole}.{digits[:4] or 0}")


def restated(
    subject: Subject, resource: Resource, asked: AskedFor, rules: dict[int, tuple[PolicySpec, str]]
) -> tuple[bool, set[int]]:
    """(permitted, determining): forbids override permits, nothing permits by itself, clearance binds everybody."""
    about = {number: rule for number, (rule, product) in rules.items() if rule.is_guardrail or product == resource.slug}
    holding = {number: rule for number, rule in about.items() if applies(rule, subject, resource, asked)}
    forbidding = {number for number, rule in holding.items() if rule.effect is Effect.FORBID}
    if subject.clearance.rank < (resource.sensitivity or Sensitivity.RESTRICTED).rank:
        forbidding.add(CLEARANCE_RULE.id)
    return (False, forbidding) if forbidding else (bool(holding), set(holding))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policies, st.lists(st.sampled_from(PRODUCTS), min_size=6, max_size=6), subjects, resources, questions)
def test_cedar_rules_as_the_plain_rules_do(
    given_rules: list[PolicySpec], products: list[str], subject: Subject, resource: Resource, asked: AskedFor
) -> None:
    rules = {number: (given_rules[number - 1], products[number - 1]) for number in range(1, len(given_rules) + 1)}
    published = tuple(in_force(rule, number, name="p", product=product) for number, (rule, product) in rules.items())
    is_permitted, determining = restated(subject, resource, asked, rules)
    event(f"permitted: {is_permitted}, determining: {bool(determining)}")

    ruling = rule(subject, resource, asked, published)

    assert (ruling.is_permitted, {one.id for one in ruling.determining}) == (is_permitted, determining)
    assert bool(ruling.reasons) is not ruling.is_permitted
    duties = {duty for number in determining if is_permitted for duty in rules[number][0].obligations}
    assert sorted(map(str, ruling.obligations)) == sorted(str(duty.as_object()) for duty in duties)
    assert rule_again(ruling.request, published) == (is_permitted, tuple(sorted(determining)))


@settings(max_examples=200, deadline=None)
@given(st.one_of(permits, forbids, guardrails), st.text(max_size=20))
def test_whatever_people_write_compiles_to_one_valid_policy(policy: PolicySpec, text: str) -> None:
    text = text.encode(errors="ignore").decode()
    hostile = replace(policy, purposes=frozenset({text}), domain=text if policy.is_guardrail else None)
    compiled = in_force(hostile, name="p", product=text)
    demand_valid(compiled.cedar)
    (parsed,) = cedarpy.policies_to_pst(compiled.cedar).static_policies.values()
    assert parsed.effect == policy.effect.value
    assert parsed.annotations["name"] == "p v1"
    if not policy.is_guardrail:
        assert read_policy(compiled.cedar).product == text


@settings(max_examples=100, deadline=None)
@given(subjects, resources, questions)
def test_every_request_is_what_the_schema_says(subject: Subject, resource: Resource, asked: AskedFor) -> None:
    request = dict(rule(subject, resource, asked, ()).request)
    entities = request.pop("entities")
    result = cedarpy.is_authorized(request, "permit(principal, action, resource);", entities, schema_handle())
    assert (result.allowed, result.diagnostics.errors) == (True, [])
