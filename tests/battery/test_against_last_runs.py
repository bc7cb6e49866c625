"""A run is compared with those before it: jumps become warnings, which lower the score and close no gate by themselves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.battery.bench import AMOUNT, HAS_ROWS, ID, Bench, as_csv, open_gates, rows_of
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.rules.answer import full_answer, short_answer
from trust.verdicts.rules.codec import load_facts
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.rules.trust_policy import TrustPolicy

COUNTRY = {"name": "country", "logicalType": "string"}
NOTE = {"name": "note", "logicalType": "string"}
COUNTRIES = ["DE", "FR", "IT", "ES", "PT", "NL", "BE", "AT", "PL", "SE"]


def table(n_rows: int = 400, **columns: Any) -> bytes:
    usual = {"country": lambda n: COUNTRIES[n % 10], "note": lambda n: f"note {n % 50}"}
    rows = rows_of(**(usual | columns))
    while len(rows) < n_rows:
        rows += [{**row, "id": row["id"] + len(rows)} for row in rows]
    return as_csv(rows[:n_rows])


def after(bench: Bench, past: Sequence[bytes], now: bytes) -> Outcome:
    """The outcome of `now` after runs on the tables of `past`, the first of them long ago."""
    bench.fields = [ID, AMOUNT, COUNTRY, NOTE]
    bench.rules = [HAS_ROWS]
    bench.write(past[0])
    bench.register()
    bench.approve()
    for age, content in zip(range(len(past), 0, -1), past, strict=True):
        bench.write(content)
        bench.run(ago=timedelta(minutes=age))
    bench.write(now)
    return bench.run()


def found(outcome: Outcome) -> set[tuple[str, str]]:
    return {(warning.field, warning.code) for warning in outcome.warnings or ()}


EMPTIED = {"note": None}
FEW: list[tuple[str, bytes, tuple[str, str]]] = [
    ("half of the rows", table(200), ("", "row_count_jumped")),
    ("a tenth of the rows", table(40), ("", "row_count_jumped")),
    ("ten times the rows", table(4000), ("", "row_count_jumped")),
    ("twice the rows", table(800), ("", "row_count_jumped")),
    ("one row", table(1), ("", "row_count_jumped")),
    ("an emptied column", table(note=None), ("note", "missing_share_jumped")),
    ("a column half empty", table(note=lambda n: None if n % 2 else "x"), ("note", "missing_share_jumped")),
    ("a fifth missing", table(note=lambda n: None if n % 5 == 0 else f"note {n % 50}"), ("note", "missing_share_jumped")),
    ("one country", table(country="DE"), ("country", "distinct_count_jumped")),
    ("smaller amounts", table(amount=lambda n: n / 90), ("amount", "mean_jumped")),
    ("larger amounts", table(amount=lambda n: n * 20), ("amount", "mean_jumped")),
]


@pytest.mark.parametrize(("now", "expected"), [case[1:] for case in FEW], ids=[case[0] for case in FEW])
@pytest.mark.parametrize("runs", [1, 4, 7])
def test_a_coarse_jump_is_a_warning(bench: Bench, now: bytes, expected: tuple[str, str], runs: int) -> None:
    outcome = after(bench, [table()] * runs, now)
    assert expected in found(outcome)
    assert not open_gates(outcome)


def slightly(step: int) -> bytes:
    """Tables that differ from run to run as those of a healthy product do."""
    return table(
        380 + step % 3 * 10, amount=lambda n: n % 1000 + step % 4, note=lambda n: None if n % 40 < step % 2 else f"{n % 50}"
    )


MANY: list[tuple[str, bytes, tuple[str, str]]] = [
    ("a quarter of the rows gone", table(300), ("", "row_count_jumped")),
    ("half as many again", table(600), ("", "row_count_jumped")),
    ("a tenth missing", table(note=lambda n: None if n % 10 == 0 else f"{n % 50}"), ("note", "missing_share_jumped")),
    ("half of the countries", table(country=lambda n: COUNTRIES[n % 5]), ("country", "distinct_count_jumped")),
    ("amounts a third larger", table(amount=lambda n: n * 1.3), ("amount", "mean_jumped")),
    ("one amount far off", table(amount=lambda n: 9_999 if n == 7 else n), ("amount", "maximum_jumped")),
]


@pytest.mark.parametrize(("now", "expected"), [case[1:] for case in MANY], ids=[case[0] for case in MANY])
def test_what_a_history_of_seven_runs_does_not_bear_is_a_warning(bench: Bench, now: bytes, expected: tuple[str, str]) -> None:
    outcome = after(bench, [slightly(step) for step in range(7)], now)
    assert expected in found(outcome)
    assert not open_gates(outcome)


def test_a_new_lowest_value_is_a_warning(bench: Bench) -> None:
    past = [table(amount=lambda n: 1000 + n)] * 7
    assert ("amount", "minimum_jumped") in found(after(bench, past, table(amount=lambda n: 0 if n == 7 else 1000 + n)))


HONEST: list[tuple[str, list[bytes], bytes]] = [
    ("no run before", [table()], table()),
    ("the same again", [table()] * 3, table()),
    ("the same for ever", [table()] * 8, table()),
    ("growth", [table(n) for n in (300, 320, 340)], table(370)),
    ("steady growth", [table(n) for n in range(300, 370, 10)], table(380)),
    ("varying", [slightly(step) for step in range(8)], slightly(9)),
    ("some more missing", [table()] * 2, table(note=lambda n: None if n % 6 == 0 else f"note {n % 50}")),
    ("fewer rows, not half", [table()] * 2, table(220)),
    ("a sequence that moves on", [table(amount=lambda n: n)] * 2, table(amount=lambda n: 5000 + n)),
    ("repaired", [table(), table(amount=-1)], table()),
    ("few rows", [table(3)], table(6)),
]


@pytest.mark.parametrize(("past", "now"), [case[1:] for case in HONEST], ids=[case[0] for case in HONEST])
def test_honest_changes_stay_without_warnings(bench: Bench, past: list[bytes], now: bytes) -> None:
    assert not after(bench, past, now).warnings


def test_nothing_is_compared_without_a_run_before(bench: Bench) -> None:
    bench.write(table(1))
    assert not bench.judged(table(1)).warnings


def test_a_message_names_port_field_what_was_and_what_is(bench: Bench) -> None:
    outcome = after(bench, [table()], table(200, note=None))
    texts = {warning.code: warning.message for warning in outcome.warnings or ()}
    assert texts["row_count_jumped"] == "port rows: the number of rows was 400 (the run before) and is 200."
    assert (
        texts["missing_share_jumped"] == "port rows: the share of missing values of note was 0% (the run before) and is 100%."
    )


def test_each_warning_takes_two_points_from_quality_and_ten_at_most(bench: Bench) -> None:
    outcome = after(bench, [table()], table(200, note=None))
    quality = outcome.parts[0]
    assert len(outcome.warnings or ()) == 2
    assert (quality.points, quality.deduction) == (36, 4)
    assert outcome.raw_score == pytest.approx(sum(part.points for part in outcome.parts), abs=0.05)
    many = after(bench, [table()], table(40, note=None, country=None, amount=lambda n: n / 90))
    assert many.parts[0].deduction in {6, 8, 10}


def test_warnings_are_in_the_answers(bench: Bench) -> None:
    outcome = after(bench, [table()], table(200))
    assert short_answer(outcome)["warnings"] == 1
    (warning,) = full_answer(outcome)["warnings"]
    assert set(warning) == {"port", "field", "code", "message"}
    bench.write(table())
    quiet = after(bench, [table()] * 3, table())
    assert "warnings" not in short_answer(quiet)
    assert "warnings" not in full_answer(quiet)


def test_warnings_are_on_the_label(bench: Bench, client: Client) -> None:
    after(bench, [table()], table(200))
    client.force_login(bench.owner)
    page = client.get(f"/products/{bench.product.slug}").content.decode()
    assert "Data warnings" in page
    assert "was 400 (the run before) and is 200" in page


def test_a_policy_may_let_warnings_block(bench: Bench) -> None:
    assert not open_gates(after(bench, [table()], table(200)))
    facts = load_facts(Verdict.objects.latest("id").facts)
    outcome = judge(facts, replace(TrustPolicy(), warnings_block=True), timezone.now())
    assert open_gates(outcome) == {"evidence": "data_warning"}
    assert "is 200" in outcome.gates[1].message
