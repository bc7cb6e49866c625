"""The fifteen gates, one function each. `judge_gates` asks those that are on and lists the others as off."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.coverage import coverage_gate
from trust.verdicts.rules.gates.evidence import critical_checks_gate, evidence_gate, freshness_gate, score_gate
from trust.verdicts.rules.gates.governance import (
    acknowledgement_gate,
    explainability_gate,
    owner_gate,
    policy_gate,
    review_gate,
    sensitivity_gate,
)
from trust.verdicts.rules.gates.product import incidents_gate, lifecycle_gate, upstream_gate
from trust.verdicts.rules.gates.schema import schema_gate
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName, GateStatus

_GATES: Mapping[GateName, Callable[[GateContext], GateResult]] = {
    GateName.LIFECYCLE: lifecycle_gate,
    GateName.EVIDENCE: evidence_gate,
    GateName.CRITICAL_CHECKS: critical_checks_gate,
    GateName.COVERAGE: coverage_gate,
    GateName.FRESHNESS: freshness_gate,
    GateName.SCHEMA: schema_gate,
    GateName.INCIDENTS: incidents_gate,
    GateName.UPSTREAM: upstream_gate,
    GateName.SENSITIVITY: sensitivity_gate,
    GateName.POLICY: policy_gate,
    GateName.EXPLAINABILITY: explainability_gate,
    GateName.REVIEW: review_gate,
    GateName.OWNER: owner_gate,
    GateName.ACKNOWLEDGEMENT: acknowledgement_gate,
}


def judge_gates(context: GateContext, raw: float, at_best: float) -> tuple[GateResult, ...]:
    """One result per gate, in the order of `GateName`.

    A gate that the policy turns off is listed as `off`, so that nothing is hidden, and counts neither as passed nor as failed.
    """
    return tuple(_judge_gate(name, context, raw, at_best) for name in GateName)


def _judge_gate(name: GateName, context: GateContext, raw: float, at_best: float) -> GateResult:
    if name not in context.policy.gates:
        return GateResult(name, name.gap, GateStatus.OFF, "off", "The trust policy does not require this.")
    result = score_gate(context, raw, at_best) if name is GateName.SCORE else _GATES[name](context)
    waiver = context.waivers.gates.get(name)
    if waiver is None or not result.is_open:
        return result
    return replace(result, status=GateStatus.PASSED, waiver_id=waiver.id, waived_from=result.status)
