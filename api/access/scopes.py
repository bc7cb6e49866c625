"""What an API key may be used for."""

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    """A key never can more than its person.

    `trust:read` reads everything that its person may see. `catalog:write` changes claims and suites, requests runs, opens and
    resolves incidents. `admin` does both, and what is left: API keys, waivers, reviews, publishing policies.
    """

    TRUST_READ = "trust:read"
    CATALOG_WRITE = "catalog:write"
    ADMIN = "admin"


def grants(scopes: Collection[str], wanted: Scope) -> bool:
    """Whether a key with `scopes` may be used where `wanted` is asked: `admin` includes the other two."""
    return wanted in scopes or Scope.ADMIN in scopes
