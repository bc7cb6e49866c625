"""Reviews by governance, bound to what was reviewed."""

from datetime import datetime

from catalog.models import DataProduct, Person
from catalog.rules.errors import ConflictError
from catalog.services import products
from trust.verdicts.queries.product_facts import review_status
from trust.verdicts.rules.review import claims_digest, to_stored


def review_product(*, product: DataProduct, actor: Person | None, now: datetime, seen: str = "") -> DataProduct:
    """Governance has reviewed the product as it is claimed now: its sensitivity, ports, fields, suites and inputs.

    seen: `claims_digest` of what the reviewer looked at; empty: they looked at what is there now. Raises `ForbiddenError` and
    `ConflictError` as `catalog.services.products.review_product` does, and `ConflictError` where something else was looked at.
    """
    claims = review_status(product.pk, now).claims
    if seen and seen != claims_digest(claims):
        raise ConflictError(
            f"Data product {product.slug} has changed since you read it; your review is not recorded.",
            remedy="Read the differences again: on the product's page in the admin, or with "
            f"GET /api/v1/products/{product.slug}/review.",
            code="changed_since_seen",
        )
    return products.review_product(product=product, actor=actor, now=now, claims=to_stored(claims))
