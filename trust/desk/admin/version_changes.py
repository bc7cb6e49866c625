"""What a new version of a suite or a trust policy changes against the one before it. The history keeps digests of both; the
versions themselves never change, so what they say is read from them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.admin.changes import FieldChange
from catalog.rules.texts import cut
from trust.evidence.models.suite import Suite
from trust.ledger.queries.audit_trail import Change
from trust.verdicts.models.verdict import TrustPolicyVersion

_LONGEST = 200
_MOST = 30  # our choice: a line of the trail stays readable


def version_changes(changes: Iterable[Change]) -> Mapping[tuple[str, int], list[FieldChange]]:
    """Table and row of the history to what the version says otherwise; only of new versions. Two queries for each kind."""
    new = [change for change in changes if change.event.pgh_label == "insert"]
    suites = _suites([change for change in new if change.kind.model is Suite])
    return suites | _policies([change for change in new if change.kind.model is TrustPolicyVersion])


def _suites(new: list[Change]) -> dict[tuple[str, int], list[FieldChange]]:
    if not new:
        return {}
    rows = Suite.objects.filter(port__in={change.event.port_id for change in new}).values_list(
        "port", "version", "expectations"
    )
    checks = {(port, version): [_check(one) for one in expectations] for port, version, expectations in rows}
    found = {}
    for change in new:
        event = change.event
        now, before = (checks.get((event.port_id, event.version - back), []) for back in (0, 1))
        dropped = [FieldChange("check", one, "nothing") for one in before if one not in now]
        found[change.kind.table, event.pgh_id] = _few(
            dropped + [FieldChange("check", "nothing", one) for one in now if one not in before]
        )
    return found


def _check(stored: Mapping[str, Any]) -> str:
    words = ", ".join(f"{name}={value}" for name, value in stored["kwargs"].items())
    return cut(f"{stored['type']}({words}), {stored['severity']}, {stored['dimension'] or 'no dimension'}", _LONGEST)


def _policies(new: list[Change]) -> dict[tuple[str, int], list[FieldChange]]:
    if not new:
        return {}
    bodies = dict(TrustPolicyVersion.objects.values_list("version", "body"))
    found = {}
    for change in new:
        event = change.event
        now, before = bodies.get(event.version, {}), bodies.get(event.based_on or event.version - 1)
        changed = [] if before is None else sorted(name for name in now.keys() | before if now.get(name) != before.get(name))
        found[change.kind.table, event.pgh_id] = _few(
            FieldChange(name, cut(str((before or {}).get(name)), _LONGEST), cut(str(now.get(name)), _LONGEST))
            for name in changed
            if name != "version"
        )
    return found


def _few(changes: Iterable[FieldChange]) -> list[FieldChange]:
    listed = list(changes)
    more = len(listed) - _MOST
    return listed if more <= 0 else [*listed[:_MOST], FieldChange("and", f"{more} more", "see the version itself")]
