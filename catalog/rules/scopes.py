"""What an API key may be used for."""

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    """A key can never do more than its person. Which address needs which scope: `docs/scopes.md`, made from the views.

    `trust:read` reads what its person may see, and asks about trust; it changes nothing. `decide` asks for decisions over
    AuthZEN. `reports:write` reports uses, outcomes and exceptions of outputs. `agreements:request` asks for agreements and
    withdraws what it asked for. `recalls:acknowledge` takes note: of recalls, and of notices as read. `catalog:write` changes
    claims and suites, requests runs, works on incidents, asks for waivers. `admin` does all of that, and what is left:
    consumers and their API keys, closing exceptions, waivers, reviews, acknowledgements, publishing and withdrawing policies.
    """

    TRUST_READ = "trust:read"
    DECIDE = "decide"
    REPORTS_WRITE = "reports:write"
    AGREEMENTS_REQUEST = "agreements:request"
    RECALLS_ACKNOWLEDGE = "recalls:acknowledge"
    CATALOG_WRITE = "catalog:write"
    ADMIN = "admin"


RESERVED_SCOPES = frozenset({"data:read", "actions:decide", "evidence:write"})
"""Names of later scopes: no key can have them yet, and none of them may come to mean anything else."""
NOT_FOR_AI = frozenset({Scope.CATALOG_WRITE, Scope.ADMIN})
"""No key of an AI agent or model holds them: it could change the claims and checks by which its own data is judged."""


def grants(scopes: Collection[str], wanted: Scope) -> bool:
    """Whether a key with `scopes` may be used where `wanted` is asked: `admin` includes all others."""
    return wanted in scopes or Scope.ADMIN in scopes
