"""The gate `score`: is the uncapped score at least what the trust policy asks for?"""

from trust.verdicts.rules.evidence_status import run_ids
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateInputs, conclude, failed, missing_evidence, no_ports, unknown
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName


def score_gate(context: GateContext, raw: float, at_best: float) -> GateResult:
    """Fails when not even `at_best`, the score if all that cannot be seen were good, reaches the minimum.

    Passes when `raw` reaches it on evidence that counts; else unknown (our choice: a port that nobody could look at lowers the
    number, but it does not prove that the data is bad).
    """
    minimum = context.policy.minimum_score
    findings = no_ports(context)
    remedy = "Check which parts of the score are low, and follow the remedies of the other gates"
    if at_best < minimum:
        message = f"the score is {raw:g}, {minimum:g} is required"
        findings = [failed("score_too_low", message, remedy, context.owner)]
    else:
        findings += [found for assessed in context.assessed_ports for found in missing_evidence(assessed, context)]
        if raw < minimum and not findings:
            message = f"the score is {raw:g}, {minimum:g} is required; with the missing evidence it could reach {at_best:g}"
            findings = [unknown("score_unsettled", message, remedy, context.steward)]
    numbers = {"raw_score": raw, "minimum_score": minimum, "best_possible": at_best}
    passed = f"The score is {raw:g}, {minimum:g} is required."
    return conclude(GateName.SCORE, findings, passed, GateInputs(numbers, run_ids(context.assessed_ports)))
