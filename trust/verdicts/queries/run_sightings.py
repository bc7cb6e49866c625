"""What the last finished runs of a port found of the checks that an incident may be about: three queries at most."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from catalog.models import OutputPort
from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Severity
from trust.evidence.models.run import CheckResult, Run
from trust.evidence.rules.identity import check_key, check_subject, type_in_key
from trust.verdicts.rules.incident_policy import LONGEST_ROW
from trust.verdicts.rules.incidents import CheckSeen, RunSeen
from trust.vocabulary import CheckStatus, RunStatus

_FINISHED = (RunStatus.COMPLETED, RunStatus.FAILED)
_WORST_FIRST = (CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.SKIPPED, CheckStatus.PASSED)


@dataclass(frozen=True, slots=True)
class _Found:
    """What one run found of one check. subject: its type and columns, which changed arguments leave as they are."""

    type: str
    subject: tuple[str, str]
    seen: CheckSeen


def runs_seen(port: OutputPort, keys: Collection[str]) -> tuple[RunSeen, ...]:
    """The last finished runs of the port, newest first, `LONGEST_ROW` at most.

    Each with what it found of the checks `keys`, and of those that failed at severity critical in the newest run that looked.
    A check whose arguments were changed since is the same one: where a run did not ask it by its key of now, what it asked of
    the same columns with the same type counts, and is asked no more. So an incident cannot be kept away, or be got rid of, by
    changing a limit a little each time.
    """
    runs = list(
        Run.objects.filter(port=port, status__in=_FINISHED).order_by("-finished_at").values_list("id", "status")[:LONGEST_ROW]
    )
    looked = [run_id for run_id, status in runs if status == RunStatus.COMPLETED]
    newest = _by_key(port, CheckResult.objects.filter(run_id=looked[0])) if looked else {}
    replaced = set(keys) - newest.keys()
    bad = {key for key, found in newest.items() if _is_bad(found.seen)}
    types = {newest[key].type for key in bad | (set(keys) & newest.keys())} | {type_in_key(port.name, key) for key in replaced}
    earlier = _earlier(port, looked[1:], types)
    subjects = {key: found.subject for run in (*earlier.values(), newest) for key, found in run.items()}
    open_subjects = {subjects[key] for key in replaced if key in subjects}
    # What an open incident is about already opens no other, whatever its arguments are by now.
    wanted = {key for key in bad if newest[key].subject not in open_subjects} | (set(keys) & newest.keys())
    checks: dict[UUID, dict[str, CheckSeen]] = defaultdict(dict)
    if looked:
        checks[looked[0]] = {key: newest[key].seen for key in wanted}
        for key in replaced & subjects.keys():
            now_asked = [found.seen for found in newest.values() if found.subject == subjects[key] and _is_bad(found.seen)]
            if now_asked:
                checks[looked[0]][key] = min(now_asked, key=_badness)
    for run_id, found_then in earlier.items():
        for key in wanted | replaced:
            if (seen := _seen_then(key, subjects.get(key), found_then, newest)) is not None:
                checks[run_id][key] = seen
    return tuple(RunSeen(RunStatus(status), checks[run_id]) for run_id, status in runs)


def _earlier(port: OutputPort, run_ids: Collection[UUID], types: Collection[str]) -> Mapping[UUID, Mapping[str, _Found]]:
    """Run -> what it found of checks of these types, newest last where a check was asked in several; one query at most."""
    if not types or not run_ids:
        return {}
    by_run: dict[UUID, list[CheckResult]] = defaultdict(list)
    rows = CheckResult.objects.filter(run_id__in=run_ids, type__in=types)
    for row in rows.only("run_id", "type", "kwargs", "severity", "status"):
        by_run[row.run_id].append(row)
    return {run_id: _by_key(port, results) for run_id, results in by_run.items()}


def _seen_then(
    key: str, subject: tuple[str, str] | None, then: Mapping[str, _Found], newest: Mapping[str, _Found]
) -> CheckSeen | None:
    """What a run found of the check, or of what it asked in its place; None where it asked neither."""
    if key in then:
        return then[key].seen
    instead = [found.seen for other, found in then.items() if found.subject == subject and other not in newest]
    return min(instead, key=_badness) if instead else None


def _by_key(port: OutputPort, results: Iterable[CheckResult]) -> dict[str, _Found]:
    """Key -> what was found. Where a suite asks the same twice, the worse answer counts."""
    by_key: dict[str, _Found] = {}
    for row in results:
        key = check_key(port.name, Expectation(row.type, row.kwargs))
        seen = CheckSeen(Severity(row.severity), CheckStatus(row.status))
        if key not in by_key or _badness(seen) < _badness(by_key[key].seen):
            by_key[key] = _Found(row.type, check_subject(row.type, row.kwargs), seen)
    return by_key


def _badness(seen: CheckSeen) -> tuple[int, int]:
    return _WORST_FIRST.index(seen.status), list(Severity).index(seen.severity)


def _is_bad(seen: CheckSeen) -> bool:
    return seen.status is CheckStatus.FAILED and seen.severity is Severity.CRITICAL
