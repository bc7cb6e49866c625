"""Reviews by governance, bound to what was reviewed."""

from datetime import datetime

from catalog.models import DataProduct, Person
from catalog.services import products
from trust.verdicts.queries.product_facts import facts_of
from trust.verdicts.rules.review import reviewed_claims, to_stored


def review_product(*, product: DataProduct, actor: Person | None, now: datetime) -> DataProduct:
    """Governance has reviewed the product as it is claimed now: its sensitivity, ports, fields, suites and inputs.

    Raises `ForbiddenError` and `ConflictError` as `catalog.services.products.review_product` does.
    """
    claims = to_stored(reviewed_claims(facts_of(product.pk, now)))
    return products.review_product(product=product, actor=actor, now=now, claims=claims)
