"""Checks that look at few rows, at one figure, or at several columns together vouch for no field and no dimension."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.battery.bench import HAS_ROWS, ID, Bench, as_csv, expectation, open_gates, rows_of
from trust.verdicts.services.judging import judge_product

OPTIONAL = {"name": "amount", "logicalType": "number", "criticalDataElement": True}
PLAIN = {"name": "amount", "logicalType": "number"}
BETWEEN = expectation("expect_column_values_to_be_between", column="amount", min_value=0, max_value=10_000)
OF_ID = expectation("expect_column_values_to_be_between", column="id", min_value=1, max_value=400)


def few(n: int) -> int | None:
    return n if n == 7 else None


@pytest.mark.parametrize(
    "rule",
    [
        BETWEEN,
        expectation("expect_column_values_to_be_unique", "uniqueness", column="amount"),
        expectation("expect_column_values_to_not_be_in_set", column="amount", value_set=[-1]),
        expectation("expect_column_values_to_be_in_set", column="amount", value_set=[7]),
        expectation("expect_column_value_lengths_to_be_between", column="amount", min_value=1, max_value=5),
        expectation("expect_column_values_to_match_regex", column="amount", regex="^[0-9.]+$"),
    ],
    ids=lambda rule: rule["implementation"]["type"],
)
@pytest.mark.parametrize("filled", [few, lambda n: None if n % 10 == 0 else n], ids=["one value", "nine of ten"])
def test_a_critical_field_with_missing_values_is_not_covered(
    bench: Bench, rule: dict[str, Any], filled: Callable[[int], int | None]
) -> None:
    bench.fields = [ID, OPTIONAL]
    bench.rules = [HAS_ROWS, OF_ID, rule]
    assert "coverage" in open_gates(bench.judged(as_csv(rows_of(amount=filled))))


@pytest.mark.parametrize("missing", [0, 1, 20])
def test_a_critical_field_with_few_missing_values_is_covered(bench: Bench, missing: int) -> None:
    bench.fields = [ID, OPTIONAL]
    bench.rules = [HAS_ROWS, BETWEEN]
    assert not open_gates(bench.judged(as_csv(rows_of(amount=lambda n: None if n <= missing else n))))


def test_a_check_for_missing_values_with_its_own_tolerance_covers_as_well(bench: Bench) -> None:
    bench.fields = [ID, OPTIONAL]
    filled = expectation("expect_column_values_to_not_be_null", "completeness", column="amount", mostly=0.95)
    bench.rules = [HAS_ROWS, BETWEEN, filled]
    assert not open_gates(bench.judged(as_csv(rows_of(amount=lambda n: None if n <= 20 else n))))


AGGREGATES = [
    expectation("expect_column_max_to_be_between", column="amount", min_value=1, max_value=10_000),
    expectation("expect_column_min_to_be_between", column="amount", min_value=-1000, max_value=10),
    expectation("expect_column_mean_to_be_between", column="amount", min_value=-1000, max_value=10_000),
    expectation("expect_column_median_to_be_between", column="amount", min_value=-1000, max_value=10_000),
    expectation("expect_column_sum_to_be_between", column="amount", min_value=-(10**6), max_value=10**6),
    expectation("expect_column_most_common_value_to_be_in_set", column="amount", value_set=[-999]),
    expectation("expect_column_distinct_values_to_contain_set", column="amount", value_set=[7]),
    expectation("expect_column_unique_value_count_to_be_between", column="amount", min_value=2),
    expectation("expect_column_stdev_to_be_between", column="amount", min_value=0, max_value=5000),
]


@pytest.mark.parametrize("rule", AGGREGATES, ids=lambda rule: rule["implementation"]["type"])
@pytest.mark.parametrize("label", ["conformity", "accuracy", "completeness", "consistency"])
def test_one_figure_of_a_column_covers_no_critical_field(bench: Bench, rule: dict[str, Any], label: str) -> None:
    bench.fields = [ID, OPTIONAL]
    bench.rules = [HAS_ROWS, OF_ID, {**rule, "dimension": label}]
    garbage = as_csv(rows_of(amount=lambda n: 7 if n == 7 else -999))
    assert open_gates(bench.judged(garbage)).get("coverage") == "critical_field_uncovered"


@pytest.mark.parametrize("rule", AGGREGATES, ids=lambda rule: rule["implementation"]["type"])
def test_one_figure_of_a_column_is_no_check_of_validity(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [ID, {**PLAIN, "required": True}]
    bench.rules = [HAS_ROWS, rule]
    garbage = as_csv(rows_of(amount=lambda n: 7 if n == 7 else -999))
    assert open_gates(bench.judged(garbage)).get("coverage") == "dimension_uncovered"


@pytest.mark.parametrize(
    "rule",
    [
        expectation("expect_column_unique_value_count_to_be_between", "completeness", column="amount", min_value=1),
        expectation("expect_column_values_to_not_be_in_set", "completeness", column="amount", value_set=[-1]),
        expectation("expect_column_distinct_values_to_contain_set", "completeness", column="amount", value_set=[7]),
        expectation("expect_column_distinct_values_to_equal_set", "completeness", column="amount", value_set=[7]),
        expectation("expect_column_values_to_be_between", "completeness", column="amount", min_value=0, max_value=10),
    ],
    ids=lambda rule: rule["implementation"]["type"],
)
def test_what_cannot_see_a_missing_value_is_no_check_of_completeness(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [{**ID, "required": False}, PLAIN]
    bench.rules = [HAS_ROWS, OF_ID, rule]
    assert open_gates(bench.judged(as_csv(rows_of(amount=few)))).get("coverage") == "dimension_uncovered"


@pytest.mark.parametrize(
    "rule",
    [
        expectation("expect_compound_columns_to_be_unique", "uniqueness", column_list=["id", "amount"]),
        expectation("expect_multicolumn_sum_to_equal", column_list=["id", "amount"], sum_total=1, mostly=0.95),
        expectation("expect_select_column_values_to_be_unique_within_record", column_list=["id", "amount"]),
    ],
    ids=lambda rule: rule["implementation"]["type"],
)
def test_columns_that_are_right_together_are_not_checked_one_by_one(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [ID, OPTIONAL]
    bench.rules = [HAS_ROWS, OF_ID, rule]
    outcome = bench.judged(as_csv(rows_of(amount=lambda n: 1 - n)))
    assert open_gates(outcome).get("coverage") == "critical_field_uncovered", open_gates(outcome)


@pytest.mark.parametrize(
    ("out", "mostly", "is_covered"),
    [(4, 0.95, False), (4, 0.99, True), (2, 0.96, False), (2, 0.98, True), (5, 1.0, True), (5, 0.999, False), (0, 0.95, True)],
)
def test_what_a_condition_leaves_out_and_what_is_tolerated_add_up(
    bench: Bench, out: int, mostly: float, *, is_covered: bool
) -> None:
    rule = expectation(
        "expect_column_values_to_be_between",
        column="amount",
        min_value=0,
        max_value=10_000,
        mostly=mostly,
        row_condition=f'col("id") > {4 * out}',
        condition_parser="great_expectations",
    )
    bench.fields = [ID, OPTIONAL]
    bench.rules = [HAS_ROWS, OF_ID, rule]
    outcome = bench.judged(as_csv(rows_of(amount=lambda n: -1 if n <= 4 * out else 5)))
    assert ("coverage" not in open_gates(outcome)) is is_covered, open_gates(outcome)


@pytest.mark.parametrize(
    "rule",
    [
        expectation(
            "expect_column_pair_values_a_to_be_greater_than_b",
            "conformity",
            column_A="amount",
            column_B="id",
            ignore_row_if="either_value_is_missing",
            or_equal=True,
        ),
        expectation("expect_column_values_to_be_unique", "uniqueness", column="amount"),
        BETWEEN,
    ],
    ids=lambda rule: rule["implementation"]["type"],
)
def test_a_check_that_passes_over_nearly_all_rows_covers_no_dimension(bench: Bench, rule: dict[str, Any]) -> None:
    bench.fields = [{**ID, "unique": False}, PLAIN]
    bench.rules = [HAS_ROWS, rule]
    assert open_gates(bench.judged(as_csv(rows_of(amount=few)))).get("coverage") == "dimension_uncovered"


LIVES = [("P1D", "P366D"), ("PT6H", "P30D"), ("P1D", "P7D"), ("", "P30D"), ("PT1H", "P1D")]


@pytest.mark.parametrize(("before", "after"), LIVES)
def test_another_schedule_lengthens_no_evidence(bench: Bench, before: str, after: str) -> None:
    bench.table = {"schedule": before} if before else {}
    bench.write(as_csv(rows_of()))
    bench.register()
    bench.run(ago=timedelta(hours=40))
    bench.approve()
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    assert open_gates(bench.outcome())["evidence"] == "evidence_too_old"
    bench.table = {"schedule": after}
    bench.register()
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    assert open_gates(bench.outcome())["evidence"] == "evidence_too_old"
    bench.run()
    assert "evidence" not in open_gates(bench.outcome())


@pytest.mark.parametrize("schedule", ["P366D", "P200D", "P93D", "P100D", "P92D"])
def test_no_evidence_lives_for_more_than_a_quarter(bench: Bench, schedule: str) -> None:
    bench.table = {"schedule": schedule}
    bench.write(as_csv(rows_of()))
    bench.register()
    bench.run(ago=timedelta(days=93))
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    assert open_gates(bench.outcome())["evidence"] == "evidence_too_old"


@pytest.mark.parametrize(("missing", "is_covered"), [(0, True), (19, True), (20, False)])
def test_a_limit_in_rows_covers_as_much_as_it_leaves(bench: Bench, missing: int, is_covered: bool) -> None:
    """Less than 20 of 400 rows is 5%, as much as the trust policy lets fail."""
    bench.fields = [ID, {**OPTIONAL, "quality": [{"metric": "nullValues", "mustBeLessThan": 20}]}]
    bench.rules = [HAS_ROWS, BETWEEN]
    outcome = bench.judged(as_csv(rows_of(amount=lambda n: None if n <= missing else n)))
    assert (not open_gates(outcome)) is is_covered
