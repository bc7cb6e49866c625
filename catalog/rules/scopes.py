"""What an API key may be used for."""

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    """A key never can more than its person.

    `trust:read` reads everything that its person may see. `decide` asks for decisions over AuthZEN and, as `catalog:write`
    does, reports what came of them: uses, outcomes, exceptions of outputs. `catalog:write` changes claims and suites, requests
    runs, opens and resolves incidents. `admin` does all of that, and what is left: consumers and their API keys, closing
    exceptions, waivers, reviews, acknowledgements, publishing and withdrawing policies; a key of an AI agent or model never has
    it.
    """

    TRUST_READ = "trust:read"
    DECIDE = "decide"
    CATALOG_WRITE = "catalog:write"
    ADMIN = "admin"


def grants(scopes: Collection[str], wanted: Scope) -> bool:
    """Whether a key with `scopes` may be used where `wanted` is asked: `admin` includes all others."""
    return wanted in scopes or Scope.ADMIN in scopes
