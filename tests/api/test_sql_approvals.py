"""The SQL rules of a product over HTTP, and governance's word on each."""

import pytest

from catalog.models import DataProduct
from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Sensitivity
from tests.api.callers import Cast, assert_problem
from tests.factories import NOW, make_governed_product, make_port
from trust.evidence.rules.sql_rules import query_digest
from trust.evidence.services.suites import put_suite

PATH = "/api/v1/products/orders/sql-approvals"
QUERY = "SELECT COUNT(*) FROM {object}"
DIGEST = query_digest(QUERY)


@pytest.fixture
def product(cast: Cast) -> DataProduct:
    made = make_governed_product("orders", owner=cast.owner.person, sensitivity=Sensitivity.INTERNAL)
    rule = Expectation("expect_sql_result_to_be_within_limits", {"query": QUERY, "mustBeGreaterThan": 0})
    put_suite(port=make_port(made, "rows"), expectations=[rule], schedule="", actor=cast.owner.person, now=NOW)
    return made


def test_each_text_is_listed_with_who_approved_it(cast: Cast, product: DataProduct) -> None:
    assert cast.owner.get(PATH).json() == {
        "product": "orders",
        "results": [{"digest": DIGEST, "query": QUERY, "ports": ["rows"], "approved_by": None, "approved_at": None}],
    }
    answer = cast.governance.post(PATH, {"digest": DIGEST})
    assert answer.status_code == 200
    [rule] = cast.owner.get(PATH).json()["results"]
    assert rule["approved_by"] == cast.governance.person.username
    [rule] = cast.governance.post(f"{PATH}/withdraw", {"digest": DIGEST}).json()["results"]
    assert rule["approved_by"] is None


def test_who_answers_for_the_product_approves_nothing(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.owner.post(PATH, {"digest": DIGEST}), 403, "forbidden")
    assert_problem(cast.owner.post(f"{PATH}/withdraw", {"digest": DIGEST}), 403, "forbidden")


def test_an_unknown_text_is_named(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.governance.post(PATH, {"digest": "0" * 64}), 400, "sql_unknown")
    assert_problem(cast.governance.post(f"{PATH}/withdraw", {"digest": DIGEST}), 400, "sql_unknown")
