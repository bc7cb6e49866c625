"""A verdict that has just expired counts as unknown wherever verdicts are counted, filtered or listed."""

from datetime import timedelta

import pytest
from django.utils import timezone

import config.urls  # noqa: F401  registers the pages
from catalog.models import DataProduct
from tests.admin.cast import Visitor
from tests.api.callers import Caller
from tests.factories import make_governance, make_governed_product
from tests.trust.builders import make_ready_port, run_well
from trust.desk.pages.desk import Matrix
from trust.models import CurrentVerdict
from trust.presentation.pages.labels import VERDICTS

PRODUCTS = 12  # more than the desk judges for its list of products that are not production-grade

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(make_governance("gina", is_staff=True))


@pytest.fixture
def expired() -> None:
    """Production-grade products whose verdicts expired a second ago and were not judged since."""
    long_ago = timezone.now() - timedelta(days=3)
    for number in range(PRODUCTS):
        product = make_governed_product(f"p-{number:02}")
        DataProduct.objects.filter(pk=product.pk).update(acknowledged_at=long_ago, reviewed_at=long_ago)
        run_well(make_ready_port(product), timezone.now() - timedelta(hours=36, seconds=1))  # evidence lives 36 hours


def matrix(visitor: Visitor) -> Matrix:
    found = visitor.get("index").context["matrix"]
    assert isinstance(found, Matrix)
    return found


def listed(visitor: Visitor, **query: str) -> list[DataProduct]:
    return list(visitor.get("catalog_dataproduct_changelist", **query).context["cl"].result_list)


def waiting() -> int:
    """How many are not judged again yet, and still hold the word of before."""
    return CurrentVerdict.objects.stale(timezone.now()).filter(verdict="production_grade").count()


@pytest.mark.usefixtures("expired")
def test_tile_matrix_lists_filters_and_api_agree_on_a_verdict_that_has_just_expired(visitor: Visitor) -> None:
    assert waiting() == PRODUCTS
    shown = matrix(visitor)
    assert waiting() > 0
    counts = dict(zip(VERDICTS, (cell.amount for cell in shown.totals.cells), strict=True))
    assert counts == {"production_grade": 0, "not_production_grade": 0, "unknown": PRODUCTS}
    assert (shown.good.amount, shown.share, shown.products) == (0, 0, PRODUCTS)
    cells = [cell for row in (*shown.rows, shown.totals) for cell in row.cells]
    assert [len(listed(visitor, **cell.query)) for cell in cells] == [cell.amount for cell in cells]
    assert waiting() > 0
    assert len(listed(visitor, **shown.totals.total.query)) == PRODUCTS  # judges what it shows
    assert waiting() == 0
    assert [cell.amount for cell in matrix(visitor).totals.cells] == [0, 0, PRODUCTS]


@pytest.mark.usefixtures("expired")
def test_the_filters_and_the_api_count_an_expired_verdict_as_unknown(visitor: Visitor) -> None:
    assert waiting() == PRODUCTS
    assert len(listed(visitor, verdict="unknown")) == PRODUCTS
    assert listed(visitor, verdict="production_grade") == []
    assert listed(visitor, gate="evidence") == []
    assert "to be judged again" in visitor.sees("catalog_dataproduct_changelist", verdict="unknown")
    assert waiting() == PRODUCTS
    api = Caller(visitor.person)
    for verdict, amount in (("production_grade", 0), ("not_production_grade", 0), ("unknown", PRODUCTS)):
        assert len(api.get(f"/api/v1/products?verdict={verdict}").json()["results"]) == amount, verdict
    assert [cell.amount for cell in matrix(visitor).totals.cells] == [0, 0, PRODUCTS]
