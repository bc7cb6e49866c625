"""The gates of the governance gap (`sensitivity`, `policy`, `explainability`, `review`) and of the ownership gap (`owner`,
`acknowledgement`).
"""

from msgspec import UNSET

from catalog.rules.moments import shown
from catalog.rules.sensitivity import exceeds
from catalog.rules.vocabulary import Effect
from trust.evidence.rules import formatting
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateInputs, conclude, failed, unknown
from trust.verdicts.rules.governance_measures import all_fields, is_acknowledged, is_permitting
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName

_MOST_SHOWN = 10


def sensitivity_gate(context: GateContext) -> GateResult:
    """Fails when the product is unclassified, a field is more sensitive than it, or personal data has no level of its own."""
    level, fields = context.facts.sensitivity, all_fields(context)
    above = [f"{field.name} ({field.sensitivity})" for _, field in fields if level and exceeds(field.sensitivity, level)]
    personal = [field.name for _, field in fields if field.is_personal_data and field.sensitivity is None]
    owner = context.owner
    findings = []
    if level is None:
        remedy = "Classify the product as public, internal, confidential or restricted"
        findings.append(failed("product_unclassified", "The product has no sensitivity", remedy, owner))
    if above:
        verb = "is" if len(above) == 1 else "are"
        message = f"{formatting.names(above)} {verb} more sensitive than the product ({level})"
        remedy = "Raise the product's sensitivity to that of its most sensitive field, or take the field out"
        findings.append(failed("field_more_sensitive", message, remedy, owner))
    if personal:
        verb, whose = ("holds", "its") if len(personal) == 1 else ("hold", "their")
        message = f"{formatting.names(personal)} {verb} personal data without a sensitivity of {whose} own"
        remedy = "Give every field with personal data a sensitivity"
        findings.append(failed("personal_field_unclassified", message, remedy, owner))
    numbers = {"fields": len(fields), "above_product": len(above), "personal_unclassified": len(personal)}
    passed = f"The product is {level}; of {formatting.count(len(fields), 'field')} none is more sensitive."
    return conclude(GateName.SENSITIVITY, findings, passed, GateInputs(numbers))


def policy_gate(context: GateContext) -> GateResult:
    """Fails unless a published access policy that has not expired permits somebody something."""
    policies = context.facts.policies
    live = [policy for policy in policies if is_permitting(policy, context.now)]
    ended = [p for p in policies if p.is_published and p.effect is Effect.PERMIT and p not in live]
    findings = []
    if not live and ended:
        message = f"the access policy {formatting.names(policy.name for policy in ended)} has expired"
        remedy = "Publish a new version of the access policy"
        ids = tuple(policy.id for policy in ended)
        findings = [failed("access_policy_expired", message, remedy, context.governance, ids)]
    elif not live:
        drafts = f" ({formatting.count(len(policies), 'other policy', 'other policies')})" if policies else ""
        message = f"no published access policy permits the use of the product{drafts}"
        remedy = "Publish an access policy that covers the product"
        findings = [failed("no_access_policy", message, remedy, context.governance)]
    numbers = {"policies": len(policies), "permitting": len(live)}
    passed = f"Covered by {formatting.names(f'{policy.name} version {policy.version}' for policy in live)}."
    return conclude(GateName.POLICY, findings, passed, GateInputs(numbers, tuple(policy.id for policy in live)))


def explainability_gate(context: GateContext) -> GateResult:
    """Fails unless purpose, limitations and intended use are all written down."""
    facts = context.facts
    written = {"purpose": facts.has_purpose, "limitations": facts.has_limitations, "intended use": facts.has_intended_use}
    missing = [name for name, is_there in written.items() if not is_there]
    findings = []
    fillers = [] if facts.placeholders is UNSET else [name for name in missing if name in facts.placeholders]
    absent = [name for name in missing if name not in fillers]
    parts = [f"{_are(absent)} not written down"] if absent else []
    parts += [f"{_are(fillers)} only a placeholder"] if fillers else []
    if missing:
        findings = [failed("not_explained", ", and ".join(parts), f"Write down {formatting.names(missing)}", context.owner)]
    passed = "Purpose, limitations and intended use are written down."
    return conclude(GateName.EXPLAINABILITY, findings, passed, GateInputs({"written": 3 - len(missing), "asked": 3}))


