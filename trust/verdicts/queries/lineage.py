"""Which products wait for which: one statement each, however deep or wide the net of products is."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection

from trust.verdicts.rules.lineage import upstreams_first

# trust/sql/lineage.sql
_WAITING = "SELECT product, upstream FROM trust_waiting(%(products)s::bigint[], %(now)s)"
_ABOVE = "SELECT product, upstream FROM trust_above(%(products)s::bigint[])"


def stale_upstreams_first(products: Collection[int], now: datetime) -> list[int]:
    """These products and whatever stale product they are built from, every one after its inputs; circles in any order."""
    waiting = _edges(_WAITING, products=list(products), now=now)
    return [product for group in upstreams_first(waiting) for product in group]


def circles_among(products: Collection[int]) -> frozenset[tuple[int, int]]:
    """The input ports of these products, as (product, upstream), whose upstream is built, directly or not, from the product."""
    above = _edges(_ABOVE, products=list(products))
    circles = [frozenset(group) for group in upstreams_first(above) if len(group) > 1]
    wanted = frozenset(products)
    return frozenset(
        (product, upstream)
        for circle in circles
        for product in circle & wanted
        for upstream in above[product]
        if upstream in circle
    )


def _edges(statement: str, **values: list[int] | datetime) -> Mapping[int, list[int]]:
    """Product -> what it is built from, as far as the statement went."""
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for product, upstream in cursor.fetchall():
            above = found[product]
            if upstream is not None:
                above.append(upstream)
    return found
