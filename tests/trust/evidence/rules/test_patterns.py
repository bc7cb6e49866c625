"""Patterns of owners and agents: RE2 answers as Python's `re.search` does, in bounded time, and says what it cannot run.

But for `$`, which is the end of the text: what is compared with Python is written with `\\Z` there.
"""

import re
import time
import warnings
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.rules.expectation import Expectation
from trust.evidence.rules.expectation_patterns import pattern_fault
from trust.evidence.rules.pattern_language import find_every_text, find_no_text
from trust.evidence.rules.pattern_syntax import PatternError
from trust.evidence.rules.patterns import linear_pattern

HOSTILE = {
    r"^[A-Z0-9]{2}$|(?:|){60}(?!)": "look-ahead",
    r"(?=a)a": "look-ahead",
    r"(?<!a)b": "look-ahead or look-behind",
    r"(a)\1": "back reference",
    r"(a)?(?(1)b|c)": "conditional",
    r"(?>a+)b": "atomic",
    r"a++b": "possessive",
    r"(?:a{1000}){1000}": "too large",
    "a{1000}" * 140: "too large",
    r"(?:(?:(?:x{30}){30}){30}){30}": "too large",
    "a{99999999999}": "not a regular expression",
    "(" * 100_000: "100,000 characters",
    "(" * 60 + "a" + ")" * 60: "nested more than 50",
    "[" * 100_000: "100,000 characters",
    "a" * 300_000: "300,000 characters",
    "(": "not a regular expression",
    "(?L)a": "not a regular expression",
    r"(?a:\b)\b": "mixes word boundaries",
    "".join(f"[^{chr(0x4E00 + i)}]" for i in range(240)): "too many sets",
}
SLOW_FOR_PYTHON = ["(a+)+$", "(a|a)*b", "(.*)*x", r"^(\w+\s?)*$", "(?:a?){50}a{50}", "(x+x+)+y", "(?:|){60}b"]
_PIECES = st.sampled_from(
    ["a", "b", ".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", "[ab]", "[^a]", r"[^\d]", "(a|b)", "^", "$", r"\b", r"\B", r"\A",
     r"\Z", "x?", "a+", "b*", "é", "K", "[à-ü]", "\n", "(?:a|$)", "(^|b)", "{2}", "(?i:k)", "(?s:.)", "(?i:[a-z])", "ß",
     "(?i:ß)", "(?i:\u017f)", "İ", r"[^\S\n]", "٣", "(?:ab){1,2}", "|", "(?i:é)", "(?i:i)", r"(?a:\w)"]
)  # fmt: skip


def as_python_says_it(pattern: str) -> str:
    return pattern if pattern.startswith("(?m)") else pattern.replace("$", r"\Z")


_FLAGS = st.sampled_from(["", "", "", "(?i)", "(?s)", "(?m)", "(?a)", "(?x)"])


@pytest.mark.parametrize("text", ["PT\n", "PT\r\n", "PT\n\n", "\nPT", "PT\u2028"])
@pytest.mark.parametrize("pattern", ["^[A-Z]{2}$", "^(?:PT|ES)$", "^(PT$|ES$)", r"\A\w\w$", "(?i)^pt$"])
def test_a_dollar_is_the_end_of_the_text(pattern: str, text: str) -> None:
    assert linear_pattern(pattern).is_found_in("PT")
    assert not linear_pattern(pattern).is_found_in(text)


def test_a_dollar_ends_a_line_where_the_flag_says_so() -> None:
    assert linear_pattern("(?m)^PT$").is_found_in("PT\n")
    assert linear_pattern("(?m:^PT$)|^ES$").is_found_in("PT\nx")
    assert not linear_pattern("(?m:^PT$)|^ES$").is_found_in("ES\n")


@settings(max_examples=400, deadline=None)
@given(
    flags=_FLAGS,
    pieces=st.lists(_PIECES, max_size=6),
    text=st.text("ab1 _\n\tx{éÉkK\u212a٣\u017fsSßẞ☃İi\u0131\x1c\x85", max_size=7),
)
def test_a_pattern_finds_what_python_finds(flags: str, pieces: list[str], text: str) -> None:
    pattern = flags + "".join(pieces)
    try:
        with warnings.catch_warnings(action="ignore"):
            expected = re.search(as_python_says_it(pattern), text) is not None
    except re.error:
        with pytest.raises(PatternError):
            linear_pattern(pattern)
        return
    try:
        found = linear_pattern(pattern).is_found_in(text)
    except PatternError as error:
        assert "mixes" in str(error)  # noqa: PT017  # the one thing that these pieces can make and RE2 cannot match
        return

    assert found == expected


