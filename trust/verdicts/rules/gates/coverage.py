"""The gate `coverage`: do passed checks reach the dimensions and fields that matter?"""

from collections.abc import Sequence
from fractions import Fraction

from trust.evidence.rules import formatting
from trust.verdicts.rules.coverage import PortCoverage, coverage_of
from trust.verdicts.rules.evidence_status import AssessedEvidence, run_ids
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateFinding, GateInputs, conclude, failed, missing_evidence, no_ports
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName


def coverage_gate(context: GateContext) -> GateResult:
    """Fails when a port has no passed check for a required dimension, or too few critical fields have one.

    Dimensions are asked of every port, so that none hides behind another; the share of critical fields over all ports. A check
    under waiver counts as passed. A product without critical fields passes, and says that it has none.
    """
    spoken = [(s, coverage_of(s, context.policy, context.waivers.checks)) for s in context.assessed_ports if not s.is_silent]
    total = sum(field.is_critical for s in context.assessed_ports for field in s.port.fields)
    asked = sum(len(found.critical_fields) for _, found in spoken)
    covered = asked - sum(len(found.uncovered_fields) for _, found in spoken)
    findings = [
        *no_ports(context),
        *(_uncovered(found, assessed, context) for assessed, found in spoken if found.uncovered),
        *_uncovered_fields([found for _, found in spoken], total, total - asked + covered, context),
        *(finding for assessed in context.assessed_ports for finding in missing_evidence(assessed, context)),
    ]
    used = {key for _, found in spoken for key in found.waivers_used}
    required = len(context.policy.required_dimensions)
    numbers = {
        "required_dimensions": required,
        "uncovered_dimensions": sum(len(found.uncovered) for _, found in spoken),
        "critical_fields": total,
        "covered_critical_fields": covered,
    }
    fields = (
        f"{covered:,} of {formatting.count(total, 'critical field')}" if total else "0 critical fields, as none is declared"
    )
    passed = f"Passed checks cover {formatting.count(required, 'required dimension')} and {fields}."
    waivers = tuple(sorted({context.waivers.checks[key].id for key in used}))
    return conclude(GateName.COVERAGE, findings, passed, GateInputs(numbers, run_ids(context.assessed_ports), waivers))


def _uncovered(found: PortCoverage, assessed: AssessedEvidence, context: GateContext) -> GateFinding:
    dimensions = formatting.names(found.uncovered, 8)
    message = f"no passing {dimensions} check on port {formatting.shorten(found.port)}"
    least = f"{100 * context.policy.minimum_tolerance:g}%"
    remedy = (
        f"Add checks for {dimensions} that require at least {least} of rows, or fix the failing ones, then run the suite again"
    )
    return failed("dimension_uncovered", message, remedy, context.steward, run_ids([assessed]))


def _uncovered_fields(found: Sequence[PortCoverage], total: int, at_best: int, context: GateContext) -> list[GateFinding]:
    """Fails only if the share is missed even when the critical fields of ports that nobody could see were all covered."""
    needed = Fraction(str(context.policy.critical_field_share))
    if not total or Fraction(at_best, total) >= needed:
        return []
    missing = [name for port in found for name in port.uncovered_fields]
    share = f"{at_best:,} of {formatting.count(total, 'critical field')} ({formatting.percent(at_best, total)})"
    verb, their_verb = ("has" if number == 1 else "have" for number in (at_best, len(missing)))
    message = f"{share} {verb} a passed check, {float(100 * needed):g}% must; {formatting.names(missing)} {their_verb} none"
    tolerance = f"{100 * context.policy.minimum_tolerance:g}%"
    remedy = f"Add checks for {formatting.names(missing)} that require at least {tolerance} of rows, then run the suite again"
    return [failed("critical_field_uncovered", message, remedy, context.steward)]
