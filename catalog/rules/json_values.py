"""Plain JSON values compared as JSON Schema compares them, in linear time."""

import json
from collections.abc import Iterable
from typing import Any


def are_all_different(items: Iterable[Any]) -> bool:
    """Whether no two items are equal: 1 equals 1.0, and true equals no number. The `jsonschema` library compares each pair."""
    seen: set[str] = set()
    for item in items:
        key = json.dumps(_with_whole_numbers(item), sort_keys=True)
        if key in seen:
            return False
        seen.add(key)
    return True


def _with_whole_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_with_whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_whole_numbers(item) for key, item in value.items()}
    return value
