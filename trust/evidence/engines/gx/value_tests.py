"""Tests that only Python can make: over the distinct values of a column, as Great Expectations on pandas makes them."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from dateutil import parser as dateutil_parser  # type: ignore[import-untyped]

from trust.evidence.engines.gx.backend import Backend
from trust.evidence.engines.gx.columns import SqlExpression
from trust.evidence.engines.gx.json_schemas import schema_validator
from trust.evidence.engines.gx.limits import python_time_limit
from trust.evidence.engines.gx.text import texts
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
