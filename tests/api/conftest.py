"""Fixtures of the API's tests."""

import pytest

from catalog.models import DataProduct
from tests.api.callers import Cast, make_cast
from tests.factories import make_governed_product, make_port


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def product(cast: Cast) -> DataProduct:
    """A published product of the cast's owner with one port that never ran: its verdict is unknown."""
    product = make_governed_product("orders", owner=cast.owner.person)
    make_port(product)
    return product
