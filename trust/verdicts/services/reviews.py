"""Reviews by governance, bound to what was reviewed."""

from datetime import datetime

from catalog.models import DataProduct, Person
from catalog.queries.ownership import is_same_person
from catalog.rules.errors import ConflictError, ForbiddenError
from catalog.services import products
from catalog.services.permissions import how_to_add_one, require_independence
from trust.verdicts.queries.claim_changes import changers_since
from trust.verdicts.queries.product_facts import review_status
from trust.verdicts.rules.review import claims_digest, to_stored


def review_product(*, product: DataProduct, actor: Person | None, now: datetime, seen: str = "") -> DataProduct:
    """Governance has reviewed the product as it is claimed now: its sensitivity, ports, fields, suites and inputs.

    seen: `claims_digest` of what the reviewer looked at; empty: they looked at what is there now. Raises `ForbiddenError` and
    `ConflictError` as `catalog.services.products.review_product` does, `ForbiddenError` where the reviewer themselves changed
    the claims since the last review and something was loosened, `ConflictError` where something else was looked at.
    """
    status = review_status(product.pk, now)
    if actor is not None and product.reviewed_at is not None and any(one.is_looser for one in status.differences):
        _demand_others_change(product, actor, product.reviewed_at)
    claims = status.claims
    if seen and seen != claims_digest(claims):
        raise ConflictError(
            f"Data product {product.slug} has changed since you read it; your review is not recorded.",
            remedy="Read the differences again: on the product's page in the admin, or with "
            f"GET /api/v1/products/{product.slug}/review.",
            code="changed_since_seen",
        )
    return products.review_product(product=product, actor=actor, now=now, claims=to_stored(claims))


def _demand_others_change(product: DataProduct, actor: Person, since: datetime) -> None:
    changers = changers_since(product.pk, since)
    action = f"review what was loosened in data product {product.slug}"
    if any(is_same_person(actor, other) for other in Person.objects.filter(pk__in=changers)):
        raise ForbiddenError(
            f"{actor.username} may not {action}: they changed it since its last review, by this or another account.",
            remedy=f"Ask another member of the group 'governance' to do it.{how_to_add_one(actor)}",
            code="four_eyes",
        )
    require_independence(actor, changers, action)
