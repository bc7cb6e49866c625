"""What is no contract is refused with every fault and its path; what merely deviates is told."""

from typing import Any

import pytest

from catalog.contracts import structure
from catalog.contracts.reader import read_contract
from catalog.rules.errors import DomainError, InvalidError
from catalog.rules.vocabulary import Lifecycle
from tests.catalog.contracts.documents import TODAY, as_json, contract, orders, read, setting

MANY = {"metric": "rowCount", "mustBeLessThan": "many"}
MISSPELT = {"name": "a", "effect": "permit", "purposes": ["analytics"], "efect": 1}


def faults(document: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(InvalidError) as refusal:
        read(document)
    assert refusal.value.code == "not_a_contract"
    return refusal.value.details


def test_everything_that_is_missing_is_said_at_once() -> None:
    said = faults({"name": "x"})
    assert [fault.partition(":")[0] for fault in said] == ["version", "apiVersion", "kind", "id"]


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("kind", "DataProduct", "only a DataContract"),
        ("kind", "CustomDataQuality", "only a DataContract"),
        ("apiVersion", "v2.2.2", "rename `uuid` to `id`"),
        ("apiVersion", "v4.0.0", "only versions v3"),
        ("version", 1.0, "put it in quotes"),
        ("version", "", "is missing"),
        ("id", 5, "put it in quotes"),
        ("id", "x" * 201, "201 characters"),
    ],
)
def test_a_wrong_beginning_is_named(part: str, value: Any, said: str) -> None:
    (fault,) = faults(contract(**{part: value}))
    assert fault.startswith(f"{part}: ")
    assert said in fault


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"schema": "orders"}, "schema"),
        ({"schema": [orders({"logicalType": "string"})]}, "schema[0].properties[0]"),
        ({"schema": [orders({"name": "id", "required": "yes"})]}, "schema[0].properties[0].required"),
        ({"schema": [orders({"name": 5})]}, "schema[0].properties[0].name"),
        ({"schema": [orders({"name": "id", "quality": [MANY]})]}, "schema[0].properties[0].quality[0].mustBeLessThan"),
        ({"schema": [orders(name=None)]}, "schema[0]"),
        ({"team": 5}, "team"),
        ({"tags": "x"}, "tags"),
        ({"domain": ["x"]}, "domain"),
        ({"customProperties": [{"value": "x"}]}, "customProperties[2]"),
        ({"customProperties": [setting("cadence", "weekly")]}, "customProperties[2]"),
        ({"customProperties": [setting("inputPorts", "x")]}, "customProperties[2]"),
        ({"customProperties": [setting("inputPorts", [{"slug": "x"}])]}, "customProperties[2].value[0]"),
        ({"customProperties": [setting("slug", "twice")]}, "customProperties[2]"),
        ({"customProperties": [setting("deprecationEndsAt", "soon")]}, "customProperties[2]"),
        ({"customProperties": [setting("deprecationEndsAt", "9999-12-31T23:59:59-10:00")]}, "customProperties[2]"),
        ({"customProperties": [setting("accessPolicies", [{"name": "a", "effect": "allow"}])]}, "customProperties[2].value[0]"),
        ({"customProperties": [setting("accessPolicies", [MISSPELT])]}, "customProperties[2].value[0].efect"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_type_or_setting_is_named_with_its_path(parts: dict[str, Any], path: str) -> None:
    assert path in [fault.partition(":")[0] for fault in faults(contract(**parts))]


@pytest.mark.parametrize("parts", [{"status": None}, {"status": None, "apiVersion": "v3.2.0"}, {"apiVersion": "3.1"}])
def test_what_version_3_2_leaves_out_is_taken_as_a_draft(parts: dict[str, Any]) -> None:
    document = read(contract(**parts))
    assert document.lifecycle == (Lifecycle.DRAFT if "status" in parts else Lifecycle.PUBLISHED)


@pytest.mark.parametrize(
    ("schema", "path"),
    [([orders(), orders()], "schema[1]"), ([orders({"name": "id"}, {"name": "id"})], "schema[0].properties[1]")],
)
def test_what_has_the_name_of_another_is_named_and_not_read(schema: list[Any], path: str) -> None:
    assert path in [one.path for one in read(contract(schema=schema)).not_executable]


def test_an_unknown_key_is_told_and_kept() -> None:
    document = read(contract(schema=[orders({"name": "id", "qualty": []})], futureKey=1))
    told = [warning for warning in document.warnings if "unknown to the standard" in warning]
    assert {warning.partition(":")[0] for warning in told} == {"futureKey", "schema[0].properties[0].qualty"}


def test_a_property_without_a_type_is_not_taken_for_a_map() -> None:
    """The schema's conditions on `logicalType` hold vacuously where there is none."""
    document = read(contract(schema=[orders({"name": "id", "logicalTypeOptions": {"minimum": "2024-01-01"}})]))
    assert not [warning for warning in document.warnings if "schema" in warning]


def test_a_deviation_that_does_no_harm_is_a_warning() -> None:
    document = read(contract(schema=[orders({"name": "id", "id": "has blanks"})]))
    assert [warning for warning in document.warnings if warning.startswith("schema[0].properties[0].id")]


def test_a_thousand_faults_are_counted_and_a_hundred_shown() -> None:
    said = faults(contract(schema=[orders(*({"name": number} for number in range(1000)))]))
    assert len(said) == 101
    assert said[-1] == "... and 900 more"


def test_json_is_as_good_as_yaml() -> None:
    assert read_contract(as_json(contract()), today=TODAY) == read(contract())


@pytest.mark.parametrize(
    "schema",
    [
        [orders(properties=[1] * 40_000)],
        [{"properties": [{}] * 8_000}] * 5,
    ],
    ids=["no properties", "nameless properties"],
)
def test_a_document_that_is_slow_to_compare_is_compared_for_a_while(schema: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.contracts.structure.MAX_STEPS", 10_000)
    with pytest.raises(DomainError):  # for what it says: an object of numbers, ports with too many fields
        read_contract(as_json(contract(schema=schema)), today=TODAY)
    assert structure._steps.taken == 10_001


def test_a_valid_document_that_takes_too_long_to_compare_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.contracts.structure.MAX_STEPS", 100)
    assert any("not to its end" in warning for warning in read(contract()).warnings)


def test_the_largest_port_is_compared() -> None:
    document = read(contract(schema=[orders(*({"name": f"c{number}", "required": True} for number in range(2_000)))]))
    assert len(document.ports[0].fields) == 2_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: DataContract\nid: x\nversion: '1'\napiVersion: v3.1.0\nschema:\n  - name: a\n  - name: 5\n", "(line 7)"),
        ('{"kind": "DataContract",\n "id": "x", "version": "1", "apiVersion": "v3.1.0",\n "tags": "x"}', "(line 3)"),
        ("kind: DataContract\nid: x\nversion: '1'\n", "(line 1)"),
    ],
)
def test_a_fault_has_its_line(text: str, said: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        read_contract(text.encode(), today=TODAY)
    assert refusal.value.details[0].endswith(said)
