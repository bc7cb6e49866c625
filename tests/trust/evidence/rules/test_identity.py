"""Names of checks, suites and sources: equal for equal demands, different for different ones."""

from dataclasses import replace

import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import Dimension, Severity, SourceKind
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.evidence.rules.identity import check_facts, check_key, source_digest, suite_digest
from trust.vocabulary import CheckStatus

UNIQUE = Expectation("expect_column_values_to_be_unique", {"column": "id"}, dimension=Dimension.UNIQUENESS)
BETWEEN = Expectation("expect_column_values_to_be_between", {"column": "n", "min_value": 1, "max_value": 2})
SOURCE = Source(SourceKind.CSV, "/data/a.csv", redacted_columns=frozenset({"a", "b"}))


def test_a_check_keeps_its_key_when_only_its_weight_changes() -> None:
    key = check_key("orders", UNIQUE)
    assert key.startswith("orders:expect_column_values_to_be_unique:id:")
    assert check_key("orders", replace(UNIQUE, severity=Severity.INFO, dimension=None, meta={"note": "x"})) == key
    assert check_key("orders", replace(BETWEEN, kwargs={"min_value": 1, "max_value": 2, "column": "n"})) == check_key(
        "orders", BETWEEN
    )


@pytest.mark.parametrize(
    "other", [replace(UNIQUE, kwargs={"column": "x"}), replace(UNIQUE, kwargs={"column": "id", "mostly": 0.9})]
)
def test_a_check_gets_another_key_when_it_asks_something_else(other: Expectation) -> None:
    assert check_key("orders", other) != check_key("orders", UNIQUE)
    assert check_key("items", UNIQUE) != check_key("orders", UNIQUE)


def test_a_key_fits_where_waivers_are_kept_and_still_tells_ports_apart() -> None:
    unique = Expectation("expect_column_values_to_be_unique", {"column": "c" * 300})
    keys = {check_key(port, unique) for port in ("p" * 200, "p" * 199 + "q", "orders", "items")}
    assert len(keys) == 4
    assert max(map(len, keys)) == 200


def test_a_suite_is_the_same_in_any_order_and_under_any_name() -> None:
    digest = suite_digest(SuiteSpec("one", (UNIQUE, BETWEEN)))
    assert suite_digest(SuiteSpec("two", (BETWEEN, replace(UNIQUE, meta={"why": "asked"})))) == digest


@pytest.mark.parametrize(
    "suite",
    [
        (UNIQUE,),
        (UNIQUE, BETWEEN, BETWEEN),
        (UNIQUE, replace(BETWEEN, severity=Severity.WARNING)),
        (UNIQUE, replace(BETWEEN, dimension=Dimension.ACCURACY)),
        (UNIQUE, replace(BETWEEN, kwargs={"column": "n", "min_value": 1})),
    ],
)
def test_a_suite_that_demands_something_else_has_another_digest(suite: tuple[Expectation, ...]) -> None:
    assert suite_digest(SuiteSpec("one", suite)) != suite_digest(SuiteSpec("one", (UNIQUE, BETWEEN)))


def test_a_source_is_what_is_read_and_how() -> None:
    assert source_digest(replace(SOURCE, redacted_columns=frozenset({"b", "a"}))) == source_digest(SOURCE)
    for changes in ({"location": "/data/b.csv"}, {"kind": SourceKind.PARQUET}, {"null_values": ("NA",)}, {"time_column": "at"}):
        assert source_digest(replace(SOURCE, **changes)) != source_digest(SOURCE)


def test_a_check_result_becomes_a_fact_without_its_samples() -> None:
    result = CheckEvidence(BETWEEN, CheckStatus.FAILED, 10, 1, 2, 22.2, None, samples=(7, 8), message="2 rows are out.")
    fact = check_facts("42", "orders", result)
    assert (fact.id, fact.key, fact.dimension) == ("42", check_key("orders", BETWEEN), Dimension.VALIDITY)
    assert (fact.element_count, fact.missing_count, fact.unexpected_count) == (10, 1, 2)
    assert not hasattr(fact, "samples")
