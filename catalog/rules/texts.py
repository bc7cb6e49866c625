"""Texts as they are shown, and as PostgreSQL can store them."""

import re

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def cut(text: str, longest: int) -> str:
    """The text, with an ellipsis as its last character where it is longer than `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no half of a surrogate pair."""
    return _NOT_STORABLE.search(text) is None


def storable_text(text: str) -> str:
    """The text with NUL characters and lone surrogates as U+FFFD."""
    return _NOT_STORABLE.sub("\ufffd", text)
