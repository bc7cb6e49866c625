"""The gates `evidence` and `critical_checks`: have we looked, and what did we see?"""

from catalog.rules.moments import shown
from catalog.rules.vocabulary import Severity
from trust.evidence.rules import formatting
from trust.evidence.rules.facts import CheckFacts
from trust.verdicts.rules.check_coverage import vouches_for_most
from trust.verdicts.rules.evidence_status import AssessedEvidence, run_ids, vacuity_of
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import (
    GateFinding,
    GateInputs,
    conclude,
    doubt_of,
    failed,
    missing_evidence,
    no_ports,
    unknown,
)
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import CheckStatus, GateName


def evidence_gate(context: GateContext) -> GateResult:
    """Unknown as soon as one port has evidence that is missing, doubted or too old. It never fails."""
    findings = [doubt_of(s, context) for s in context.assessed_ports if s.doubt is not None]
    rows = sum(s.run.rows or 0 for s in context.assessed_ports if s.run)
    checks = sum(len(s.checks) for s in context.assessed_ports)
    seen = [s.run.started_at for s in context.assessed_ports if s.run]
    since = f", last at {shown(min(seen))}" if seen else ""
    return conclude(
        GateName.EVIDENCE,
        [*no_ports(context), *findings],
        f"{formatting.count(checks, 'check')} ran on {formatting.count(rows, 'row')}{since}.",
        GateInputs({"ports": len(context.assessed_ports), "checks": checks, "rows": rows}, run_ids(context.assessed_ports)),
    )


def critical_checks_gate(context: GateContext) -> GateResult:
    """Fails when a critical check failed, unknown when one could not be evaluated or a port has none that means anything.

    A failure counts however old it is; a pass counts only while its evidence does.
    """
    findings = no_ports(context)
    waivers: list[str] = []
    critical_count = failed_count = 0
    for assessed in context.assessed_ports:
        critical = [
            check
            for check in assessed.checks
            if check.severity is Severity.CRITICAL and vacuity_of(check, assessed.place) is None
        ]
        waivers += [context.waivers.checks[c.key].id for c in critical if _needs_waiver(c, assessed, context)]
        judged = [check for check in critical if check.key not in context.waivers.checks]
        bad = [check for check in judged if check.status is CheckStatus.FAILED]
        critical_count, failed_count = critical_count + len(critical), failed_count + len(bad)
        findings += [_failure(check, assessed, context) for check in _gravest_first(bad)]
        findings += missing_evidence(assessed, context)
        findings += [_not_evaluated(check, context) for check in judged if _is_open(check, assessed)]
        if assessed.passes_count and not any(_vouches(check, assessed, context) for check in critical):
            findings.append(_none_critical(assessed, context))
    numbers = {"critical_checks": critical_count, "failed": failed_count, "waived": len(waivers)}
    passed = f"{formatting.all_of(critical_count, 'critical check')} passed."
    if waivers:
        asked = formatting.count(critical_count, "critical check")
        passed = f"{critical_count - len(waivers):,} of {asked} passed, {len(waivers):,} under waiver."
    inputs = GateInputs(numbers, run_ids(context.assessed_ports), tuple(sorted(set(waivers))))
    return conclude(GateName.CRITICAL_CHECKS, findings, passed, inputs)


def _vouches(check: CheckFacts, assessed: AssessedEvidence, context: GateContext) -> bool:
    rows = assessed.run.rows if assessed.run else None
    return vouches_for_most(check, rows, context.policy.minimum_tolerance)


def _is_open(check: CheckFacts, assessed: AssessedEvidence) -> bool:
    return check.status in {CheckStatus.ERROR, CheckStatus.SKIPPED} and not assessed.passed(check)


def _needs_waiver(check: CheckFacts, assessed: AssessedEvidence, context: GateContext) -> bool:
    return check.key in context.waivers.checks and not assessed.passed(check)


def _gravest_first(checks: list[CheckFacts]) -> list[CheckFacts]:
    """The check with the largest share of bad rows first; those without counts before all, for they concern the whole table."""

    def gravity(check: CheckFacts) -> tuple[float, str]:
        asked = formatting.asked_rows(check)
        return (-(check.unexpected_count or 0) / asked if asked else -2.0, check.key)

    return sorted(checks, key=gravity)


def _failure(check: CheckFacts, assessed: AssessedEvidence, context: GateContext) -> GateFinding:
    where = f"port {formatting.shorten(assessed.port.name)}: " if len(context.assessed_ports) > 1 else ""
    message = f"{where}{formatting.failed_check(check)}"
    remedy = "Correct the data at its source, or the expectation if it is too strict, then run the suite again"
    return failed("critical_check_failed", message, remedy, context.steward, (check.id,))


def _not_evaluated(check: CheckFacts, context: GateContext) -> GateFinding:
    remedy = "Correct the expectation or what it reads, then run the suite again"
    code = "critical_check_errored" if check.status is CheckStatus.ERROR else "critical_check_skipped"
    return unknown(code, formatting.failed_check(check), remedy, context.steward, (check.id,))


def _none_critical(assessed: AssessedEvidence, context: GateContext) -> GateFinding:
    least = f"{100 * context.policy.minimum_tolerance:g}%"
    message = (
        f"port {formatting.shorten(assessed.port.name)} has no critical check that could fail and requires {least} of the rows"
    )
    remedy = "Mark the expectations that consumers rely on as critical, then run the suite again"
    return unknown("no_critical_checks", message, remedy, context.owner, run_ids([assessed]))