@pytest.mark.parametrize(("pattern", "reason"), HOSTILE.items(), ids=lambda value: value[:20])
def test_a_pattern_that_cannot_run_in_linear_time_is_named_at_once(pattern: str, reason: str) -> None:
    before = time.monotonic()

    with pytest.raises(PatternError, match=re.escape(reason)):
        linear_pattern(pattern)

    assert not find_every_text((pattern,))
    assert not find_no_text((pattern,))
    assert time.monotonic() - before < 1


@pytest.mark.parametrize("pattern", SLOW_FOR_PYTHON)
def test_a_pattern_on_which_python_never_ends_is_done_at_once(pattern: str) -> None:
    before = time.monotonic()

    linear_pattern(pattern).is_found_in("a" * 50_000 + "!")
    find_every_text((pattern,))
    find_no_text((pattern,))

    assert time.monotonic() - before < 1


@pytest.mark.parametrize(
    "pattern", [r"\w{1,1000}", "^.{0,1000}$", "(?i)" + "|".join(f"word{i}" for i in range(120)), "(a|b|c)" * 100]
)
def test_a_large_pattern_of_the_usual_kind_still_runs(pattern: str) -> None:
    assert linear_pattern(pattern).is_found_in("word7" + "a" * 500)


_PARTS = st.sampled_from(
    ["a", "b", ".", r"\w", r"\W", "[ab]", "[^a]", "(a|b)", "^", "$", r"\b", r"\B", r"\A", r"\Z", "x?", "a+",
     "b*", "\n", "(?:a|$)", "(^|b)", "(?s:.)", "|", r"[\s\S]", "*", "(?:", ")"]
)  # fmt: skip
_TEXTS = ["".join(letters) for length in range(6) for letters in product("ab\n ", repeat=length)]


@settings(max_examples=300, deadline=None)
@given(st.lists(_PARTS, min_size=1, max_size=6))
def test_what_is_said_of_all_texts_holds_for_each(parts: list[str]) -> None:
    pattern = "".join(parts)
    try:
        with warnings.catch_warnings(action="ignore"):
            compiled = re.compile(as_python_says_it(pattern))
    except re.error:
        return
    found = [compiled.search(text) is not None for text in _TEXTS]

    assert all(found) or not find_every_text((pattern,))
    assert not any(found) or not find_no_text((pattern,))


@pytest.mark.parametrize(
    ("kind", "kwargs", "argument"),
    [
        ("expect_column_values_to_match_regex", {"regex": "(?=a)"}, "regex"),
        ("expect_column_values_to_not_match_regex_list", {"regex_list": ["a", "(?=a)"]}, "regex_list.1"),
        ("expect_column_values_to_match_like_pattern", {"like_pattern": "%" * 1001}, "like_pattern"),
        ("expect_column_values_to_match_strftime_format", {"strftime_format": "%Y" * 501}, "strftime_format"),
        ("expect_column_values_to_match_json_schema", {"json_schema": {"items": [{"pattern": "(?=a)"}]}}, "json_schema"),
        ("expect_column_values_to_match_json_schema", {"json_schema": {"patternProperties": {r"(a)\1": {}}}}, "json_schema"),
        (
            "expect_column_values_to_match_json_schema",
            {"json_schema": {"patternProperties": {"a": {}}, "allOf": [{"unevaluatedProperties": False}]}},
            "json_schema",
        ),
    ],
)
def test_the_argument_of_a_pattern_that_is_not_run_is_named(kind: str, kwargs: dict[str, Any], argument: str) -> None:
    fault = pattern_fault(Expectation(kind, {"column": "a", **kwargs}))

    assert fault is not None
    assert fault.argument == argument


def test_patterns_of_the_usual_kind_have_no_fault() -> None:
    schema: Any = {"type": "object", "patternProperties": {"^x-": {"pattern": "^[a-z]+$"}}}
    assert pattern_fault(Expectation("expect_column_values_to_match_json_schema", {"json_schema": schema})) is None
    assert pattern_fault(Expectation("expect_column_values_to_match_regex", {"regex": r"^\d{4}-\d\d$"})) is None
