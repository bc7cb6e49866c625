"""Admin of the claims. Products are in `trust.admin`: their page shows verdicts, and this room does not know of them."""

from catalog.admin import agreements, consumers, contracts, notifications, people, policies, ports, vocabulary

__all__ = ["agreements", "consumers", "contracts", "notifications", "people", "policies", "ports", "vocabulary"]
