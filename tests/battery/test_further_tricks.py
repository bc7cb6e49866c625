"""Tricks with data that no document names: each is noticed, by a gate or by a warning that names port and field."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.battery.bench import AMOUNT, HAS_ROWS, ID, Bench, as_csv, as_json_lines, expectation, open_gates, rows_of
from tests.factories import make_port, make_product
from trust.evidence.models.run import CheckResult
from trust.verdicts.rules.outcome import Outcome

NUMBER = {"name": "amount", "logicalType": "number", "criticalDataElement": True}
BETWEEN = expectation("expect_column_values_to_be_between", column="amount", min_value=0, max_value=10_000)
OF_ID = expectation("expect_column_values_to_be_between", column="id", min_value=1, max_value=400)
GARBAGE = as_csv(rows_of(amount=lambda n: -999 if n % 2 else 10**6 + n))


def is_noticed(outcome: Outcome, field: str = "amount") -> bool:
    named = [warning for warning in outcome.warnings or () if warning.field == field]
    return bool(open_gates(outcome)) or bool(named)


@pytest.mark.parametrize("words", [["-7.0"], ["-7", "-7.0"], ["-999", "-7.0", "0"], ["-7.0", ""], ["-7.0", "1.0", "2.0"]])
def test_bad_values_that_are_declared_missing_leave_a_critical_field_uncovered(bench: Bench, words: list[str]) -> None:
    bench.fields = [ID, NUMBER]
    bench.rules = [HAS_ROWS, OF_ID, BETWEEN]
    bench.table = {"nullValues": words}
    assert "coverage" in open_gates(bench.judged(as_csv(rows_of(amount=lambda n: "-7.0" if n % 2 else f"{n}.5"))))


def link(bench: Bench) -> str:
    (bench.root / "other.csv").symlink_to(bench.root / "rows.csv")
    return "other.csv"


def hard_link(bench: Bench) -> str:
    os.link(bench.root / "rows.csv", bench.root / "other.csv")
    return "other.csv"


@pytest.mark.parametrize(
    "place",
    [lambda _: "rows.csv", lambda _: "./rows.csv", link, hard_link],
    ids=["same file", "written otherwise", "symbolic link", "hard link"],
)
def test_no_column_is_looked_up_in_itself_by_way_of_another_port(bench: Bench, place: Callable[[Bench], str]) -> None:
    rule = expectation(
        "expect_column_values_to_exist_in_reference", column="amount", reference="other/copy", reference_column="amount"
    )
    bench.fields = [ID, {**NUMBER, "required": True}]
    bench.rules = [HAS_ROWS, OF_ID, rule]
    bench.write(GARBAGE)
    make_port(make_product("other", owner=bench.owner), "copy", location=place(bench))
    bench.register()
    outcome = bench.run()
    assert open_gates(outcome)["evidence"] == "checks_errored"
    assert "no column is looked up in itself" in CheckResult.objects.get(type__endswith="exist_in_reference").message


def test_a_column_is_looked_up_in_other_data(bench: Bench) -> None:
    rule = expectation(
        "expect_column_values_to_exist_in_reference", column="amount", reference="other/all", reference_column="n"
    )
    bench.fields = [ID, {**NUMBER, "required": True}]
    bench.rules = [HAS_ROWS, OF_ID, rule]
    (bench.root / "all.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(1000)))
    make_port(make_product("other", owner=bench.owner), "all", location="all.csv")
    assert not open_gates(bench.judged(as_csv(rows_of())))


@pytest.mark.parametrize("word", ["inf", "Infinity", "-inf", "1e999"])
def test_infinite_numbers_above_a_minimum_are_noticed(bench: Bench, word: str) -> None:
    bench.fields = [ID, {**NUMBER, "required": True}]
    rule: dict[str, Any] = {"max_value": 10_000} if word.startswith("-") else {"min_value": 0}
    bench.rules = [HAS_ROWS, OF_ID, expectation("expect_column_values_to_be_between", column="amount", **rule)]
    assert is_noticed(bench.judged(as_csv(rows_of(amount=lambda n: word if n % 20 == 0 else n))))


@pytest.mark.parametrize("text", ["caf\ufffd", "\ufffd", "a\ufffdb\ufffd", "\ufffd\ufffd\ufffd", "Stra\ufffde 7"])
def test_text_that_was_decoded_wrongly_is_noticed(bench: Bench, text: str) -> None:
    bench.location = "rows.jsonl"
    bench.fields = [ID, AMOUNT, {"name": "word", "logicalType": "string", "required": True}]
    assert is_noticed(bench.judged(as_json_lines(rows_of(word=lambda n: text if n % 10 == 0 else f"word {n}"))), "word")


@pytest.mark.parametrize("share", [2, 3, 10])
@pytest.mark.parametrize("word", ["soon", "2026-13-45", "12/31/2026", "yesterday", "0000-00-00"])
def test_times_that_cannot_be_read_leave_the_age_unknown(bench: Bench, share: int, word: str) -> None:
    today = f"{timezone.now():%Y-%m-%d}"
    bench.fields = [ID, AMOUNT, {"name": "day"}]
    bench.properties = {"cadence": "scheduled"}
    bench.table = {"timeColumn": "day"}
    bench.extra = {"slaProperties": [{"property": "latency", "value": 3, "unit": "d", "element": "rows.day"}]}
    outcome = bench.judged(as_csv(rows_of(day=lambda n: word if n % share == 0 else today)))
    assert "freshness" in open_gates(outcome)


@pytest.mark.parametrize("years", [101, 1000, 9999, 999_999])
def test_a_service_level_beyond_a_century_is_refused(bench: Bench, years: int) -> None:
    bench.fields = [ID, AMOUNT, {"name": "day", "logicalType": "date"}]
    bench.table = {"timeColumn": "day"}
    bench.properties = {"cadence": "scheduled"}
    bench.extra = {"slaProperties": [{"property": "latency", "value": years, "unit": "y", "element": "rows.day"}]}
    bench.write(as_csv(rows_of(day=f"{timezone.now() - timedelta(days=9000):%Y-%m-%d}")))
    bench.register()
    assert bench.port.service_level is None
    bench.approve()
    assert "freshness" in open_gates(bench.run())
