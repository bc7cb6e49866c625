"""Admin of the claims. Products are in `trust.admin`: their page shows verdicts, and this room does not know of them."""

from catalog.admin import agreements, api_keys, consumers, contracts, notifications, people, policies, ports, vocabulary

__all__ = ["agreements", "api_keys", "consumers", "contracts", "notifications", "people", "policies", "ports", "vocabulary"]
