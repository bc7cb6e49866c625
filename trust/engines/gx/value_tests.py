"""Tests that only Python can make: over the distinct values of a column, as Great Expectations on pandas makes them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import referencing
import sqlalchemy as sa
from dateutil import parser as dateutil_parser  # type: ignore[import-untyped]

from trust.engines.gx.backend import Backend
from trust.engines.gx.columns import SqlExpression
from trust.engines.gx.text import texts

Judge = Callable[[Sequence[Any]], Sequence[bool]]


def regex_judge(patterns: Sequence[str], *, every: bool, negate: bool) -> Judge:
    """Whether `re.search` finds every (or any) pattern; with `negate`, whether it does not."""
    compiled = [re.compile(pattern) for pattern in patterns]
    together = all if every else any

    def judge(values: Sequence[Any]) -> list[bool]:
        return [together(one.search(text) is not None for one in compiled) != negate for text in texts(values)]

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
    schema = arguments["json_schema"]
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema, registry=referencing.Registry())  # a registry that fetches nothing from the network

    def judge(values: Sequence[Any]) -> list[bool]:
        documents = [_json_or_none(value) for value in values]
        return [document is not None and validator.is_valid(document[0]) for document in documents]

    return judge


def like_expression(backend: Backend, text: SqlExpression, pattern: str, escape: str) -> SqlExpression:
    """SQL's LIKE. PostgreSQL takes a backslash for its escape character unless told that there is none."""
    if not escape and backend.name == "postgres":
        return text.op("LIKE", is_comparison=True)(sa.literal(pattern, sa.Text)).op("ESCAPE")(sa.literal_column("''"))
    return text.like(sa.literal(pattern, sa.Text), escape=escape or None)


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
