"""The last finished runs of some ports, for reliability: one query, however long their history."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection

from trust.evidence.rules.facts import PastRunFacts

# LATERAL reads only the newest rows of each port from its index, where a window function would read its whole history.
_PAST_RUNS = """
SELECT port.id, run.id::text, COALESCE(run.started_at, run.finished_at),
       run.status = 'completed' AND run.evidence_status <> 'error' AND NOT EXISTS (
           SELECT 1 FROM trust_checkresult result WHERE result.run_id = run.id
           AND (result.status = 'error' OR (result.status = 'failed' AND result.severity = 'critical')))
FROM unnest(%s::bigint[]) AS port(id)
CROSS JOIN LATERAL (
    SELECT id, status, evidence_status, started_at, finished_at FROM trust_run
    WHERE port_id = port.id AND status IN ('completed', 'failed')
    ORDER BY finished_at DESC LIMIT %s
) AS run
"""


def past_runs(port_ids: Sequence[int], window: int) -> Mapping[int, tuple[PastRunFacts, ...]]:
    """Port id -> its last `window` finished runs, those that finished last. Ports that never ran are absent."""
    found: dict[int, tuple[PastRunFacts, ...]] = defaultdict(tuple)
    with connection.cursor() as cursor:
        cursor.execute(_PAST_RUNS, [list(port_ids), window])
        for port_id, run_id, started_at, is_success in cursor.fetchall():
            found[port_id] += (PastRunFacts(run_id, started_at, is_success),)
    return dict(found)
