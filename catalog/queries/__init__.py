"""Reads that span models or moments."""

from catalog.queries.agreements import (
    agreements_of,
    agreements_standing,
    agreements_waiting_for,
    standing_agreement,
    standing_agreements,
)
from catalog.queries.policies import export_policies, policies_by_id, policies_in_force, text_difference
from catalog.queries.visibility import is_insider, visible_products, visible_use_cases

__all__ = [
    "agreements_of",
    "agreements_standing",
    "agreements_waiting_for",
    "export_policies",
    "is_insider",
    "policies_by_id",
    "policies_in_force",
    "standing_agreement",
    "standing_agreements",
    "text_difference",
    "visible_products",
    "visible_use_cases",
]
