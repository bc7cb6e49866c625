"""The gate `freshness`: is the data as new as its service level promises?"""

from catalog.rules.moments import shown
from catalog.rules.vocabulary import Cadence
from trust.evidence.rules import formatting
from trust.evidence.rules.facts import RunFacts
from trust.verdicts.rules.evidence_status import AssessedEvidence, run_ids
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateFinding, GateInputs, conclude, failed, missing_evidence, no_ports, unknown
from trust.verdicts.rules.outcome import GateResult
from trust.vocabulary import GateName


def freshness_gate(context: GateContext) -> GateResult:
    """Fails when data is older than its service level, unknown when its age cannot be seen. Static data passes.

    A time of the data later than the end of the run that read it is not believed (the policy's clock skew is forgiven). It is
    compared with the run and not with the clock, so that waiting does not make it true.
    """
    findings = [*no_ports(context), *(f for assessed in context.assessed_ports for f in _findings(assessed, context))]
    static = sum(assessed.port.cadence is Cadence.STATIC for assessed in context.assessed_ports)
    times = [assessed.run.data_time for assessed in context.assessed_ports if assessed.run and assessed.run.data_time]
    if static == len(context.assessed_ports):
        passed = "The data is static: it cannot go stale."
    else:
        passed = f"The data reaches to {shown(min(times))}, within its service level." if times else ""
    numbers = {"ports": len(context.assessed_ports), "static_ports": static}
    return conclude(GateName.FRESHNESS, findings, passed, GateInputs(numbers, run_ids(context.assessed_ports)))


def _findings(assessed: AssessedEvidence, context: GateContext) -> list[GateFinding]:
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
