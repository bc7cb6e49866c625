"""Accepted exceptions: one gate or one check of a product, with somebody to answer for it, a reason and an end."""

from datetime import datetime

from catalog.models import DataProduct, Person
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.moments import shown
from catalog.services.permissions import require_governance
from catalog.services.recording import recorded
from trust.models import Suite, Waiver
from trust.queries.policies import current_policy
from trust.rules.facts import PersonFacts, WaiverFacts
from trust.rules.identity import check_key as key_of
from trust.rules.vocabulary import GateName
from trust.rules.waivers import InvalidWaiverError, validate_waiver
from trust.services.readings import suite_of


def grant_waiver(
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
    """The waiver, in force from `now`. Governance grants; the system cannot answer for an exception, so `actor` is a person.

    Raises `ForbiddenError`, or `InvalidError` where the waiver would not hold: no reason, an end that the trust policy does not
    allow, a gate that cannot be waived, a check that the product does not have.
    """
    require_governance(actor, "grant waivers")
    facts = WaiverFacts(
        id="new",
        owner=PersonFacts(owner.username, owner.is_active),
        reason=reason,
        starts_at=now,
        expires_at=expires_at,
        gate=_gate(gate),
        check_key=check_key or None,
    )
    try:
        validate_waiver(facts, current_policy()[1])
    except InvalidWaiverError as error:
        raise InvalidError(str(error), remedy="", code="invalid_waiver") from error
    if check_key and check_key not in (known := check_keys_of(product)):
        raise InvalidError(
            f"Data product {product.slug} has no check {check_key!r}.",
            remedy="Name a check by the key that the full answer shows.",
            code="unknown_check",
            field="check_key",
            details=[f"Known: {key}" for key in sorted(known)[:20]],
        )
    with recorded("grant_waiver", actor):
        return Waiver.objects.create(
            product=product,
            gate=gate,
            check_key=check_key,
            reason=reason.strip(),
            owner=owner,
            granted_by=actor,
            starts_at=now,
            expires_at=expires_at,
        )


def revoke_waiver(*, waiver: Waiver, actor: Person | None, now: datetime) -> Waiver:
    """The waiver, no longer in force. Raises `ConflictError` where it was revoked before."""
    require_governance(actor, "revoke waivers")
    with recorded("revoke_waiver", actor):
        row = Waiver.objects.select_for_update(no_key=True).get(id=waiver.id)
        if row.revoked_at is not None:
            raise ConflictError(
                f"The waiver of {row.gate or row.check_key} was revoked at {shown(row.revoked_at)}.",
                remedy="There is nothing left to revoke.",
                code="waiver_revoked",
            )
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
    return row


def check_keys_of(product: DataProduct) -> frozenset[str]:
    """The keys of all checks that the product's suites ask for now."""
    suites = Suite.objects.filter(port__in=product.output_ports.all(), is_current=True).select_related("port")
    return frozenset(key_of(suite.port.name, expectation) for suite in suites for expectation in suite_of(suite).expectations)


def _gate(name: str) -> GateName | None:
    if not name:
        return None
    try:
        return GateName(name)
    except ValueError:
        raise InvalidError(
            f"There is no gate {name!r}.", remedy=f"Name one of {', '.join(GateName)}.", code="unknown_gate", field="gate"
        ) from None
