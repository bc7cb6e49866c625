"""A check that no data can fail is no check: garbage does not pass by it, whatever it looks like."""

from typing import Any

import pytest

from tests.battery.bench import HAS_ROWS, ID, Bench, as_csv, expectation, open_gates, rows_of

NUMBER = {"name": "amount", "logicalType": "number", "required": True}
TEXT = {"name": "code", "logicalType": "string", "required": True}


def values(kind: str, **kwargs: Any) -> dict[str, Any]:
    return expectation(f"expect_column_values_to_{kind}", column="amount", **kwargs)


def text(kind: str, **kwargs: Any) -> dict[str, Any]:
    return expectation(f"expect_column_{kind}", column="code", **kwargs)


NUMBERS = [
    values("be_between", min_value=-(2**63), max_value=2**63 - 1),
    values("be_between", min_value=-1e99, max_value=1e99),
    values("be_between", min_value=-1e300, max_value=1e19),
    values("be_between", min_value=-1e100),
    values("be_between", max_value=1e200),
    values("be_between", min_value=0, max_value=1, mostly=0),
    values("be_between", min_value=0, max_value=1, mostly=0.0),
    values("be_between", min_value=0, max_value=1, mostly=1e-9),
    values("be_between", min_value=0, max_value=1, mostly=0.5),
    values("be_between", min_value=0, max_value=1, mostly=0.9499),
    expectation("expect_column_invalid_values_to_be_within_limits", column="amount", value_set=[1], mustBeLessThan=10**12),
    expectation("expect_column_invalid_values_to_be_within_limits", column="amount", value_set=[1], mustBeLessThan=401),
    expectation("expect_column_invalid_values_to_be_within_limits", column="amount", value_set=[1], mustBeGreaterThan=0),
    expectation("expect_column_missing_values_to_be_within_limits", column="amount", value_set=[1], mustBeLessThan=1),
    expectation("expect_duplicate_values_to_be_within_limits", column="amount", mustBeGreaterThan=0),
    values("not_be_in_set", value_set=[]),
    values("not_be_in_set", value_set=[None]),
    values("not_be_in_set", value_set=[[1]]),
    values("not_be_outliers", method="std", multiplier=1e9),
    values("not_be_outliers", method="iqr", multiplier=1e300),
    expectation("expect_column_value_z_scores_to_be_less_than", column="amount", threshold=1e9, double_sided=True),
    expectation("expect_column_value_z_scores_to_be_less_than", column="amount", threshold=4e7, double_sided=True),
    expectation("expect_column_pair_values_to_be_equal", column_A="amount", column_B="amount"),
    expectation("expect_column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="amount", or_equal=True),
    expectation("expect_select_column_values_to_be_unique_within_record", column_list=["amount"]),
    values("exist_in_reference", reference="battery/rows", reference_column="amount"),
    expectation("expect_column_proportion_of_unique_values_to_be_between", column="amount", min_value=0, max_value=1),
]
TEXTS = [
    *(
        text("values_to_match_regex", regex=regex)
        for regex in (
            "",
            ".*",
            "^",
            "$",
            "^|x",
            "(^)",
            r"^$|^[\s\S]",
            "[a-z]?",
            "(?s).*|x",
            r"^[\s\S]*$",
            "a*",
            "(a|b)*",
            r"\b|\B|^$",
            "x{0}",
            "(?:)",
            "$|^",
            r"[\s\S]|^$",
            r"(?:a?){5}",
        )
    ),
    *(
        text("values_to_match_regex_list", regex_list=patterns)
        for patterns in ([r"^\w", r"^\W", "^$"], ["^", "x"], ["[a-m]", "[^a-m]", "^$"], [r"\d", r"\D", "^$"], [".*"])
    ),
    *(text("values_to_not_match_regex", regex=regex) for regex in ("a^", "$x", r"\Za", "x^y", r"(a|b)^c", r"[^\s\S]")),
    *(text("values_to_not_match_regex_list", regex_list=patterns) for patterns in (["a^", "$x"], ["$x"], [r"\Za", r"[^\s\S]"])),
    *(text("values_to_match_like_pattern", like_pattern=pattern) for pattern in ("%", "%%", "%%%%%")),
    *(
        text("values_to_match_like_pattern_list", like_pattern_list=patterns, match_on=match_on)
        for patterns, match_on in ((["%"], "any"), (["a", "%%"], "any"), (["%", "%%"], "all"))
    ),
    *(
        text("values_to_be_between", **bounds)
        for bounds in (
            {"min_value": ""},
            {"min_value": "", "max_value": "\U0010ffff"},
            {"max_value": "\U0010ffff"},
            {"max_value": "\U000ffffd\U000ffffd"},
        )
    ),
    *(
        text("value_lengths_to_be_between", **bounds)
        for bounds in (
            {"min_value": 0, "max_value": 10**9},
            {"min_value": 0},
            {"max_value": 10**12},
            {"min_value": -5, "max_value": 2**40},
            {"min_value": 0, "max_value": 2**31},
            {"min_value": 0, "max_value": 17_000_000},
        )
    ),
]


@pytest.mark.parametrize("rule", NUMBERS, ids=lambda rule: str(rule["implementation"]))
def test_numbers_that_are_garbage_do_not_pass_by_a_check_that_cannot_fail(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [ID, NUMBER]
    bench.rules = [HAS_ROWS, rule]
    assert "coverage" in open_gates(bench.judged(as_csv(rows_of(amount=lambda n: -999 if n % 2 else 10**6 + n))))


@pytest.mark.parametrize("rule", TEXTS, ids=lambda rule: str(rule["implementation"]["kwargs"]))
def test_text_that_is_garbage_does_not_pass_by_a_check_that_cannot_fail(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [ID, TEXT]
    bench.rules = [HAS_ROWS, rule]
    outcome = bench.judged(as_csv(rows_of(code=lambda n: "???" if n % 2 else f"x{n}", amount=1)))
    assert open_gates(outcome), rule


HONEST = [
    values("be_between", min_value=0, max_value=2**63 - 1),
    values("be_between", min_value=-1e6, max_value=1e6),
    values("not_be_in_set", value_set=[-999]),
    text("values_to_match_regex", regex="^[a-z]+$"),
    text("values_to_match_regex_list", regex_list=["^[a-z]", "^[0-9]"]),
    text("values_to_not_match_regex", regex="[0-9]"),
    text("value_lengths_to_be_between", min_value=1, max_value=100),
]


@pytest.mark.parametrize("rule", HONEST, ids=lambda rule: str(rule["implementation"]["kwargs"]))
def test_a_check_that_can_fail_counts(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [ID, NUMBER, TEXT]
    bench.rules = [HAS_ROWS, rule]
    assert not open_gates(bench.judged(as_csv(rows_of(code="abc"))))
