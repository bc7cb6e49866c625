"""Deputies: who does, for an absence, what a person is asked to do for what they answer for.

A deputy acts under their own name and with their own roles: for what the person owns or looks after, and for nothing that the
person's roles allow. What only the person can say stays theirs: acknowledgements, confirmations, and the keys of consumers. The
two are not two people where an act takes two (`catalog/sql/account_changes.sql`).
"""

from datetime import datetime, timedelta

from catalog.models import Deputy, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.moments import shown
from catalog.services.notifications import notify
from catalog.services.people import find_person
from catalog.services.permissions import actor_name, is_governance
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason, locked

LONGEST_ABSENCE = timedelta(days=366)
"""A leap year; our choice: who is away for longer hands over."""


def name_deputy(
    *,
    person: Person,
    deputy: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: Person | None,
    now: datetime,
) -> Deputy:
    """The deputy of `person` from `starts_at` to `ends_at`; both are notified. For the person themselves, and governance.

    Raises `ForbiddenError`, and `InvalidError` for who cannot be one and for a time that cannot be.
    """
    said = demand_reason(reason, "An absence")
    _demand_may_name(actor, person)
    other = find_person(username=deputy, part="deputy")
    if other.pk == person.pk:
        raise InvalidError(f"{deputy} cannot be their own deputy.", remedy="Name another person.", field="deputy")
    if not now < ends_at <= starts_at + LONGEST_ABSENCE or starts_at >= ends_at:
        raise InvalidError(
            f"An absence from {shown(starts_at)} to {shown(ends_at)} cannot be.",
            remedy=f"It ends in the future, after it begins, and takes at most {LONGEST_ABSENCE.days} days.",
            field="ends_at",
        )
    with recorded("name_deputy", actor, said):
        row = Deputy.objects.create(
            person=person, deputy=other, starts_at=starts_at, ends_at=ends_at, reason=said, named_at=now
        )
        _tell(row, f"{other.username} is the deputy of {person.username} until {shown(ends_at)}", "named", now)
    return row


def end_deputy(*, deputy: Deputy, actor: Person | None, now: datetime) -> Deputy:
    """The deputy, who is none from now on. For the person, the deputy and governance. Raises `ConflictError`."""
    with recorded("end_deputy", actor):
        row = locked(deputy, "person", "deputy")
        if actor is None or actor.pk != row.deputy_id:
            _demand_may_name(actor, row.person)
        if row.ended_at is not None or row.ends_at <= now:
            raise ConflictError(
                f"{row.deputy.username} is no deputy of {row.person.username} any more.", remedy="No action needed."
            )
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        _tell(row, f"{row.deputy.username} is no longer the deputy of {row.person.username}", "ended", now)
    return row


def _demand_may_name(actor: Person | None, person: Person) -> None:
    if not (is_governance(actor) or (actor is not None and actor.is_active and actor.pk == person.pk)):
        raise ForbiddenError(
            f"{actor_name(actor)} may not name a deputy of {person.username}.",
            remedy=f"Ask {person.username} or a member of the group 'governance' to do it.",
        )


def _tell(row: Deputy, headline: str, event: str, now: datetime) -> None:
    notify(
        key=f"deputy:{row.pk}:{event}",
        kind=f"deputy.{event}",
        subject=headline,
        text=f"{headline}. Reason given: {row.reason}\n\nA deputy acts under their own name for what the person owns or looks "
        "after. The two do not count as two people, now and for a while afterwards.",
        now=now,
        persons=[row.person, row.deputy],
        payload={"person": row.person.username, "deputy": row.deputy.username},
    )
