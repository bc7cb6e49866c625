"""Which patterns of an expectation are run, and which of them cannot be."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from catalog.rules.expectation import Expectation
from trust.evidence.rules.pattern_syntax import MAX_CHARACTERS, PatternError
from trust.evidence.rules.patterns import linear_pattern

MAX_PATTERN_CHARACTERS = 50_000
"""Of all regular expressions of one suite together (our choice): reading that many takes a few seconds at the very worst."""
REMEDY = (
    "Write the pattern without look-around, back references and large repeat counts, such as ^[A-Z]{2}[0-9]{4}$, "
    f"in at most {MAX_CHARACTERS:,} characters."
)
_JSON_SCHEMA = "expect_column_values_to_match_json_schema"


class PatternFault(NamedTuple):
    """argument: its name, with the position in a list. reason: completes "the pattern ..."."""

    argument: str
    reason: str


def pattern_fault(expectation: Expectation) -> PatternFault | None:
    """The first pattern that is not run, so that the check comes out as an error; None where all are run."""
    kwargs = expectation.kwargs
    for argument, pattern in _texts(kwargs, "strftime_format", "like_pattern", "like_pattern_list"):
        if len(pattern) > MAX_CHARACTERS:
            return PatternFault(argument, f"has {len(pattern):,} characters; at most {MAX_CHARACTERS:,} are run")
    for argument, pattern in regular_expressions(expectation):
        try:
            linear_pattern(pattern)
        except PatternError as error:
            return PatternFault(argument, str(error))
    if expectation.type == _JSON_SCHEMA and _mixes_evaluated(kwargs.get("json_schema")):
        return PatternFault("json_schema", "is in `patternProperties` beside `unevaluatedProperties`, which is not supported")
    return None


def regular_expressions(expectation: Expectation) -> Iterator[tuple[str, str]]:
    """(argument, pattern) of every regular expression of the expectation."""
    yield from _texts(expectation.kwargs, "regex", "regex_list")
    if expectation.type == _JSON_SCHEMA:
        for pattern in schema_patterns(expectation.kwargs.get("json_schema")):
            yield "json_schema", pattern


def schema_patterns(schema: Any) -> Iterator[str]:
    """Every regular expression of a JSON schema: of `pattern`, and the names in `patternProperties`."""
    for one in _objects(schema):
        if isinstance(one.get("pattern"), str):
            yield one["pattern"]
        if isinstance(one.get("patternProperties"), Mapping):
            yield from (name for name in one["patternProperties"] if isinstance(name, str))


def _mixes_evaluated(schema: Any) -> bool:
    keys = {key for one in _objects(schema) for key in one}
    return {"patternProperties", "unevaluatedProperties"} <= keys


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _texts(kwargs: Mapping[str, Any], *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        value = kwargs.get(name)
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list):
            yield from ((f"{name}.{position}", one) for position, one in enumerate(value) if isinstance(one, str))
