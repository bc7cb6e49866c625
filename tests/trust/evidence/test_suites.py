"""Suites are written version by version, and only when something differs."""

from dataclasses import replace

import great_expectations.expectations.core  # noqa: F401 registers the types that ship with it
import pytest
from django.db import ProgrammingError, connection
from great_expectations.expectations.registry import list_registered_expectation_implementations

from catalog.models import OutputPort
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError, TooLargeError
from catalog.rules.expectation import Expectation
from catalog.rules.limits import MOST_EXPECTATIONS
from catalog.rules.vocabulary import Dimension, Severity
from catalog.services.ports import remove_output_port
from catalog.services.products import deprecate_product, publish_product, retire_product
from tests.factories import NOW, make_owner, make_port
from trust.evidence.rules.expectation_types import KNOWN_TYPES, OWN_TYPES, REFERENCE_TYPE, REFUSED_TYPES
from trust.evidence.services.suites import put_suite, remove_suite
from trust.models import Suite

FILLED = Expectation("expect_column_values_to_not_be_null", {"column": "id"})
UNIQUE = Expectation("expect_column_values_to_be_unique", {"column": "id"}, Severity.WARNING, Dimension.VALIDITY)


@pytest.fixture
def port(db: None) -> OutputPort:
    return make_port()


def put(port: OutputPort, *expectations: Expectation, schedule: str = "") -> Suite:
    return put_suite(port=port, expectations=expectations, schedule=schedule, actor=None, now=NOW)


def test_a_suite_keeps_its_expectations_in_order_with_every_dimension_filled(port: OutputPort) -> None:
    suite = put(port, UNIQUE, FILLED, schedule="P1D")
    assert [(one["type"], one["severity"], one["dimension"]) for one in suite.expectations] == [
        (UNIQUE.type, "warning", "validity"),
        (FILLED.type, "critical", "completeness"),
    ]
    assert (suite.version, suite.schedule, suite.is_current) == (1, "P1D", True)


def test_the_same_again_is_the_same_version(port: OutputPort) -> None:
    first = put(port, FILLED, schedule="P1D")
    assert put(port, FILLED, schedule="P1D").pk == first.pk
    assert Suite.objects.count() == 1


@pytest.mark.parametrize(
    ("expectations", "schedule", "is_same_digest"),
    [
        ([FILLED, UNIQUE], "P1D", False),
        ([], "P1D", False),
        ([replace(FILLED, severity=Severity.INFO)], "P1D", False),
        ([replace(FILLED, kwargs={"column": "name"})], "P1D", False),
        ([FILLED], "PT1H", True),
        ([replace(FILLED, meta={"description": "Each has one."})], "P1D", True),
    ],
    ids=["more", "none", "severity", "arguments", "schedule", "words"],
)
def test_a_difference_is_a_new_version_and_demands_decide_the_digest(
    port: OutputPort, expectations: list[Expectation], schedule: str, is_same_digest: bool
) -> None:
    first = put(port, FILLED, schedule="P1D")
    second = put(port, *expectations, schedule=schedule)
    first.refresh_from_db()
    assert (second.version, first.is_current, second.is_current) == (2, False, True)
    assert (first.digest == second.digest) == is_same_digest


@pytest.mark.parametrize("schedule", ["0 0 * * " + "1," * 60 + "2", "0 0 * * *" + " " * 100, "P" + "9" * 200 + "D"])
def test_a_schedule_that_cannot_be_followed_is_refused(port: OutputPort, schedule: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        put(port, FILLED, schedule=schedule)
    assert (refusal.value.code, refusal.value.field) == ("invalid_schedule", "schedule")
    assert not Suite.objects.exists()


@pytest.mark.parametrize("name", sorted(REFUSED_TYPES))
def test_sql_of_its_author_is_refused(port: OutputPort, name: str) -> None:
    with pytest.raises(InvalidError, match=name):
        put(port, Expectation(name, {"unexpected_rows_query": "select 1"}))


def test_a_suite_without_end_is_refused(port: OutputPort) -> None:
    with pytest.raises(TooLargeError, match="2,001"):
        put(port, *[FILLED] * (MOST_EXPECTATIONS + 1))


IN_SET, MATCHES = "expect_column_values_to_be_in_set", "expect_column_values_to_match_regex"


@pytest.mark.parametrize(
    ("expectations", "limit"),
    [
        ([Expectation(IN_SET, {"column": "a", "value_set": list(range(10_001))})], "10,000"),
        ([Expectation(IN_SET, {"column": "a", "value_set": ["x" * 10_001]})], "10,000"),
        ([Expectation(IN_SET, {"column": "a", "value_set": ["x" * 1_000] * 1_100})], "1,048,576"),
        ([Expectation(IN_SET, {"column": "a", "value_set": ["x" * 1_000] * 100})] * 11, "1,048,576"),
        ([replace(FILLED, meta={"description": "x" * 1_100_000})], "1,048,576"),
        ([Expectation(MATCHES, {"column": "a", "regex": f"{'a' * 900}{n}"}) for n in range(60)], "50,000"),
    ],
    ids=["members", "text", "one", "together", "meta", "patterns"],
)
def test_a_suite_that_is_too_large_is_refused_with_the_limit(
    port: OutputPort, expectations: list[Expectation], limit: str
) -> None:
    with pytest.raises(TooLargeError, match=limit):
        put(port, *expectations)
    assert not Suite.objects.exists()


@pytest.mark.parametrize("schedule", ["0 0 * * " + "1," * 60 + "2", "0 0 * * *" + " " * 100, "P" + "9" * 200 + "D"])
def test_a_schedule_that_does_not_fit_is_refused(port: OutputPort, schedule: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        put(port, FILLED, schedule=schedule)
    assert (refusal.value.code, refusal.value.field) == ("invalid_schedule", "schedule")


def test_only_owner_and_governance_write_suites(port: OutputPort) -> None:
    with pytest.raises(ForbiddenError):
        put_suite(port=port, expectations=[FILLED], schedule="", actor=make_owner(), now=NOW)
    assert put_suite(port=port, expectations=[FILLED], schedule="", actor=port.product.owner, now=NOW).created_by


def test_a_removed_port_and_a_retired_product_get_no_suite(port: OutputPort) -> None:
    remove_output_port(port=port, actor=None, now=NOW)
    with pytest.raises(ConflictError) as refusal:
        put(port, FILLED)
    assert refusal.value.code == "port_removed"

    other = make_port()
    publish_product(product=other.product, actor=None, now=NOW)
    deprecate_product(product=other.product, ends_at=None, actor=None, now=NOW)
    retire_product(product=other.product, actor=None, now=NOW)
    with pytest.raises(ConflictError) as refusal:
        put(other, FILLED)
    assert refusal.value.code == "product_retired"


def test_a_removed_suite_is_current_no_longer_and_is_kept(port: OutputPort) -> None:
    suite = put(port, FILLED)
    remove_suite(port=port, actor=None)
    suite.refresh_from_db()
    assert not suite.is_current
    assert put(port, FILLED).version == 2


def test_the_database_refuses_to_change_a_version(port: OutputPort) -> None:
    suite = put(port, FILLED)
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("UPDATE trust_suite SET expectations = '[]' WHERE id = %s", [suite.pk])


def test_the_list_of_known_types_is_the_engine_s_own() -> None:
    assert set(list_registered_expectation_implementations()) - REFUSED_TYPES <= KNOWN_TYPES
    assert REFERENCE_TYPE in KNOWN_TYPES
    unknown = KNOWN_TYPES - set(list_registered_expectation_implementations()) - OWN_TYPES
    assert unknown == set()
