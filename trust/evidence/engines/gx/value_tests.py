"""Tests that only Python can make: over the distinct values of a column, as Great Expectations on pandas makes them.

Regular expressions of JSON Schemas are matched in linear time: the library itself would hand them to Python's engine.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import jsonschema  # type: ignore[import-untyped]
import referencing
import sqlalchemy as sa
from dateutil import parser as dateutil_parser  # type: ignore[import-untyped]

from catalog.rules.json_values import are_all_different
from trust.evidence.engines.gx.backend import Backend
from trust.evidence.engines.gx.columns import SqlExpression
from trust.evidence.engines.gx.limits import python_time_limit
from trust.evidence.engines.gx.text import texts
from trust.evidence.rules.expectation_patterns import schema_patterns
from trust.evidence.rules.patterns import linear_pattern

Judge = Callable[[Sequence[Any]], Sequence[bool]]


def regex_judge(patterns: Sequence[str], *, every: bool, negate: bool) -> Judge:
    """Whether `re.search` would find every (or any) pattern; with `negate`, whether it would not."""
    compiled = [linear_pattern(pattern) for pattern in patterns]
    together = all if every else any

    def judge(values: Sequence[Any]) -> list[bool]:
        return [together(one.is_found_in(text) for one in compiled) != negate for text in texts(values)]

    return judge


def strftime_judge(arguments: Mapping[str, Any]) -> Judge:
    layout = arguments["strftime_format"]

    def parses(value: str) -> bool:
        try:
            datetime.strptime(value, layout)  # noqa: DTZ007  # only whether it can be read
        except ValueError:
            return False
        return True

    return _over_text(parses)


def dateutil_judge(_arguments: Mapping[str, Any]) -> Judge:
    def parses(value: str) -> bool:
        try:
            dateutil_parser.parse(value)
        except (ValueError, OverflowError):
            return False
        return True

    return _over_text(parses)


def json_judge(_arguments: Mapping[str, Any]) -> Judge:
    def judge(values: Sequence[Any]) -> list[bool]:
        return [_json_or_none(value) is not None for value in values]

    return judge


def json_schema_judge(arguments: Mapping[str, Any]) -> Judge:
    with python_time_limit():
        validator = schema_validator(arguments["json_schema"])

    def judge(values: Sequence[Any]) -> list[bool]:
        documents = [_json_or_none(value) for value in values]
        return [document is not None and validator.is_valid(document[0]) for document in documents]

    return judge


def like_expression(backend: Backend, text: SqlExpression, pattern: str, escape: str) -> SqlExpression:
    """SQL's LIKE. PostgreSQL takes a backslash for its escape character unless told that there is none.

    DuckDB tries every way to split a text by a pattern with `_`, which takes ages for many `%`: there it runs as RE2.
    """
    if backend.name == "duckdb" and ("_" in pattern or escape):
        return sa.func.regexp_full_match(text, _like_as_re2(pattern, escape))
    return text.like(sa.literal(pattern, sa.Text), escape=escape if backend.name == "postgres" else None)


def _like_as_re2(pattern: str, escape: str) -> str:
    written, letters = "(?s)", iter(pattern)
    for letter in letters:
        if letter == escape:
            following = next(letters, None)
            if following is None:
                raise ValueError(f"The LIKE pattern {pattern!r} ends with its escape character. Add what it escapes.")
            written += f"\\x{{{ord(following):x}}}"
        else:
            written += {"%": ".*", "_": "."}.get(letter, f"\\x{{{ord(letter):x}}}")
    return written


def _over_text(parses: Callable[[str], bool]) -> Judge:
    def judge(values: Sequence[Any]) -> list[bool]:
        for value in values:
            if not isinstance(value, str):
                raise TypeError("The column must hold text. For a column of dates or numbers, check its type instead.")
        return [parses(value) for value in values]

    return judge


def _json_or_none(value: Any) -> tuple[Any] | None:
    """The document in a tuple, because `null` is a document too."""
    try:
        return (json.loads(value),)
    except (ValueError, TypeError, RecursionError):
        return None


def schema_validator(schema: Any) -> Any:
    """A validator of `schema` that fetches nothing from the network. Raises `PatternError` and the library's `SchemaError`.

    The library's `unevaluatedProperties` still looks at `patternProperties` itself: `pattern_fault` refuses the two together.
    """
    stock = jsonschema.validators.validator_for(schema)
    # Without the check of formats, which would compile every pattern with Python's engine.
    stock.check_schema(schema, format_checker=None)
    kind = jsonschema.validators.extend(
        stock,
        {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "uniqueItems": _unique_items,
        },
    )

    def evolve(self: Any, **changes: Any) -> Any:
        """Of the same kind, whatever `$schema` a part of the schema names: the library would go back to its own."""
        names = {one.name: one.alias for one in attrs.fields(kind) if one.init}
        return kind(**{alias: getattr(self, name) for name, alias in names.items()} | changes)

    kind.evolve = evolve
    for pattern in schema_patterns(schema):
        linear_pattern(pattern)
    return kind(schema, registry=referencing.Registry())


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string") and not linear_pattern(pattern).is_found_in(instance):
        yield jsonschema.ValidationError(f"it does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, schema in patterns.items():
        for name, value in instance.items():
            if linear_pattern(pattern).is_found_in(name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    patterns = [linear_pattern(pattern) for pattern in schema.get("patternProperties", {})]
    known = schema.get("properties", {})
    for name, value in instance.items():
        if name in known or any(pattern.is_found_in(name) for pattern in patterns):
            continue
        if validator.is_type(allowed, "object"):
            yield from validator.descend(value, allowed, path=name)
        elif not allowed:
            yield jsonschema.ValidationError(f"{name!r} is not allowed")


def _unique_items(validator: Any, wanted: Any, items: Any, _schema: Any) -> Iterator[Any]:
    if wanted and validator.is_type(items, "array") and not are_all_different(items):
        yield jsonschema.ValidationError("it has an item twice")
