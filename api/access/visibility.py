"""Finds the product that an address names. What may not be seen does not exist: the answer is 404, never 403."""

from catalog.models import DataProduct, Person
from catalog.queries import visible_products
from catalog.rules.errors import NotFoundError


def find_product(person: Person, slug: str, *, is_to_change: bool = False) -> DataProduct:
    """The product, with its domain, owner and current verdict. Raises `NotFoundError`; costs one query.

    `is_to_change` locks its row until the end of the transaction, for a change that is worked out from what it says now.
    """
    related = ("domain", "owner", "acknowledged_by", "reviewed_by", "current_verdict")
    products = visible_products(person).select_related(*related).defer("current_verdict__body").filter(slug=slug)
    product = (products.select_for_update(of=("self",), no_key=True) if is_to_change else products).first()
    if product is None:
        raise NotFoundError(
            f"There is no data product {slug[:80]} that you may see.",
            remedy="GET /api/v1/products lists those that you may see; a draft is shown to its owner, stewards and governance.",
            code="product_unknown",
        )
    return product
