"""Output ports, fields, input ports, suites."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import DataProduct
from catalog.rules.vocabulary import Lifecycle
from tests.api.callers import Cast, assert_problem
from tests.factories import make_product
from tests.trust.builders import run_well
from tests.trust.evidence.rules.test_patterns import HOSTILE
from trust.models import Run, Suite

PORTS = "/api/v1/products/orders/ports"
SUITE = f"{PORTS}/rows/suite"
PORT = {
    "source_kind": "csv",
    "location": "orders.csv",
    "time_column": "at",
    "service_level": "PT24H",
    "fields": [
        {"name": "id", "logical_type": "integer", "is_critical": True},
        {"name": "at", "logical_type": "timestamp"},
        {"name": "who", "sensitivity": "confidential", "is_personal": True},
    ],
}
CHECK = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}


@pytest.fixture(autouse=True)
def data_root(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,at,who\n1,2026-01-01T00:00:00Z,x\n")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})


def test_a_port_is_put_shown_changed_and_removed(cast: Cast, product: DataProduct) -> None:
    put = cast.owner.put(f"{PORTS}/orders", PORT)
    assert (put.status_code, put["Location"]) == (201, f"{PORTS}/orders"), put.content
    assert cast.owner.put(f"{PORTS}/orders", PORT).status_code == 200
    shown = cast.consumer.get(f"{PORTS}/orders").json()
    assert shown == put.json()
    assert [field["name"] for field in shown["fields"]] == ["id", "at", "who"]
    assert (shown["service_level"], shown["has_connection"], shown["null_values"]) == ("P1D", False, None)
    assert shown["fields"][2]["is_personal"] is True
    assert cast.owner.put(f"{PORTS}/orders", {**PORT, "time_column": "", "fields": []}).json()["fields"] == []
    assert [port["name"] for port in cast.consumer.get(PORTS).json()["results"]] == ["orders", "rows"]
    assert cast.owner.delete(f"{PORTS}/orders").status_code == 204
    assert_problem(cast.owner.get(f"{PORTS}/orders"), 404, "port_unknown")


def test_how_a_port_is_read_is_put_and_shown(cast: Cast, product: DataProduct) -> None:
    reading = {"delimiter": "\t", "encoding": "ISO-8859-1", "fields": [{"name": "at", "time_zone": "Asia/Tokyo"}]}
    put = cast.owner.put(f"{PORTS}/orders", {**PORT, "reading": reading})
    assert put.status_code == 201, put.content
    assert put.json()["reading"] == {
        "delimiter": "\t",
        "quote": "",
        "encoding": "ISO-8859-1",
        "decimal_sign": "",
        "sheet": "",
        "partition": "",
        "slice": "",
        "fields": [{"name": "at", "format": "", "time_zone": "Asia/Tokyo", "null_values": []}],
    }
    assert cast.owner.put(f"{PORTS}/orders", PORT).json()["reading"]["fields"] == []
    for wrong in ({"encoding": "zlib"}, {"fields": [{"name": "at", "format": "QQ"}]}, {"slice": "newest"}, {"delimiters": ";"}):
        assert cast.owner.put(f"{PORTS}/orders", {**PORT, "reading": wrong}).status_code == 400


@pytest.mark.parametrize("location", ["../secret.csv", "/etc/passwd", "a/../../b.csv"])
def test_a_location_outside_of_the_roots_is_refused(cast: Cast, product: DataProduct, location: str) -> None:
    response = cast.owner.put(f"{PORTS}/orders", {**PORT, "location": location})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "location"
    assert_problem(cast.owner.get(f"{PORTS}/orders"), 404, "port_unknown")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source_kind": "excel"}, "source_kind"),
        ({"connection": "postgresql://u:p@h/d"}, "connection"),
        ({"time_column": "nope"}, "time_column"),
        ({"service_level": "PT0S"}, "service_level"),
        ({"service_level": "P9999W"}, "service_level"),
        ({"fields": [{"name": "id"}, {"name": "id"}], "time_column": ""}, "fields"),
        ({"fields": [{"logical_type": "integer"}]}, "fields.0.name"),
        ({"fields": [{"name": "id", "type": "integer"}]}, "fields.0.type"),
        ({"location": "a\x00b"}, None),
        ({"name": "other"}, "name"),
    ],
)
def test_a_bad_port_is_refused(cast: Cast, product: DataProduct, change: dict[str, Any], field: str | None) -> None:
    response = cast.owner.put(f"{PORTS}/orders", {**PORT, **change})
    assert response.status_code == 400, response.content
    problem = assert_problem(response, 400, response.json()["code"])
    if field:
        assert field in [fault["field"] for fault in problem["errors"]]
    assert_problem(cast.owner.get(f"{PORTS}/orders"), 404, "port_unknown")


def test_a_reference_to_credentials_is_never_shown(cast: Cast, product: DataProduct, settings: Any) -> None:
    product.output_ports.update(source_kind="postgres", connection="env:WAREHOUSE_URL")
    for path in (PORTS, f"{PORTS}/rows"):
        response = cast.owner.get(path)
        assert "WAREHOUSE_URL" not in response.content.decode()
        assert '"has_connection":true' in response.content.decode()


def test_who_may_change_ports_and_suites(cast: Cast, product: DataProduct) -> None:
    for path, body in ((f"{PORTS}/rows", PORT), (SUITE, {"expectations": [CHECK]})):
        assert_problem(cast.stranger.put(path, body), 403, "forbidden")
        assert_problem(cast.auditor.put(path, body), 403, "forbidden")
        assert_problem(cast.consumer.put(path, body), 403, "scope_missing")
        assert_problem(cast.nobody.put(path, body), 401, "not_authenticated")
        assert cast.governance.put(path, body).status_code in {200, 201}


def test_a_port_costs_three_queries(cast: Cast, product: DataProduct, django_assert_num_queries: Any) -> None:
    cast.consumer.get(PORTS)
    with django_assert_num_queries(3):  # key, product, ports
        cast.consumer.get(PORTS)
    with django_assert_num_queries(4):  # key, product, port, fields
        cast.consumer.get(f"{PORTS}/rows")


def test_input_ports_are_put_as_a_whole(cast: Cast, product: DataProduct) -> None:
    make_product("shops", lifecycle=Lifecycle.PUBLISHED)
    address = "/api/v1/products/orders/input-ports"
    body = {"input_ports": [{"product": "shops", "is_required": False}]}
    assert cast.owner.put(address, body).json()["results"] == body["input_ports"]
    assert cast.consumer.get(address).json()["results"] == body["input_ports"]
    assert_problem(cast.owner.put(address, {"input_ports": [{"product": "none"}]}), 400, "product_unknown")
    assert cast.owner.put("/api/v1/products/shops/input-ports", body).status_code in {403, 404}
    assert cast.owner.put(address, {"input_ports": []}).json() == {"results": []}


def test_inputs_cannot_run_in_a_circle(cast: Cast, product: DataProduct) -> None:
    make_product("shops", owner=cast.owner.person, inputs=(product,))
    body = {"input_ports": [{"product": "shops"}]}
    assert_problem(cast.owner.put("/api/v1/products/orders/input-ports", body), 409, "input_cycle")


def test_a_suite_is_written_version_by_version(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.owner.get(SUITE), 404, "not_found")
    first = cast.owner.put(SUITE, {"expectations": [CHECK], "schedule": "P1D"}).json()
    assert (first["version"], first["schedule"], first["created_by"]) == (1, "P1D", "olga")
    assert first["expectations"][0]["dimension"] == "completeness"
    assert cast.owner.put(SUITE, {"expectations": [CHECK], "schedule": "P1D"}).json()["version"] == 1
    assert cast.owner.put(SUITE, {"expectations": [{**CHECK, "severity": "info"}]}).json()["version"] == 2
    assert [suite["version"] for suite in cast.consumer.get(f"{SUITE}/versions").json()["results"]] == [2, 1]
    assert cast.consumer.get(f"{SUITE}/versions/1").json()["expectations"] == first["expectations"]
    assert cast.consumer.get(SUITE).json()["version"] == 2
    assert_problem(cast.consumer.get(f"{SUITE}/versions/3"), 404, "not_found")


@pytest.mark.parametrize("schedule", ["P1D", "PT6H", "30 6 * * *"])
def test_a_suite_without_a_word_on_the_schedule_leaves_it_as_it_is(cast: Cast, product: DataProduct, schedule: str) -> None:
    cast.owner.put(SUITE, {"expectations": [CHECK], "schedule": schedule})
    assert cast.owner.put(SUITE, {"expectations": [{**CHECK, "severity": "info"}]}).json()["schedule"] == schedule
    assert cast.owner.put(SUITE, {"expectations": []}).json()["schedule"] == schedule
    for nothing in ("", None):
        cast.owner.put(SUITE, {"expectations": [CHECK], "schedule": schedule})
        assert cast.owner.put(SUITE, {"expectations": [CHECK], "schedule": nothing}).json()["schedule"] is None


def test_the_first_suite_without_a_schedule_has_none(cast: Cast, product: DataProduct) -> None:
    assert cast.owner.put(SUITE, {"expectations": [CHECK]}).json()["schedule"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"expectations": "x"},
        {"expectations": [{"type": "DROP TABLE"}]},
        {"expectations": [{**CHECK, "kwargs": []}]},
        {"expectations": [{**CHECK, "severity": "bad"}]},
        {"expectations": [{**CHECK, "dimension": "beauty"}]},
        {"expectations": [CHECK], "schedule": "whenever"},
    ],
)
def test_a_bad_suite_is_refused(cast: Cast, product: DataProduct, body: dict[str, Any]) -> None:
    response = cast.owner.put(SUITE, body)
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert not Suite.objects.exists()


def test_evidence_of_an_older_suite_stops_counting(cast: Cast, product: DataProduct) -> None:
    cast.owner.put(SUITE, {"expectations": [CHECK]})
    run_well(product.output_ports.get(), timezone.now())
    assert Run.objects.get().status == "completed"
    assert cast.consumer.get("/api/v1/products/orders/trust").json()["evidence"] is not None
    cast.owner.put(SUITE, {"expectations": [{**CHECK, "kwargs": {"column": "name"}}]})
    assert cast.consumer.get("/api/v1/products/orders/trust").json()["evidence"] is None


@pytest.mark.parametrize("pattern", HOSTILE, ids=lambda value: value[:20])
def test_a_suite_with_a_pattern_that_is_never_run_is_refused(cast: Cast, product: DataProduct, pattern: str) -> None:
    regex = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "id", "regex": pattern}}
    before = time.monotonic()

    response = cast.owner.put(SUITE, {"expectations": [CHECK, regex]})

    assert_problem(response, 400, "pattern_not_runnable")
    assert response.json()["errors"][0]["field"] == "expectations.1.kwargs.regex"
    assert HOSTILE[pattern] in response.json()["detail"]
    assert not Suite.objects.exists()
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    "suite",
    [
        [CHECK] * 2_001,
        [{"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "id", "value_set": list(range(10_001))}}],
        [{**CHECK, "meta": {"description": "x" * 1_100_000}}],
    ],
    ids=["expectations", "members", "bytes"],
)
def test_a_suite_that_is_too_large_is_answered_with_413(cast: Cast, product: DataProduct, suite: list[dict[str, Any]]) -> None:
    assert_problem(cast.owner.put(SUITE, {"expectations": suite}), 413, "too_large")
    assert not Suite.objects.exists()


def test_a_port_with_too_many_fields_is_answered_with_413(cast: Cast, product: DataProduct) -> None:
    fields = [{"name": f"f{number}"} for number in range(2_001)]
    assert_problem(cast.owner.put(f"{PORTS}/orders", {**PORT, "time_column": "", "fields": fields}), 413, "too_large")


@pytest.mark.parametrize(
    "location",
    ["a" * 256 + ".csv", "é" * 140 + ".csv", "a/" * 499 + "b", "x" * 1000, "a/" + "b" * 300 + "/c.csv", ".", "~", "/"],
)
def test_a_location_that_no_file_system_takes_is_refused_with_a_sentence(
    cast: Cast, product: DataProduct, location: str
) -> None:
    response = cast.owner.put(f"{PORTS}/orders", {**PORT, "location": location})
    assert response.status_code in {201, 400}, response.content
    assert (response.status_code == 201) is (location in {"~", "a/" * 499 + "b"})  # files that are missing today
