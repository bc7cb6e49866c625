"""What `benchmarks/decision_log.py` measures on: a log of months, with consumers, products and purposes from common to rare."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

MONTHS = 6
CONSUMERS, PRODUCTS = 400, 2_000
BATCH = 500_000
RARE = 12
"""How many answers each rare value has, in the oldest month."""


@dataclass(frozen=True)
class Span:
    """The time that the log covers."""

    begins: datetime
    ends: datetime

    def at(self, share: float) -> datetime:
        return self.begins + (self.ends - self.begins) * share


def load(url: str, rows: int) -> Span:
    """A log of `rows` answers over the last months, in a database that `answers_ground.prepare` has made ready."""
    now = datetime.now(UTC).replace(microsecond=0)
    span = Span(now - timedelta(days=30 * MONTHS), now)
    with psycopg.connect(url, autocommit=True) as connection:
        _make_partitions(connection, span)
        connection.execute("ALTER TABLE trust_decision DISABLE TRIGGER USER")
        connection.execute(_CONSUMERS, {"most": CONSUMERS})
        connection.execute(_SAMPLE_OF_PRODUCTS, [PRODUCTS])
        connection.execute(_SAMPLE_OF_CONSUMERS, [CONSUMERS])
        for first in range(0, rows, BATCH):
            last = min(first + BATCH, rows)
            connection.execute(_ROWS, {"first": first + 1, "last": last, "all": rows, "begins": span.begins, "ends": span.ends})
        connection.execute(_RARE, {"begins": span.begins, "count": RARE})
        connection.execute("ALTER TABLE trust_decision ENABLE TRIGGER USER")
        connection.execute("VACUUM ANALYZE")
    return span


def _make_partitions(connection: psycopg.Connection, span: Span) -> None:
    month = span.begins.replace(day=1, hour=0, minute=0, second=0)
    while month <= span.ends:
        following = (month + timedelta(days=32)).replace(day=1)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS trust_decision_{month:%Y_%m} PARTITION OF trust_decision"
            f" FOR VALUES FROM ('{month.isoformat()}') TO ('{following.isoformat()}')"
            " WITH (autovacuum_vacuum_insert_threshold = 20000, autovacuum_vacuum_insert_scale_factor = 0)"
        )
        month = following


_CONSUMERS = """
INSERT INTO catalog_consumer (slug, name, description, kind, owner_id, clearance, status, contact_email, webhook_url,
    created_at, updated_at)
SELECT 'agent-' || n, 'agent-' || n, '', 'ai_agent', (SELECT min(id) FROM catalog_person), 'internal', 'active', '', '', now(),
    now()
FROM (SELECT generate_series(1, %(most)s)::text AS n UNION ALL SELECT 'rare') t
"""
_SAMPLE_OF_PRODUCTS = """
CREATE UNLOGGED TABLE benchmark_product AS
    SELECT row_number() OVER (ORDER BY d.id) AS n, d.id, d.slug, c.verdict_row_id, c.effective_score, c.valid_until,
        c.reason_codes, c.basis, c.body
    FROM catalog_dataproduct d JOIN trust_currentverdict c ON c.product_id = d.id
    WHERE d.slug LIKE 'copy-%%' ORDER BY d.id LIMIT %s
"""
_SAMPLE_OF_CONSUMERS = """
CREATE UNLOGGED TABLE benchmark_consumer AS
    SELECT row_number() OVER (ORDER BY id) AS n, id, slug FROM catalog_consumer WHERE slug ~ '^agent-[0-9]+$' ORDER BY id
    LIMIT %s
"""
_COLUMNS = """
INSERT INTO trust_decision (asked_at, channel, consumer_id, subject, asker, product_id, product_slug, purpose, use_case,
    decision, production_grade, verdict, score,
    verdict_row_id, valid_until, reason_codes, basis, ruling, request_id, latency_us, answer)
"""
# Cubed, so that the first few of a kind have most of the answers.
_ROWS = f"""
{_COLUMNS}
SELECT t.asked_at, t.channel, c.id, c.slug, c.slug, p.id, p.slug, t.purpose,
    CASE WHEN t.of_use_case < 0.02 THEN 'case-' || (1 + t.of_use_case * 1000)::int END, t.is_yes, t.is_yes,
    CASE WHEN t.is_yes THEN 'production_grade' ELSE 'not_production_grade' END, p.effective_score, p.verdict_row_id,
    p.valid_until, CASE WHEN t.is_yes THEN '{{}}' ELSE p.reason_codes END, p.basis,
    CASE WHEN t.purpose IS NOT NULL THEN jsonb_build_object('request', p.basis, 'determining', t.purpose) END,
    t.n::text, 500, p.body
FROM (
    SELECT n, %(begins)s::timestamptz + (%(ends)s::timestamptz - %(begins)s::timestamptz) * (n::float8 / %(all)s) AS asked_at,
        (ARRAY['trust', 'check', 'evaluation', 'evaluations'])[1 + floor(4 * random() ^ 2)] AS channel,
        1 + floor((SELECT count(*) FROM benchmark_consumer) * random() ^ 3) AS consumer,
        1 + floor((SELECT count(*) FROM benchmark_product) * random() ^ 3) AS product,
        (ARRAY['analytics', 'ai.retrieval', 'ai.training', NULL, 'ai.evaluation'])[1 + floor(5 * random() ^ 2)] AS purpose,
        random() AS of_use_case, random() < 0.7 AS is_yes
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
) t
JOIN benchmark_consumer c ON c.n = t.consumer JOIN benchmark_product p ON p.n = t.product
"""
_RARE = f"""
{_COLUMNS}
SELECT %(begins)s::timestamptz + make_interval(hours => g.n), 'search', c.id, c.slug, c.slug, p.id, p.slug,
    'ai.autonomous-decision', 'case-rare', false, false, 'not_production_grade', p.effective_score, p.verdict_row_id,
    p.valid_until, p.reason_codes, p.basis, NULL, 'rare', 500, p.body
FROM generate_series(1, %(count)s) AS g(n), catalog_consumer c, benchmark_product p
WHERE c.slug = 'agent-rare' AND p.n = (SELECT max(n) FROM benchmark_product)
"""
