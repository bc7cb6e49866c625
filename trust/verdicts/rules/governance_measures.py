"""How far a product is governed and owned, as shares for the score: six questions, each 0 to 1."""

from datetime import datetime, timedelta
from fractions import Fraction

from catalog.rules.sensitivity import exceeds
from catalog.rules.vocabulary import Effect
from trust.evidence.rules.facts import FieldFacts
from trust.verdicts.rules.facts import PolicyFacts
from trust.verdicts.rules.gate_context import GateContext


def all_fields(context: GateContext) -> tuple[tuple[str, FieldFacts], ...]:
    """Every declared field with the name of its port."""
    return tuple((port.name, field) for port in context.facts.ports for field in port.fields)


def is_well_classified(field: FieldFacts, context: GateContext) -> bool:
    """Whether a field is no more sensitive than its product, and has a level of its own if it holds personal data."""
    if field.is_personal_data and field.sensitivity is None:
        return False
    return not exceeds(field.sensitivity, context.facts.sensitivity)


def is_permitting(policy: PolicyFacts, now: datetime) -> bool:
    """Whether an access policy is published, permits, and has not expired."""
    is_live = policy.expires_at is None or now < policy.expires_at
    return policy.is_published and policy.effect is Effect.PERMIT and is_live


def is_within(context: GateContext, time: datetime | None, interval: timedelta) -> bool:
    """Whether something happened, and no longer ago than `interval`."""
    return time is not None and context.has_happened(time) and context.now - time <= interval


def is_acknowledged(context: GateContext) -> bool:
    """Whether the present owner has acknowledged the product within the policy's interval."""
    facts = context.facts
    by_owner = facts.owner is not None and facts.acknowledged_by == facts.owner.username
    return by_owner and is_within(context, facts.acknowledged_at, context.policy.acknowledgement_interval)


def classified_share(context: GateContext) -> Fraction:
    """Share of the fields that are well classified, 0 to 1; 0 where the product itself is unclassified."""
    if context.facts.sensitivity is None:
        return Fraction(0)
    fields = all_fields(context)
    good = sum(is_well_classified(field, context) for _, field in fields)
    return Fraction(good, len(fields)) if fields else Fraction(1)


def governance_terms(context: GateContext, *, benefit: bool = False) -> tuple[tuple[str, Fraction], ...]:
    """The six shares by gate. A review that never was, or not of what is claimed now, is unknown: 0, with `benefit` 1."""
    facts = context.facts
    explained = sum((facts.has_purpose, facts.has_limitations, facts.has_intended_use))
    is_open = bool(facts.loosened_since_review) or not context.has_happened(facts.reviewed_at)
    reviewed = benefit if is_open else is_within(context, facts.reviewed_at, context.policy.review_interval)
    permitted = any(is_permitting(policy, context.now) for policy in facts.policies)
    owned = facts.owner is not None and facts.owner.is_active
    return (
        ("sensitivity", classified_share(context)),
        ("policy", Fraction(int(permitted))),
        ("explainability", Fraction(explained, 3)),
        ("review", Fraction(int(reviewed))),
        ("owner", Fraction(int(owned))),
        ("acknowledgement", Fraction(int(is_acknowledged(context)))),
    )
