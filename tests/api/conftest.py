"""Fixtures of the API's tests. The rows of the cast are shared by the tests of a module."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client

from catalog.models import Consumer, DataProduct, UseCase
from catalog.rules.vocabulary import Lifecycle
from tests.api.callers import Cast, make_cast
from tests.conftest import ModuleRows
from tests.factories import (
    make_consumer,
    make_governed_product,
    make_owner,
    make_port,
    make_product,
    make_use_case,
    measure_claims,
)
from trust.decisions.services import decision_cache


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    loaded: dict[str, Any] = json.loads(Client().get("/api/schema").content)
    return loaded


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    yield
    decision_cache._remembered.clear()


@pytest.fixture(scope="module")
def module_cast(module_rows: ModuleRows) -> Cast:
    with module_rows():
        return make_cast()


@pytest.fixture
def cast(module_cast: Cast, db: None) -> Cast:
    return deepcopy(module_cast)


@pytest.fixture
def product(cast: Cast) -> DataProduct:
    """A published product of the cast's owner with one port that never ran: its verdict is unknown."""
    product = make_governed_product("orders", owner=cast.owner.person)
    make_port(product)
    return product


@pytest.fixture
def scout(cast: Cast) -> Consumer:
    return make_consumer("scout", owner=cast.owner.person)


@pytest.fixture
def delays(cast: Cast) -> UseCase:
    """Of the cast's owner, with a product of the stranger and a consumer of somebody else."""
    return make_use_case(
        "delays",
        business_owner=cast.owner.person,
        products=[make_product("flights", owner=cast.stranger.person, lifecycle=Lifecycle.PUBLISHED)],
        consumers=[make_consumer("agent", owner=make_owner("otto"))],
        measures=[measure_claims(owner="olga")],
        is_acknowledged=True,
    )
