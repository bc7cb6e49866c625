"""The factories make what they say, through the services."""

import pytest

from catalog.rules.vocabulary import Lifecycle
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("lifecycle", list(Lifecycle))
def test_a_product_comes_in_any_stage_of_life(lifecycle: Lifecycle) -> None:
    assert factories.make_product(lifecycle=lifecycle).lifecycle == lifecycle


def test_a_governed_product_has_port_policy_and_signatures() -> None:
    product = factories.make_governed_product("orders")
    port = factories.make_port(product)

    assert [field.name for field in port.fields.all()] == ["id", "name"]
    assert product.access_policies.get().status == "published"
    assert product.acknowledged_by == product.owner
    assert product.reviewed_by is not None
