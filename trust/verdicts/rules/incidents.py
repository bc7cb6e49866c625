"""Which causes of incidents hold at a port, on what its last finished runs found. Runs come newest first."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from catalog.rules.vocabulary import Severity
from trust.verdicts.rules.policy_settings import IncidentRules
from trust.vocabulary import CheckStatus, IncidentRule, RunStatus

_LOOKED = frozenset({CheckStatus.PASSED, CheckStatus.FAILED})


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """What one run found of one check."""

    severity: Severity
    status: CheckStatus

    @property
    def failed_critically(self) -> bool:
        return self.status is CheckStatus.FAILED and self.severity is Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class RunSeen:
    """One finished run of a port. checks: by key, those of severity critical and those that an open incident is about."""

    status: RunStatus
    checks: Mapping[str, CheckSeen]


@dataclass(frozen=True, slots=True)
class Cause:
    """What an incident of a port is about. check_key: empty where it is the run itself."""

    rule: IncidentRule
    check_key: str = ""


class CauseState(StrEnum):
    """holds: the last run that looked found it. gone: the last run that looked found it no more. excepted: its check is under
    waiver. unsettled: nobody can say, and absence of evidence is no evidence that it is gone."""

    HOLDS = "holds"
    GONE = "gone"
    EXCEPTED = "excepted"
    UNSETTLED = "unsettled"


def causes_to_open(runs: Sequence[RunSeen], waived: Collection[str], rules: IncidentRules) -> tuple[Cause, ...]:
    """The causes for which an incident is to be open, checks in the order of their keys.

    A run in which a check was not executed says nothing about it: it neither adds to a row nor breaks one.
    waived: keys of the checks that a waiver excepts now; they open nothing.
    """
    found = []
    times = rules.run_failed.times
    if times and len(runs) >= times and all(run.status is RunStatus.FAILED for run in runs[:times]):
        found.append(Cause(IncidentRule.RUN_FAILED))
    newest = _newest_that_looked(runs)
    times = rules.critical_check_failed.times
    for key in sorted(newest.checks) if newest and times else ():
        row = [seen for _, seen in zip(range(times), _executed(runs, key), strict=False)]
        is_row = len(row) == times and all(seen.failed_critically for seen in row)
        if is_row and key not in waived:
            found.append(Cause(IncidentRule.CRITICAL_CHECK_FAILED, key))
    return tuple(found)


def state_of(cause: Cause, runs: Sequence[RunSeen], waived: Collection[str], rules: IncidentRules) -> CauseState:
    """Whether what opened an incident still holds.

    A check that the suite asks no longer, or only at a lower severity, is unsettled: whoever writes the suite could make every
    incident go away by that. So is what a rule opened that has been switched off since.
    """
    if cause.check_key and cause.check_key in waived:
        return CauseState.EXCEPTED
    if not rules.setting(cause.rule).times or not runs:
        return CauseState.UNSETTLED
    if cause.rule is IncidentRule.RUN_FAILED:
        return CauseState.HOLDS if runs[0].status is RunStatus.FAILED else CauseState.GONE
    newest = _newest_that_looked(runs)
    last = next(_executed(runs, cause.check_key), None)
    if newest is None or last is None or cause.check_key not in newest.checks:
        return CauseState.UNSETTLED
    if last.status is CheckStatus.PASSED:
        return CauseState.GONE
    return CauseState.HOLDS if newest.checks[cause.check_key].severity is Severity.CRITICAL else CauseState.UNSETTLED


def _newest_that_looked(runs: Sequence[RunSeen]) -> RunSeen | None:
    return next((run for run in runs if run.status is RunStatus.COMPLETED), None)


def _executed(runs: Sequence[RunSeen], key: str) -> Iterator[CheckSeen]:
    return (seen for run in runs if (seen := run.checks.get(key)) is not None and seen.status in _LOOKED)
