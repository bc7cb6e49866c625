"""Who was given a yes for a product: read from the log of answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

MOST_DECISION_IDS = 1000
"""How many decision ids a recall keeps for one consumer, the newest; the count counts all (our choice)."""

# A yes about a past moment (`as_of`) allowed nothing. Both bounds of the time let the planner leave partitions out.
_WHO_RELIED = """
SELECT d.consumer_id, count(*), (array_agg(d.id ORDER BY d.id DESC))[1:%s],
       coalesce(array_agg(DISTINCT d.purpose ORDER BY d.purpose) FILTER (WHERE d.purpose IS NOT NULL), '{}')
FROM trust_decision d JOIN catalog_consumer c ON c.id = d.consumer_id
WHERE d.product_id = %s AND d.decision AND d.asked_at >= %s AND d.asked_at < %s AND d.question ->> 'as_of' IS NULL
GROUP BY d.consumer_id ORDER BY d.consumer_id
"""


@dataclass(frozen=True, slots=True)
class Reliance:
    """What one consumer was allowed. decision_ids: newest first, at most `MOST_DECISION_IDS` of `decision_count`."""

    consumer_id: int
    decision_count: int
    decision_ids: tuple[int, ...]
    purposes: tuple[str, ...]


def who_relied(product_id: int, *, since: datetime, until: datetime) -> Sequence[Reliance]:
    """The consumers that were given a yes for the product in `since <= asked_at < until`, each once. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WHO_RELIED, [MOST_DECISION_IDS, product_id, since, until])
        return [Reliance(consumer, count, tuple(ids), tuple(purposes)) for consumer, count, ids, purposes in cursor.fetchall()]
