"""What changed since the last review, over HTTP: each claim as it was and as it is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import DataProduct
from catalog.rules.vocabulary import Sensitivity
from catalog.services.products import claims_of, update_product
from tests.api.callers import Cast, assert_problem
from tests.factories import make_governance, make_governed_product, make_port, make_product
from trust.verdicts.services.reviews import review_product

PATH = "/api/v1/products/orders/review"


@pytest.fixture
def product(cast: Cast) -> DataProduct:
    made = make_governed_product("orders", owner=cast.owner.person, sensitivity=Sensitivity.CONFIDENTIAL)
    make_port(made, "rows", location="rows.csv")
    return review_product(product=made, actor=make_governance("gil"), now=timezone.now() - timedelta(hours=1))


def lower(product: DataProduct) -> None:
    product.refresh_from_db()
    update_product(product=product, claims=replace(claims_of(product), sensitivity=Sensitivity.PUBLIC), actor=product.owner)


def test_nothing_changed_yet(cast: Cast, product: DataProduct) -> None:
    answer = cast.governance.get(PATH).json()
    assert (answer["product"], answer["reviewed_by"], answer["is_recorded"]) == ("orders", "gil", True)
    assert answer["differences"] == []


def test_each_difference_has_the_old_and_the_new_value(cast: Cast, product: DataProduct) -> None:
    lower(product)
    product.output_ports.update(location="other.csv", connection="")
    make_port(product, "second")
    shown = cast.governance.get(PATH).json()["differences"]
    assert shown == [
        {"subject": "port rows, location", "before": "rows.csv", "after": "other.csv", "is_looser": True},
        {"subject": "port second", "before": "none", "after": "added", "is_looser": True},
        {"subject": "sensitivity", "before": "confidential", "after": "public", "is_looser": True},
    ]
    assert cast.governance.post(PATH).status_code == 200
    assert cast.governance.get(PATH).json()["differences"] == []


def test_what_asks_for_more_is_shown_and_asks_for_no_review(cast: Cast, product: DataProduct) -> None:
    claims = replace(claims_of(product), sensitivity=Sensitivity.RESTRICTED)
    update_product(product=product, claims=claims, actor=product.owner)
    [one] = cast.owner.get(PATH).json()["differences"]
    assert one == {"subject": "sensitivity", "before": "confidential", "after": "restricted", "is_looser": False}


def test_the_reference_to_credentials_is_never_shown(cast: Cast, product: DataProduct) -> None:
    product.output_ports.update(connection="env:OTHER_URL")
    answer = cast.governance.get(PATH)
    assert [one["subject"] for one in answer.json()["differences"]] == ["port rows, connection"]
    assert b"OTHER_URL" not in answer.content


def test_a_product_that_was_never_reviewed_says_so(cast: Cast) -> None:
    make_product("orders", owner=cast.owner.person)
    answer = cast.governance.get(PATH).json()
    assert (answer["reviewed_at"], answer["reviewed_by"], answer["is_recorded"], answer["differences"]) == (
        None,
        None,
        False,
        [],
    )


def test_no_review_is_recorded_of_what_the_reviewer_has_not_seen(cast: Cast, product: DataProduct) -> None:
    seen = cast.governance.get(PATH).json()["claims_digest"]
    lower(product)
    assert_problem(cast.governance.post(PATH, {"seen": seen}), 409, "changed_since_seen")
    product.refresh_from_db()
    assert product.reviewed_by is not None
    assert product.reviewed_by.username == "gil"

    seen = cast.governance.get(PATH).json()["claims_digest"]
    assert cast.governance.post(PATH, {"seen": seen}).json()["reviewed_by"] == "gina"


def test_who_may_not_see_the_product_sees_no_difference(cast: Cast) -> None:
    make_product("orders", owner=cast.owner.person)
    assert_problem(cast.stranger.get(PATH), 404, "product_unknown")
    assert_problem(cast.nobody.get(PATH), 401, "not_authenticated")
    assert_problem(cast.governance.post(PATH, {"sen": "x"}), 400, "invalid")
