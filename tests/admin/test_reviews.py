"""What changed since the last review, on the page of the product: side by side, with the button beside it."""

import re
from dataclasses import replace

import pytest

from catalog.models import DataProduct
from catalog.rules.vocabulary import Sensitivity
from catalog.services.products import claims_of, update_product
from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_governance, make_product
from trust.verdicts.services.reviews import review_product

CHANGE, DO = "catalog_dataproduct_change", "catalog_dataproduct_do"
SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def changed(world: World) -> DataProduct:
    """Reviewed, then moved to another domain with a name that is no HTML, and called more sensitive."""
    product = review_product(product=world.product, actor=make_governance("gil"), now=NOW)
    claims = replace(claims_of(product), domain=f"Elsewhere {SCRIPT}", sensitivity=Sensitivity.CONFIDENTIAL)
    update_product(product=product, claims=claims, actor=product.owner)
    return product


def section(visitor: Visitor, product: DataProduct) -> str:
    html = visitor.sees(CHANGE, product.pk)
    [found] = re.findall(r'<section id="review">.*?</section>', html, flags=re.DOTALL)
    return str(found)


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2], flags=re.DOTALL)
    return [[re.sub("<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.DOTALL)] for row in rows]


def test_each_claim_stands_as_it_was_reviewed_beside_what_it_is_now(cast: Cast, changed: DataProduct) -> None:
    assert cells(section(cast.governance, changed)) == [
        ["domain", "testing", "elsewhere-scriptalertxscript", "less, or not shown to ask for as much"],
        ["sensitivity", "internal", "confidential", "as much or more"],
    ]


def test_the_button_of_a_review_is_governances_and_stands_beside_the_differences(cast: Cast, changed: DataProduct) -> None:
    assert "Review</button>" in section(cast.governance, changed)
    for visitor in (cast.owner, cast.steward, cast.auditor):
        shown = section(visitor, changed)
        assert "sensitivity" in shown
        assert "<button" not in shown


def test_the_remedy_of_the_gate_leads_to_the_differences(cast: Cast, changed: DataProduct) -> None:
    assert '<a href="#review">See the differences</a>' in cast.governance.sees(CHANGE, changed.pk)


def test_a_review_by_the_button_settles_the_differences(cast: Cast, changed: DataProduct) -> None:
    [seen] = re.findall(r'name="seen" value="([0-9a-f]{64})"', section(cast.governance, changed))
    assert cast.governance.post(DO, changed.pk, "review", seen=seen).status_code == 302
    changed.refresh_from_db()
    assert changed.reviewed_by == cast.governance.person
    assert "Nothing has changed since." in section(cast.governance, changed)


def test_a_page_that_has_aged_records_no_review(cast: Cast, changed: DataProduct) -> None:
    [seen] = re.findall(r'name="seen" value="([0-9a-f]{64})"', section(cast.governance, changed))
    update_product(product=changed, claims=replace(claims_of(changed), sensitivity=Sensitivity.PUBLIC), actor=changed.owner)
    assert cast.governance.post(DO, changed.pk, "review", seen=seen).status_code == 302
    assert "has changed since you read it" in cast.governance.sees(CHANGE, changed.pk)
    changed.refresh_from_db()
    assert changed.reviewed_by is not None
    assert changed.reviewed_by.username == "gil"


def test_a_product_that_was_never_reviewed_says_so(cast: Cast) -> None:
    product = make_product("fresh", owner=cast.owner.person)
    shown = section(cast.governance, product)
    assert "Governance has never reviewed this product." in shown
    assert "<table" not in shown
    assert "Review</button>" in shown


def test_what_waits_for_another_review_is_in_governances_queue(cast: Cast, changed: DataProduct) -> None:
    cast.governance.sees(CHANGE, changed.pk)  # judges it
    listed = cast.governance.sees("catalog_dataproduct_changelist", missing="review")
    assert changed.slug in listed
    review_product(product=changed, actor=cast.governance.person, now=NOW)
    cast.governance.sees(CHANGE, changed.pk)
    listed = cast.governance.sees("catalog_dataproduct_changelist", missing="review")
    assert f"{changed.slug}\n" not in re.sub(r"\s+</", "\n</", listed)
