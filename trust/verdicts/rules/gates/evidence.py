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


def evidence_gate(situation: GateContext) -> GateResult:
    """Unknown as soon as one port has evidence that is missing, doubted or too old. It never fails."""
    findings = [doubt_of(s, situation) for s in situation.standings if s.doubt is not None]
    rows = sum(s.run.rows or 0 for s in situation.standings if s.run)
    checks = sum(len(s.checks) for s in situation.standings)
    seen = [s.run.started_at for s in situation.standings if s.run]
    since = f", last at {shown(min(seen))}" if seen else ""
    return conclude(
        GateName.EVIDENCE,
        [*no_ports(situation), *findings],
        f"{formatting.count(checks, 'check')} looked at {formatting.count(rows, 'row')}{since}.",
        GateInputs({"ports": len(situation.standings), "checks": checks, "rows": rows}, run_ids(situation.standings)),
    )


def critical_checks_gate(situation: GateContext) -> GateResult:
    """Fails when a critical check failed, unknown when one could not be evaluated or a port has none that means anything.

    A failure counts however old it is; a pass counts only while its evidence does.
    """
    findings = no_ports(situation)
    waivers: list[str] = []
    critical_count = failed_count = 0
    for standing in situation.standings:
        critical = [
            check
            for check in standing.checks
            if check.severity is Severity.CRITICAL and vacuity_of(check, standing.place) is None
        ]
        waivers += [situation.waivers.checks[c.key].id for c in critical if _needs_waiver(c, standing, situation)]
        judged = [check for check in critical if check.key not in situation.waivers.checks]
        bad = [check for check in judged if check.status is CheckStatus.FAILED]
        critical_count, failed_count = critical_count + len(critical), failed_count + len(bad)
        findings += [_failure(check, standing, situation) for check in _gravest_first(bad)]
        findings += missing_evidence(standing, situation)
        findings += [_not_evaluated(check, situation) for check in judged if _is_open(check, standing)]
        if standing.passes_count and not any(_vouches(check, standing, situation) for check in critical):
            findings.append(_none_critical(standing, situation))
    numbers = {"critical_checks": critical_count, "failed": failed_count, "waived": len(waivers)}
    passed = f"{formatting.all_of(critical_count, 'critical check')} passed."
    if waivers:
        asked = formatting.count(critical_count, "critical check")
        passed = f"{critical_count - len(waivers):,} of {asked} passed, {len(waivers):,} under waiver."
    ground = GateInputs(numbers, run_ids(situation.standings), tuple(sorted(set(waivers))))
    return conclude(GateName.CRITICAL_CHECKS, findings, passed, ground)


def _vouches(check: CheckFacts, standing: AssessedEvidence, situation: GateContext) -> bool:
    rows = standing.run.rows if standing.run else None
    return vouches_for_most(check, rows, situation.policy.minimum_tolerance)


def _is_open(check: CheckFacts, standing: AssessedEvidence) -> bool:
    return check.status in {CheckStatus.ERROR, CheckStatus.SKIPPED} and not standing.passed(check)


def _needs_waiver(check: CheckFacts, standing: AssessedEvidence, situation: GateContext) -> bool:
    return check.key in situation.waivers.checks and not standing.passed(check)


def _gravest_first(checks: list[CheckFacts]) -> list[CheckFacts]:
    """The check with the largest share of bad rows first; those without counts before all, for they concern the whole table."""

    def gravity(check: CheckFacts) -> tuple[float, str]:
        asked = formatting.asked_rows(check)
        return (-(check.unexpected_count or 0) / asked if asked else -2.0, check.key)

    return sorted(checks, key=gravity)


def _failure(check: CheckFacts, standing: AssessedEvidence, situation: GateContext) -> GateFinding:
    where = f"port {formatting.shorten(standing.port.name)}: " if len(situation.standings) > 1 else ""
    message = f"{where}{formatting.failed_check(check)}"
    remedy = "Correct the data at its source, or the expectation if it asks too much, then run the suite again"
    return failed("critical_check_failed", message, remedy, situation.steward, (check.id,))


def _not_evaluated(check: CheckFacts, situation: GateContext) -> GateFinding:
    remedy = "Correct the expectation or what it reads, then run the suite again"
    code = "critical_check_errored" if check.status is CheckStatus.ERROR else "critical_check_skipped"
    return unknown(code, formatting.failed_check(check), remedy, situation.steward, (check.id,))


def _none_critical(standing: AssessedEvidence, situation: GateContext) -> GateFinding:
    least = f"{100 * situation.policy.minimum_tolerance:g}%"
    message = (
        f"port {formatting.shorten(standing.port.name)} has no critical check that could fail and asks {least} of the rows"
    )
    remedy = "Mark the expectations that consumers rely on as critical, then run the suite again"
    return unknown("no_critical_checks", message, remedy, situation.owner, run_ids([standing]))
