"""SQL rules of a contract: their text, and its digest, by which governance approves exactly this text."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

MOST_CHARACTERS = 10_000
_PLACEHOLDER = re.compile(r"\$?\{(object|table|model|property|column|field)\}", re.IGNORECASE)
_OF_TABLE = {"object", "table", "model"}


def query_digest(query: str) -> str:
    """SHA-256 of the text, in hex: another text, another digest."""
    return sha256(query.encode()).hexdigest()


def query_of(kwargs: Mapping[str, Any]) -> str:
    """The text of the rule. Raises ValueError where it is none, or too long."""
    query = kwargs.get("query")
    if not isinstance(query, str) or not query.strip():
        raise ValueError("`query` must be the text of a SELECT.")
    if len(query) > MOST_CHARACTERS:
        raise ValueError(f"The query has {len(query):,} characters; at most {MOST_CHARACTERS:,} are run. Shorten it.")
    return query


def with_names(query: str, table: str, column: str | None) -> str:
    """The query with its placeholders replaced by the quoted names. Raises ValueError for one that has no name."""

    def replacement(found: re.Match[str]) -> str:
        if found[1].lower() in _OF_TABLE:
            return table
        if column is None:
            raise ValueError(
                f"The query names {found[0]}, and the rule belongs to no property. Move it to one, or name the column."
            )
        return column

    return _PLACEHOLDER.sub(replacement, query)
