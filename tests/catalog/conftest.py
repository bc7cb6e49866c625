"""Fixtures of agreements: who asks for whom, and for which product; and the data of contracts that are registered."""

from pathlib import Path

import pytest
from pytest_django import Settings

from catalog.models import Consumer, DataProduct, Person
from catalog.rules.vocabulary import Lifecycle, Sensitivity
from tests.factories import make_consumer, make_owner, make_person, make_product


@pytest.fixture
def carl() -> Person:
    """Answers for the consumer."""
    return make_person("carl")


@pytest.fixture
def consumer(carl: Person) -> Consumer:
    return make_consumer("agent", owner=carl, webhook_url="https://hook.example.org/x")


@pytest.fixture
def product() -> DataProduct:
    return make_product("orders", owner=make_owner("olga"), lifecycle=Lifecycle.PUBLISHED)


@pytest.fixture
def secret() -> DataProduct:
    return make_product(
        "salaries", owner=make_owner("sam"), lifecycle=Lifecycle.PUBLISHED, sensitivity=Sensitivity.CONFIDENTIAL
    )


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """A data root with the file that the contracts name, and ada, who owns them."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "orders.csv").write_text("id,amount\n1,2\n")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(root)]})
    make_owner("ada")
    return root
