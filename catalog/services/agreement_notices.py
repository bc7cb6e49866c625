"""Who is notified of what happens to an agreement, and in which words.

Notified are the consumer (its owner finds the notice in the application and gets the e-mail), the product's owner, the person
who made the request, and governance where it has a say: above `internal`, unclassified, or in the owner's place. The person who
acted is not notified.
"""

from datetime import datetime

from catalog.models import Agreement, Person
from catalog.rules.agreement import Approval, Part, Request, missing_parts, needed_parts
from catalog.rules.moments import rfc_3339
from catalog.rules.vocabulary import Sensitivity
from catalog.services.notifications import notify


def request_of(agreement: Agreement) -> Request:
    """What the rules want to know of an agreement, with its product as it was loaded."""
    product = agreement.product
    return Request(
        requester=agreement.requested_by_id,
        consumer_owner=agreement.consumer.owner_id,
        product_owner=product.owner_id,
        sensitivity=None if product.sensitivity is None else Sensitivity(product.sensitivity),
        owner_approval=_approval(agreement.owner_approved_by_id, agreement.owner_approved_for),
        governance_approval=_approval(agreement.governance_approved_by_id, agreement.governance_approved_for),
    )


def still_needed(agreement: Agreement) -> str:
    """Whose approval a request waits for, in words: `the owner olga and governance`; `nobody` where nothing is missing."""
    request = request_of(agreement)
    missing = missing_parts(request)
    stand_in = (
        "governance in the owner's place" if request.owner_stands_aside else f"the owner {agreement.product.owner.username}"
    )
    words = {Part.OWNER: stand_in, Part.GOVERNANCE: "governance"}
    return " and ".join(words[part] for part in Part if part in missing) or "nobody"


def grant_of(agreement: Agreement) -> str:
    """Who gets what for what: `agent may use orders for ai.training`, without the status."""
    return f"{agreement.consumer.slug} may use {agreement.product.slug} for {agreement.purpose}"


def notify_concerned(
    *, agreement: Agreement, event: str, headline: str, text: str, now: datetime, actor: Person | None
) -> None:
    """Give those concerned the notice of `event` (`rejected`), once for each agreement and event.

    An event that can happen twice carries something in its name that keeps the times apart.
    """
    notify(
        key=f"agreement:{agreement.pk}:{event}",
        kind=f"agreement.{event.partition(':')[0]}",
        subject=f"Agreement {agreement.pk}: {headline}",
        text=f"{text}\n\nThe agreement: admin, Agreements, number {agreement.pk}; or GET /api/v1/agreements/{agreement.pk}",
        now=now,
        persons=_concerned(agreement, actor),
        consumers=[agreement.consumer],
        payload={
            "agreement": agreement.pk,
            "consumer": agreement.consumer.slug,
            "product": agreement.product.slug,
            "purpose": agreement.purpose,
            "status": agreement.status,
            "expires_at": rfc_3339(agreement.expires_at),
        },
    )


def _concerned(agreement: Agreement, actor: Person | None) -> list[Person]:
    request = request_of(agreement)
    people = {agreement.product.owner_id: agreement.product.owner, agreement.requested_by_id: agreement.requested_by}
    if request.owner_stands_aside or Part.GOVERNANCE in needed_parts(request.sensitivity):
        governance = Person.objects.governance()
        people |= {person.pk: person for person in governance}
    not_to_notify = {agreement.consumer.owner_id, None if actor is None else actor.pk}
    return [person for pk, person in people.items() if pk not in not_to_notify]


def _approval(by: int | None, sensitivity: str) -> Approval | None:
    """One without its sensitivity was written past the services: it counts for the least."""
    return None if by is None else Approval(by, Sensitivity(sensitivity or Sensitivity.PUBLIC))
