"""Verdict history."""

from typing import Any

from django.utils import timezone

from tests.api.callers import Cast, assert_problem
from tests.factories import make_governed_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import Verdict

HISTORY = "/api/v1/products/orders/verdicts"


def test_the_history_tells_each_verdict_newest_first(cast: Cast, django_assert_num_queries: Any) -> None:
    port = make_ready_port(make_governed_product("orders", owner=cast.owner.person))
    for failed in (0, 1, 0):
        run_well(port, timezone.now(), failed=failed)
    found, path = [], f"{HISTORY}?limit=2"
    while path:
        page = cast.consumer.get(path).json()
        found += [verdict["verdict"] for verdict in page["results"]]
        path = page["next"]
    assert found == ["production_grade", "not_production_grade", "production_grade"]
    with django_assert_num_queries(3):  # key, product, verdicts
        cast.consumer.get(HISTORY)


def test_a_verdict_shows_the_facts_that_it_was_judged_on(cast: Cast) -> None:
    port = make_ready_port(make_governed_product("orders", owner=cast.owner.person))
    row = run_well(port, timezone.now())
    verdict = cast.auditor.get(f"{HISTORY}/{row.pk}").json()
    assert verdict["facts"]["slug"] == verdict["outcome"]["slug"] == "orders"
    assert verdict["policy_version"] == row.policy.version
    assert verdict["facts_sha256"] == row.facts_sha256
    assert len(verdict["outcome"]["gates"]) == 15


def test_a_verdict_of_another_product_is_not_found(cast: Cast) -> None:
    port = make_ready_port(make_governed_product("orders", owner=cast.owner.person))
    run_well(make_ready_port(), timezone.now())
    assert port.product.slug == "orders"
    assert_problem(cast.auditor.get(f"{HISTORY}/{Verdict.objects.get().pk}"), 404, "not_found")
