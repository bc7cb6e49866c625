"""Questions and policies in force for tests of rulings, made without a database."""

from typing import Any

from catalog.rules.access_policy import PolicySpec, access_policy_digest, obligations_from_json
from catalog.rules.cedar_text import cedar_text
from catalog.rules.obligation import sorted_obligations
from catalog.rules.ruling import AskedFor, PolicyInForce, Resource, Subject
from catalog.rules.vocabulary import ConsumerKind, Effect, Lifecycle, Sensitivity

PRODUCT = "orders"


def a_subject(**changed: Any) -> Subject:
    given = {"slug": "robot", "kind": ConsumerKind.AI_AGENT, "clearance": Sensitivity.INTERNAL, "owner": "carl"}
    return Subject(**{**given, **changed})


def a_resource(**changed: Any) -> Resource:
    given = {
        "slug": PRODUCT,
        "domain": "sales",
        "sensitivity": Sensitivity.INTERNAL,
        "lifecycle": Lifecycle.PUBLISHED,
        "owner": "olga",
    }
    return Resource(**{**given, **changed})


def asked_for(purpose: str = "analytics", score: float = 90.0, **changed: Any) -> AskedFor:
    return AskedFor(purpose, score, **{"is_production_grade": True, **changed})


def a_rule(effect: Effect = Effect.PERMIT, *, obligations: tuple[Any, ...] = (), **changed: Any) -> PolicySpec:
    given: dict[str, Any] = {"consumer_kinds": frozenset(ConsumerKind), "purposes": frozenset({"analytics"})}
    return PolicySpec(effect, **{**given, **changed}, obligations=obligations_from_json(obligations))


def a_guardrail(**changed: Any) -> PolicySpec:
    given: dict[str, Any] = {"consumer_kinds": frozenset(), "purposes": frozenset()}
    return PolicySpec(Effect.FORBID, is_guardrail=True, **{**given, **changed})


def in_force(rule: PolicySpec, number: int = 7, *, name: str = "readers", product: str = PRODUCT) -> PolicyInForce:
    """`rule` as it is published, version 1."""
    text = cedar_text(rule, product=None if rule.is_guardrail else product, name=name, version=1)
    return PolicyInForce(
        id=number,
        name=name,
        version=1,
        digest=access_policy_digest(rule),
        effect=rule.effect,
        cedar=text,
        is_guardrail=rule.is_guardrail,
        is_raw=rule.cedar is not None,
        consumer_kinds=rule.consumer_kinds,
        purposes=rule.purposes,
        minimum_score=rule.minimum_score,
        agreement_required=rule.agreement_required,
        obligations=tuple(sorted_obligations(rule.obligations)),
    )


def raw(text: str, number: int = 9, *, name: str = "by-hand", effect: Effect = Effect.FORBID) -> PolicyInForce:
    """A policy as governance wrote it."""
    return PolicyInForce(number, name, 1, "d" * 64, effect, text, is_raw=True)
