"""The gate `schema`: does the data have every field that the contract promises, with its type?"""

from trust.evidence.rules import formatting
from trust.evidence.rules.facts import FieldFacts
from trust.verdicts.rules.evidence_status import AssessedEvidence, run_ids
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateFinding, GateInputs, conclude, failed, missing_evidence, no_ports, unknown
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName


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
