"""The gates `coverage` and `schema`: do the checks reach what matters, and is everything there that the contract promises?"""

from collections.abc import Sequence
from fractions import Fraction

from trust.evidence.rules import formatting
from trust.evidence.rules.facts import FieldFacts
from trust.verdicts.rules.coverage import PortCoverage, coverage_of
from trust.verdicts.rules.evidence_status import AssessedEvidence, run_ids
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateFinding, GateInputs, conclude, failed, missing_evidence, no_ports, unknown
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
    passed = f"Passed checks cover {formatting.count(required, 'required dimension')} and {_fields(covered, total)}."
    waivers = tuple(sorted({context.waivers.checks[key].id for key in used}))
    return conclude(GateName.COVERAGE, findings, passed, GateInputs(numbers, run_ids(context.assessed_ports), waivers))


def _fields(covered: int, total: int) -> str:
    return f"{covered:,} of {formatting.count(total, 'critical field')}" if total else "0 critical fields, as none is declared"


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
    verb = "has" if at_best == 1 else "have"
    message = f"{share} {verb} a passed check, {float(100 * needed):g}% must; {formatting.names(missing)} {_verb(missing)} none"
    tolerance = f"{100 * context.policy.minimum_tolerance:g}%"
    remedy = f"Add checks for {formatting.names(missing)} that require at least {tolerance} of rows, then run the suite again"
    return [failed("critical_field_uncovered", message, remedy, context.steward)]


def _verb(items: Sequence[object]) -> str:
    return "has" if len(items) == 1 else "have"


def schema_gate(context: GateContext) -> GateResult:
    """Fails when a field of the contract was not seen, or was seen with another type."""
    findings = no_ports(context)
    declared = missing = mistyped = 0
    for assessed in context.assessed_ports:
        declared += len(assessed.port.fields)
        absent, wrong = _differences(assessed)
        missing, mistyped = missing + len(absent), mistyped + len(wrong)
        findings += _schema_findings(assessed, absent, wrong, context)
        findings += missing_evidence(assessed, context)
    numbers = {"declared_fields": declared, "missing_fields": missing, "mistyped_fields": mistyped}
    verb = "is there with its type" if declared == 1 else "are there with their types"
    passed = f"{formatting.all_of(declared, 'field')} of the contract {verb}."
    return conclude(GateName.SCHEMA, findings, passed, GateInputs(numbers, run_ids(context.assessed_ports)))


def _differences(assessed: AssessedEvidence) -> tuple[list[FieldFacts], list[FieldFacts]]:
    """Declared fields that were not seen, and those that were seen with another type; nothing where no column was seen."""
    if assessed.run is None or not assessed.run.columns:
        return [], []
    seen = {column.name: column.logical_types for column in assessed.run.columns}
    absent = [field for field in assessed.port.fields if field.name not in seen]
    wrong = [
        field
        for field in assessed.port.fields
        if field.name in seen and field.logical_type is not None and field.logical_type not in seen[field.name]
    ]
    return absent, wrong


def _schema_findings(
    assessed: AssessedEvidence, absent: list[FieldFacts], wrong: list[FieldFacts], context: GateContext
) -> list[GateFinding]:
    port, ids = f"port {formatting.shorten(assessed.port.name)}", run_ids([assessed])
    found = []
    if absent:
        lacking = formatting.names(field.name for field in absent)
        remedy = f"Restore {lacking}, or publish a new contract without it, then run the suite again"
        found.append(failed("field_missing", f"{port} lacks {lacking}", remedy, context.steward, ids))
    if wrong:
        columns = assessed.run.columns if assessed.run else ()
        seen = {column.name: " or ".join(sorted(column.logical_types)) for column in columns}
        other = formatting.names(f"{f.name} ({seen.get(f.name) or 'unknown'}, not {f.logical_type})" for f in wrong)
        remedy = "Restore the types that the contract declares, or publish a new contract, then run the suite again"
        message = f"{port} has types that differ from the contract: {other}"
        found.append(failed("field_type_changed", message, remedy, context.steward, ids))
    if not assessed.port.fields:
        remedy = "Declare the fields of the port in its contract"
        found.append(unknown("no_declared_fields", f"{port} has no declared fields", remedy, context.owner))
    elif assessed.run is not None and not assessed.run.columns:
        found.append(unknown("columns_not_seen", f"{port} showed no columns", "Request a new run", context.steward, ids))
    return found
