"""Which products wait for which: one statement each, however deep or wide the net of products is."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection

from trust.rules.lineage import upstreams_first

# LATERAL with OFFSET 0 looks up the inputs of each product by index; the planner, which cannot guess how far a recursion goes,
# would rather read both tables whole.
_WAITING = """
WITH RECURSIVE walk(id) AS (
    SELECT DISTINCT unnest(%(products)s::bigint[])
    UNION
    SELECT above.id FROM walk CROSS JOIN LATERAL (
        SELECT i.upstream_id AS id FROM catalog_inputport i JOIN trust_currentverdict c ON c.product_id = i.upstream_id
        WHERE i.product_id = walk.id AND (c.invalidated OR c.valid_until IS NULL OR c.valid_until <= %(now)s) OFFSET 0
    ) above
)
SELECT walk.id, i.upstream_id FROM walk
LEFT JOIN catalog_inputport i ON i.product_id = walk.id AND i.upstream_id IN (SELECT id FROM walk)
ORDER BY walk.id, i.upstream_id
"""
_ABOVE = """
WITH RECURSIVE walk(product_id, upstream_id) AS (
    SELECT i.product_id, i.upstream_id FROM catalog_inputport i WHERE i.product_id = ANY (%(products)s)
    UNION
    SELECT walk.upstream_id, above.id FROM walk CROSS JOIN LATERAL (
        SELECT i.upstream_id AS id FROM catalog_inputport i WHERE i.product_id = walk.upstream_id OFFSET 0
    ) above
)
SELECT product_id, upstream_id FROM walk
"""


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
