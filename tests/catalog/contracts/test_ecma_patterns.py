"""A pattern of a contract finds what ECMA-262 says it finds. Answers were taken from the clauses of the standard (15.10.2)."""

import re

import pytest

from catalog.contracts.ecma_patterns import python_pattern
from tests.catalog.contracts.documents import contract, orders, read
from trust.evidence.rules.patterns import linear_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        (r"^\d{5}$", "01234", True),
        (r"^\d{2}$", "٣٤", False),  # Arabic-Indic digits: digits to Python, not to ECMA-262
        (r"^\w+$", "kg_1", True),
        (r"^\w+$", "Straße", False),
        (r"^[\w.]+@x$", "a.b@x", True),
        (r"^[\w.]+@x$", "ä@x", False),
        (r"^[^\W]+$", "ab", True),
        (r"^[\D]$", "٣", True),
        (r"^[\W]$", "[", True),
        (r"^[\W]$", "^", True),
        (r"^[\W]$", "_", False),
        (r"^\S+$", "a\ufeffb", False),
        (r"^a\sb$", "a\u00a0b", True),
        (r"^[\S]$", "\ufeff", False),
        (r"^.$", "\r", False),
        (r"^.$", "\u2028", False),
        (r"^.$", "ä", True),
        (r"^[.]$", "x", False),
        (r"^a[^]b$", "a\nb", True),
        (r"a[]", "a", False),
        (r"^(?<year>[0-9]{4})$", "2024", True),
        (r"^a\/b$", "a/b", True),
        (r"^\u{41}\u0042$", "AB", True),
        (r"^\cJ$", "\n", True),
        (r"^a{,2}$", "a{,2}", True),
        (r"^a{,2}$", "aa", False),
        (r"\bx\b", "äx", True),
        (r"^[\b]$", "\x08", True),
        (r"^[[]$", "[", True),
        (r"^[A-Z]{2}$", "PT\n", False),
        (r"^[^\s]+$", "a b", False),
        (r"^\\d$", r"\d", True),
        (r"^\.$", "x", False),
        ("(?i)^kg$", "KG", True),
    ],
    ids=str,
)
def test_a_pattern_means_what_the_standard_says(pattern: str, text: str, is_found: bool) -> None:
    assert linear_pattern(python_pattern(pattern)).is_found_in(text) is is_found


@pytest.mark.parametrize("pattern", ["^[A-Z]{2}[0-9]{2}$", "a|b", "^(x|y)*$", "[a-z", "(", "\\", "(?<=a)b", r"(a)\1"])
def test_what_both_read_alike_stays_as_it_is_written(pattern: str) -> None:
    assert python_pattern(pattern) == pattern


def test_every_character_is_a_space_or_none() -> None:
    space, other = (re.compile(python_pattern(pattern)) for pattern in (r"\s", r"\S"))
    for code in range(0x10FFFF + 1):
        assert bool(space.match(chr(code))) is not bool(other.match(chr(code)))


@pytest.mark.parametrize("place", ["option", "rule"])
def test_patterns_of_a_contract_are_read_as_ecma_262(place: str) -> None:
    code = {"name": "code", "logicalType": "string"}
    if place == "option":
        code["logicalTypeOptions"] = {"pattern": r"^\d{5}$"}  # type: ignore[assignment]
    else:
        code["quality"] = [{"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": r"^\d{5}$"}}]  # type: ignore[assignment]
    suite = read(contract(schema=[orders(code)])).suites["orders"].expectations
    (check,) = (one for one in suite if "regex" in one.kwargs)
    assert check.kwargs["regex"] == "^[0-9]{5}$"
    assert check.meta["pattern"] == r"^\d{5}$"
