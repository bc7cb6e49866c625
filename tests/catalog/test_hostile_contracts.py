"""Whatever stands in a place of a contract, it is registered or refused with a sentence: never an unforeseen error."""

import contextlib
import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.contracts.reader import read_contract
from catalog.models import DataProduct
from catalog.rules.errors import DomainError, TooLargeError
from runtime.checks import ALL_CASES
from tests.catalog.contracts.documents import TODAY, as_json, contract, orders, setting
from tests.factories import make_owner, make_product
from trust.intake.services.registration import register_document
from trust.models import Suite

pytestmark = pytest.mark.django_db

REGEX = {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "id", "regex": "^a$"}}
WHOLE = contract(
    name="Orders",
    dataProduct="orders",
    tags=["sales"],
    schema=[
        orders(
            {
                "name": "id",
                "physicalName": "id",
                "logicalType": "string",
                "physicalType": "VARCHAR",
                "description": "The key.",
                "classification": "internal",
                "tags": ["key"],
                "primaryKey": True,
                "primaryKeyPosition": 1,
                "logicalTypeOptions": {"pattern": "^a", "minLength": 1, "maxLength": 10},
                "quality": [{"metric": "nullValues", "mustBe": 0}],
            },
            {"name": "at", "logicalType": "timestamp", "logicalTypeOptions": {"minimum": "2020-01-01"}},
            {"name": "n", "logicalType": "integer", "logicalTypeOptions": {"minimum": 0, "maximum": 5}, "enum": [{"value": 1}]},
            physicalName="orders",
            description="All orders.",
            quality=[
                {"metric": "rowCount", "mustBeBetween": [1, 10], "dimension": "completeness", "severity": "error", "name": "n"},
                {"type": "custom", "engine": "greatExpectations", "implementation": REGEX, "schedule": "0 6 * * *"},
            ],
            relationships=[{"type": "foreignKey", "from": "orders.id", "to": "orders.id"}],
            customProperties=[
                setting("location", "orders.csv"),
                setting("format", "csv"),
                setting("timeColumn", "at"),
                setting("schedule", "P1D"),
                setting("nullValues", ["NA"]),
            ],
        )
    ],
    servers=[{"server": "local", "type": "local", "path": "orders.csv", "format": "csv"}],
    slaProperties=[{"property": "latency", "value": 1, "unit": "d", "element": "orders.at"}],
    team={"members": [{"username": "ada", "name": "Ada Lovelace", "role": "owner", "dateIn": "2020-01-01"}]},
    customProperties=[
        setting("cadence", "scheduled"),
        setting("deprecationEndsAt", "2099-01-01"),
        setting("inputPorts", [{"product": "parts", "required": True}]),
        setting("accessPolicies", [{"name": "readers", "effect": "permit", "purposes": ["analytics"], "minimumScore": 5,
                                    "expiresAt": "2099-01-01T00:00:00Z", "obligations": ["audit"]}]),
    ],
)  # fmt: skip
HOSTILE: list[Any] = [
    "x" * 101, "x" * 300, "x " * 1_500, "é" * 21_000, "a/" * 600,
    "0 0 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 * 0," + "1," * 40 + "2", "0 0 * * *" + " " * 100,
    "", " ", ".", "..", "/", "*", "\u202e\ufeff", "\U0001f600", "%s{}", "P9999Y", "P999999999D", "-P1D", "PT0S", "0001-01-01",
    "9999-12-31", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "10000-01-01", "24:61", "NaN", "Infinity",
    10**30, -(10**30), 2**63, -1, 0, 1e308, -1e-308, True, None, [], {}, ["x" * 300] * 60, [None], {"x": {"y": []}}, [[[[1]]]],
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in the document."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


PLACES = list(places(WHOLE))
READ_OF_EACH, REGISTERED_OF_EACH = (4 if ALL_CASES in os.environ else 12), 3
"""Each place gets every twelfth value (`bin/test --full`: fourth), and registers every third of those that can be read."""


@pytest.fixture(autouse=True)
def world(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "orders.csv").write_text("id,at,n\na,2026-01-01,1\n")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})
    make_owner("ada")
    make_product("parts")


def test_the_document_itself_is_registered() -> None:
    report = register_document(content=as_json(WHOLE), filename="x", actor=None, now=timezone.now())
    assert (report.created, report.slug) == (True, "orders")


@pytest.mark.parametrize("number", range(len(PLACES)), ids=[".".join(map(str, path)) for path in PLACES])
def test_a_hostile_value_in_one_place_is_registered_or_refused(number: int) -> None:
    readable = [document for document in map(as_json, hostile_documents(PLACES[number])) if is_readable(document)]
    for document in readable[number % REGISTERED_OF_EACH :: REGISTERED_OF_EACH]:
        with contextlib.suppress(DomainError):  # refused with a sentence: an error of any other kind ends the test
            register_document(
                content=document, filename="x" * 300, actor=None, now=timezone.now(), add_people=True, dry_run=True
            )


def hostile_documents(path: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    for value in HOSTILE[PLACES.index(path) % READ_OF_EACH :: READ_OF_EACH]:
        document = copy.deepcopy(WHOLE)
        inner: Any = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        yield document


def is_readable(document: bytes) -> bool:
    try:
        read_contract(document, today=TODAY)
    except DomainError:
        return False
    return True


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        (contract(schema=[orders(*({"name": f"f{n}"} for n in range(2_001)))]), "2,000"),
        (contract(schema=[orders(name=f"p{n}") for n in range(501)]), "500"),
        (contract(description={"purpose": "x" * 20_001, "limitations": "None.", "usage": "With care."}), "20,000"),
        (contract(schema=[orders({"name": "id", "description": "x" * 20_001})]), "20,000"),
        (contract(schema=[orders({"name": "id", "enum": [{"value": n} for n in range(10_001)]})]), "10,000"),
        (contract(tags=[f"t{n}" for n in range(51)]), "50"),
    ],
    ids=["fields", "ports", "purpose", "description of a field", "values", "tags"],
)
def test_what_is_too_large_is_refused_with_the_limit(document: dict[str, Any], limit: str) -> None:
    with pytest.raises(TooLargeError, match=limit):
        register_document(content=as_json(document), filename="x", actor=None, now=timezone.now())
    assert not DataProduct.objects.filter(slug="orders").exists()
    assert not Suite.objects.exists()
