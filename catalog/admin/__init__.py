"""Admin of the claims. Products are in `trust.admin`: their page shows verdicts, and `catalog` does not know of them."""

from catalog.admin import agreements, api_keys, consumers, contracts, people, policies

__all__ = ["agreements", "api_keys", "consumers", "contracts", "people", "policies"]
