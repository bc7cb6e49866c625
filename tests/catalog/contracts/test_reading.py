"""How a contract says that its data is written; what cannot be honoured is listed by path and reason."""

from typing import Any

import pytest

from catalog.rules.claims import PortClaims
from catalog.rules.reading import FieldReading, Reading, reading_of, stored_reading
from tests.catalog.contracts.documents import contract, orders, read, setting


def port_of(*settings: Any, properties: tuple[dict[str, Any], ...] = (), servers: Any = None) -> PortClaims:
    place = [setting("location", "orders.csv"), *settings]
    document = read(contract(schema=[orders(*properties, customProperties=place)], servers=servers))
    assert document.not_executable == ()
    return document.ports[0]


def listed(*settings: Any, properties: tuple[dict[str, Any], ...] = (), location: str = "orders.csv") -> dict[str, str]:
    place = [setting("location", location), *settings]
    document = read(contract(schema=[orders(*properties, customProperties=place)]))
    return {one.path.rpartition("schema[0].")[2]: one.reason for one in document.not_executable}


def local(**parts: Any) -> dict[str, Any]:
    return {"server": "f", "type": "local", "path": "./orders.csv", "format": "csv", **parts}


def test_settings_of_the_object_go_before_the_server() -> None:
    servers = [local(delimiter=";", encoding="ISO-8859-1")]
    assert port_of(servers=servers).reading == Reading(delimiter=";", encoding="ISO-8859-1")
    own = [setting("delimiter", "tab"), setting("quote", "none"), setting("decimalSign", "comma")]
    expected = Reading(delimiter="\t", quote="none", encoding="ISO-8859-1", decimal_sign=",")
    assert port_of(*own, servers=servers).reading == expected


def test_the_server_of_the_file_is_meant() -> None:
    other = local(server="g", path="other.csv", delimiter="|")
    assert port_of(servers=[other, local(delimiter=";")]).reading.delimiter == ";"
    assert port_of(servers=[other, local(path="elsewhere.csv", delimiter=";")]).reading.delimiter == ""
    assert port_of(setting("server", "g"), servers=[other, local(delimiter=";")]).reading.delimiter == "|"


def test_formats_and_time_zones_are_taken_in() -> None:
    day = {"name": "day", "logicalType": "date", "logicalTypeOptions": {"format": "dd.MM.yyyy"}}
    at = {"name": "at", "logicalType": "timestamp", "logicalTypeOptions": {"defaultTimezone": "Asia/Tokyo", "timezone": False}}
    utc = {"name": "utc", "logicalType": "timestamp", "logicalTypeOptions": {"defaultTimezone": "Etc/UTC"}}
    fields = port_of(properties=(day, at, utc)).reading.fields
    assert fields == {"day": FieldReading(format="dd.MM.yyyy"), "at": FieldReading(time_zone="Asia/Tokyo")}


def test_texts_beside_null_in_a_rule_of_missing_values_are_no_values() -> None:
    def one(values: list[Any]) -> dict[str, Any]:
        rule = {"metric": "missingValues", "arguments": {"missingValues": values}, "mustBe": 0}
        return {"name": "id", "logicalType": "integer", "quality": [rule]}

    assert port_of(properties=(one([None, "N/A", "-"]),)).reading.fields == {"id": FieldReading(null_values=("N/A", "-"))}
    assert port_of(properties=(one(["N/A"]),)).reading.fields == {}


@pytest.mark.parametrize(
    ("option", "kind", "said"),
    [
        ({"format": "YYYY-MM-DD"}, "date", "'YYYY' in it is not read"),
        ({"format": "HH:mm"}, "date", "does not say all that a date needs"),
        ({"format": "dd.MM.yyyy"}, "time", "does not say all that a time needs"),
        ({"format": "dd.MM.yyyy [HH"}, "timestamp", "optional section"),
        ({"format": "i32"}, "integer", "give a pattern"),
        ({"format": "email"}, "string", "give a pattern"),
    ],
)
def test_a_format_that_is_not_read_is_listed(option: dict[str, Any], kind: str, said: str) -> None:
    found = listed(properties=({"name": "a", "logicalType": kind, "logicalTypeOptions": option},))
    assert said in found["properties[0].logicalTypeOptions.format"]


def test_a_time_zone_that_is_none_is_listed() -> None:
    at = {"name": "at", "logicalType": "timestamp", "logicalTypeOptions": {"defaultTimezone": "Mars/Olympus"}}
    found = listed(properties=(at,))
    assert "is not a time zone" in found["properties[0].logicalTypeOptions.defaultTimezone"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("delimiter", "||", "not one character"),
        ("delimiter", "a", "not one character"),
        ("quote", "?", "not read as a quote"),
        ("encoding", "klingon", "not known"),
        ("encoding", "zlib", "not known"),
        ("encoding", "unicode_escape", "not known"),
        ("decimalSign", ";", "neither a point nor a comma"),
        ("slice", "newest", "needs the partition field"),
        ("slice", "oldest", "neither all nor newest"),
        ("sheet", "Data", "does not apply to csv"),
    ],
)
def test_a_setting_that_cannot_be_honoured_is_listed(name: str, value: str, said: str) -> None:
    (reason,) = listed(setting(name, value)).values()
    assert said in reason


@pytest.mark.parametrize("name", ["delimiter", "quote", "encoding", "decimalSign", "sheet", "nullValues"])
def test_what_does_not_apply_to_parquet_is_listed(name: str) -> None:
    value: Any = ["NA"] if name == "nullValues" else ";" if name == "delimiter" else "utf-8" if name == "encoding" else ","
    assert len(listed(setting(name, value), location="orders.parquet")) == 1


def test_what_is_stored_is_what_was_read() -> None:
    reading = Reading(";", "'", "utf-16", ",", "Data", "dt", "newest", {"a": FieldReading("yyyy", "Asia/Tokyo", ("-",))})
    assert reading_of(stored_reading(reading)) == reading
    assert stored_reading(Reading()) == {}
    assert stored_reading(Reading(fields={"a": FieldReading()})) == {}
    assert str(reading).startswith("delimiter ';', quote")
