"""What the schema demands is checked, as far as an expectation says it; the rest is named."""

from typing import Any

import pytest

from catalog.rules.errors import InvalidError
from tests.catalog.contracts.documents import calls, contract, orders, read, reasons, setting

NOT_NULL, UNIQUE = "expect_column_values_to_not_be_null", "expect_column_values_to_be_unique"
BETWEEN, LENGTHS = "expect_column_values_to_be_between", "expect_column_value_lengths_to_be_between"
REFERENCE = "expect_column_values_to_exist_in_reference"


def calls_of(**one: Any) -> list[tuple[str, dict[str, Any]]]:
    return calls(read(contract(schema=[orders({"name": "id", **one})])))


def test_every_port_is_asked_for_its_columns_by_their_physical_names() -> None:
    document = read(contract(schema=[orders({"name": "id", "physicalName": "ORDER_ID"}, {"name": "amount"})]))
    check = document.suites["orders"].expectations[0]
    assert (check.type, check.kwargs) == (
        "expect_table_columns_to_match_set",
        {"column_set": ["ORDER_ID", "amount"], "exact_match": False},
    )
    assert (check.dimension, check.severity) == ("schema", "critical")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ({}, []),
        ({"required": True}, [(NOT_NULL, {})]),
        ({"unique": True}, [(UNIQUE, {})]),
        ({"primaryKey": True}, [(NOT_NULL, {}), (UNIQUE, {})]),
        ({"logicalType": "string", "logicalTypeOptions": {"minLength": 2}}, [(LENGTHS, {"min_value": 2})]),
        (
            {"logicalType": "string", "logicalTypeOptions": {"minLength": 2, "maxLength": 5}},
            [(LENGTHS, {"min_value": 2, "max_value": 5})],
        ),
        (
            {"logicalType": "string", "logicalTypeOptions": {"pattern": "^a"}},
            [("expect_column_values_to_match_regex", {"regex": "^a"})],
        ),
        (
            {"logicalType": "integer", "logicalTypeOptions": {"minimum": 0, "maximum": 9}},
            [(BETWEEN, {"min_value": 0, "max_value": 9})],
        ),
        (
            {"logicalType": "number", "logicalTypeOptions": {"exclusiveMinimum": 0}},
            [(BETWEEN, {"min_value": 0, "strict_min": True})],
        ),
        (
            {"logicalType": "number", "logicalTypeOptions": {"exclusiveMaximum": 1}},
            [(BETWEEN, {"max_value": 1, "strict_max": True})],
        ),
        (
            {"logicalType": "number", "logicalTypeOptions": {"minimum": 0, "exclusiveMaximum": 1}},
            [(BETWEEN, {"min_value": 0}), (BETWEEN, {"max_value": 1, "strict_max": True})],
        ),
        ({"logicalType": "date", "logicalTypeOptions": {"minimum": "2020-01-01"}}, [(BETWEEN, {"min_value": "2020-01-01"})]),
        (
            {"enum": [{"value": "a"}, {"value": 1}, {"value": None}]},
            [("expect_column_values_to_be_in_set", {"value_set": ["a", 1]})],
        ),
    ],
    ids=lambda value: str(value)[:70],
)
def test_a_property_demands_what_it_says(one: dict[str, Any], expected: list[tuple[str, dict[str, Any]]]) -> None:
    assert calls_of(**one) == [(name, {"column": "id", **kwargs}) for name, kwargs in expected]


@pytest.mark.parametrize(
    ("written", "logical"),
    [
        ("BIGINT", "integer"),
        ("int", "integer"),
        ("VARCHAR(2)", "string"),
        ("character varying(20)", "string"),
        ("DECIMAL(10,2)", "number"),
        ("double precision", "number"),
        ("timestamp with time zone", "timestamp"),
        ("DATE", "date"),
        ("boolean", "boolean"),
        ("text[]", "array"),
        ("ARRAY<STRING>", "array"),
        ("STRUCT<a: INT>", "object"),
        ("bit", None),
        ("bytea", None),
        ("", None),
    ],
)
def test_a_physical_type_alone_is_read_as_the_type(written: str, logical: str | None) -> None:
    document = read(contract(schema=[orders({"name": "id", "physicalType": written})]))
    (field,) = document.ports[0].fields
    assert field.logical_type == logical
    assert any("only presence is checked" in reason for reason in reasons(document)) is bool(written and logical is None)


def test_a_logical_type_goes_before_the_physical_one() -> None:
    document = read(contract(schema=[orders({"name": "id", "logicalType": "string", "physicalType": "int"})]))
    assert document.ports[0].fields[0].logical_type == "string"


