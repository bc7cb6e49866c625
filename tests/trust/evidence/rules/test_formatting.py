"""Sentences that a person understands in ten seconds."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.rules.moments import shown
from catalog.rules.vocabulary import Dimension
from tests.trust.verdicts.rules.factories import NOW, failing
from trust.evidence.rules import formatting
from trust.vocabulary import CheckStatus

COLUMN = {"column": "dep_time"}
LOW = COLUMN | {"min_value": 0}


@pytest.mark.parametrize(
    ("kind", "kwargs", "sentence"),
    [
        ("expect_column_values_to_not_be_null", COLUMN, "100 of 1,000 rows (10%) have no dep_time"),
        ("expect_column_values_to_be_null", COLUMN, "100 of 1,000 rows (10%) have a dep_time where none is allowed"),
        ("expect_column_values_to_be_unique", COLUMN, "100 of 1,000 rows (10%) have a dep_time that is not unique"),
        (
            "expect_compound_columns_to_be_unique",
            {"column_list": ["origin", "year", "month", "day", "hour"]},
            "100 of 1,000 rows (10%) have a combination of origin, year, month, day and hour that is not unique",
        ),
        (
            "expect_column_values_to_be_between",
            LOW,
            "100 of 1,000 rows (10%) have a dep_time below 0",
        ),
        (
            "expect_column_values_to_be_between",
            COLUMN | {"min_value": 0, "max_value": 2400},
            "100 of 1,000 rows (10%) have a dep_time outside 0 to 2,400",
        ),
        (
            "expect_column_pair_values_to_be_equal",
            {"column_A": "a", "column_B": "b"},
            "100 of 1,000 rows (10%) have an a that differs from b",
        ),
        (
            "expect_column_values_to_exist_in_reference",
            {"column": "tailnum", "reference": "planes", "reference_column": "tailnum"},
            "100 of 1,000 rows (10%) have a tailnum that planes does not have",
        ),
        ("expect_something_new", COLUMN, "100 of 1,000 rows (10%) fail expect_something_new on dep_time"),
    ],
)
def test_failed_rows_are_counted_and_named(kind: str, kwargs: dict[str, object], sentence: str) -> None:
    assert formatting.failed_check(failing(type=kind, kwargs=kwargs)) == sentence


def test_rows_without_a_value_are_not_asked() -> None:
    check = failing(missing_count=800, unexpected_count=1, kwargs=COLUMN | {"max_value": 5})
    assert formatting.failed_check(check) == "1 of 200 rows (0.5%) has a dep_time above 5"


def test_all_rows_are_asked_for_their_nulls() -> None:
    check = failing(type="expect_column_values_to_not_be_null", missing_count=100, kwargs=COLUMN)
    assert formatting.asked_rows(check) == 1000


@pytest.mark.parametrize(
    ("kind", "kwargs", "seen", "sentence"),
    [
        (
            "expect_column_mean_to_be_between",
            {"min_value": 1, "max_value": 5},
            7.25,
            "the mean of size is 7.25; allowed is 1 to 5",
        ),
        ("expect_table_row_count_to_equal", {"value": 10_000}, 9_999, "the number of rows is 9,999; allowed is 10,000"),
        (
            "expect_column_max_to_be_between",
            {"max_value": 100},
            1048.36058,
            "the largest size is 1,048; allowed is at most 100",
        ),
    ],
)
def test_aggregates_say_what_was_seen_and_what_is_allowed(
    kind: str, kwargs: dict[str, object], seen: object, sentence: str
) -> None:
    uncounted: dict[str, Any] = {"element_count": None, "unexpected_count": None, "observed_value": seen}
    check = failing(Dimension.ACCURACY, type=kind, kwargs=kwargs | {"column": "size"}, **uncounted)
    assert formatting.failed_check(check) == sentence


def test_the_engine_words_what_is_not_known_here() -> None:
    check = failing(type="expect_new", element_count=None, unexpected_count=None, message="The quantiles moved.")
    assert formatting.failed_check(check) == "The quantiles moved"
    assert formatting.failed_check(failing(type="expect_new", element_count=None, unexpected_count=None)) == (
        "expect_new on size failed"
    )


@pytest.mark.parametrize(
    ("column", "words"), [("amount", "an amount"), ("Email", "an Email"), ("user_id", "a user_id"), ("a", "an a")]
)
def test_the_article_fits_the_column(column: str, words: str) -> None:
    between = failing(type="expect_column_values_to_be_between", kwargs={"column": column, "min_value": 0})
    assert formatting.failed_check(between) == f"100 of 1,000 rows (10%) have {words} below 0"
    reference = failing(type="expect_column_values_to_exist_in_reference", kwargs={"column": column, "reference": "people/all"})
    assert formatting.failed_check(reference) == f"100 of 1,000 rows (10%) have {words} that people/all does not have"


def test_the_name_of_an_expectation_keeps_its_small_letter() -> None:
    assert formatting.list_sentences(["expect_x on y could not be evaluated"]) == "expect_x on y could not be evaluated."
    assert formatting.list_sentences(["the input x is unknown"]) == "The input x is unknown."


def test_a_crash_is_told_as_a_crash() -> None:
    check = failing(status=CheckStatus.ERROR, message="no such column")
    assert formatting.failed_check(check) == (
        "expect_column_values_to_be_between on size could not be evaluated (no such column)"
    )
    assert "was skipped" in formatting.failed_check(failing(status=CheckStatus.SKIPPED))


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 10, "0%"), (1, 4, "25%"), (8255, 336776, "2.5%"), (6, 26115, "under 0.1%"), (9999, 10000, "over 99.9%"), (5, 0, "0%")],
)
def test_percentages_never_hide_something_or_claim_everything(part: int, whole: int, text: str) -> None:
    assert formatting.percent(part, whole) == text


@pytest.mark.parametrize(
    ("hours", "text"),
    [(24, "24 hours"), (36, "36 hours"), (72, "3 days"), (24 * 180, "180 days"), (1.5, "90 minutes"), (1 / 3600, "1 second")],
)
def test_spans_are_told_in_whole_units(hours: float, text: str) -> None:
    assert formatting.span(timedelta(hours=hours)) == text


def test_lists_and_texts_are_cut_with_a_sign() -> None:
    assert formatting.names([]) == "none"
    assert formatting.names(["a", "b", "c", "d"]) == "a, b and 2 more"
    assert formatting.shorten("x" * 50) == "x" * 39 + "…"
    assert formatting.shorten("two\nlines\t here") == "two lines here"
    assert formatting.list_sentences(["one", "two", "three", "four", "five"]) == "One; two; three; and 2 more."
    assert shown(NOW) == "2026-11-22 12:00 UTC"
