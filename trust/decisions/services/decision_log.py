"""Writes decisions: one statement for many, which looks once more, under locks, whether what was read still holds.

Locked until the row is committed are, in this order: the subject and the account of its owner, the key (or the account of
whoever has the session), the agreement that a yes relies on, the policies that it rests on. Whoever takes one of them back
waits for the answer that is being written, or the statement waits, looks again, and writes nothing. (An agreement's `ended_at`
alone would not do: it lies after the beginning of a statement that waited for it.) That the verdict row, the
policies in force and the facts about the consumer are those that were read is looked at in the same statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

import msgspec

from catalog.rules.errors import ForbiddenError
from trust.decisions.queries.clauses import (
    CURRENT_VERDICT,
    GOOD_KEY,
    POLICIES_IN_FORCE,
    STANDING_AGREEMENT,
    SUBJECT_FACTS,
    TAKEN_US,
)
from trust.decisions.queries.prepared import Statement
from trust.decisions.rules.comparison import WORDING_VERSION
from trust.decisions.rules.question import Asker
from trust.vocabulary import DecisionChannel

_WRITE = Statement(
    "write_decisions",
    f"""
WITH given AS (
    SELECT %s::bigint AS key, %s::bigint AS person, %s::text AS channel, %s::text AS asker, %s::text AS request_id,
        %s::bigint AS elapsed_us
), draft AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r(
        n int, consumer_id bigint, consumer_facts text, subject text, product_id bigint, product_slug text, action text,
        purpose text, use_case text, decision boolean, production_grade boolean, verdict text, score double precision,
        verdict_row_id bigint, is_current boolean, valid_until timestamptz, reason_codes varchar(80)[], question jsonb,
        basis jsonb, ruling jsonb, policies bigint[], relies_on bigint[], agreement bigint, obligations jsonb, answer text)
), subject AS MATERIALIZED (
    SELECT s.id, {SUBJECT_FACTS} AS facts
    FROM catalog_consumer s JOIN catalog_person p ON p.id = s.owner_id
    WHERE s.id IN (SELECT consumer_id FROM draft) ORDER BY s.id FOR SHARE
), asker AS MATERIALIZED (
    SELECT k.id FROM catalog_apikey k
    WHERE k.id = (SELECT key FROM given) AND {GOOD_KEY} AND (SELECT count(*) FROM subject) >= 0
    FOR SHARE
), person AS MATERIALIZED (
    SELECT p.id FROM catalog_person p
    WHERE (SELECT key FROM given) IS NULL AND p.id = (SELECT person FROM given) AND p.is_active
        AND (SELECT count(*) FROM subject) >= 0
    FOR SHARE
), agreement AS MATERIALIZED (
    SELECT g.id FROM catalog_agreement g
    WHERE g.id IN (SELECT agreement FROM draft) AND g.status = 'active' AND {STANDING_AGREEMENT}
        AND EXISTS (SELECT 1 FROM asker UNION ALL SELECT 1 FROM person)
    ORDER BY g.id FOR SHARE
), policy AS MATERIALIZED (
    SELECT a.id FROM catalog_accesspolicy a
    WHERE a.id IN (SELECT unnest(relies_on) FROM draft) AND a.status = 'published'
        AND (a.expires_at IS NULL OR a.expires_at > statement_timestamp()) AND (SELECT count(*) FROM agreement) >= 0
    ORDER BY a.id FOR SHARE
), sure AS MATERIALIZED (
    SELECT nextval('trust_decision_id_seq') AS id, good.* FROM (
        SELECT r.*, coalesce(r.basis, c.basis) AS known FROM draft r
        LEFT JOIN catalog_dataproduct d ON d.id = r.product_id
        LEFT JOIN trust_currentverdict c ON c.product_id = r.product_id
        WHERE EXISTS (SELECT 1 FROM asker UNION ALL SELECT 1 FROM person)
            AND (r.consumer_id IS NULL OR (r.consumer_id, r.consumer_facts) IN (SELECT id, facts FROM subject))
            AND (NOT r.is_current OR c.verdict_row_id = r.verdict_row_id AND {CURRENT_VERDICT})
            AND (r.policies IS NULL OR r.policies = {POLICIES_IN_FORCE.format(product="d")})
            AND (r.agreement IS NULL OR r.agreement IN (SELECT id FROM agreement))
            AND r.relies_on <@ (SELECT coalesce(array_agg(id), '{{}}') FROM policy)
        ORDER BY r.n) good
), written AS (
    INSERT INTO trust_decision (id, asked_at, channel, consumer_id, subject, asker, key_id, product_id, product_slug, action,
        purpose, use_case, decision, production_grade, verdict, score, verdict_row_id, valid_until, reason_codes, question,
        basis, ruling, obligations, request_id, latency_us, wording_version,
        answer)
    SELECT id, statement_timestamp(), given.channel, consumer_id, subject, given.asker, given.key, product_id, product_slug,
        action, purpose, use_case, decision, production_grade, verdict, score, verdict_row_id, valid_until, reason_codes,
        question, known, ruling, obligations, given.request_id,
        given.elapsed_us + {TAKEN_US}, {WORDING_VERSION},
        replace(answer, chr(1), id::text)
    FROM sure, given RETURNING id, answer
)
SELECT sure.n::text, written.id::text, written.answer FROM written JOIN sure ON sure.id = written.id ORDER BY sure.n
""",
)


_MAY_ASK = Statement(
    "may_ask",
    f"""