def test_a_compound_key_is_unique_in_the_order_of_its_positions() -> None:
    properties = [
        {"name": "line", "primaryKey": True, "primaryKeyPosition": 2},
        {"name": "id", "primaryKey": True, "primaryKeyPosition": 1},
    ]
    assert calls(read(contract(schema=[orders(*properties)]))) == [
        (NOT_NULL, {"column": "line"}),
        (NOT_NULL, {"column": "id"}),
        ("expect_compound_columns_to_be_unique", {"column_list": ["id", "line"]}),
    ]


@pytest.mark.parametrize(
    ("one", "path"),
    [
        ({"logicalType": "string", "logicalTypeOptions": {"format": "email"}}, "logicalTypeOptions.format"),
        ({"logicalType": "integer", "logicalTypeOptions": {"multipleOf": 0}}, "logicalTypeOptions.multipleOf"),
        ({"logicalType": "array", "logicalTypeOptions": {"minItems": 1}}, "logicalTypeOptions.minItems"),
        ({"logicalType": "string", "logicalTypeOptions": {"minLength": "two"}}, "logicalTypeOptions.minLength"),
        ({"logicalType": "vector"}, "logicalType"),
        ({"logicalType": "object", "properties": [{"name": "inner", "required": True}]}, "properties[0]"),
        ({"logicalType": "array", "items": {"logicalType": "string", "unique": True}}, "items"),
        ({"semanticType": "measure"}, ""),
        ({"relationships": [{"to": "elsewhere.id"}]}, "relationships[0]"),
        ({"relationships": [{"to": "nonsense"}]}, "relationships[0]"),
        ({"relationships": [{"to": "orders.nothing"}]}, "relationships[0]"),
        ({"relationships": [{"type": "foreignKey"}]}, "relationships[0]"),
        ({"relationships": [{"to": "orders.id"}]}, "relationships[0]"),
        ({"relationships": [{"to": ["orders.id", "orders.id"]}]}, "relationships[0]"),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_is_not_checked_is_named(one: dict[str, Any], path: str) -> None:
    document = read(contract(schema=[orders({"name": "id", **one}, {"name": "other"})]))
    assert calls(document) == []
    place = f"schema[0].properties[0].{path}" if path else "schema[0].properties[0]"
    assert [entry.path for entry in document.not_executable] == [place]


@pytest.mark.parametrize(
    ("one", "call"),
    [
        (
            {"logicalType": "number", "logicalTypeOptions": {"multipleOf": 0.01}},
            ("expect_column_values_to_be_multiples", {"column": "id", "multiple_of": 0.01}),
        ),
        (
            {"logicalType": "vector", "logicalTypeOptions": {"dimensions": 384, "elementType": "float32"}},
            ("expect_column_vectors_to_have_dimensions", {"column": "id", "dimensions": 384, "element_type": "float32"}),
        ),
        (
            {"logicalType": "vector", "logicalTypeOptions": {"dimensions": 3}},
            ("expect_column_vectors_to_have_dimensions", {"column": "id", "dimensions": 3}),
        ),
    ],
    ids=str,
)
def test_options_that_great_expectations_has_no_word_for(one: dict[str, Any], call: tuple[str, dict[str, Any]]) -> None:
    document = read(contract(schema=[orders({"name": "id", **one})]))
    assert calls(document) == [call]
    assert not document.not_executable
    if one["logicalType"] == "vector":
        assert document.ports[0].fields[0].logical_type == "array"


CUSTOMERS = {
    "id": "customers_obj",
    "name": "customers",
    "physicalName": "dim_customers",
    "customProperties": [setting("location", "customers.parquet")],
    "properties": [{"id": "key_prop", "name": "key", "physicalName": "customer_key"}, {"name": "country"}],
}


@pytest.mark.parametrize(
    "to",
    [
        "customers.key",
        "dim_customers.customer_key",
        "schema/customers_obj/properties/key_prop",
        "/schema/customers/properties/key",
    ],
)
def test_a_foreign_key_within_the_contract_leads_to_the_port_and_its_column(to: str) -> None:
    document = read(contract(schema=[orders({"name": "customer", "relationships": [{"to": to}]}), CUSTOMERS]))
    expected = {"column": "customer", "reference": "orders/customers", "reference_column": "customer_key"}
    assert calls(document) == [(REFERENCE, expected)]
    assert document.suites["orders"].expectations[-1].dimension == "consistency"


@pytest.mark.parametrize(
    "to",
    [
        "crm.odcs.yaml#/schema/people/properties/key",
        "../contracts/crm.odcs.yaml#schema/people/properties/key",
        "https://example.com/crm.yaml#people.key",
        "crm.yml#people.key",
    ],
)
def test_a_foreign_key_to_another_contract_leads_to_the_product_of_that_file(to: str) -> None:
    document = read(contract(schema=[orders({"name": "customer", "relationships": [{"to": to}]})]))
    assert calls(document) == [(REFERENCE, {"column": "customer", "reference": "crm/people", "reference_column": "key"})]


def test_a_composite_foreign_key_of_the_object() -> None:
    relation = {"from": ["orders.c", "orders.n"], "to": ["customers.key", "customers.country"]}
    document = read(contract(schema=[orders({"name": "c"}, {"name": "n"}, relationships=[relation]), CUSTOMERS]))
    expected = {
        "column_list": ["c", "n"],
        "reference": "orders/customers",
        "reference_column_list": ["customer_key", "country"],
    }
    assert calls(document) == [(REFERENCE, expected)]


def level(unit: str | None = "d", element: str | None = "orders.at", value: Any = 4, name: str = "latency") -> dict[str, Any]:
    parts = {"property": name, "value": value, "unit": unit, "element": element}
    return {key: part for key, part in parts.items() if part is not None}


def with_levels(*levels: dict[str, Any]) -> Any:
    return read(contract(schema=[orders({"name": "at", "physicalName": "ordered_at"})], slaProperties=list(levels)))


@pytest.mark.parametrize(
    ("unit", "seconds"),
    [("d", 345_600), ("days", 345_600), ("h", 14_400), ("min", 240), ("s", 4), ("w", 2_419_200), ("y", 126_144_000)],
)
def test_latency_is_how_old_the_newest_value_may_be(unit: str, seconds: int) -> None:
    (port,) = with_levels(level(unit)).ports
    assert (port.time_column, port.service_level.total_seconds()) == ("ordered_at", seconds)


@pytest.mark.parametrize("name", ["ly", "LY", "Latency", "latency ", "fy", "FREQUENCY", "freshness"])
def test_names_of_promises_have_synonyms_and_any_case(name: str) -> None:
    document = with_levels(level(name=name))
    assert document.ports[0].service_level.days == 4
    assert not document.not_executable


def test_the_synonym_of_latency_goes_before_that_of_frequency() -> None:
    assert with_levels(level(name="fy", value=1), level(name="ly", value=2)).ports[0].service_level.days == 2


@pytest.mark.parametrize("name", ["av", "th", "er", "ga", "es", "el", "re", "td", "tn", "tr", "errorRate"])
def test_other_promises_of_the_standard_are_kept_by_name(name: str) -> None:
    document = with_levels(level(name=name))
    assert document.ports[0].service_level is None
    assert document.not_executable[0].rule.startswith(name)


@pytest.mark.parametrize("element", ["orders.at", "orders.ordered_at", "at"])
def test_the_element_may_be_named_in_several_ways(element: str) -> None:
    (port,) = with_levels(level(element=element)).ports
    assert port.time_column == "ordered_at"


@pytest.mark.parametrize(
    "promise",
    [
        level("fortnight"),
        level("m"),
        level(None),
        level(element=None),
        level(element="orders.nothing"),
        level(element="other.at"),
        level(value="soon"),
        level(value=-1),
        level(value=True),
        level(name="retention"),
        level(name="timeOfAvailability", value="09:00-08:00"),
    ],
    ids=str,
)
def test_a_promise_that_cannot_be_judged_is_kept_and_named(promise: dict[str, Any]) -> None:
    document = with_levels(promise)
    assert document.ports[0].service_level is None
    assert document.not_executable[0].path == "slaProperties[0]"
    assert "kept, not evaluated" in document.not_executable[0].reason


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_levels_latency_counts_and_the_other_is_named(turned: bool) -> None:
    levels = [level(), level(name="frequency", value=1)]
    document = with_levels(*(reversed(levels) if turned else levels))
    assert document.ports[0].service_level.days == 4
    assert [entry.path for entry in document.not_executable] == ["slaProperties[0]" if turned else "slaProperties[1]"]


def test_the_port_s_own_time_column_goes_before() -> None:
    own = orders(
        {"name": "at"}, {"name": "seen"}, customProperties=[setting("location", "o.csv"), setting("timeColumn", "seen")]
    )
    document = read(contract(schema=[own], slaProperties=[level()]))
    assert document.ports[0].time_column == "seen"
    assert any("timeColumn" in warning or "seen" in warning for warning in document.warnings)


def test_a_time_column_that_does_not_exist_is_a_fault() -> None:
    own = orders(customProperties=[setting("location", "o.csv"), setting("timeColumn", "never")])
    with pytest.raises(InvalidError, match="never"):
        read(contract(schema=[own]))


def test_an_unread_port_s_rules_are_all_named() -> None:
    own = orders({"name": "id", "required": True, "quality": [{"metric": "nullValues", "mustBe": 0}]}, customProperties=None)
    document = read(contract(schema=[own], servers=[{"server": "k", "type": "kafka", "host": "h"}]))
    assert "orders" not in document.suites
    assert any("kafka server 'k'" in reason for reason in reasons(document))
    assert {entry.path for entry in document.not_executable} >= {
        "schema[0]",
        "schema[0].properties[0].required",
        "schema[0].properties[0].quality[0]",
    }
