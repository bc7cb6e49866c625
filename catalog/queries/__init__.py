"""Reads that span models or moments."""

from catalog.queries.agreements import agreements_standing, standing_agreement, standing_agreements
from catalog.queries.lineage import path_upstream

__all__ = ["agreements_standing", "path_upstream", "standing_agreement", "standing_agreements"]
