"""Values that stand for nothing in a field that the contract requires, and a newest day that stands alone."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.battery.bench import AMOUNT, HAS_ROWS, ID, Bench, as_csv, as_json_lines, expectation, open_gates, rows_of
from trust.verdicts.rules.outcome import Outcome

TEXT = {"name": "word", "logicalType": "string"}
DAY = {"name": "day", "logicalType": "date"}
PLACEHOLDERS = ["", "  ", "N/A", "NA", "NULL", "none", "-", "???", "\u200b", "\u200b\ufeff", "\u00a0"]


def codes(outcome: Outcome) -> dict[str, str]:
    """Field -> code of its warning."""
    return {warning.field: warning.code for warning in outcome.warnings or ()}


def judged(bench: Bench, field: dict[str, Any], value: Any, *rules: dict[str, Any]) -> Outcome:
    """The outcome of JSON lines, in which a missing value is a null and any text a value."""
    bench.location = "rows.jsonl"
    bench.fields = [ID, AMOUNT, field]
    bench.rules = [HAS_ROWS, *rules]
    return bench.judged(as_json_lines(rows_of(**{field["name"]: value})))


@pytest.mark.parametrize("text", PLACEHOLDERS, ids=ascii)
@pytest.mark.parametrize("share", [2, 50])
def test_text_that_stands_for_nothing_in_a_required_field(bench: Bench, text: str, share: int) -> None:
    outcome = judged(bench, {**TEXT, "required": True}, lambda n: text if n % share == 0 else f"word {n}")
    assert codes(outcome) == {"word": "doubtful_values"}
    assert not open_gates(outcome)
    (warning,) = outcome.warnings or ()
    assert "port rows: word is required" in warning.message
    assert f"{400 // share} of 400 values" in warning.message


@pytest.mark.parametrize("number", [-999, -9999, -999.0])
def test_numbers_that_stand_for_nothing(bench: Bench, number: float) -> None:
    outcome = judged(bench, {"name": "size", "logicalType": "number", "required": True}, lambda n: number if n <= 4 else n)
    assert codes(outcome) == {"size": "doubtful_values"}


@pytest.mark.parametrize("date", ["1900-01-01", "9999-12-31"])
@pytest.mark.parametrize("location", ["rows.csv", "rows.jsonl"])
def test_dates_that_stand_for_nothing(bench: Bench, date: str, location: str) -> None:
    bench.location = location
    bench.fields = [ID, AMOUNT, {**DAY, "required": True}]
    rows = rows_of(day=lambda n: date if n % 2 else "2026-01-05")
    outcome = bench.judged(as_csv(rows) if location == "rows.csv" else as_json_lines(rows))
    assert codes(outcome) == {"day": "doubtful_values"}


def test_a_critical_field_is_required_also_without_a_check_for_missing_values(bench: Bench) -> None:
    field = {**TEXT, "criticalDataElement": True}
    outcome = judged(bench, field, lambda n: "N/A" if n % 2 else "good")
    assert codes(outcome) == {"word": "doubtful_values"}


HONEST: list[tuple[str, dict[str, Any], Any, list[dict[str, Any]]]] = [
    ("few", {**TEXT, "required": True}, lambda n: "N/A" if n <= 3 else f"word {n}", []),
    ("optional", TEXT, lambda n: "N/A" if n % 2 else "word", []),
    ("words that contain them", {**TEXT, "required": True}, lambda n: ["Nance", "nullify", "N/A-7", "- none left"][n % 4], []),
    ("nulls in an optional field", TEXT, lambda n: None if n % 2 else "word", []),
    (
        "a list that allows it",
        {**TEXT, "required": True},
        lambda n: "none" if n % 2 else "some",
        [expectation("expect_column_values_to_be_in_set", column="word", value_set=["none", "some"])],
    ),
    (
        "Namibia",
        {**TEXT, "required": True},
        lambda n: "NA" if n % 2 else "ZA",
        [expectation("expect_column_values_to_match_regex", column="word", regex="^[A-Z]{2}$")],
    ),
    ("few -999", {"name": "size", "logicalType": "integer", "required": True}, lambda n: -999 if n <= 3 else n, []),
    ("all numbers below zero", {"name": "size", "logicalType": "integer", "required": True}, lambda n: -n * 5, []),
    ("few dates", {**DAY, "required": True}, lambda n: "1900-01-01" if n <= 3 else "2026-01-05", []),
    ("true and false", {"name": "flag", "logicalType": "boolean", "required": True}, lambda n: n % 2 == 0, []),
]


@pytest.mark.parametrize(("field", "value", "rules"), [case[1:] for case in HONEST], ids=[case[0] for case in HONEST])
def test_honest_data_stays_without_warnings(
    bench: Bench, field: dict[str, Any], value: Any, rules: list[dict[str, Any]]
) -> None:
    outcome = judged(bench, field, value, *rules)
    assert not outcome.warnings
    assert not open_gates(outcome)


def test_a_redacted_field_is_counted_and_shows_no_value(bench: Bench) -> None:
    bench.properties = {"sensitivity": "confidential"}
    outcome = judged(
        bench, {**TEXT, "required": True, "classification": "confidential"}, lambda n: "N/A" if n % 2 else f"secret {n}"
    )
    assert codes(outcome) == {"word": "doubtful_values"}
    assert "secret" not in json.dumps([warning.message for warning in outcome.warnings or ()])


def timed(bench: Bench, *days_ago: int) -> Outcome:
    """The outcome where row n is from so many days ago, taken in turns after the first row, which is from the first."""
    today = timezone.now().date()
    days = [f"{today - timedelta(days=days):%Y-%m-%d}" for days in days_ago]
    bench.fields = [ID, AMOUNT, DAY]
    bench.table = {"timeColumn": "day"}
    bench.properties = {"cadence": "scheduled"}
    bench.extra = {"slaProperties": [{"property": "latency", "value": 3, "unit": "d", "element": "rows.day"}]}
    return bench.judged(as_csv(rows_of(day=lambda n: days[0] if n == 1 else days[1:][n % (len(days) - 1)])))


@pytest.mark.parametrize("days_ago", [(1, 9), (1, 90, 91), (2, 30, 31, 32), (1, 400), (2, 5, 6, 7)])
def test_one_fresh_row_among_old_ones_stands_alone(bench: Bench, days_ago: tuple[int, ...]) -> None:
    outcome = timed(bench, *days_ago)
    assert codes(outcome) == {"": "newest_day_alone"}
    assert "1 row on the day of" in (outcome.warnings or ())[0].message


@pytest.mark.parametrize("days_ago", [(1, 1), (1, 1, 2), (1, 1, 2, 3, 4), (2, *range(2, 40)), (1, *range(2, 200))])
def test_a_newest_day_like_others_does_not_stand_alone(bench: Bench, days_ago: tuple[int, ...]) -> None:
    assert not timed(bench, *days_ago).warnings
