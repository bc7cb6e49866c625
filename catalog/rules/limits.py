"""How large what comes from outside may be before it is stored. All our choice; docs/security.md lists them."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from catalog.rules.errors import InvalidError, TooLargeError
from catalog.rules.expectation import Expectation

LONGEST_TEXT = 20_000
"""Characters of a purpose, a description and the like."""
MOST_FIELDS = 2_000
"""Of one port; the engine reads no wider data."""
MOST_PORTS = 500
MOST_TAGS = 50
MOST_NULL_VALUES = 50
MOST_INPUTS = 500
MOST_EXPECTATIONS = 2_000
"""Of one suite: a run of that many takes minutes even on small data."""
LARGEST_SUITE = 1024 * 1024
"""Bytes of a suite as JSON. Each run keeps a copy of it."""
MOST_MEMBERS = 10_000
"""Of one list in an expectation, such as a value set."""
LONGEST_VALUE = 10_000
"""Characters of one text in an expectation."""
_PATTERNS = {"regex", "regex_list", "like_pattern", "like_pattern_list", "strftime_format", "json_schema"}
"""Arguments whose texts have a limit of their own: one beyond it is an error of its check, not of the suite."""
LONGEST_SERVICE_LEVEL = timedelta(days=100 * 366)


def demand_few(things: Collection[object], most: int, what: str, field: str) -> None:
    """Raise `TooLargeError` for more than `most` things. what: `Port x of data product y has`, for the message."""
    if len(things) > most:
        raise TooLargeError(
            f"{what} {len(things):,} {field}; at most {most:,} are kept.", remedy="Leave some out, or split it.", field=field
        )


def demand_short(text: str, most: int, what: str, field: str) -> None:
    """Raise `TooLargeError` for a text of more than `most` characters."""
    if len(text) > most:
        raise TooLargeError(
            f"The {field} of the {what} has {len(text):,} characters; at most {most:,} are kept.",
            remedy="Shorten it, and link to the whole text.",
            field=field,
        )


def demand_small_suite(expectations: Sequence[Expectation]) -> None:
    """Raise `TooLargeError` for a suite that is larger than what is kept, `InvalidError` for one that is no plain JSON."""
    if len(expectations) > MOST_EXPECTATIONS:
        raise TooLargeError(
            f"The suite has {len(expectations):,} expectations; at most {MOST_EXPECTATIONS:,} are run at once.",
            remedy="Keep those that matter most.",
            field="expectations",
        )
    size = 0
    for position, one in enumerate(expectations):
        where = f"expectations.{position}"
        _demand_small_values(one.kwargs, f"{where}.kwargs")
        try:
            size += len(json.dumps([one.type, dict(one.kwargs), dict(one.meta)], allow_nan=False))
        except (TypeError, ValueError) as error:
            raise InvalidError(
                f"Expectation {position + 1} of the suite is not plain JSON: {error}.",
                remedy="Write numbers, texts, lists and objects only.",
                field=where,
            ) from error
        if size > LARGEST_SUITE:
            raise TooLargeError(
                f"The suite has more than {LARGEST_SUITE:,} bytes as JSON.",
                remedy="Split its value sets, or check them with expect_column_values_to_exist_in_reference.",
                field="expectations",
            )


def _demand_small_values(kwargs: Mapping[str, Any], where: str) -> None:
    waiting: list[tuple[Any, bool]] = [(value, name in _PATTERNS) for name, value in kwargs.items()]
    while waiting:
        value, is_pattern = waiting.pop()
        if isinstance(value, str) and len(value) > LONGEST_VALUE and not is_pattern:
            raise _too_large_value(f"a text of {len(value):,} characters; at most {LONGEST_VALUE:,} are kept", where)
        if isinstance(value, list | dict) and len(value) > MOST_MEMBERS:
            raise _too_large_value(f"a list of {len(value):,} values; at most {MOST_MEMBERS:,} are kept", where)
        if isinstance(value, dict):
            waiting += [(inner, is_pattern) for pair in value.items() for inner in pair]
        elif isinstance(value, list):
            waiting += [(inner, is_pattern) for inner in value]


def _too_large_value(what: str, where: str) -> TooLargeError:
    return TooLargeError(
        f"The arguments {where} contain {what}.",
        remedy="Shorten it, or check the values with expect_column_values_to_exist_in_reference.",
        field=where,
    )
