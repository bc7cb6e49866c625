"""What is no document, or too much of one, is refused with a sentence; everything else means what its author wrote."""

import json
import time
import tracemalloc
from itertools import pairwise

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.contracts.parsing import MAX_BYTES, parse_document
from catalog.rules.errors import InvalidError, TooLargeError
from catalog.rules.expectation import Json

LAUGHS = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n".encode() for old, new in pairwise("abcdefg")
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"# only a comment", "empty"),
        (b"- a\n- b", "a list"),
        (b"just words", "a single value"),
        (b"a: 1\na: 2", "'a' twice"),
        (b"a: {b: 1, b: 2}", "'b' twice"),
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b"a: 1\n---\nb: 2", "several YAML documents"),
        (b"1: x", "a key that is not text"),
        (b"? [a, b]\n: x", "a key that is not text"),
        (b"true: x", "a key that is not text"),
        (b"a: [1, 2", "line"),
        (b"a: b: c", "line 1"),
        (b"a: !!python/object/apply:os.system [ls]", "the tag"),
        (b"a: !!binary aGk=", "the tag"),
        (b"a: !!timestamp 2024-01-31", "the tag"),
        (b"a: !!float x", "does not fit the tag"),
        (b"a: .nan", "not a number"),
        (b"a: .inf", "infinite"),
        (b'{"a": NaN}', "not a number"),
        (b'{"a": 1e999}', "infinite"),
        (b'{"a": "\\u0000"}', "cannot be stored"),
        (b'{"a": "\\ud800"}', "cannot be stored"),
        (b"a: \xff", "not UTF-8"),
        (b"a: x\0y", "NUL"),
        (b"a: " + b"9" * 500, "digits"),
        (b'{"a": ' + b"9" * 500 + b"}", "digits"),
        (b"a: -" + b"9" * 390, "too large"),
        (b"a: 0x" + b"f" * 300, "too large"),
        (b'{"a": [{"b": ' + b"9" * 310 + b"}]}", "too large"),
        (b"a: &a [*a]", "inside of itself"),
        (b"a: *b", "before it is set"),
        (b"a: " + b"[" * 50 + b"]" * 50, "deeper than 40"),
        (b'{"a": ' * 3000 + b"1" + b"}" * 3000, "deeper than 40"),
        (b'{"a": ' * 100_000, "deeper than 40"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_document_is_refused_with_the_reason(content: bytes, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(InvalidError) as refusal:
        parse_document(content)
    assert said in refusal.value.message
    assert refusal.value.remedy
    assert refusal.value.code == "not_a_contract"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: " + b"x" * MAX_BYTES, "1,048,576 are read"),
        (LAUGHS, "more than 50,000 values"),
        (b'{"a": [' + b"1, " * 60_000 + b"1]}", "more than 50,000 values"),
        (b"a: &a " + b"x" * 200_000 + b"\nb: [" + b"*a, " * 2_000 + b"]", "more than 2,097,152 characters"),
        (b"a: &a {k: " + b"x" * 200_000 + b"}\n" + b"".join(b"k%d: {<<: *a}\n" % n for n in range(20)), "2,097,152 characters"),
        (b"a: &a {" + b"k" * 1_000 + b": x}\nb: [" + b"*a, " * 2_200 + b"]", "2,097,152 characters"),
        (b"a: &a " + b"x" * 20_000 + b"\nb: &b [" + b"*a, " * 20 + b"]\nc: [" + b"*b, " * 20 + b"]", "2,097,152 characters"),
    ],
    ids=["bytes", "values", "values of JSON", "a text", "a merged mapping", "a key", "lists of lists"],
)
def test_what_is_too_large_once_anchors_are_followed_is_refused_before_it_is_built(content: bytes, said: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError) as refusal:
            parse_document(content)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert said in refusal.value.message
    assert refusal.value.code == "document_too_large"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_a_document_with_endless_directives_is_refused_at_once(line_end: str) -> None:
    directives = "".join(f"%TAG !{number}! x{line_end}" for number in range(50_000))
    started = time.monotonic()
    with pytest.raises(TooLargeError) as refusal:
        parse_document(f"{directives}---{line_end}a: 1".encode())
    assert time.monotonic() - started < 1
    assert "lines that begin with %" in refusal.value.message


def test_a_document_may_have_directives_and_percent_signs() -> None:
    text = "%YAML 1.2\n%TAG !x! tag:example.org,2026:\n---\na: |\n" + "  %d\n" * 100
    assert parse_document(text.encode()) == {"a": "%d\n" * 100}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("on", "on"),
        ("007", "007"),
        ("2024-01-31", "2024-01-31"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("-12", -12),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("'5'", "5"),
        ("v3.1.0", "v3.1.0"),
        ("1.0.0", "1.0.0"),
    ],
)
def test_a_plain_word_means_what_it_says(text: str, value: object) -> None:
    assert parse_document(f"a: {text}".encode()) == {"a": value}


def test_anchors_and_merges_are_followed() -> None:
    content = b"base: &base {x: 1, y: 2}\nother:\n  <<: *base\n  y: 3\n"
    assert parse_document(content) == {"base": {"x": 1, "y": 2}, "other": {"x": 1, "y": 3}}


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1") == {"a": 1}


def test_json_with_tabs_is_read() -> None:
    assert parse_document(b'{\n\t"a":\t[1, 2.5, null, true]\n}') == {"a": [1, 2.5, None, True]}


def parsed_or_refused(content: bytes) -> tuple[dict[str, Json] | None, str]:
    try:
        return parse_document(content), ""
    except InvalidError as refusal:
        return None, refusal.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
@settings(max_examples=150, deadline=None)
def test_every_json_document_comes_back_or_is_refused(document: dict[str, object]) -> None:
    parsed, refusal = parsed_or_refused(json.dumps(document).encode())
    assert parsed == document or "cannot be stored" in refusal


@given(st.dictionaries(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), JSON, max_size=4))
@settings(max_examples=100, deadline=None)
def test_yaml_that_quotes_its_texts_comes_back_or_is_refused(document: dict[str, object]) -> None:
    content = yaml.safe_dump(document, default_style='"', allow_unicode=True).encode()
    parsed, refusal = parsed_or_refused(content)
    assert (parsed is None) == bool(refusal)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_no_bytes_do_anything_but_be_read_or_refused(content: bytes) -> None:
    parsed, refusal = parsed_or_refused(content)
    assert isinstance(parsed, dict) or refusal.startswith("The document")
