"""How the sensitivity of a product and of its fields bear on each other. A field without its own takes the product's."""

from catalog.rules.vocabulary import Sensitivity


def exceeds(field: Sensitivity | None, product: Sensitivity | None) -> bool:
    """Whether a field claims to be more sensitive than its product: a product is at least as sensitive as its fields.

    An unclassified field exceeds nothing; a classified field exceeds an unclassified product.
    """
    if field is None:
        return False
    return product is None or field.rank > product.rank


def effective_sensitivity(field: Sensitivity | None, product: Sensitivity | None) -> Sensitivity:
    """What a field counts as: its own level, else its product's, else `restricted`, since nobody has said that it is less."""
    return field or product or Sensitivity.RESTRICTED


def demands_redaction(field: Sensitivity | None, product: Sensitivity | None, *, is_personal_data: bool) -> bool:
    """Whether values of a field must not be shown: above `internal`, or personal data at any level (DESIGN.md section 8)."""
    return is_personal_data or effective_sensitivity(field, product).rank > Sensitivity.INTERNAL.rank
