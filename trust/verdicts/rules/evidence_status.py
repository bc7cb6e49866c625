"""How far the evidence of a port may be believed. Absence of evidence is never good evidence, so every doubt has a name.

Evidence can stand in three ways. It is *current*: passes and failures count. It is *doubted* (too old, no rows, nothing
proven): failures still count, passes do not. Or there is *none* (never ran, could not look, made with another suite or on
another source): nothing counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import UNSET

from catalog.rules.expectation import Expectation
from catalog.rules.moments import shown
from trust.evidence.rules import formatting
from trust.evidence.rules.facts import CheckFacts, PortFacts, RunFacts
from trust.verdicts.rules import freshness
from trust.verdicts.rules.facts import ProductFacts
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.rules.vacuity import cannot_fail
from trust.vocabulary import CheckStatus, EvidenceStatus, RunStatus


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the evidence of a port does not count as it should: a stable code, half a sentence, a remedy."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class AssessedEvidence:
    """The evidence of one port and how far it is believed.

    place: the port as references name it, `<product slug>/<port>`.
    run: the run that speaks for the port; None when none does.
    doubt: the first reason not to be content with it; None when there is none.
    is_believed: its passes say something, leaving its age aside. is_current: it is within its time to live.
    freshness: f of the score, 0 to 1.
    """

    place: str
    port: PortFacts
    run: RunFacts | None
    doubt: Doubt | None
    ttl: timedelta
    is_believed: bool = False
    is_current: bool = False
    freshness: float = 0.0

    @property
    def passes_count(self) -> bool:
        """Whether a passed check of this port may make a gate pass."""
        return self.run is not None and self.is_believed and self.is_current

    @property
    def is_silent(self) -> bool:
        """Whether nothing was learnt, good or bad: no run speaks, or one that is not believed and in which no check failed."""
        return not self.is_believed and not any(check.status is CheckStatus.FAILED for check in self.checks)

    @property
    def checks(self) -> tuple[CheckFacts, ...]:
        """The checks of the run that speaks for the port."""
        return self.run.checks if self.run else ()

    def passed(self, check: CheckFacts) -> bool:
        """Whether a check of this port passed and could have failed.

        A check that was skipped because the table has no rows, where the contract allows that, has nothing to complain about
        and counts as passed: otherwise allowing emptiness would be worth nothing.
        """
        if vacuity_of(check, self.place) is not None:
            return False
        if check.status is CheckStatus.SKIPPED:
            return self.run is not None and is_rightly_empty(self.port, self.run)
        return check.status is CheckStatus.PASSED


def vacuity_of(check: CheckFacts, place: str) -> str | None:
    """Why a check of the port at `place` cannot fail whatever the data; None where it can, or where it evidently did."""
    if check.status in {CheckStatus.FAILED, CheckStatus.ERROR}:
        return None
    return cannot_fail(Expectation(check.type, check.kwargs, check.severity, check.dimension), place)


def is_rightly_empty(port: PortFacts, run: RunFacts) -> bool:
    """Whether the table has no rows and may have none."""
    return run.rows == 0 and port.allows_empty


def time_to_live(port: PortFacts, policy: TrustPolicy) -> timedelta:
    """How long evidence of `port` counts, at most the policy's `maximum_ttl`.

    The policy's factor times the schedule's interval, its default without a schedule; of today's schedule and that of the time
    when the run was requested, the shorter life: old evidence does not become valid by writing another schedule.
    """
    made_under = port.latest_run.schedule_interval if port.latest_run else UNSET
    lives = [_life(port.schedule_interval, policy), policy.maximum_ttl]
    return min(lives if made_under is UNSET else [*lives, _life(made_under, policy)])


def _life(interval: timedelta | None, policy: TrustPolicy) -> timedelta:
    return policy.default_ttl if interval is None else min(interval, policy.maximum_ttl) * policy.ttl_factor


def assess_port(port: PortFacts, facts: ProductFacts, policy: TrustPolicy, now: datetime) -> AssessedEvidence:
    """The evidence of `port` at `now`, with the first doubt about it."""
    ttl = time_to_live(port, policy)
    place = f"{facts.slug}/{port.name}"
    if (absence := _absence(port, facts, policy)) is not None or port.latest_run is None:
        return AssessedEvidence(place, port, None, absence, ttl)
    run = port.latest_run
    candidate = AssessedEvidence(place, port, run, None, ttl)
    disbelief = _disbelief(candidate, run)
    age = max(now - run.started_at, timedelta(0))
    return AssessedEvidence(
        place,
        port,
        run,
        disbelief or _staleness(run, age, ttl) or _errors(port, run),
        ttl,
        is_believed=disbelief is None,
        is_current=age <= ttl,
        freshness=0.0 if disbelief else freshness.remaining_share(age, ttl),
    )


def _absence(port: PortFacts, facts: ProductFacts, policy: TrustPolicy) -> Doubt | None:
    """Why nothing speaks for the port."""
    run = port.latest_run
    if port.suite_digest is None:
        return Doubt("no_suite", "has no suite of expectations", "Write expectations for it and run them")
    if run is None:
        if port.pending_run_id is not None:
            return Doubt("run_pending", "is waiting for its first run to finish", "Wait for the run, then ask again")
        return Doubt("never_ran", "was never checked", "Request a run of its suite")
    if run.status is not RunStatus.COMPLETED:
        return _blindness(run)
    if run.started_at > facts.known_at + policy.clock_skew:
        message = f"has a run dated {shown(run.started_at)}, in the future"
        return Doubt("run_time_in_future", message, "Set the worker's clock, then request a new run")
    return _mismatch(port, run)


def _blindness(run: RunFacts) -> Doubt:
    """A run that could not look, in the engine's own words."""
    failure, when = run.failure, shown(run.started_at)
    reason = formatting.shorten(failure.message, 160).rstrip(".") if failure else "no reason was recorded"
    remedy = failure.remedy.rstrip(".") if failure else "Read the worker's log, then request a new run"
    return Doubt("run_failed", f"could not be read at {when}: {reason}", remedy)


