"""Accepted exceptions: one gate or one check of a product, with somebody to answer for it, a reason and an end.

Asked for by whoever looks after the product, granted by somebody else, who speaks for governance and does not own the product.
Only a granted one excepts anything. What was asked for never changes: another exception is another waiver.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from catalog.callers import machine_key
from catalog.models import DataProduct, Person
from catalog.queries.ownership import has_owned_since, is_same_person, owners_since
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.moments import shown
from catalog.services.permissions import (
    demand_own_request,
    owns,
    require_can_look_after,
    require_governs,
    require_independence,
)
from catalog.services.products import demand_not_retired
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason, locked
from trust.evidence.models.suite import Suite
from trust.evidence.rules.identity import check_key as key_of
from trust.evidence.services.source_resolution import suite_spec
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.facts import PersonFacts, WaiverFacts
from trust.verdicts.rules.waivers import InvalidWaiverError, validate_waiver
from trust.verdicts.services.rule_incidents import settle_product
from trust.verdicts.services.waiver_notices import excepted, tell_of_answer, tell_of_request
from trust.vocabulary import GateName, WaiverStatus

UNANSWERED = "It ended before it was answered."


def request_waiver(
    *,
    product: DataProduct,
    reason: str,
    owner: Person,
    expires_at: datetime,
    actor: Person,
    now: datetime,
    gate: str = "",
    check_key: str = "",
) -> Waiver:
    """The new request, for the product's owner, its stewards and governance. It excepts nothing until somebody else grants it.

    Raises `ForbiddenError`, `ConflictError` where the same is asked for already, or `InvalidError` where the waiver would not
    hold: no reason, an end that the trust policy does not allow, a gate that cannot be waived, a check that the product lacks.
    """
    require_can_look_after(actor, product)
    demand_not_retired(product)
    waiver = Waiver(
        product=product,
        gate=gate,
        check_key=check_key,
        reason=demand_reason(reason, "A waiver"),
        owner=owner,
        status=WaiverStatus.REQUESTED,
        requested_by=actor,
        requested_at=now,
        expires_at=expires_at,
    )
    _demand_holds(waiver, now)
    with recorded("request_waiver", actor):
        close_unanswered(now=now, product=product)
        try:
            with transaction.atomic():
                waiver.save(force_insert=True)
        except IntegrityError as error:
            raise ConflictError(
                f"A waiver of {excepted(waiver)} was already requested and waits for governance.",
                remedy="Withdraw that request first, if this one is to take its place.",
                code="waiver_requested",
            ) from error
        tell_of_request(waiver, now)
    return waiver


def grant_waiver(*, waiver: Waiver, actor: Person, now: datetime) -> Waiver:
    """The waiver, in force from `now`. Governance grants, but neither who asked for it nor the product's owner.

    Raises `ForbiddenError`, `ConflictError` for what is no open request, `InvalidError` where it would not hold any more.
    """
    with recorded("grant_waiver", actor):
        row = _open_request(waiver, actor, "grant", now)
        _demand_holds(row, now)
        row.status, row.granted_by, row.starts_at = WaiverStatus.GRANTED, actor, now
        row.save(update_fields=["status", "granted_by", "starts_at"])
        settle_product(product=row.product, now=now)
        tell_of_answer(row, actor, now)
    return row


def reject_waiver(*, waiver: Waiver, reason: str, actor: Person, now: datetime) -> Waiver:
    """The request, rejected with a reason, by whoever could grant it."""
    with recorded("reject_waiver", actor):
        row = _open_request(waiver, actor, "reject", now)
        _end(row, WaiverStatus.REJECTED, demand_reason(reason, "A rejection"), actor, now)
        tell_of_answer(row, actor, now)
    return row


def withdraw_waiver(*, waiver: Waiver, actor: Person, now: datetime) -> Waiver:
    """The request, taken back by whoever made it or by the product's owner."""
    with recorded("withdraw_waiver", actor):
        row = _held(waiver)
        if not (actor.is_active and (actor.pk == row.requested_by_id or owns(actor, row.product))):
            raise ForbiddenError(
                f"{actor.username} did not request the waiver of {excepted(row)}.",
                remedy=f"{row.requested_by or row.product.owner} can withdraw it; governance can reject it.",
            )
        demand_own_request(row.caller, f"the request for a waiver of {excepted(row)}")
        _demand_status(row, WaiverStatus.REQUESTED, "withdrawn")
        _end(row, WaiverStatus.WITHDRAWN, "", actor, now)
    return row


def revoke_waiver(*, waiver: Waiver, reason: str, actor: Person | None, now: datetime) -> Waiver:
    """The waiver, no longer in force. For governance. Raises `ConflictError` for one that is not granted."""
    require_governs(actor, waiver.product, "revoke waivers")
    with recorded("revoke_waiver", actor):
        row = _held(waiver)
        _demand_status(row, WaiverStatus.GRANTED, "revoked")
        row.revoked_at = now
        _end(row, WaiverStatus.REVOKED, demand_reason(reason, "A revocation"), actor, now)
        settle_product(product=row.product, now=now)
        tell_of_answer(row, actor, now)
    return row


