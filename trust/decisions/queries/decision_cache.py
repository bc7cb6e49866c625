"""One statement that answers a question as it was answered before, where everything that the answer rested on is the same.

A ruling is a pure function of its inputs, so it is reused while none of them has changed. The statement checks each of them,
takes the locks that `decision_log` takes, and writes the decision again with a new id, moment, key and request.
Where anything differs it finds no row, and the question is decided in full. (An agreement must be `active`: it may have ended
while this statement waited for its row, as there.)
"""

from trust.decisions.queries.clauses import (
    CURRENT_VERDICT,
    FILLED,
    GOOD_KEY,
    POLICIES_IN_FORCE,
    STANDING_AGREEMENT,
    SUBJECT_FACTS,
    TAKEN_US,
    USE_IS_DUE,
)
from trust.decisions.queries.prepared import Statement
from trust.decisions.rules.comparison import WORDING_VERSION

STATEMENT = Statement(
    "answered_again",
    f"""
WITH asked AS MATERIALIZED (
    SELECT %s::text AS digest, %s::bigint AS consumer, %s::text AS subject, %s::text AS subject_facts, %s::bigint AS product,
           %s::text AS slug, %s::text AS product_facts, %s::text AS purpose, %s::bigint AS verdict_row,
           %s::bigint[] AS policies, %s::bigint[] AS relies_on, %s::bigint AS agreement
), subject AS MATERIALIZED (
    SELECT s.id FROM asked, catalog_consumer s JOIN catalog_person p ON p.id = s.owner_id
    WHERE s.id = asked.consumer AND s.slug = asked.subject
        AND {SUBJECT_FACTS}
            = asked.subject_facts
    FOR SHARE OF s, p
), asker AS MATERIALIZED (
    SELECT k.id, a.slug, k.requests_per_minute,
           {USE_IS_DUE} AS is_use_due
    FROM asked, subject, catalog_apikey k JOIN catalog_consumer a ON a.id = k.consumer_id
    WHERE k.digest = asked.digest AND {GOOD_KEY} AND k.scopes && ARRAY['decide', 'admin']::varchar[]
        AND (a.kind NOT IN ('ai_agent', 'ai_model') OR a.id = subject.id)
    FOR SHARE OF k
), agreement AS MATERIALIZED (
    SELECT g.id FROM asker, asked, catalog_agreement g
    WHERE g.id = asked.agreement AND g.status = 'active' AND {STANDING_AGREEMENT}
    FOR SHARE OF g
), policy AS MATERIALIZED (
    SELECT l.id FROM asker, asked, catalog_accesspolicy l
    WHERE l.id = ANY(asked.relies_on) AND l.status = 'published'
        AND (l.expires_at IS NULL OR l.expires_at > statement_timestamp()) AND (SELECT count(*) FROM agreement) >= 0
    ORDER BY l.id FOR SHARE OF l
), found AS MATERIALIZED (
    SELECT nextval('trust_decision_id_seq') AS decision_id, asker.id AS key, asker.slug AS asker, asker.is_use_due,
           asker.requests_per_minute, asked.consumer, asked.subject, asked.product, asked.slug, asked.purpose,
           asked.verdict_row, c.verdict, c.effective_score, c.basis, c.evidence_at,
           least(c.valid_until, (SELECT min(l.expires_at) FROM catalog_accesspolicy l WHERE l.id = ANY(asked.policies)),
               (SELECT g.expires_at FROM catalog_agreement g WHERE g.id = asked.agreement)) AS valid_until,
           greatest(statement_timestamp(), c.judged_at) AS as_of
    FROM asked, asker, catalog_dataproduct d
    JOIN catalog_domain m ON m.id = d.domain_id JOIN catalog_person w ON w.id = d.owner_id
    JOIN trust_currentverdict c ON c.product_id = d.id
    WHERE d.id = asked.product AND d.slug = asked.slug AND d.lifecycle <> 'draft'
        AND d.lifecycle || ' ' || coalesce(d.sensitivity, '') || ' ' || m.slug || ' ' || w.username = asked.product_facts
        AND c.verdict_row_id = asked.verdict_row AND {CURRENT_VERDICT}
        AND EXISTS (SELECT 1 FROM catalog_purpose u WHERE u.name = asked.purpose)
        AND {POLICIES_IN_FORCE.format(product="d")} = asked.policies
        AND (SELECT count(*) FROM policy) = cardinality(asked.relies_on)
        AND asked.agreement IS NOT DISTINCT FROM (
            SELECT min(g.id) FROM catalog_agreement g
            WHERE g.consumer_id = asked.consumer AND g.product_id = asked.product AND g.purpose = asked.purpose
                AND {STANDING_AGREEMENT})
        AND (asked.agreement IS NULL OR EXISTS (SELECT 1 FROM agreement))
), written AS (
    INSERT INTO trust_decision (id, asked_at, channel, consumer_id, subject, asker, key_id, product_id, product_slug, action,
        purpose, use_case, decision, production_grade, verdict, score, verdict_row_id, valid_until, reason_codes, question,
        basis, ruling, obligations, request_id, latency_us, wording_version,
        answer)
    SELECT decision_id, statement_timestamp(), 'evaluation', consumer, subject, asker, key, product, slug, %s, purpose, %s,
        %s::boolean, verdict = 'production_grade', verdict, effective_score, verdict_row, valid_until, %s::varchar(80)[],
        %s::jsonb, basis, %s::jsonb, %s::jsonb, %s,
        %s::bigint + {TAKEN_US}, {WORDING_VERSION},
        {FILLED.format(text="%s")}
    FROM found RETURNING answer
)
SELECT written.answer, found.key::text, found.is_use_due::text, found.requests_per_minute::text FROM written, found
""",
)
