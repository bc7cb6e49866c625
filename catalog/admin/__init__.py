"""Admin of the claims. Products are in `trust.admin`: their page shows verdicts, and this room does not know of them."""

from catalog.admin import consumers, contracts, people, policies, ports, vocabulary

__all__ = ["consumers", "contracts", "people", "policies", "ports", "vocabulary"]
