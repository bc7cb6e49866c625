"""The demo's contracts are ODCS documents that anyone's tools can read, and they name only what is there."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]
from open_data_contract_standard.model import OpenDataContractStandard

DEMO = Path(settings.BASE_DIR) / "demo"
PLAN = yaml.safe_load((DEMO / "demo.yaml").read_text(encoding="utf-8"))
FILES = sorted((DEMO / "contracts").glob("*.odcs.yaml"))


@cache
def contract(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def custom(part: dict[str, Any]) -> dict[str, Any]:
    return {item["property"].removeprefix("touchstone."): item["value"] for item in part.get("customProperties", [])}


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return contract(request.param)


def test_every_contract_is_registered_after_the_products_that_it_is_built_from() -> None:
    assert sorted(PLAN["contracts"]) == [path.name.removesuffix(".odcs.yaml") for path in FILES]
    for position, slug in enumerate(PLAN["contracts"]):
        inputs = [port["product"] for port in custom(contract(DEMO / "contracts" / f"{slug}.odcs.yaml")).get("inputPorts", [])]
        assert set(inputs) <= set(PLAN["contracts"][:position])


def test_the_contract_is_valid_odcs(document: dict[str, Any]) -> None:
    schema = json.loads(OpenDataContractStandard.json_schema())  # type: ignore[no-untyped-call]
    faults = [f"{fault.json_path}: {fault.message}" for fault in Draft201909Validator(schema).iter_errors(document)]
    assert not faults


def test_the_data_lies_under_demo_data(document: dict[str, Any]) -> None:
    for port in document["schema"]:
        assert (DEMO / "data" / custom(port)["location"]).is_file()


def test_the_team_is_among_the_people_of_the_demo(document: dict[str, Any]) -> None:
    names = {person["username"]: person["name"] for person in PLAN["people"]}
    for member in document["team"]["members"]:
        assert names[member["username"]] == member["name"]


def test_every_quality_rule_says_how_much_it_matters_and_about_what(document: dict[str, Any]) -> None:
    for port in document["schema"]:
        rules = [*port["quality"], *(rule for field in port["properties"] for rule in field.get("quality", []))]
        assert rules
        for rule in rules:
            assert rule["severity"] in {"critical", "warning", "info"}, rule["name"]
            assert "dimension" in rule or rule.get("metric") == "rowCount", rule["name"]


def test_every_field_is_described_and_classified(document: dict[str, Any]) -> None:
    for port in document["schema"]:
        for field in port["properties"]:
            assert field["description"]
            assert field["classification"] in {"public", "internal"}


def test_only_the_holidays_have_no_schedule_so_that_nobody_has_run_them() -> None:
    unscheduled = [path.name for path in FILES for port in contract(path)["schema"] if not custom(port).get("schedule")]
    assert unscheduled == ["nyc-holidays.odcs.yaml"]
