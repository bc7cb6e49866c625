"""How a gate comes to its result: it collects findings, and the worst kind of finding decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trust.evidence.rules import formatting
from trust.verdicts.rules.evidence_status import AssessedEvidence, run_ids
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.outcome import GateResult, Responsible
from trust.vocabulary import GateName, GateStatus


@dataclass(frozen=True, slots=True)
class GateFinding:
    """One reason why a gate does not pass: half a sentence without a full stop, and a remedy in the imperative."""

    status: GateStatus
    code: str
    message: str
    remedy: str
    responsible: Responsible
    evidence_ids: tuple[str, ...] = ()


def failed(code: str, message: str, remedy: str, responsible: Responsible, evidence_ids: tuple[str, ...] = ()) -> GateFinding:
    """A finding that makes its gate fail."""
    return GateFinding(GateStatus.FAILED, code, message, remedy, responsible, evidence_ids)


def unknown(code: str, message: str, remedy: str, responsible: Responsible, evidence_ids: tuple[str, ...] = ()) -> GateFinding:
    """A finding that leaves its gate unknown."""
    return GateFinding(GateStatus.UNKNOWN, code, message, remedy, responsible, evidence_ids)


@dataclass(frozen=True, slots=True)
class GateInputs:
    """What a gate looked at, whatever it finds: numbers by name, ids of evidence, ids of waivers of single checks."""

    numbers: Mapping[str, int | float]
    evidence_ids: tuple[str, ...] = ()
    check_waiver_ids: tuple[str, ...] = ()


def conclude(gate: GateName, findings: Sequence[GateFinding], passed: str, inputs: GateInputs) -> GateResult:
    """`gate` passed with the sentence `passed` when nothing was found; else failed if anything failed, else unknown.

    Code, remedy and responsible person come from the first of the findings that decide; the sentence tells up to three.
    """
    deciding = [finding for finding in findings if finding.status is GateStatus.FAILED] or list(findings)
    if not deciding:
        return GateResult(
            gate, gate.gap, GateStatus.PASSED, "ok", passed, inputs.numbers, inputs.evidence_ids,
            check_waiver_ids=inputs.check_waiver_ids,
        )  # fmt: skip
    first = deciding[0]
    named = tuple(dict.fromkeys(evidence_id for finding in deciding for evidence_id in finding.evidence_ids))
    return GateResult(
        gate=gate,
        gap=gate.gap,
        status=first.status,
        code=first.code,
        message=formatting.list_sentences([finding.message for finding in deciding]),
        numbers=inputs.numbers,
        evidence_ids=named or inputs.evidence_ids,
        remedy=f"{first.remedy.rstrip('.')}.",
        responsible=first.responsible,
        check_waiver_ids=inputs.check_waiver_ids,
    )


def no_ports(context: GateContext) -> list[GateFinding]:
    """One unknown for a product that has nothing to read; nothing for any other."""
    if context.assessed_ports:
        return []
    remedy = "Add an output port with a suite, and run it"
    return [unknown("no_output_ports", "The product has no output port", remedy, context.owner)]


def doubt_of(assessed: AssessedEvidence, context: GateContext, code: str | None = None) -> GateFinding:
    """The unknown that follows from the doubt about a port's evidence; `code` replaces the doubt's own."""
    doubt = assessed.doubt
    if doubt is None:
        raise ValueError(f"Nothing is doubted about port {assessed.port.name}; call this only for evidence with a doubt.")
    message = f"port {formatting.shorten(assessed.port.name)} {doubt.message}"
    return unknown(code or doubt.code, message, doubt.remedy, context.steward, run_ids([assessed]))


def missing_evidence(assessed: AssessedEvidence, context: GateContext) -> list[GateFinding]:
    """One unknown `no_evidence` where passes of this port do not count, for gates that rest on them."""
    return [] if assessed.passes_count else [doubt_of(assessed, context, "no_evidence")]
