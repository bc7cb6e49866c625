"""The gates of the governance gap: `sensitivity`, `policy`, `explainability` and `review`."""

from msgspec import UNSET

from catalog.rules.moments import shown
from catalog.rules.sensitivity import exceeds
from catalog.rules.vocabulary import Effect
from trust.evidence.rules import formatting
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateInputs, conclude, failed, unknown
from trust.verdicts.rules.governance_measures import all_fields, is_permitting
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName


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
    """Unknown when governance never reviewed the product, fails when the last review is too long ago."""
    reviewed_at, interval = context.facts.reviewed_at, context.policy.review_interval
    remedy = "Review the product and record the review"
    findings, passed = [], ""
    if reviewed_at is None or not context.has_happened(reviewed_at):
        message = "governance has not reviewed the current product"
        findings = [unknown("never_reviewed", message, remedy, context.governance)]
    elif context.now - reviewed_at > interval:
        message = f"the last review, at {shown(reviewed_at)}, was due again after {formatting.span(interval)}"
        findings = [failed("review_overdue", message, remedy, context.governance)]
    else:
        passed = f"Reviewed at {shown(reviewed_at)}, next due by {shown(reviewed_at + interval)}."
    return conclude(GateName.REVIEW, findings, passed, GateInputs({"interval_days": interval.days}))
