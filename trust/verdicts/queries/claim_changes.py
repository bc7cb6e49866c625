"""Who changed what a product claims, by the history."""

from datetime import datetime

from django.db import connection

_CHANGERS = """
SELECT DISTINCT p.id FROM (
    SELECT pgh_context_id, pgh_created_at FROM catalog_dataproductevent WHERE pgh_obj_id = %(product)s
    UNION ALL
    SELECT pgh_context_id, pgh_created_at FROM catalog_outputportevent WHERE product_id = %(product)s
    UNION ALL
    SELECT pgh_context_id, pgh_created_at FROM catalog_inputportevent WHERE product_id = %(product)s
    UNION ALL
    SELECT e.pgh_context_id, e.pgh_created_at FROM catalog_fieldevent e JOIN catalog_outputport o ON o.id = e.port_id
    WHERE o.product_id = %(product)s
    UNION ALL
    SELECT e.pgh_context_id, e.pgh_created_at FROM trust_suiteevent e JOIN catalog_outputport o ON o.id = e.port_id
    WHERE o.product_id = %(product)s
) change JOIN pghistory_context c ON c.id = change.pgh_context_id
JOIN catalog_person p ON p.username = c.metadata ->> 'actor' OR p.id::text = c.metadata ->> 'user'
WHERE change.pgh_created_at > %(since)s AND c.metadata ->> 'action' IS DISTINCT FROM 'review_product'
"""


def changers_since(product_id: int, since: datetime) -> frozenset[int]:
    """The accounts that changed the product, its ports, fields, inputs or suites after a moment. One query.

    The operator at the command line acts under no account, and is none of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGERS, {"product": product_id, "since": since})
        return frozenset(row[0] for row in cursor.fetchall())
