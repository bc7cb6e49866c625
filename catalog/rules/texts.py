"""Texts as they are shown, and as PostgreSQL can store them."""

import re
import unicodedata

_FILLER_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by Unicode that nobody sees."""
_PLACEHOLDERS = frozenset(
    {"tbd", "tba", "tbc", "na", "nil", "none", "null", "todo", "fixme", "nothing", "empty", "placeholder", "unknown", "dummy"}
    | {"lorem", "loremipsum", "xxx", "asdf", "test", "text", "tobedone", "tobedefined", "tobedetermined", "notapplicable"}
)

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


def says_something(text: str) -> bool:
    """Whether a text explains anything: it has letters or digits that can be seen, and is no placeholder.

    `TBD`, `n/a`, `todo` and the like are placeholders, alone or repeated, in any case and with any punctuation; so are one
    letter and a letter that is repeated. What a text says cannot be judged; that it says nothing sometimes can.
    """
    words = [_visible(word) for word in re.split(r"[\s\-_.,;:/|]+", unicodedata.normalize("NFKC", text).casefold())]
    joined = "".join(words)
    if len(set(joined)) < 2:
        return False
    return joined not in _PLACEHOLDERS and any(word and word not in _PLACEHOLDERS for word in words)


def is_placeholder(text: str) -> bool:
    """Whether something stands there that says nothing."""
    return text.strip() != "" and not says_something(text)


def _visible(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one)[0] in "LN" and one not in _FILLER_LETTERS)
