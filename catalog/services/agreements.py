"""Agreements: asked for by the consumer's owner, approved by the product's owner and by governance, ended by one of them.

A renewal is a new request while the former agreement is active. It replaces the former when it is activated: there the former
ends as `expired` and the new one starts, so that there is neither a gap nor a time with two. It does not wait for the former's
last day: a grant that was approved long before it begins would have to be approved again then.

Whoever acts is a named person, never the system. Locks are taken in the order product, agreement.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from catalog.callers import machine, machine_key
from catalog.models import Agreement, Consumer, DataProduct, Person
from catalog.queries import agreements_standing, visible_products
from catalog.queries.ownership import askers_and_owners
from catalog.rules.agreement import (
    LONGEST_LIFE,
    TRANSITIONS,
    Part,
    Refusal,
    needed_parts,
    part_of,
    standing_approvals,
)
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from catalog.rules.moments import shown
from catalog.rules.sensitivity import effective_sensitivity
from catalog.rules.vocabulary import AgreementStatus, ConsumerStatus
from catalog.services.agreement_notices import (
    awaited_parts,
    grant_of,
    notify_concerned,
    request_and_person,
    request_of,
    still_needed,
)
from catalog.services.permissions import (
    actor_name,
    answers_for,
    by_actor,
    demand_own_request,
    governs,
    is_governance,
    owns,
    require_independence,
)
from catalog.services.products import demand_not_retired, demand_owned
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason, locked
from catalog.services.validation import demand_known_purpose


def request_agreement(
    *,
    consumer: Consumer,
    product: DataProduct,
    purpose: str,
    reason: str,
    expires_at: datetime,
    actor: Person,
    now: datetime,
) -> Agreement:
    """The new request. For the consumer's owner and governance; where one is active, this asks for its renewal.

    Raises `ForbiddenError`, `NotFoundError` for a draft that `actor` may not see, `InvalidError` for an unknown purpose, an
    empty reason or an end that cannot be, `ConflictError` for an inactive consumer, a retired product and a second request.
    """
    if not (answers_for(actor, consumer.owner_id) or is_governance(actor)):
        raise ForbiddenError(
            f"{actor.username} may not make requests for consumer {consumer.slug}: its owner is {consumer.owner.username}.",
            remedy=f"Ask {consumer.owner.username} or a member of the group 'governance' to make the request.",
        )
    if (caller := machine()) is not None and caller.consumer_id != consumer.pk:
        raise ForbiddenError(
            f"{caller.consumer} asks for itself only, not for consumer {consumer.slug}.",
            remedy=f"Use a key of {consumer.slug}, or let {actor.username} ask with a session or a key of their own.",
            code="not_own_consumer",
        )
    if not visible_products(actor).filter(pk=product.pk).exists():
        raise NotFoundError(
            f"There is no data product {product.slug} that you may see.",
            remedy="Choose a published one.",
            code="product_unknown",
        )
    _demand_usable(consumer, product)
    demand_known_purpose(purpose)
    _demand_end(expires_at, now, agreements_standing(now).filter(consumer=consumer, product=product, purpose=purpose).first())
    agreement = Agreement(
        consumer=consumer,
        product=product,
        purpose=purpose,
        reason=demand_reason(reason, "A request for an agreement"),
        requested_by=actor,
        requested_at=now,
        expires_at=expires_at,
    )
    with recorded("request_agreement", actor):
        try:
            with transaction.atomic():
                agreement.save(force_insert=True)
        except IntegrityError as error:
            raise ConflictError(
                f"A request that {grant_of(agreement)} is already waiting for an answer.",
                remedy="Wait for the answer, or withdraw that request first.",
                code="already_requested",
            ) from error
        notify_concerned(
            agreement=agreement,
            event="requested",
            headline=f"{actor_name(actor)} asks that {grant_of(agreement)}",
            text=f"{actor_name(actor)} asks that {grant_of(agreement)} until {shown(expires_at)}. "
            f"Reason given: {agreement.reason}\n\nIt waits for {still_needed(agreement)}.",
            now=now,
            actor=actor,
        )
    return agreement


def approve_agreement(*, agreement: Agreement, actor: Person, now: datetime) -> Agreement:
    """The agreement with the approval of `actor`: active where no other is missing, else still requested.

    Which of the two approvals it is follows from who `actor` is (`catalog.rules.agreement.part_of`). Raises `ForbiddenError`
    for whoever may not approve, `ConflictError` where there is nothing to approve any more.
    """
    with recorded("approve_agreement", actor):
        # The product first: its sensitivity must stay as it is until the approval that depends on it is written.
        product = locked(DataProduct(pk=agreement.product_id), "owner", without=("search",))
        row = _held(agreement, AgreementStatus.ACTIVE, "approved")
        row.product = product
        if row.expires_at <= now:
            raise ConflictError(
                f"The request that {grant_of(row)} was for a period that ended at {shown(row.expires_at)}.",
                remedy="Make a new request with a later end.",
                code="request_expired",
            )
        _demand_usable(row.consumer, product)
        if not actor.is_active:
            raise _not_yours(row, actor, "approve")
        request, person = request_and_person(row, actor)
        part = part_of(request, actor=person, is_governance=governs(actor, product), is_deputy=owns(actor, product))
        if isinstance(part, Refusal):
            raise _refusal(part, row, actor)
        require_independence(
            actor,
            {*askers_and_owners(row.pk)[0], row.owner_approved_by_id, row.governance_approved_by_id},
            f"approve agreement {row.pk}",
        )
        _give(row, part, actor, now)
        if awaited_parts(row):
            row.save()
            notify_concerned(
                agreement=row,
                event=f"approved:{now.isoformat()}",
                headline=f"{actor_name(actor)} approved for {part.value}",
                text=f"{actor_name(actor)} approved for {part.value} that {grant_of(row)}. It waits for {still_needed(row)}.",
                now=now,
                actor=actor,
            )
        else:
            _activate(row, actor, now)
    return row


def reject_agreement(*, agreement: Agreement, reason: str, actor: Person, now: datetime) -> Agreement:
    """The request, rejected. For the product's owner and governance; who made it withdraws it instead."""
    with recorded("reject_agreement", actor):
        row = _held(agreement, AgreementStatus.REJECTED, "rejected")
        if actor.pk == row.requested_by_id:
            raise ForbiddenError(f"{actor.username} made this request.", remedy="Withdraw it instead.", code="four_eyes")
        if not _speaks_for(row.product, actor):
            raise _not_yours(row, actor, "reject")
        _end(row, AgreementStatus.REJECTED, demand_reason(reason, "A rejection"), actor, now)
        _notify_of_end(row, "rejected", actor, now)
    return row


