"""Great Expectations' own suite JSON, read strictly and without importing Great Expectations.

Keys that we do not know are refused, not ignored: a rule that is dropped in silence would look like one that holds.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import Dimension, Severity
from trust.evidence.rules.dimensions import dimension_of

MAX_BYTES = 4 * 1024 * 1024
MAX_EXPECTATIONS = 5_000
_MAX_DEPTH = 50
_SUITE_KEYS = {"name", "expectations", "id", "meta", "notes", "suite_parameters"}
_EXPECTATION_KEYS = {"type", "kwargs", "severity", "meta", "id", "notes", "description", "rendered_content"}
Word = TypeVar("Word", Severity, Dimension)
_OLD_KEYS = {"expectation_type": "type", "expectation_suite_name": "name"}


class SuiteJsonError(ValueError):
    """The text is not a suite. The message names the place and says what to write instead."""


def read_suite(text: str | bytes) -> SuiteSpec:
    """The suite that `text` writes, with every dimension filled in. Raises SuiteJsonError."""
    if len(text) > MAX_BYTES:
        raise SuiteJsonError(f"The suite has more than {MAX_BYTES:,} bytes. Split it.")
    try:
        document = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except SuiteJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise SuiteJsonError(f"The suite is not JSON: {error}.") from error
    _need_keys(document, _SUITE_KEYS, "The suite")
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        raise SuiteJsonError("The suite has no `name`. Give it one, as text.")
    listed = document.get("expectations")
    if not isinstance(listed, list):
        raise SuiteJsonError("The suite has no list `expectations`. Write one, even if it is empty.")
    if len(listed) > MAX_EXPECTATIONS:
        raise SuiteJsonError(f"The suite has more than {MAX_EXPECTATIONS:,} expectations. Split it.")
    if document.get("suite_parameters"):
        raise SuiteJsonError("`suite_parameters` are not supported. Write the values into the expectations.")
    return SuiteSpec(name, tuple(_expectation(item, f"Expectation {index}") for index, item in enumerate(listed, start=1)))


def _expectation(item: Any, where: str) -> Expectation:
    _need_keys(item, _EXPECTATION_KEYS, where)
    name = item.get("type")
    if not isinstance(name, str) or not name:
        raise SuiteJsonError(f"{where} has no `type`. Name one, such as expect_column_values_to_not_be_null.")
    kwargs, meta = item.get("kwargs", {}), item.get("meta")
    meta = {} if meta is None else meta
    if not isinstance(kwargs, dict) or not isinstance(meta, dict):
        raise SuiteJsonError(f"`kwargs` and `meta` of {where.lower()} ({name}) must be objects.")
    if _depth(kwargs) > _MAX_DEPTH:
        raise SuiteJsonError(f"`kwargs` of {where.lower()} ({name}) are nested more than {_MAX_DEPTH} deep.")
    severity = _word(Severity, item.get("severity", Severity.CRITICAL.value), f"`severity` of {where.lower()} ({name})")
    dimension = dimension_of(name)
    if meta.get("dimension") is not None:
        dimension = _word(Dimension, meta["dimension"], f"`meta.dimension` of {where.lower()} ({name})")
    return Expectation(name, kwargs, severity, dimension, meta)


def _word(words: type[Word], value: Any, what: str) -> Word:
    try:
        return words(value)
    except ValueError:
        raise SuiteJsonError(f"{what} is {value!r}; it must be one of {', '.join(words)}.") from None


def _need_keys(item: Any, known: set[str], where: str) -> None:
    if not isinstance(item, Mapping):
        raise SuiteJsonError(f"{where} must be a JSON object.")
    for key in item:
        if key in _OLD_KEYS:
            raise SuiteJsonError(f"{where} uses {key!r}, the name before Great Expectations 1.0; write {_OLD_KEYS[key]!r}.")
        if key not in known:
            raise SuiteJsonError(f"{where} has the unknown key {key!r}; known are {', '.join(sorted(known))}.")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        twice = sorted({key for key in names if names.count(key) > 1})
        raise SuiteJsonError(f"The suite writes {', '.join(map(repr, twice))} twice in one object. Remove one of the two.")
    return found


def _refuse_constant(text: str) -> float:
    raise SuiteJsonError(f"The suite contains {text}, which is not JSON. Leave the bound out, or write a number.")


def _depth(value: Any, depth: int = 0) -> int:
    if depth > _MAX_DEPTH:
        return depth
    if isinstance(value, dict):
        return max((_depth(member, depth + 1) for member in value.values()), default=depth)
    if isinstance(value, list):
        return max((_depth(member, depth + 1) for member in value), default=depth)
    if isinstance(value, float) and not math.isfinite(value):
        raise SuiteJsonError("The suite contains a number too large for JSON's numbers. Write a smaller one.")
    return depth
