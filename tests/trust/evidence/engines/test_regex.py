"""A translated pattern answers as Python's `re.search` does, on both backends; where it could not, there is no translation.

But for `$`, which is the end of the text: what is compared with Python is written with `\\Z` there.
"""

import re
from collections.abc import Callable, Iterator

import duckdb
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.databases import sources_database
from trust.evidence.engines.gx.regex import Flavour, translate
from trust.evidence.rules.pattern_syntax import PatternError

PATTERNS = [
    r"^\d+$", r"[A-Z]{2}\d*", r".*", "", "^$", "a.b", r"\bfoo\b", "(?i)abc", "[^a-z]", r"^[\w.]+@[\w-]+\.[a-z]{2,}$",
    r"\s", r"\S+", r"[\D]", "x|y$", "(a|b)*c$", r"[.\]\\^-]", r"\.", "é", "[à-ü]", r"a\Z", "(?s)a.b", r"\W", "a{2,}",
    r"[^\s]", "(?P<n>a)b", "a*?b", r"\x41", r"[\x01-\x1f]", r"\-", "a/b", "'", '"', r"\$", "^a$b", "(?i)[a-c]x", "(?i)k",
    r"(?a)\d+$", "[[:alpha:]]", r"\t", r"a\nb", r"^-?\d{1,3}(,\d{3})*$", r"[^\w]", r"[\S\d]", "%", "_", r"\\",
]  # fmt: skip
TEXTS = [
    "", "a", "ab", "a\nb", "1", "12\n", "٣", "foo bar", "foobar", "ABC", "aBc", "é", "É", "x", "y\n", "y\nz", "a.b@c-d.com",
    "  ", "\x0b", "\x1c", "c", "bc", "aa", "aab", "]", "\\", "^", "-", "$", "'", '"', "a/b", "A", "\x1f", "axb", "1,234", "K",
    "ü", "_", "b\x85", "\u00a0", "[:a]", "ß", "a-b", "\t", "😀", "b", "bx", "Ax", "%",
]  # fmt: skip
NOT_TRANSLATED = ["(?=a)b", r"(a)\1", "(?m)^b$", "(?<!x)y", "(?i:a)b", "a{2000}"]


def finds(pattern: str, text: str) -> bool:
    return re.search(re.sub(r"(?<!\\)\$", r"\\Z", pattern), text) is not None


@pytest.fixture(scope="module")
def search() -> Iterator[Callable[[Flavour, str, str], bool]]:
    with duckdb.connect() as duck, psycopg.connect(sources_database(), autocommit=True) as postgres:

        def ask(flavour: Flavour, pattern: str, text: str) -> bool:
            if flavour is Flavour.RE2:
                row = duck.execute("SELECT regexp_matches(?, ?)", [text, pattern]).fetchone()
            else:
                row = postgres.execute("SELECT %s::text ~ %s::text", [text, pattern]).fetchone()
            assert row is not None
            return bool(row[0])

        yield ask


@pytest.mark.parametrize("flavour", list(Flavour))
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_a_translated_pattern_finds_what_python_finds(
    pattern: str, flavour: Flavour, search: Callable[[Flavour, str, str], bool]
) -> None:
    translated = translate(pattern, flavour)
    assert translated is not None
    texts = [text for text in TEXTS if text.isascii() or not translated.ascii_only]

    wrong = [text for text in texts if search(flavour, translated.pattern, text) != finds(pattern, text)]

    assert wrong == []


@pytest.mark.parametrize("flavour", list(Flavour))
@pytest.mark.parametrize("pattern", NOT_TRANSLATED)
def test_what_a_backend_lacks_is_not_translated(pattern: str, flavour: Flavour) -> None:
    assert translate(pattern, flavour) is None


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a{3,1}"])
def test_what_is_no_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(PatternError, match="not a regular expression"):
        translate(pattern, Flavour.RE2)


_PIECES = st.sampled_from(
    ["a", "b", ".", r"\d", r"\w", r"\s", "[ab]", "[^a]", "(a|b)", "^", "$", r"\b", "x?", "a+", "b*", "{", "é"]
)


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(_PIECES, max_size=5), text=st.text(alphabet="ab1 _\n\tx{é", max_size=6))
def test_any_pattern_of_common_parts_is_the_same(pieces: list[str], text: str) -> None:
    pattern = "".join(pieces)
    try:
        translated = translate(pattern, Flavour.RE2)
    except ValueError:
        return
    if translated is None or (translated.ascii_only and not text.isascii()):
        return
    row = duckdb.execute("SELECT regexp_matches(?, ?)", [text, translated.pattern]).fetchone()

    assert row is not None
    assert row[0] == finds(pattern, text)
