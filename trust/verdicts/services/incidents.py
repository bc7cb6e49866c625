"""Known problems of data products, by hand: opened, talked about, handed on, weighed, resolved. Each step is in the timeline.

While a critical one is open its product is not production-grade. So what governance opened or raised, and what a rule opened,
is lowered and resolved by governance that has not owned the product meanwhile; what a rule opened not even by them while its
cause holds.
"""

from datetime import datetime

from django.db import connection

from catalog.callers import machine_key
from catalog.models import DataProduct, Person
from catalog.queries.ownership import has_identity, has_owned_since, is_same_person, owners_since, tie_of
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.limits import LONGEST_TEXT
from catalog.rules.moments import shown
from catalog.rules.vocabulary import Severity
from catalog.services.permissions import (
    actor_name,
    answers_for,
    by_actor,
    can_look_after,
    is_governance,
    require_can_look_after,
    require_identity,
    require_independence,
)
from catalog.services.recording import recorded
from catalog.services.requests import locked
from trust.verdicts.models.incidents import Incident, IncidentEntry
from trust.verdicts.rules.incidents import CauseState
from trust.verdicts.services.incident_notices import tell
from trust.verdicts.services.rule_incidents import state_now
from trust.vocabulary import IncidentEntryKind


def open_incident(
    *,
    product: DataProduct,
    title: str,
    severity: Severity,
    actor: Person | None,
    now: datetime,
    description: str = "",
    owner: Person | None = None,
) -> Incident:
    """The new incident, open. Its product is judged again before it is next shown.

    For the owner, the stewards and governance. owner: who sees to it; None: the product's owner. Raises `ForbiddenError`, or
    `InvalidError` without a title or with an owner who has left.
    """
    require_can_look_after(actor, product)
    if not title.strip():
        raise InvalidError("An incident must have a title.", remedy="Describe in a few words what is wrong.", field="title")
    with recorded("open_incident", actor):
        incident = Incident.objects.create(
            product=product,
            title=title.strip()[:200],
            description=description,
            severity=severity,
            owner=_active(owner) if owner else product.owner,
            opened_at=now,
            opened_by=actor,
            held_by_governance=_judges(actor, product),
        )
        _note(incident, IncidentEntryKind.OPENED, actor, now, after=severity)
        headline = f"{severity} incident opened: {incident.title}"
        tell(incident=incident, event="opened", headline=headline, text=f"Opened by {by_actor(actor)}.", actor=actor, now=now)
    return incident


def comment_on_incident(*, incident: Incident, text: str, actor: Person | None, now: datetime) -> IncidentEntry:
    """The new line of the timeline; also on a resolved one. For whoever may see to the incident."""
    said = _demand_text(text, f"A comment on incident '{incident.title}'", "text")
    with recorded("comment_on_incident", actor):
        row = _held(incident, actor)
        return _note(row, IncidentEntryKind.COMMENT, actor, now, text=said)


def assign_incident(*, incident: Incident, owner: Person, actor: Person | None, now: datetime) -> Incident:
    """The incident, seen to by `owner` from now on, who is notified."""
    with recorded("assign_incident", actor):
        row = _held(incident, actor, is_to_change=True)
        before = row.owner or row.product.owner
        if row.owner is not None and row.owner.pk == owner.pk:
            raise ConflictError(
                f"{owner.username} already owns incident '{row.title}'.",
                remedy="Name another person, or change nothing.",
                code="incident_unchanged",
                field="owner",
            )
        row.owner = _active(owner)
        row.save(update_fields=["owner"])
        entry = _note(row, IncidentEntryKind.OWNER, actor, now, before=before.username if before else "", after=owner.username)
        headline = f"{owner.username} owns the incident {row.title}"
        tell(
            incident=row, event=f"assigned:{entry.pk}", headline=headline, text=f"{headline} from now on.", actor=actor, now=now
        )
    return row


def change_severity(*, incident: Incident, severity: Severity, reason: str, actor: Person | None, now: datetime) -> Incident:
    """The incident at another severity, with a word on why. What governance raises, only governance lowers again."""
    said = _demand_text(reason, f"Another severity of incident '{incident.title}'", "reason")
    with recorded("change_incident_severity", actor):
        row = _held(incident, actor, is_to_change=True)
        before = Severity(row.severity)
        if before is severity:
            raise ConflictError(
                f"Incident '{row.title}' is {severity} already.",
                remedy="Choose another severity, or leave it as it is.",
                code="incident_unchanged",
                field="severity",
            )
        if severity.rank < before.rank:
            _demand_may_lessen(row, actor, "lower")
        elif _judges(actor, row.product):
            row.held_by_governance = True
        row.severity = severity
        row.save(update_fields=["severity", "held_by_governance"])
        entry = _note(row, IncidentEntryKind.SEVERITY, actor, now, text=said, before=before, after=severity)
        headline = f"incident now {severity}, was {before}: {row.title}"
        tell(incident=row, event=f"severity:{entry.pk}", headline=headline, text=f"Reason given: {said}", actor=actor, now=now)
    return row