def hand_over_waiver(*, waiver: Waiver, to: Person, actor: Person | None) -> Waiver:
    """The waiver, for which `to` answers from now on; nothing else of it changes. Part of handing everything over.

    Raises `ConflictError` where `to` granted it, by whichever account.
    """
    with recorded("hand_over_waiver", actor):
        row = _held(waiver)
        if row.granted_by is not None and is_same_person(row.granted_by, to):
            raise ConflictError(
                f"{to.username} granted the waiver of {excepted(row)} and cannot answer for it.",
                remedy="Hand over to another person, or revoke the waiver first.",
                code="four_eyes",
            )
        row.owner = to
        row.save(update_fields=["owner"])
    return row


def close_unanswered(*, now: datetime, product: DataProduct | None = None) -> int:
    """How many requests, of one product or of all, were withdrawn because their end had come before anybody answered."""
    rows = Waiver.objects.filter(status=WaiverStatus.REQUESTED, expires_at__lte=now)
    with recorded("close_unanswered_waivers", None):
        return (rows if product is None else rows.filter(product=product)).update(
            status=WaiverStatus.WITHDRAWN, ended_at=now, end_reason=UNANSWERED
        )


def check_keys_of(product: DataProduct) -> frozenset[str]:
    """The keys of all checks that the product's suites ask for now."""
    suites = Suite.objects.filter(port__in=product.output_ports.all(), is_current=True).select_related("port")
    return frozenset(key_of(suite.port.name, expectation) for suite in suites for expectation in suite_spec(suite).expectations)


def _open_request(waiver: Waiver, actor: Person, action: str, now: datetime) -> Waiver:
    """The request as it is now, locked. Raises unless it is open and `actor` may answer it."""
    require_governs(actor, waiver.product, f"{action} waivers")
    row = _held(waiver)
    for other, what in (
        (row.requested_by, "requested it"),
        (row.product.owner, "owns the product"),
        (row.owner, "answers for it"),
    ):
        if other is not None and is_same_person(actor, other):
            raise ForbiddenError(
                f"{actor.username} may not {action} the waiver of {excepted(row)}: {_who(actor, other)} {what}.",
                remedy="Ask another member of the group 'governance' to decide on it.",
                code="four_eyes",
            )
    if has_owned_since(actor, row.product, row.requested_at or now):
        raise ForbiddenError(
            f"{actor.username} may not {action} the waiver of {excepted(row)}: they owned the product, by this or another "
            "account, at a moment since it was requested.",
            remedy="Ask another member of the group 'governance' to decide on it.",
            code="four_eyes",
        )
    others = {row.requested_by_id, row.owner_id, *owners_since(row.product, row.requested_at or now)}
    require_independence(actor, others, f"{action} the waiver of {excepted(row)}")
    _demand_status(row, WaiverStatus.REQUESTED, "granted" if action == "grant" else "rejected")
    if row.expires_at <= now:
        raise ConflictError(
            f"The request for a waiver of {excepted(row)} expired at {shown(row.expires_at)}.",
            remedy="Request it again with a later end.",
            code="waiver_expired",
        )
    return row


def _who(actor: Person, other: Person) -> str:
    return actor.username if actor.pk == other.pk else f"{other.username}, who has the same e-mail address,"


def _held(waiver: Waiver) -> Waiver:
    return locked(waiver, "product__owner", "owner", "requested_by", "granted_by", "caller", without=("product__search",))


def _demand_status(row: Waiver, status: WaiverStatus, action: str) -> None:
    if row.status != status:
        raise ConflictError(
            f"The waiver of {excepted(row)} is {row.status} and cannot be {action}.",
            remedy="Check its current status; another one can be requested at any time.",
            code="waiver_transition",
        )


def _demand_holds(waiver: Waiver, now: datetime) -> None:
    """Raise `InvalidError` where the waiver, granted at `now`, would not hold."""
    facts = WaiverFacts(
        id="new",
        owner=PersonFacts(waiver.owner.username, waiver.owner.is_active),
        reason=waiver.reason,
        starts_at=now,
        expires_at=waiver.expires_at,
        gate=_gate(waiver.gate),
        check_key=waiver.check_key or None,
    )
    try:
        validate_waiver(facts, current_policy()[1])
    except InvalidWaiverError as error:
        raise InvalidError(str(error), remedy="", code="invalid_waiver") from error
    if waiver.check_key and waiver.check_key not in (known := check_keys_of(waiver.product)):
        raise InvalidError(
            f"Data product {waiver.product.slug} has no check {waiver.check_key!r}.",
            remedy="Name a check by the key that the full answer shows.",
            code="check_unknown",
            field="check_key",
            details=[f"Known: {key}" for key in sorted(known)[:20]],
        )


def _gate(name: str) -> GateName | None:
    if not name:
        return None
    try:
        return GateName(name)
    except ValueError:
        raise InvalidError(
            f"There is no gate {name!r}.", remedy=f"Name one of {', '.join(GateName)}.", code="gate_unknown", field="gate"
        ) from None


def _end(row: Waiver, status: WaiverStatus, reason: str, actor: Person | None, now: datetime) -> None:
    row.status, row.end_reason, row.ended_by, row.ended_at = status, reason, actor, now
    row.ended_caller_id = machine_key()
    row.save(update_fields=["status", "end_reason", "ended_by", "ended_caller", "ended_at", "revoked_at"])
