"""Waivers as a judgement sees them, and those that wait for somebody."""

from datetime import datetime

from django.db.models import QuerySet, Value

from catalog.models import Person
from catalog.queries.ownership import HasOwnedSince, IsTied, IsTiedToOwner, SamePerson, has_identity
from catalog.services.permissions import is_governance
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.rules.facts import PersonFacts, WaiverFacts
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.rules.waivers import is_in_force
from trust.vocabulary import GateName, WaiverStatus


def granted_waivers(now: datetime) -> QuerySet[Waiver]:
    """Those that two people have made and that have not ended.

    One whose grantor has come to own the product since, by whichever account, is left out: nobody excepts their own product,
    not even by handing it to somebody else for an hour.
    """
    granted = Waiver.objects.filter(status=WaiverStatus.GRANTED, expires_at__gt=now)
    return granted.exclude(HasOwnedSince("granted_by", "product", "starts_at"))


def waiver_facts(product_id: int, now: datetime) -> tuple[WaiverFacts, ...]:
    """What a judgement of the product may know of its waivers; one query."""
    return tuple(facts_of_waiver(row) for row in granted_waivers(now).filter(product_id=product_id).select_related("owner"))


def facts_of_waiver(row: Waiver) -> WaiverFacts:
    """One granted waiver, with its owner as loaded."""
    return WaiverFacts(
        id=str(row.id),
        owner=PersonFacts(row.owner.username, row.owner.is_active, row.owner.get_full_name()),
        reason=row.reason,
        starts_at=row.starts_at or row.expires_at,  # the database refuses a granted one without a start
        expires_at=row.expires_at,
        gate=GateName(row.gate) if row.gate else None,
        check_key=row.check_key or None,
    )


def waived_checks(product_id: int, policy: TrustPolicy, now: datetime) -> dict[str, WaiverFacts]:
    """The waivers in force for single checks, by the check's key; one query."""
    rows = waiver_facts(product_id, now)
    return {row.check_key: row for row in rows if row.check_key and is_in_force(row, policy, known_at=now, now=now)}


def waivers_waiting_for(person: Person, now: datetime) -> QuerySet[Waiver]:
    """The requests that `person` may grant or reject: governance does, but for who asked, who answers for it, and the product's
    owner, now or at any moment since, by whichever account, and whose account they changed lately; and none for an account that
    cannot be told from another.
    """
    if not (person.is_active and has_identity(person)):
        return Waiver.objects.none()
    me = Value(person.pk)
    waiting = Waiver.objects.filter(status=WaiverStatus.REQUESTED, expires_at__gt=now)
    if not is_governance(person):
        waiting = waiting.filter(product__domain__governors__person=person)
    for other in ("requested_by", "owner"):
        waiting = waiting.exclude(SamePerson(other, me)).exclude(IsTied(me, other))
    return waiting.exclude(HasOwnedSince(me, "product", "requested_at")).exclude(IsTiedToOwner(me, "product", "requested_at"))
