"""Who hears of what happens to a waiver: governance of a request, the product's side of the answer and of the end."""

from collections.abc import Iterable
from datetime import datetime

from catalog.models import Person
from catalog.rules.moments import rfc_3339, shown
from catalog.services.notifications import notify
from catalog.services.permissions import actor_name, in_person
from trust.verdicts.models.waivers import Waiver
from trust.vocabulary import WaiverStatus


def excepted(waiver: Waiver) -> str:
    """What a waiver excepts, of which product: `the gate score of orders`."""
    what = f"the gate {waiver.gate}" if waiver.gate else f"the check {waiver.check_key}"
    return f"{what} of {waiver.product.slug}"


def tell_of_request(waiver: Waiver, now: datetime) -> None:
    """Tell governance, but for those who may not answer it, that a waiver waits."""
    governance = Person.objects.governance()
    person = waiver.requested_by
    by = person if in_person(person) else actor_name(person)
    text = (
        f"{by} asks that {excepted(waiver)} is excepted until {shown(waiver.expires_at)}. "
        f"{waiver.owner} answers for it. Reason given: {waiver.reason}"
    )
    to = [person for person in governance if person.pk not in {waiver.requested_by_id, waiver.product.owner_id}]
    tell(waiver, "requested", f"{by} requests a waiver of {excepted(waiver)}", text, to, now)


def tell_of_answer(waiver: Waiver, actor: Person | None, now: datetime) -> None:
    """Tell the product's side that a waiver was granted, rejected or revoked."""
    by = actor_name(actor)
    done = {
        WaiverStatus.GRANTED: f"It is valid until {shown(waiver.expires_at)}, and every answer about the product shows it.",
        WaiverStatus.REJECTED: f"Reason given: {waiver.end_reason}",
        WaiverStatus.REVOKED: f"The waiver is no longer in effect. Reason given: {waiver.end_reason}",
    }[WaiverStatus(waiver.status)]
    headline = f"{by} has {waiver.status} the waiver of {excepted(waiver)}"
    tell(waiver, waiver.status, headline, f"{headline}. {done}", concerned(waiver, actor), now)


def concerned(waiver: Waiver, actor: Person | None = None) -> list[Person]:
    """The product's owner, who asked, and who answers for the exception; those of them who are active, without `actor`."""
    people = {person.pk: person for person in (waiver.product.owner, waiver.requested_by, waiver.owner) if person}
    return [person for person in people.values() if person.is_active and person != in_person(actor)]


def tell(waiver: Waiver, event: str, subject: str, text: str, persons: Iterable[Person], now: datetime) -> int:
    """Give `persons` the notice of `event`, once for each waiver and event; how many were notified now."""
    return notify(
        key=f"waiver:{waiver.pk}:{event}",
        kind=f"waiver.{event.partition(':')[0]}",
        subject=subject,
        text=f"{text}\n\n{where(waiver)}",
        now=now,
        persons=persons,
        payload=payload_of(waiver),
    )


def where(waiver: Waiver) -> str:
    """Where the waiver is to be found."""
    return f"The waiver: admin, Waivers; or GET /api/v1/products/{waiver.product.slug}/waivers/{waiver.pk}"


def payload_of(waiver: Waiver) -> dict[str, object]:
    """The waiver as a webhook gets it."""
    return {
        "waiver": waiver.pk,
        "product": waiver.product.slug,
        "gate": waiver.gate,
        "check_key": waiver.check_key,
        "status": waiver.status,
        "expires_at": rfc_3339(waiver.expires_at),
    }
