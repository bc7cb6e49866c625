"""Items are compared as JSON Schema compares them, and thousands of them at once."""

import time
from typing import Any

import pytest

from catalog.rules.json_values import are_all_different
from tests.catalog.contracts.documents import contract, orders, read


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([1, 1.0], False),
        ([1, True], True),
        ([0, False], True),
        ([{"a": 1, "b": 2}, {"b": 2.0, "a": 1}], False),
        ([[1], [True]], True),
        (["1", 1], True),
        ([None, "null"], True),
        ([], True),
    ],
)
def test_items_are_told_apart_as_json_schema_does(items: list[Any], expected: bool) -> None:
    assert are_all_different(items) is expected


def test_a_contract_with_thousands_of_values_is_read_at_once() -> None:
    before = time.monotonic()
    read(contract(schema=[orders({"name": "id", "enum": [{"value": number} for number in range(10_000)]})]))
    assert time.monotonic() - before < 10
