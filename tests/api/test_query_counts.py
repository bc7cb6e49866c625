"""What each list costs: the same number of queries for one entry as for many."""

from typing import Any

import pytest
from django.utils import timezone

from catalog.models import OutputPort
from catalog.rules.vocabulary import Severity
from tests.api.callers import Caller, Cast
from tests.factories import make_governed_product, make_policy, make_port, make_product
from tests.trust.builders import make_ready_port, make_suite, make_waiver, run_well
from trust.verdicts.services.incidents import open_incident

PRODUCT = "/api/v1/products/orders"


def add_one_of_each(cast: Cast, port: OutputPort, number: int) -> None:
    """One more of whatever a list can show."""
    now = timezone.now()
    run_well(port, now)
    make_suite(port, schedule=f"P{number + 1}D")
    make_policy(port.product, f"policy-{number}")
    make_port(port.product, f"port-{number}")
    upstream = make_product(f"upstream-{number}")
    port.product.input_ports.create(upstream=upstream)
    open_incident(product=port.product, title="x", severity=Severity.INFO, actor=cast.owner.person, now=now)
    make_waiver(port.product, now=now, gate="review", granted_by=cast.governance.person)
    cast.governance.post("/api/v1/trust-policies", {"changes": {"minimum_score": 76 + number}, "note": "x"})
    Caller(cast.governance.person)


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/api/v1/keys", 2),
        ("/api/v1/products", 2),
        ("/api/v1/trust-policies", 2),
        ("/api/v1/trust-policies/current", 2),
        (PRODUCT, 6),
        (f"{PRODUCT}/ports", 3),
        (f"{PRODUCT}/ports/rows", 4),
        (f"{PRODUCT}/ports/rows/suite", 4),
        (f"{PRODUCT}/ports/rows/suite/versions", 4),
        (f"{PRODUCT}/ports/rows/suite/versions/1", 4),
        (f"{PRODUCT}/input-ports", 3),
        (f"{PRODUCT}/runs", 3),
        (f"{PRODUCT}/verdicts", 3),
        (f"{PRODUCT}/policies", 3),
        (f"{PRODUCT}/policies/policy-0/1", 3),
        (f"{PRODUCT}/incidents", 3),
        (f"{PRODUCT}/waivers", 3),
        ("/api/v1/incidents", 2),
        ("/api/v1/waivers", 2),
        (f"{PRODUCT}/trust", 1),
        (f"{PRODUCT}/trust?detail=full", 5),
    ],
)
def test_a_read_costs_the_same_for_one_and_for_three(
    cast: Cast, path: str, queries: int, django_assert_num_queries: Any
) -> None:
    port = make_ready_port(make_governed_product("orders", owner=cast.owner.person))
    for number in range(3):
        add_one_of_each(cast, port, number)
        assert cast.governance.get(path).status_code == 200  # judges what has changed, keeps the last use of the key
        with django_assert_num_queries(queries):
            cast.governance.get(path)