def withdraw_agreement(*, agreement: Agreement, actor: Person, now: datetime) -> Agreement:
    """The request, taken back by the person who made it; a machine takes back what its consumer asked for."""
    with recorded("withdraw_agreement", actor):
        row = _held(agreement, AgreementStatus.WITHDRAWN, "withdrawn")
        if not (actor.is_active and actor.pk == row.requested_by_id):
            raise ForbiddenError(
                f"{actor_name(actor)} may not withdraw the request of {row.requested_by.username}.",
                remedy=f"Ask {row.requested_by.username} to withdraw it, or the product's owner to reject it.",
            )
        demand_own_request(row.caller, f"agreement {row.pk}")
        _end(row, AgreementStatus.WITHDRAWN, "", actor, now)
        _notify_of_end(row, "withdrawn", actor, now)
    return row


def revoke_agreement(*, agreement: Agreement, reason: str, actor: Person, now: datetime) -> Agreement:
    """The agreement, ended before its time: by the product's owner or governance, or given back by the consumer's owner.

    Writes the agreement's own row, so a statement that holds it FOR SHARE is either finished first or sees the end.
    """
    with recorded("revoke_agreement", actor):
        row = _held(agreement, AgreementStatus.REVOKED, "revoked")
        gives_back = answers_for(actor, row.consumer.owner_id)
        if not (gives_back or _speaks_for(row.product, actor)):
            raise _not_yours(row, actor, "revoke")
        if row.expires_at <= now:
            raise ConflictError(
                f"The agreement that {grant_of(row)} expired at {shown(row.expires_at)}.",
                remedy="No action needed: it is no longer valid.",
                code="agreement_expired",
            )
        what = "Giving an agreement back" if gives_back else "A revocation"
        _end(row, AgreementStatus.REVOKED, demand_reason(reason, what), actor, now)
        _notify_of_end(row, "revoked", actor, now)
    return row