SELECT 'yes' FROM (SELECT %s::bigint AS key, %s::bigint AS person) asker
WHERE CASE WHEN key IS NULL THEN EXISTS (SELECT 1 FROM catalog_person p WHERE p.id = person AND p.is_active)
    ELSE EXISTS (SELECT 1 FROM catalog_apikey k WHERE k.id = key AND {GOOD_KEY}) END
""",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision that is to be written if it still holds.

    consumer_facts: `kind clearance is_active owner` of the subject as they were read. is_current: it rests on the product's
    current row, whose verdict row must still be `verdict_row_id`; its basis is copied from there where `basis` is None.
    policies: the ids in force that were ruled on, None without a ruling; relies_on: those that a yes rests on. answer: with
    the mark where its id goes.
    """

    n: int
    consumer_id: int | None
    consumer_facts: str | None
    subject: str
    product_id: int | None
    product_slug: str
    action: str
    purpose: str | None
    use_case: str | None
    decision: bool
    production_grade: bool
    verdict: str
    score: float | None
    verdict_row_id: int | None
    is_current: bool
    valid_until: Any
    reason_codes: Sequence[str]
    question: Any
    basis: Any
    ruling: Any
    policies: Sequence[int] | None
    relies_on: Sequence[int]
    agreement: int | None
    obligations: Sequence[Any]
    answer: str


def write(asker: Asker, channel: DecisionChannel, drafts: Sequence[Draft]) -> dict[int, tuple[int, str]]:
    """Number of the draft -> id and text, for those that held and are written now; the others are to be asked anew."""
    rows = _WRITE.rows(
        None if asker.key_id is None else str(asker.key_id),
        str(asker.person_id),
        channel.value,
        asker.slug,
        asker.request_id,
        str((perf_counter_ns() - asker.arrived_ns) // 1000),
        msgspec.json.encode(drafts).decode(),
    )
    return {int(n or 0): (int(decision_id or 0), answer or "") for n, decision_id, answer in rows}


def demand_power(asker: Asker) -> None:
    """Raise `ForbiddenError` where the key, or the account behind the session, has lost its power since it was checked."""
    if not _MAY_ASK.rows(None if asker.key_id is None else str(asker.key_id), str(asker.person_id)):
        message = f"The key or the account of {asker.slug} was revoked during the request."
        raise ForbiddenError(message, remedy="Use a key that is not revoked, expired or blocked.", code="asker_gone")
