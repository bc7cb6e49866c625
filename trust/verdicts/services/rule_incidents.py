"""Incidents that open and resolve by themselves, as the trust policy's `incident_rules` say, when a run ends.

The caller has changed what the product's verdict stands on, in the same transaction: a trigger then holds the product's current
row, so that two runs that end at the same moment settle one after the other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.models import DataProduct, OutputPort
from catalog.rules.expectation import Expectation
from catalog.rules.moments import shown
from catalog.rules.vocabulary import Severity
from catalog.services.recording import recorded
from trust.evidence.models.run import CheckResult, Run
from trust.evidence.rules.formatting import count, shorten
from trust.evidence.rules.identity import check_key, check_subject, type_in_key
from trust.verdicts.models.incidents import Incident, IncidentEntry
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.waivers import waived_checks
from trust.verdicts.rules.facts import WaiverFacts
from trust.verdicts.rules.incidents import Cause, CauseState, CheckSeen, RunSeen, causes_to_open, state_of
from trust.verdicts.rules.policy_settings import LONGEST_ROW
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.services.incident_notices import tell_of_rules
from trust.vocabulary import CheckStatus, IncidentEntryKind, IncidentRule, RunStatus

_FINISHED = (RunStatus.COMPLETED, RunStatus.FAILED)
_WORST_FIRST = (CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.SKIPPED, CheckStatus.PASSED)


def settle_run(*, run: Run, now: datetime) -> None:
    """Open and resolve the incidents that the end of `run` calls for.

    Two queries where no critical check failed and no incident of the port is open.
    """
    open_rows = _open(run.port)
    is_calm = run.status == RunStatus.COMPLETED and not open_rows
    if is_calm and not _failed_critically(run):
        return
    _settle(run.port, open_rows, run, now)


def settle_product(*, product: DataProduct, now: datetime) -> None:
    """Open and resolve what a change of the product's waivers calls for."""
    for port in product.output_ports.filter(removed_at=None).select_related("product__owner"):
        _settle(port, _open(port), None, now)


def state_now(incident: Incident, now: datetime) -> CauseState:
    """Whether what opened `incident` by itself still holds. Unsettled where the product offers the port no more."""
    if incident.port is None or incident.port.removed_at is not None:
        return CauseState.UNSETTLED
    _, policy = current_policy()
    waived = waived_checks(incident.product_id, policy, now)
    return state_of(_cause(incident), runs_seen(incident.port, [incident.check_key]), waived, policy.incident_rules)


def _settle(port: OutputPort, open_rows: Sequence[Incident], run: Run | None, now: datetime) -> None:
    _, policy = current_policy()
    runs = runs_seen(port, [row.check_key for row in open_rows if row.check_key])
    waived = waived_checks(port.product_id, policy, now)
    still_open = {}
    resolved = []
    with recorded("settle_incidents", None):
        for row in open_rows:
            state = state_of(_cause(row), runs, waived, policy.incident_rules)
            if state in {CauseState.GONE, CauseState.EXCEPTED}:
                resolved.append(_resolve(row, _why_over(row, state, waived), run, now))
            else:
                still_open[_cause(row)] = row
        causes = causes_to_open(runs, waived, policy.incident_rules)
        opened = [_open_for(cause, port, policy, run, now) for cause in causes if cause not in still_open]
    tell_of_rules(product=port.product, opened=opened, resolved=resolved, now=now)


def _open(port: OutputPort) -> list[Incident]:
    rows = Incident.objects.filter(port=port, resolved_at=None).exclude(rule="")
    return list(rows.select_for_update(of=("self",), no_key=True).select_related("owner").order_by("id"))


def _failed_critically(run: Run) -> bool:
    bad = CheckResult.objects.filter(run=run, status=CheckStatus.FAILED, severity=Severity.CRITICAL)
    return bad.exists()


def _cause(incident: Incident) -> Cause:
    return Cause(IncidentRule(incident.rule), incident.check_key)


def _open_for(cause: Cause, port: OutputPort, policy: TrustPolicy, run: Run | None, now: datetime) -> Incident:
    setting = policy.incident_rules.setting(cause.rule)
    times = count(setting.times, "time")
    if cause.rule is IncidentRule.RUN_FAILED:
        title = f"Runs of port {port.name} failed {times} in a row"
        why = "The runs could not read the data, so its state is unknown. The last run says why."
    else:
        title = f"{_asked(cause.check_key)} failed {times} in a row at port {port.name}"
        why = f"The check {cause.check_key} is critical and failed in the last {setting.times} runs that looked."
    incident = Incident.objects.create(
        product_id=port.product_id,
        title=shorten(title, 200),
        description=f"{why} The rule {cause.rule} of the trust policy opened it; a good run resolves it.",
        severity=setting.severity,
        owner_id=port.product.owner_id,
        opened_at=now,
        rule=cause.rule,
        port=port,
        check_key=cause.check_key,
    )
    _note(incident, IncidentEntryKind.OPENED, why, run, now)
    return incident


def _asked(check_key: str) -> str:
    """`expect_column_values_to_be_unique of id`: what of a check's key a person reads."""
    _, kind, column, *_ = [*check_key.split(":"), "", ""]
    return f"{kind} of {column}" if column else kind


def _resolve(incident: Incident, why: str, run: Run | None, now: datetime) -> Incident:
    incident.resolved_at, incident.resolution = now, why
    incident.save(update_fields=["resolved_at", "resolution"])
    _note(incident, IncidentEntryKind.RESOLVED, why, run, now)
    return incident


def _why_over(incident: Incident, state: CauseState, waived: Mapping[str, WaiverFacts]) -> str:
    if state is CauseState.EXCEPTED:
        waiver = waived[incident.check_key]
        return (
            f"The check is excepted by waiver {waiver.id} until {shown(waiver.expires_at)}. "
            "Should it still fail afterwards, an incident opens again."
        )
    return "A run could read the data again." if incident.rule == IncidentRule.RUN_FAILED else "The check passed."


def _note(incident: Incident, kind: IncidentEntryKind, text: str, run: Run | None, now: datetime) -> None:
    IncidentEntry.objects.create(incident=incident, at=now, kind=kind, text=text, run=run)


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
    return _WORST_FIRST.index(seen.status), -seen.severity.rank


def _is_bad(seen: CheckSeen) -> bool:
    return seen.status is CheckStatus.FAILED and seen.severity is Severity.CRITICAL