def _are(texts: list[str]) -> str:
    return f"{formatting.names(texts)} {'is' if texts in (['purpose'], ['intended use']) else 'are'}"


def review_gate(context: GateContext) -> GateResult:
    """Unknown when governance never reviewed the product as it is claimed now, fails when the last review is too long ago."""
    reviewed_at, interval = context.facts.reviewed_at, context.policy.review_interval
    remedy = "Review the product and record the review"
    findings, passed = [], ""
    if reviewed_at is None or not context.has_happened(reviewed_at):
        message = "governance has not reviewed the current product"
        findings = [unknown("never_reviewed", message, remedy, context.governance)]
    elif context.now - reviewed_at > interval:
        message = f"the last review, at {shown(reviewed_at)}, was due again after {formatting.span(interval)}"
        findings = [failed("review_overdue", message, remedy, context.governance)]
    elif loosened := context.facts.loosened_since_review:
        verb = "asks" if len(loosened) == 1 else "ask"
        number = formatting.count(len(loosened), "claim")
        more = f"; and {len(loosened) - _MOST_SHOWN} more" if len(loosened) > _MOST_SHOWN else ""
        shown_lines = "; ".join(formatting.shorten(line, 200) for line in loosened[:_MOST_SHOWN])
        message = f"{number} {verb} for less than governance reviewed: {shown_lines}{more}"
        remedy = (
            "Compare the product with what was reviewed, side by side on its page in the admin or with "
            f"GET /api/v1/products/{context.facts.slug}/review, and review it again"
        )
        findings = [unknown("changed_since_review", message, remedy, context.governance)]
    else:
        passed = f"Reviewed at {shown(reviewed_at)}, next due by {shown(reviewed_at + interval)}."
    return conclude(GateName.REVIEW, findings, passed, GateInputs({"interval_days": interval.days}))


def owner_gate(context: GateContext) -> GateResult:
    """Fails when nobody, or somebody who has left, answers for the product."""
    owner = context.facts.owner
    findings, passed = [], ""
    if owner is None:
        remedy = "Name an accountable owner who is active"
        findings = [failed("no_owner", "The product has no owner", remedy, context.governance)]
    elif not owner.is_active:
        remedy = "Name a new owner who is active"
        message = f"the owner {owner.username} is no longer active"
        findings = [failed("owner_inactive", message, remedy, context.governance)]
    elif context.facts.owner_is_provisional is True:
        remedy = "Acknowledge the product, or hand it over to who answers for it"
        message = (
            f"the contract names no owner who has an account, so {owner.username}, who registered it, owns it provisionally"
        )
        findings = [failed("owner_provisional", message, remedy, context.owner)]
    else:
        passed = f"{owner.name or owner.username} owns the product."
    return conclude(GateName.OWNER, findings, passed, GateInputs({}))


def acknowledgement_gate(context: GateContext) -> GateResult:
    """Fails unless the present owner has acknowledged the product within the policy's interval."""
    facts, interval = context.facts, context.policy.acknowledgement_interval
    at, inputs = facts.acknowledged_at, GateInputs({"interval_days": interval.days})
    if at is not None and is_acknowledged(context):
        passed = f"Acknowledged by {facts.acknowledged_by} at {shown(at)}, next due by {shown(at + interval)}."
        return conclude(GateName.ACKNOWLEDGEMENT, [], passed, inputs)
    code, message = _why_not(context)
    remedy = "Read the product's page and acknowledge it"
    finding = failed(code, message, remedy, context.owner)
    return conclude(GateName.ACKNOWLEDGEMENT, [finding], "", inputs)


def _why_not(context: GateContext) -> tuple[str, str]:
    facts, interval = context.facts, context.policy.acknowledgement_interval
    if facts.acknowledged_at is None or not context.has_happened(facts.acknowledged_at):
        return "never_acknowledged", "the owner's acknowledgement is missing"
    if facts.owner is None or facts.acknowledged_by != facts.owner.username:
        by = facts.acknowledged_by or "an unknown person"
        return "acknowledged_by_other", f"the product was acknowledged by {by}, not by its present owner"
    since = shown(facts.acknowledged_at)
    return "acknowledgement_overdue", f"the owner's acknowledgement of {since} was due again after {formatting.span(interval)}"