def _held(agreement: Agreement, target: AgreementStatus, action: str) -> Agreement:
    """The row as it is now, locked until the end of the transaction. Raises `ConflictError` where `target` cannot follow."""
    row = locked(
        agreement, "consumer__owner", "product__owner", "requested_by", "caller__consumer", without=("product__search",)
    )
    if target not in TRANSITIONS[AgreementStatus(row.status)]:
        raise ConflictError(
            f"Agreement {row.pk} is {row.status} and can no longer be {action}.",
            remedy="Check its current status; a new request can be made at any time.",
            code="agreement_transition",
            field="status",
        )
    return row


def _give(row: Agreement, part: Part, actor: Person, now: datetime) -> None:
    """Write the approval into the row, and take out those that no longer count."""
    request = request_of(row)
    for stale in set(Part) - standing_approvals(request).keys():
        _write(row, stale, None, None, "")
    _write(row, part, actor, now, effective_sensitivity(None, request.sensitivity).value)


def _write(row: Agreement, part: Part, by: Person | None, at: datetime | None, sensitivity: str) -> None:
    setattr(row, f"{part.value}_approved_by", by)
    setattr(row, f"{part.value}_approved_at", at)
    setattr(row, f"{part.value}_approved_for", sensitivity)


def _activate(row: Agreement, actor: Person, now: datetime) -> None:
    former = (
        Agreement.objects.select_for_update(of=("self",), no_key=True)
        .filter(consumer=row.consumer, product=row.product, purpose=row.purpose, status=AgreementStatus.ACTIVE)
        .first()
    )
    if former is not None:
        _end(former, AgreementStatus.EXPIRED, f"Renewed by agreement {row.pk}.", actor, min(now, former.expires_at))
    row.status, row.starts_at = AgreementStatus.ACTIVE, now
    row.save()
    renewed = "" if former is None else f" It takes the place of agreement {former.pk}."
    notify_concerned(
        agreement=row,
        event="active",
        headline=f"{grant_of(row)} until {shown(row.expires_at)}",
        text=f"{actor_name(actor)} gave the last approval: from now until {shown(row.expires_at)} {grant_of(row)}.{renewed}",
        now=now,
        actor=actor,
    )


def _end(row: Agreement, status: AgreementStatus, reason: str, actor: Person, at: datetime) -> None:
    row.status, row.end_reason, row.ended_by, row.ended_at = status, reason, actor, at
    row.ended_caller_id = machine_key()
    row.save(update_fields=["status", "end_reason", "ended_by", "ended_caller", "ended_at"])


def _notify_of_end(row: Agreement, event: str, actor: Person, now: datetime) -> None:
    reason = f" Reason given: {row.end_reason}" if row.end_reason else ""
    what = "agreement" if event == "revoked" else "request"
    notify_concerned(
        agreement=row,
        event=event,
        headline=f"{event} by {by_actor(actor)}",
        text=f"The {what} that {grant_of(row)} was {event} by {by_actor(actor)}.{reason}",
        now=now,
        actor=actor,
    )


def _speaks_for(product: DataProduct, actor: Person) -> bool:
    return governs(actor, product) or owns(actor, product)


def _demand_usable(consumer: Consumer, product: DataProduct) -> None:
    """Raise `ConflictError` where the product is retired or has no owner, or the consumer may not be given anything."""
    demand_not_retired(product)
    demand_owned(product)
    if consumer.status != ConsumerStatus.ACTIVE or not consumer.owner.is_active:
        why = f"is {consumer.status}" if consumer.status != ConsumerStatus.ACTIVE else "belongs to an inactive account"
        raise ConflictError(
            f"Consumer {consumer.slug} {why}, so it is granted nothing.",
            remedy="Governance can activate the consumer or give it another owner.",
            code="consumer_inactive",
            field="consumer",
        )


def _demand_end(expires_at: datetime, now: datetime, former: Agreement | None) -> None:
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


def _refusal(why: Refusal, row: Agreement, actor: Person) -> DomainError:
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
            return _not_yours(row, actor, "approve")


def _not_yours(row: Agreement, actor: Person, action: str) -> ForbiddenError:
    """The error for somebody who neither owns the product nor speaks for governance. `action` completes "may not ..."."""
    owner = row.product.owner_name
    also = " and governance" if Part.GOVERNANCE in needed_parts(request_of(row).sensitivity) else ""
    return ForbiddenError(
        f"{actor.username} may not {action} agreement {row.pk}: data product {row.product.slug} belongs to {owner}.",
        remedy=f"That is for the owner {owner}{also}.",
    )
