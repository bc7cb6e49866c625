"""The gates that rest on runs: `evidence`, `critical_checks`, `freshness` and `score`."""

from catalog.rules.moments import shown
from catalog.rules.vocabulary import Cadence, Severity
from trust.evidence.rules import formatting
from trust.evidence.rules.facts import CheckFacts, RunFacts
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
from trust.verdicts.rules.outcome import DataWarning, GateResult
from trust.vocabulary import CheckStatus, GateName


def evidence_gate(context: GateContext) -> GateResult:
    """Unknown as soon as one port has evidence that is missing, doubted, too old or, where the policy says so, unusual.

    It never fails.
    """
    findings = [doubt_of(s, context) for s in context.assessed_ports if s.doubt is not None]
    if context.policy.warnings_block:
        findings += [_warned(warning, context) for warning in context.warnings]
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


def _warned(warning: DataWarning, context: GateContext) -> GateFinding:
    remedy = "Correct the data at its source and run the suite again, or lift warnings_block in the trust policy"
    about = [assessed for assessed in context.assessed_ports if assessed.port.name == warning.port]
    return unknown("data_warning", warning.message.rstrip("."), remedy, context.steward, run_ids(about))


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
        waived = [check for check in critical if check.key in context.waivers.checks and not assessed.passed(check)]
        waivers += [context.waivers.checks[check.key].id for check in waived]
        judged = [check for check in critical if check.key not in context.waivers.checks]
        bad = [check for check in judged if check.status is CheckStatus.FAILED]
        critical_count, failed_count = critical_count + len(critical), failed_count + len(bad)
        findings += [_failure(check, assessed, context) for check in _gravest_first(bad)]
        findings += missing_evidence(assessed, context)
        not_evaluated = [check for check in judged if check.status in {CheckStatus.ERROR, CheckStatus.SKIPPED}]
        findings += [_not_evaluated(check, context) for check in not_evaluated if not assessed.passed(check)]
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


def freshness_gate(context: GateContext) -> GateResult:
    """Fails when data is older than its service level, unknown when its age cannot be seen. Static data passes.

    A time of the data later than the end of the run that read it is not believed (the policy's clock skew is forgiven). It is
    compared with the run and not with the clock, so that waiting does not make it true.
    """
    findings = [*no_ports(context), *(f for assessed in context.assessed_ports for f in _port_findings(assessed, context))]
    static = sum(assessed.port.cadence is Cadence.STATIC for assessed in context.assessed_ports)
    times = [assessed.run.data_time for assessed in context.assessed_ports if assessed.run and assessed.run.data_time]
    if static == len(context.assessed_ports):
        passed = "The data is static: it cannot go stale."
    else:
        passed = f"The data reaches to {shown(min(times))}, within its service level." if times else ""
    numbers = {"ports": len(context.assessed_ports), "static_ports": static}
    return conclude(GateName.FRESHNESS, findings, passed, GateInputs(numbers, run_ids(context.assessed_ports)))


def _port_findings(assessed: AssessedEvidence, context: GateContext) -> list[GateFinding]:
    port, run = assessed.port, assessed.run
    if port.cadence is Cadence.STATIC:
        return []
    name = f"port {formatting.shorten(port.name)}"
    if port.service_level is None:
        remedy = "Declare a latency service level in the contract, or a static cadence"
        return [unknown("no_service_level", f"{name} does not say how old its data may be", remedy, context.owner)]
    if run is None or (run.data_time is None and not assessed.is_believed):
        return missing_evidence(assessed, context)
    return _age_findings(name, assessed, run, context) or missing_evidence(assessed, context)


def _age_findings(name: str, assessed: AssessedEvidence, run: RunFacts, context: GateContext) -> list[GateFinding]:
    level, time, ids = assessed.port.service_level, run.data_time, run_ids([assessed])
    if time is None:
        remedy = "Name the port's time column in the contract, then run the suite again"
        message = f"cannot tell how old the data of {name} is: no time was found"
        return [unknown("no_data_time", message, remedy, context.owner, ids)]
    if time > run.finished_at + context.policy.clock_skew:
        message = f"{name} has data dated {shown(time)}, later than the run that read it"
        remedy = "Correct the times in the data, then run the suite again"
        return [unknown("data_time_in_future", message, remedy, context.steward, ids)]
    if level is not None and context.now - time > level:
        message = f"{name} has data up to {shown(time)}, and its service level allows {formatting.span(level)}"
        return [failed("data_too_old", message, "Deliver newer data, then run the suite again", context.steward, ids)]
    return []


def score_gate(context: GateContext, raw: float, at_best: float) -> GateResult:
    """Fails when not even `at_best`, the score if all that cannot be seen were good, reaches the minimum, warnings aside.

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
    before = " before data warnings" if context.warnings else ""
    passed = f"The score is {raw:g}{before}, {minimum:g} is required."
    return conclude(GateName.SCORE, findings, passed, GateInputs(numbers, run_ids(context.assessed_ports)))
