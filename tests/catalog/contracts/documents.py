"""Contracts for tests: the smallest one that can be registered, with whatever a test adds."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from catalog.contracts.document import ContractDocument
from catalog.contracts.reader import read_contract

TODAY = date(2026, 11, 22)
EXAMPLES = sorted((Path(__file__).parent / "data").glob("*.odcs.yaml"))


def setting(name: str, value: Any) -> dict[str, Any]:
    return {"property": f"touchstone.{name}", "value": value}


def contract(**parts: Any) -> dict[str, Any]:
    """A contract about orders in a CSV file, owned by `ada`. A part of None is left out; `customProperties` are added to."""
    settings = [setting("slug", "orders"), setting("sensitivity", "internal"), *parts.pop("customProperties", [])]
    whole = {
        "version": "1.0.0",
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "orders-contract",
        "status": "active",
        "domain": "Sales",
        "description": {"purpose": "To be read.", "limitations": "None.", "usage": "With care."},
        "team": {"members": [{"username": "ada", "name": "Ada Lovelace", "role": "owner"}]},
        "schema": [orders()],
        "customProperties": settings,
        **parts,
    }
    return {key: value for key, value in whole.items() if value is not None}


def orders(*properties: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The object `orders` with the properties `id` and `amount`, or with those that are given."""
    whole = {
        "name": "orders",
        "properties": list(properties)
        or [{"name": "id", "logicalType": "integer"}, {"name": "amount", "logicalType": "number"}],
        "customProperties": [setting("location", "orders.csv")],
        **parts,
    }
    return {key: value for key, value in whole.items() if value is not None}


def as_yaml(document: Any) -> bytes:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()


def as_json(document: Any) -> bytes:
    return json.dumps(document).encode()


def read(document: dict[str, Any]) -> ContractDocument:
    return read_contract(as_yaml(document), today=TODAY)


def read_rule(rule: dict[str, Any], *, level: str = "property") -> ContractDocument:
    """The contract of orders with one quality rule, at its property `amount` or at the whole object."""
    amount = {"name": "amount", "logicalType": "number"}
    if level == "property":
        return read(contract(schema=[orders({"name": "id"}, {**amount, "quality": [rule]})]))
    return read(contract(schema=[orders({"name": "id"}, amount, quality=[rule])]))


def calls(document: ContractDocument) -> list[tuple[str, dict[str, Any]]]:
    """Type and arguments of every check of `orders`, but for the one that every port has."""
    suite = document.suites["orders"].expectations
    return [(one.type, dict(one.kwargs)) for one in suite if one.type != "expect_table_columns_to_match_set"]


def reasons(document: ContractDocument) -> list[str]:
    return [str(entry) for entry in document.not_executable]
