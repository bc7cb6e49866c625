"""What the last run of a port found, check by check, worst first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from trust.evidence.pages.demands import demand, tolerance
from trust.evidence.rules import formatting
from trust.evidence.rules.evidence import Failure
from trust.evidence.rules.facts import CheckFacts, PortFacts
from trust.vocabulary import CheckStatus, RunStatus

SHOWN = 100

_BADNESS = {CheckStatus.FAILED: 0, CheckStatus.ERROR: 1, CheckStatus.SKIPPED: 2, CheckStatus.PASSED: 3}
_WEIGHT = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check: what was asked, what was found. `tolerance` in percent of the rows.

    rows: those that have a value to be asked about, as Great Expectations counts its percentages; None where none are counted.
    """

    facts: CheckFacts
    asked: str
    found: str
    tolerance: float | None
    rows: int | None


@dataclass(frozen=True, slots=True)
class PortEvidence:
    """What the last finished run of a port found, worst first; `failure` when it could not look."""

    name: str
    run_id: str | None
    started_at: datetime | None
    rows: int | None
    failure: Failure | None
    open_checks: tuple[CheckLine, ...]
    passed_checks: tuple[CheckLine, ...]
    total: int
    passed: int
    is_pending: bool

    @property
    def hidden(self) -> int:
        """How many checks are not among the lines."""
        return self.total - len(self.open_checks) - len(self.passed_checks)

    @property
    def open(self) -> int:
        """How many checks did not pass, among the lines or not."""
        return self.total - self.passed

    @property
    def tolerant(self) -> tuple[CheckLine, ...]:
        """Checks that let some rows fail, whatever they found."""
        return tuple(line for line in (*self.open_checks, *self.passed_checks) if line.tolerance is not None)


def severest_first(checks: Iterable[CheckFacts]) -> list[CheckFacts]:
    """What failed before what could not be evaluated, what is critical before what is not, many rows before few."""
    return sorted(checks, key=lambda c: (_BADNESS[c.status], _WEIGHT[c.severity], -(c.unexpected_count or 0), c.key))


def check_line(check: CheckFacts) -> CheckLine:
    return CheckLine(check, demand(check), _found(check), tolerance(check), formatting.asked_rows(check))


def port_evidence(port: PortFacts) -> PortEvidence:
    """The evidence of one port as judged; no more than `SHOWN` lines."""
    run = port.latest_run
    checks = severest_first(run.checks if run else ())
    lines = [check_line(check) for check in checks[:SHOWN]]
    return PortEvidence(
        name=port.name,
        run_id=run.id if run else None,
        started_at=run.started_at if run else None,
        rows=run.rows if run else None,
        failure=run.failure if run and run.status is RunStatus.FAILED else None,
        open_checks=tuple(line for line in lines if line.facts.status is not CheckStatus.PASSED),
        passed_checks=tuple(line for line in lines if line.facts.status is CheckStatus.PASSED),
        total=len(checks),
        passed=sum(check.status is CheckStatus.PASSED for check in checks),
        is_pending=port.pending_run_id is not None,
    )


def _found(check: CheckFacts) -> str:
    """What the columns of counts do not say already."""
    if check.status in {CheckStatus.ERROR, CheckStatus.SKIPPED} and check.message:
        return formatting.shorten(check.message, 300)
    is_told_by_counts = check.status is CheckStatus.FAILED and check.unexpected_count is not None
    return "" if check.status is CheckStatus.PASSED or is_told_by_counts else formatting.failed_check(check)
