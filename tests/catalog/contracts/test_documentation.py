"""docs/contracts.md says what the code does: its example can be registered, and no setting or metric is missing from it."""

import re
from pathlib import Path

import pytest

from catalog.contracts import settings
from catalog.contracts.reader import read_contract
from catalog.rules.vocabulary import Lifecycle
from tests.catalog.contracts.documents import TODAY

PAGE = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text(encoding="utf-8")


def test_the_example_is_a_contract_whose_rules_are_all_executed() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    document = read_contract(example[1].encode(), today=TODAY)
    assert document.not_executable == ()
    assert document.warnings == ()
    assert (document.product.owner, document.product.stewards, document.lifecycle) == ("ada", ("bob",), Lifecycle.PUBLISHED)
    (port,) = document.ports
    assert (port.location, port.time_column, port.service_level is not None) == ("sales/orders.parquet", "ordered_at", True)
    assert document.suites["orders"].schedule == "P1D"


@pytest.mark.parametrize(
    "name",
    sorted(
        settings.PRODUCT_SETTINGS
        | settings.OBJECT_SETTINGS
        | settings.FIELD_SETTINGS
        | settings.SERVER_SETTINGS
        | settings.QUALITY_SETTINGS
    ),
)
def test_every_setting_is_documented(name: str) -> None:
    assert f"touchstone.{name}" in PAGE