def resolve_incident(*, incident: Incident, resolution: str, actor: Person | None, now: datetime) -> Incident:
    """The incident, resolved.

    Raises `ConflictError` where it was already, or where the cause of one that a rule opened holds, `InvalidError` where
    nothing says how, `ForbiddenError` where somebody else must resolve it.
    """
    said = _demand_text(resolution, f"The resolution of incident '{incident.title}'", "resolution")
    with recorded("resolve_incident", actor):
        row = _held(incident, actor, is_to_change=True)
        _demand_may_lessen(row, actor, "resolve")
        if row.rule and state_now(row, now) is CauseState.HOLDS:
            raise ConflictError(
                f"Incident '{row.title}' cannot be resolved by hand: the last run shows that its cause remains.",
                remedy="Correct the data and run the port, which resolves the incident, or request a waiver of the check.",
                code="incident_cause_holds",
            )
        row.resolved_at, row.resolved_by, row.resolution = now, actor, said
        row.resolved_caller_id = machine_key()
        row.save(update_fields=["resolved_at", "resolved_by", "resolved_caller", "resolution"])
        _note(row, IncidentEntryKind.RESOLVED, actor, now, text=said)
        headline = f"incident resolved by {by_actor(actor)}: {row.title}"
        tell(incident=row, event="resolved", headline=headline, text=said, actor=actor, now=now)
    return row


def may_see_to(actor: Person | None, incident: Incident) -> bool:
    """Whether `actor` may work on the incident: who looks after the product, and whom it was handed to."""
    if answers_for(actor, incident.owner_id):
        return True
    return can_look_after(actor, incident.product)


def may_lessen(actor: Person | None, incident: Incident) -> bool:
    """Whether `actor` may lower or resolve the incident, its cause aside."""
    if not incident.rule and not incident.held_by_governance:
        return may_see_to(actor, incident)
    if actor is None:
        return True
    if not (is_governance(actor) and has_identity(actor)):
        return False
    product, since = incident.product, incident.opened_at
    return not has_owned_since(actor, product, since) and tie_of(actor, owners_since(product, since)) is None


def _judges(actor: Person | None, product: DataProduct) -> bool:
    """Whether `actor` speaks for governance: who owns the product, by whichever account, acts as its owner."""
    return is_governance(actor) and (actor is None or product.owner is None or not is_same_person(actor, product.owner))


def _held(incident: Incident, actor: Person | None, *, is_to_change: bool = False) -> Incident:
    """The row as it is now, locked until the end of the transaction.

    The product's current row is locked first, as it is where a run ends and settles incidents. Raises `ForbiddenError` for
    whoever may not see to it, and `ConflictError` where it is resolved and `is_to_change`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT trust_lock_closure(ARRAY[%s]::bigint[])", [incident.product_id])
    row = locked(incident, "product__owner", "owner", "port", without=("product__search",))
    if not may_see_to(actor, row):
        require_can_look_after(actor, row.product)
    if is_to_change and row.resolved_at is not None:
        raise ConflictError(
            f"Incident '{row.title}' was resolved at {shown(row.resolved_at)}.",
            remedy="Open a new incident if the problem is back.",
            code="incident_resolved",
        )
    return row


def _demand_may_lessen(row: Incident, actor: Person | None, action: str) -> None:
    if may_lessen(actor, row):
        return
    by = "a rule of the trust policy opened it" if row.rule else "governance opened or raised it"
    itself = " A good run resolves it by itself." if row.rule else ""
    if is_governance(actor):
        require_identity(actor, f"{action} incident '{row.title}'")
        if actor is not None and not has_owned_since(actor, row.product, row.opened_at):
            require_independence(actor, owners_since(row.product, row.opened_at), f"{action} incident '{row.title}'")
    raise ForbiddenError(
        f"{actor_name(actor)} may not {action} incident '{row.title}': {by}.",
        remedy=f"A member of the group 'governance' who has not owned {row.product.slug} since, by any account, can.{itself}",
        code="held_by_governance",
    )


def _active(person: Person) -> Person:
    if not person.is_active:
        raise InvalidError(
            f"{person.username} has an inactive account and cannot own an incident.",
            remedy="Name an active person.",
            code="person_inactive",
            field="owner",
        )
    return person


def _demand_text(text: str, what: str, field: str) -> str:
    said = text.strip()
    if not 0 < len(said) <= LONGEST_TEXT:
        fault = f"{what} needs 1 to {LONGEST_TEXT} characters of text; a description or reason is required."
        raise InvalidError(fault, remedy="Describe in one sentence what was done or why.", field=field)
    return said


def _note(
    incident: Incident,
    kind: IncidentEntryKind,
    actor: Person | None,
    now: datetime,
    *,
    text: str = "",
    before: str = "",
    after: str = "",
) -> IncidentEntry:
    return IncidentEntry.objects.create(
        incident=incident, at=now, kind=kind, actor=actor, text=text, before=before, after=after
    )
