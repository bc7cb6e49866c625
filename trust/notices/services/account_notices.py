"""Notifies governance of changes of accounts, by whichever door they came: they are read from the history, not told by it.

An account of governance or of a superuser is told of whoever changed it. Others are not told of where the person changed their
own, nor where the operator did: those who run the installation add whom they like.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from catalog.models import Person
from catalog.rules.moments import shown
from catalog.rules.roles import PersonRole
from trust.ledger.queries.audit_trail import Change, TrailFilter, every_change
from trust.notices.models.account_notices import AccountNoticesCursor
from trust.notices.services.notices import Notice, give_new

LOOKED_BACK = timedelta(days=1)  # our choice: workers that were away longer leave the rest to the audit trail
MOST_AT_ONCE = 200
_FURTHEST = 2**30  # transactions: numbers that lie further apart cannot be compared
KINDS = frozenset({"catalog.person", "catalog.person_groups", "catalog.person_user_permissions", "catalog.domaingovernor"})
_CHANGED = {
    "username": "another username",
    "first_name": "another name",
    "last_name": "another name",
    "email": "another e-mail address",
    "email_to_confirm": "the e-mail address to confirm",
    "is_staff": "another staff status",
    "is_superuser": "another superuser status",
    "is_active": "closed or opened",
}
_OF_LISTS = {
    "catalog.person_groups": "roles",
    "catalog.person_user_permissions": "permissions",
    "catalog.domaingovernor": "governed domains",
}


def tell_of_account_changes(*, now: datetime) -> int:
    """How many notices of changes were new to somebody. What was read and told of before is not read again.

    Where more are due than are given at once, all of them are read again the next time.
    """
    oldest = _oldest_transaction()
    told = AccountNoticesCursor.objects.values_list("transaction", flat=True).first()
    if told is not None and not 0 <= oldest - told < _FURTHEST:
        told = None  # of another server, from which this database was restored: the last day is read again
    changes = every_change(TrailFilter(kinds=KINDS, since=now - LOOKED_BACK, written_from=told))
    given = give_new(_notices(_by_act(changes)), now, most=MOST_AT_ONCE)
    if given < MOST_AT_ONCE:
        AccountNoticesCursor.objects.update_or_create(defaults={"transaction": oldest}, id=1)
    return given


def _oldest_transaction() -> int:
    """Number of the oldest transaction that has not ended: whatever is committed from now on has it, or a higher one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])


def _by_act(changes: Iterable[Change]) -> Mapping[tuple[int, str], list[Change]]:
    """The changes of one account that one act made."""
    found: dict[tuple[int, str], list[Change]] = defaultdict(list)
    for change in changes:
        event = change.event
        account = event.pgh_obj_id if change.kind.model is Person else event.person_id
        found[account, str(event.pgh_context_id or f"{change.kind.table}:{event.pgh_id}")].append(change)
    return found


def _notices(acts: Mapping[tuple[int, str], list[Change]]) -> Iterator[Notice]:
    people = {person.pk: person for person in Person.objects.filter(pk__in={account for account, _ in acts})}
    told = {*Person.objects.governance(), *Person.objects.filter(is_active=True, is_superuser=True)}
    governance = set(Person.objects.filter(groups__name=PersonRole.GOVERNANCE.value).values_list("pk", flat=True))
    names = dict(Person.objects.filter(pk__in=_users(acts)).values_list("pk", "username"))
    for (account, act), changes in acts.items():
        person, what = people.get(account), _what(changes)
        said = changes[0].said
        actor = str(said.get("actor") or names.get(said.get("user") or 0, ""))
        if person is None or not what or (_is_sign_in(said) and what == ["another password"]):
            continue
        if account not in governance and not person.is_superuser and actor in {"", "system", person.username}:
            continue
        at = max(change.event.pgh_created_at for change in changes)
        by = {"": "unknown", "system": "the operator"}.get(actor, actor)
        yield Notice(
            key=f"account:{account}:{act}"[:160],
            kind="account.changed",
            subject=f"Account of {person.username} changed by {by}: {', '.join(what)}",
            text=f"At {shown(at)} the account of {person.username} was changed by {by}: {', '.join(what)}."
            f"{_reason(said)}\n\nThe two do not count as two people for a while (trust policy, independence_interval). If this "
            f"was not expected, close the account: `bin/manage close_account {person.username} --reason ...`, or the admin.",
            people=[one for one in {*told, person} if one.username != actor],
            payload={"person": person.username, "by": by, "changes": what},
        )


def _what(changes: Iterable[Change]) -> list[str]:
    words = set()
    for change in changes:
        event, before = change.event, change.before
        if change.kind.model is not Person:
            words.add(_OF_LISTS[change.kind.name])
        elif event.pgh_label == "password_changed":
            words.add("another password")
        elif before is None:
            words.add("added")
        else:
            words |= {word for field, word in _CHANGED.items() if getattr(event, field) != getattr(before, field)}
    return sorted(words)


def _users(acts: Mapping[tuple[int, str], list[Change]]) -> set[int]:
    users = (change.said.get("user") for changes in acts.values() for change in changes)
    return {user for user in users if isinstance(user, int)}


def _is_sign_in(said: Mapping[str, Any]) -> bool:
    """A hash that is made again as a person signs in, because hashes are made with more care by now, is no new password."""
    return str(said.get("url", "")).endswith("/login/")


def _reason(said: Mapping[str, Any]) -> str:
    return f" Reason given: {said['reason']}" if said.get("reason") else ""
