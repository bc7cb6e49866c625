"""The gates of the ownership gap: `owner` and `acknowledgement`."""

from catalog.rules.moments import shown
from trust.evidence.rules import formatting
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateInputs, conclude, failed
from trust.verdicts.rules.governance_measures import is_acknowledged
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName


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
