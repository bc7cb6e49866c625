"""Who is notified of what happens to an agreement, and in which words.

Notified are the consumer (its owner finds the notice in the application and gets the e-mail), the product's owner, the person
who made the request, and governance where it has a say: above `internal`, unclassified, or in the owner's place. The person who
acted is not notified.
"""

from datetime import datetime

from catalog.models import Agreement, Person
from catalog.queries.ownership import askers_and_owners, people_of
from catalog.rules.agreement import Approval, Part, Request, missing_parts, needed_parts
from catalog.rules.moments import rfc_3339
from catalog.rules.vocabulary import Sensitivity
from catalog.services.notifications import notify


def request_of(agreement: Agreement) -> Request:
    """What the rules want to know of an agreement, with its product as it was loaded. Two queries."""
    return request_and_person(agreement, None)[0]


def request_and_person(agreement: Agreement, actor: Person | None) -> tuple[Request, int]:
    """The same, and the id that `actor` has in it: 0 for None.

    Accounts of one person have one id: the least of those concerned. Two queries.
    """
    askers, owners, rank = askers_and_owners(agreement.pk)
    owners_by, governance_by = agreement.owner_approved_by_id, agreement.governance_approved_by_id
    others = (owners_by, governance_by, actor.pk if actor else None)
    person = people_of(askers | owners | {pk for pk in others if pk is not None})
    request = Request(
        requester=person[agreement.requested_by_id],
        consumer_owner=person[agreement.consumer.owner_id],
        product_owner=person[agreement.product.owner_id or 0],
        sensitivity=_level(rank),
        owner_approval=_approval(person[owners_by] if owners_by else None, agreement.owner_approved_for),
        governance_approval=_approval(person[governance_by] if governance_by else None, agreement.governance_approved_for),
        former_askers=frozenset(person[pk] for pk in askers),
        former_owners=frozenset(person[pk] for pk in owners),
    )
    return request, person[actor.pk] if actor else 0


def awaited_parts(agreement: Agreement) -> frozenset[Part]:
    """The approvals that a request waits for; no query where `with_needs` has read the agreement."""
    return _needs(agreement)[0]


def still_needed(agreement: Agreement) -> str:
    """Whose approval a request waits for, in words: `the owner olga and governance`; `nobody` where nothing is missing."""
    missing, owner_stands_aside = _needs(agreement)
    stand_in = "governance in the owner's place" if owner_stands_aside else f"the owner {agreement.product.owner_name}"
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
    return [person for pk, person in people.items() if person and pk not in not_to_notify]


def _needs(agreement: Agreement) -> tuple[frozenset[Part], bool]:
    """The parts that are missing, and whether the product's owner stands aside."""
    read = vars(agreement)
    if "needed_rank" not in read:
        request = request_of(agreement)
        return missing_parts(request), request.owner_stands_aside
    request = Request(
        requester=agreement.requested_by_id,
        consumer_owner=agreement.consumer.owner_id,
        product_owner=agreement.product.owner_id or 0,
        sensitivity=_level(read["needed_rank"]),
        owner_approval=_approval(agreement.owner_approved_by_id, agreement.owner_approved_for),
        governance_approval=_approval(agreement.governance_approved_by_id, agreement.governance_approved_for),
    )
    return missing_parts(request), read["owner_asks"]


def _level(rank: int) -> Sensitivity:
    return next(level for level in Sensitivity if level.rank == rank)


def _approval(by: int | None, sensitivity: str) -> Approval | None:
    """One without its sensitivity was written past the services: it counts for the least."""
    return None if by is None else Approval(by, Sensitivity(sensitivity or Sensitivity.PUBLIC))
