"""What the last finished runs of a port found of the checks that an incident may be about: three queries at most."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from catalog.models import OutputPort
from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Severity
from trust.evidence.models.run import CheckResult, Run
from trust.evidence.rules.identity import check_key
from trust.verdicts.rules.incident_policy import LONGEST_ROW
from trust.verdicts.rules.incidents import CheckSeen, RunSeen
from trust.vocabulary import CheckStatus, RunStatus

_FINISHED = (RunStatus.COMPLETED, RunStatus.FAILED)
_WORST_FIRST = (CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.SKIPPED, CheckStatus.PASSED)


def runs_seen(port: OutputPort, keys: Collection[str]) -> tuple[RunSeen, ...]:
    """The last finished runs of the port, newest first, `LONGEST_ROW` at most.

    Each with what it found of the checks `keys`, and of those that failed at severity critical in the newest run that looked.
    """
    runs = list(
        Run.objects.filter(port=port, status__in=_FINISHED).order_by("-finished_at").values_list("id", "status")[:LONGEST_ROW]
    )
    looked = [run_id for run_id, status in runs if status == RunStatus.COMPLETED]
    newest = CheckResult.objects.filter(run_id=looked[0]) if looked else CheckResult.objects.none()
    found = _by_key(port, newest)
    wanted = {key for key, (_, seen) in found.items() if _is_bad(seen)} | (set(keys) & set(found))
    types = {found[key][0] for key in wanted}
    checks: dict[UUID, dict[str, CheckSeen]] = defaultdict(dict)
    if looked:
        checks[looked[0]] = {key: found[key][1] for key in wanted}
    if types and looked[1:]:
        rows = CheckResult.objects.filter(run_id__in=looked[1:], type__in=types)
        by_run: dict[UUID, list[CheckResult]] = defaultdict(list)
        for row in rows.only("run_id", "type", "kwargs", "severity", "status"):
            by_run[row.run_id].append(row)
        for run_id, results in by_run.items():
            checks[run_id] = {key: seen for key, (_, seen) in _by_key(port, results).items() if key in wanted}
    return tuple(RunSeen(RunStatus(status), checks[run_id]) for run_id, status in runs)


def _by_key(port: OutputPort, results: Iterable[CheckResult]) -> dict[str, tuple[str, CheckSeen]]:
    """Key -> type and what was found. Where a suite asks the same twice, the worse answer counts."""
    found: dict[str, tuple[str, CheckSeen]] = {}
    for row in results:
        key = check_key(port.name, Expectation(row.type, row.kwargs))
        seen = CheckSeen(Severity(row.severity), CheckStatus(row.status))
        if key not in found or _badness(seen) < _badness(found[key][1]):
            found[key] = (row.type, seen)
    return found


def _badness(seen: CheckSeen) -> tuple[int, int]:
    return _WORST_FIRST.index(seen.status), list(Severity).index(seen.severity)


def _is_bad(seen: CheckSeen) -> bool:
    return seen.status is CheckStatus.FAILED and seen.severity is Severity.CRITICAL
