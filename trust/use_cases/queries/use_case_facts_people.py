"""When people were last seen: what only the person can have done, of which the platform keeps the moment."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection

# What a key can do counts for nothing: a machine goes on long after its owner has left. Each line looks at an index.
_LAST_SEEN = """
SELECT p.id, greatest(
    p.date_joined,
    p.last_login,
    (SELECT max(d.acknowledged_at) FROM catalog_dataproduct d WHERE d.acknowledged_by_id = p.id),
    (SELECT max(d.reviewed_at) FROM catalog_dataproduct d WHERE d.reviewed_by_id = p.id),
    (SELECT max(u.acknowledged_at) FROM catalog_usecase u WHERE u.acknowledged_by_id = p.id),
    (SELECT max(o.confirmed_at) FROM catalog_obligationconfirmation o WHERE o.confirmed_by_id = p.id),
    (SELECT max(r.reported_at) FROM trust_outcomereport r WHERE r.reported_by_id = p.id AND r.consumer_id IS NULL),
    (SELECT max(x.closed_at) FROM trust_outputexception x WHERE x.closed_by_id = p.id),
    (SELECT max(m.requested_at) FROM trust_stagemove m WHERE m.requested_by_id = p.id),
    (SELECT max(m.decided_at) FROM trust_stagemove m WHERE m.decided_by_id = p.id)
)
FROM catalog_person p WHERE p.id = ANY(%s)
"""


def last_seen(people: Collection[int | None], now: datetime) -> Mapping[int, datetime]:
    """Person id to the newest sign of life: the account was made, a login, an acknowledgement, a review, a confirmation, an
    outcome reported in person, an exception closed, a stage move asked for or decided. One query.
    """
    ids = sorted({person for person in people if person is not None})
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SEEN, [ids])
        return {person: min(moment, now) for person, moment in cursor.fetchall()}
