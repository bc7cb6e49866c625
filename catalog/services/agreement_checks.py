"""What is demanded of a request and of whoever decides on one, and the words of each refusal."""

from datetime import datetime

from catalog.models import Agreement, Consumer, DataProduct, Person
from catalog.rules.agreement import LONGEST_LIFE, Part, Refusal, needed_parts
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.moments import shown
from catalog.rules.vocabulary import ConsumerStatus
from catalog.services.agreement_notices import request_of, still_needed
from catalog.services.products import demand_not_retired


def demand_usable(consumer: Consumer, product: DataProduct) -> None:
    """Raise `ConflictError` where the product is retired or the consumer may not be given anything."""
    demand_not_retired(product)
    if consumer.status != ConsumerStatus.ACTIVE or not consumer.owner.is_active:
        why = f"is {consumer.status}" if consumer.status != ConsumerStatus.ACTIVE else "belongs to an inactive account"
        raise ConflictError(
            f"Consumer {consumer.slug} {why}, so it is granted nothing.",
            remedy="Governance can activate the consumer or give it another owner.",
            code="consumer_inactive",
            field="consumer",
        )


def demand_end(expires_at: datetime, now: datetime, former: Agreement | None) -> None:
    """Raise `InvalidError` for an end in the past, too far away, or not later than that of the agreement to be renewed."""
    if expires_at <= now:
        fault = f"The end {shown(expires_at)} is not in the future."
    elif expires_at > now + LONGEST_LIFE:
        fault = f"The end {shown(expires_at)} is more than {LONGEST_LIFE.days} days away."
    elif former is not None and expires_at <= former.expires_at:
        fault = f"Agreement {former.pk} is valid until {shown(former.expires_at)}; a renewal must end later."
    else:
        return
    remedy = f"Choose an end within {LONGEST_LIFE.days} days from now; an agreement can be renewed."
    raise InvalidError(fault, remedy=remedy, field="expires_at")


def refusal(why: Refusal, row: Agreement, actor: Person) -> DomainError:
    """Why `actor` cannot approve, as the error to raise."""
    match why:
        case Refusal.BENEFICIARY:
            return ForbiddenError(
                f"{actor.username} requested this agreement or owns or owned its consumer since, by this or another account, "
                "so another person must approve it.",
                remedy=f"It waits for {still_needed(row)}.",
                code="four_eyes",
            )
        case Refusal.GAVE_THE_OTHER:
            return ForbiddenError(
                f"{actor.username} has given one of the two approvals; the other must come from another person.",
                remedy=f"It waits for {still_needed(row)}.",
                code="four_eyes",
            )
        case Refusal.ALREADY_GIVEN:
            return ConflictError(
                f"The approval that {actor.username} can give has been given.",
                remedy=f"It waits for {still_needed(row)}.",
                code="already_approved",
            )
        case Refusal.NOT_AN_APPROVER:
            return not_yours(row, actor, "approve")


def not_yours(row: Agreement, actor: Person, deed: str) -> ForbiddenError:
    """The error for somebody who neither owns the product nor speaks for governance. `deed` completes "may not ..."."""
    owner = row.product.owner.username
    also = " and governance" if Part.GOVERNANCE in needed_parts(request_of(row).sensitivity) else ""
    return ForbiddenError(
        f"{actor.username} may not {deed} agreement {row.pk}: data product {row.product.slug} belongs to {owner}.",
        remedy=f"That is for the owner {owner}{also}.",
    )
