"""What an API key may be used for."""

from enum import StrEnum


class Scope(StrEnum):
    """`trust:read` reads everything that its person may see; `catalog:write` registers and requests runs."""

    TRUST_READ = "trust:read"
    CATALOG_WRITE = "catalog:write"
    ADMIN = "admin"