def _mismatch(port: PortFacts, run: RunFacts) -> Doubt | None:
    """Why a completed run is not about the port as it is now."""
    if run.suite_digest != port.suite_digest:
        return Doubt("suite_changed", "has other expectations since its last run", "Request a run of the new suite")
    if run.source_digest != port.source_digest:
        return Doubt("source_changed", "reads from another place since its last run", "Request a run on the new source")
    return None


def _disbelief(assessed: AssessedEvidence, run: RunFacts) -> Doubt | None:
    """Why the passes of the run say nothing, whatever its age.

    A run in which no check passed that could have failed shows nothing to hold. It is treated like an empty suite (our choice):
    otherwise an empty suite would turn into evidence by adding one check that fails.
    """
    if not run.checks:
        return Doubt("empty_suite", "has an empty suite, which proves nothing", "Write expectations for it and run them")
    if run.rows is None:
        return Doubt("rows_unknown", "was read without its rows being counted", "Request a new run")
    if run.rows == 0 and not assessed.port.allows_empty:
        remedy = "Fill the table, or declare in the contract that it may be empty, then request a new run"
        return Doubt("empty_data", "has no rows, and its contract does not allow that", remedy)
    if not any(assessed.passed(check) for check in run.checks):
        asked = formatting.count(len(run.checks), "check")
        message = f"has {asked} but none that could fail and passed"
        return Doubt("nothing_proven", message, "Correct the data or the expectations, then request a new run")
    return None


def _staleness(run: RunFacts, age: timedelta, ttl: timedelta) -> Doubt | None:
    if age <= ttl:
        return None
    seen = f"was last checked at {shown(run.started_at)}, and evidence expires after {formatting.span(ttl)}"
    return Doubt("evidence_too_old", seen, "Request a new run, or schedule the suite more often")


def _errors(port: PortFacts, run: RunFacts) -> Doubt | None:
    erred = [check for check in run.checks if check.status is CheckStatus.ERROR]
    if erred:
        asked = formatting.count(len(run.checks), "check")
        message = f"has {len(erred):,} of {asked} that could not be evaluated: {formatting.failed_check(erred[0])}"
        return Doubt("checks_errored", message, "Correct the expectations that crash, then request a new run")
    if run.evidence_status in {EvidenceStatus.ERROR, None} and not is_rightly_empty(port, run):
        return Doubt("checks_errored", "has a run that ended in error", "Read the run's message, then request a new run")
    return None


def assess_evidence(facts: ProductFacts, policy: TrustPolicy, now: datetime) -> tuple[AssessedEvidence, ...]:
    """The evidence of every port, in the order of `facts.ports`."""
    return tuple(assess_port(port, facts, policy, now) for port in facts.ports)


def run_ids(items: Iterable[AssessedEvidence]) -> tuple[str, ...]:
    """Ids of the finished runs that these looked at, also those that could not look."""
    return tuple(item.port.latest_run.id for item in items if item.port.latest_run is not None)
