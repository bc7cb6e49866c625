"""JSON that PostgreSQL can keep: real data holds texts and numbers that its JSON type refuses."""

import math

from catalog.rules.expectation import Json
from catalog.rules.texts import storable_text


def storable(value: Json) -> Json:
    """`value` with NUL characters and lone surrogates as U+FFFD, and with `nan`, `inf` and `-inf` as texts."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable_text(str(key)): storable(item) for key, item in value.items()}
    return value
