"""Writes decisions: one statement for many, which looks once more, under locks, whether what was read still holds.

Locked until the row is committed are, in this order: the subject and the account of its owner, the key (or the account of
whoever has the session), the agreement that a yes relies on, the membership in the use case that it names, the policies that
it rests on. A transaction that takes one of them back waits for the answer that is being written, or the statement waits, looks
again, and writes nothing. (An agreement's `ended_at` alone would not do: it lies after the beginning of a statement that waited
for it.) The same statement checks that the verdict row, the policies in force and the facts about consumer and product are
those that were read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter_ns
from typing import Any

import msgspec

from catalog.rules.errors import ForbiddenError
from catalog.rules.scopes import Scope
from trust.decisions.queries.conditions import (
    AGREEMENT_OF,
    ASKER_FACTS,
    CURRENT_VERDICT,
    FILLED,
    GOOD_KEY,
    KNOWN_PURPOSE,
    PART_IN_USE_CASE,
    POLICIES_IN_FORCE,
    PRODUCT_FACTS,
    STANDING_AGREEMENT,
    SUBJECT_FACTS,
    TAKEN_US,
    USE_IS_DUE,
)
from trust.decisions.queries.prepared import Row, Statement, array_element, array_text
from trust.decisions.rules.comparison import WORDING_VERSION
from trust.decisions.rules.question import SCOPE_OF, Asker
from trust.vocabulary import DecisionChannel

_LOCK_SUBJECTS = f"""
subject AS MATERIALIZED (
    SELECT s.id, {SUBJECT_FACTS} AS facts
    FROM catalog_consumer s JOIN catalog_person p ON p.id = s.owner_id
    WHERE s.id IN (SELECT consumer_id FROM draft WHERE consumer_facts IS NOT NULL) ORDER BY s.id FOR SHARE
), """
_LOCK_KEY = f"""
asker AS MATERIALIZED (
    SELECT k.id, {ASKER_FACTS.format(asker="a")} AS facts, k.requests_per_minute, {USE_IS_DUE} AS is_use_due
    FROM given JOIN catalog_apikey k ON k.id = given.key JOIN catalog_consumer a ON a.id = k.consumer_id
    WHERE {GOOD_KEY} AND k.digest = coalesce(given.digest, k.digest) AND k.scopes && given.scopes
        AND (a.id, a.slug, a.owner_id) = (given.consumer, given.asker, given.person) {{after_subjects}}
    FOR SHARE OF k
), """
_LOCK_PERSON = """
asker AS MATERIALIZED (
    SELECT p.id, NULL::text AS facts, NULL::int AS requests_per_minute, false AS is_use_due
    FROM given JOIN catalog_person p ON p.id = given.person
    WHERE p.is_active {after_subjects}
    FOR SHARE OF p
), """
_LOCK_GRANTS = f"""
agreement AS MATERIALIZED (
    SELECT g.id, g.expires_at FROM catalog_agreement g
    WHERE g.id IN (SELECT agreement FROM draft WHERE decision) AND g.status = 'active' AND {STANDING_AGREEMENT}
        AND EXISTS (SELECT 1 FROM asker)
    ORDER BY g.id FOR SHARE
), member AS MATERIALIZED (
    SELECT t.consumer_id, u.slug FROM catalog_usecase_consumers t JOIN catalog_usecase u ON u.id = t.usecase_id
    WHERE (t.consumer_id, u.slug) IN (SELECT consumer_id, use_case FROM draft WHERE decision AND part_in_use_case = 'member')
        AND (SELECT count(*) FROM agreement) >= 0
    ORDER BY t.id FOR SHARE OF t
), policy AS MATERIALIZED (
    SELECT a.id FROM catalog_accesspolicy a
    WHERE a.id IN (SELECT unnest(relies_on) FROM draft) AND a.status = 'published'
        AND (a.expires_at IS NULL OR a.expires_at > statement_timestamp()) AND (SELECT count(*) FROM member) >= 0
    ORDER BY a.id FOR SHARE
), """
_JOIN_PRODUCT = """
    LEFT JOIN catalog_domain m ON m.id = d.domain_id LEFT JOIN catalog_person w ON w.id = d.owner_id"""
_RULING_HOLDS = f"""
        AND (r.product_facts IS NULL OR r.product_facts = {PRODUCT_FACTS})
        AND (r.consumer_facts IS NULL OR (r.consumer_id, r.consumer_facts) IN (SELECT id, facts FROM subject))
        AND (r.policies IS NULL OR r.policies = {POLICIES_IN_FORCE.format(product="d")}
            AND {KNOWN_PURPOSE.format(purpose="r.purpose")}
            AND (r.part_in_use_case IS DISTINCT FROM 'member' OR NOT r.decision
                OR (r.consumer_id, r.use_case) IN (SELECT consumer_id, slug FROM member))
            AND r.agreement IS NOT DISTINCT FROM
                {AGREEMENT_OF.format(consumer="r.consumer_id", product="r.product_id", purpose="r.purpose")})
        AND (r.agreement IS NULL OR NOT r.decision
            OR EXISTS (SELECT 1 FROM agreement g WHERE g.id = r.agreement AND g.expires_at >= r.valid_until))
        AND r.relies_on <@ (SELECT coalesce(array_agg(id), '{{}}') FROM policy)"""


_GIVEN = {
    "key": "bigint",
    "digest": "text",
    "scopes": "varchar[]",
    "person": "bigint",
    "consumer": "bigint",
    "asker": "text",
    "channel": "text",
    "fewest": "int",
    "request_id": "text",
    "elapsed_us": "bigint",
}
_DRAFT = {
    "asker_facts": "text",
    "consumer_id": "bigint",
    "consumer_facts": "text",
    "subject": "text",
    "product_id": "bigint",
    "product_slug": "text",
    "lifecycle": "text",
    "product_facts": "text",
    "action": "text",
    "purpose": "text",
    "use_case": "text",
    "decision": "boolean",
    "production_grade": "boolean",
    "verdict": "text",
    "score": "double precision",
    "verdict_row_id": "bigint",
    "is_current": "boolean",
    "valid_until": "timestamptz",
    "reason_codes": "varchar(80)[]",
    "question": "jsonb",
    "basis": "jsonb",
    "ruling": "jsonb",
    "policies": "bigint[]",
    "relies_on": "bigint[]",
    "part_in_use_case": "text",
    "agreement": "bigint",
    "obligations": "jsonb",
    "answer": "text",
}
"""The columns of a draft: the fields of `Draft`."""
_ONE_DRAFT = f"SELECT {', '.join(f'%s::{kind} AS {name}' for name, kind in _DRAFT.items())}, 1::bigint AS n"
_LISTS = {name: kind for name, kind in _DRAFT.items() if kind.endswith("[]")}  # no array has arrays of several lengths
_MANY_DRAFTS = f"""
    SELECT {", ".join(f"{name}::{_LISTS[name]} AS {name}" if name in _LISTS else name for name in _DRAFT)}, n
    FROM unnest({", ".join(f"%s::{'text' if name in _LISTS else kind}[]" for name, kind in _DRAFT.items())})
        WITH ORDINALITY AS r({", ".join(_DRAFT)}, n)"""


def _write_statement(*, has_key: bool, is_ruled: bool, is_one: bool) -> Statement:
    """The statement, without the parts that would find nothing where there is no ruling, or one draft only."""
    subjects, grants, facts, holds = ("", "", "", "")
    if is_ruled:
        subjects, grants, facts, holds = _LOCK_SUBJECTS, _LOCK_GRANTS, _JOIN_PRODUCT, _RULING_HOLDS
    after_subjects = "AND (SELECT count(*) FROM subject) >= 0" if is_ruled else ""
    asker = (_LOCK_KEY if has_key else _LOCK_PERSON).format(after_subjects=after_subjects)
    drafts, order, enough = _ONE_DRAFT, "", ""
    if not is_one:
        drafts, order, enough = _MANY_DRAFTS, "ORDER BY r.n", "WHERE (SELECT count(*) FROM sure) >= given.fewest"
    return Statement(
        f"write_decision{'' if is_one else 's'}_{has_key}_{is_ruled}".lower(),
        f"""
WITH given AS NOT MATERIALIZED (
    SELECT {", ".join(f"%s::{kind} AS {name}" for name, kind in _GIVEN.items())}
), draft AS {"NOT" if is_one or not is_ruled else ""} MATERIALIZED (
    {drafts}
), {subjects}{asker}{grants}
sure AS MATERIALIZED (
    SELECT numbered.*, {FILLED.format(text="coalesce(answer, body)")} AS filled FROM (
        SELECT nextval('trust_decision_id_seq') AS decision_id, ordered.* FROM (
            SELECT r.*, coalesce(r.basis, c.basis) AS known, c.body, c.evidence_at,
                greatest(statement_timestamp(), c.judged_at) AS as_of
            FROM asker JOIN draft r ON r.asker_facts IS NULL OR asker.facts IS NULL OR r.asker_facts = asker.facts
            LEFT JOIN catalog_dataproduct d ON d.id = r.product_id{facts}
            LEFT JOIN trust_currentverdict c ON c.product_id = r.product_id
            WHERE (r.lifecycle IS NULL OR (r.product_slug, r.lifecycle) = (d.slug, d.lifecycle))
                AND (NOT r.is_current OR c.verdict_row_id = r.verdict_row_id AND {CURRENT_VERDICT})
                AND (r.part_in_use_case IS NULL OR r.part_in_use_case =
                    {PART_IN_USE_CASE.format(consumer="r.consumer_id", use_case="r.use_case")}){holds}
            {order}) ordered) numbered
), written AS (
    INSERT INTO trust_decision (id, asked_at, channel, consumer_id, subject, asker, key_id, product_id, product_slug, action,
        purpose, use_case, decision, production_grade, verdict, score, verdict_row_id, valid_until, reason_codes, question,
        basis, ruling, obligations, request_id, latency_us, wording_version, answer)
    SELECT decision_id, statement_timestamp(), given.channel, consumer_id, subject, given.asker, given.key, product_id,
        product_slug, action, purpose, use_case, decision, production_grade, verdict, score, verdict_row_id, valid_until,
        reason_codes, question, known, ruling, obligations, given.request_id, given.elapsed_us + {TAKEN_US},
        {WORDING_VERSION}, filled
    FROM sure, given {enough}
)
SELECT sure.n::text, sure.decision_id::text, sure.filled, asker.is_use_due::text, asker.requests_per_minute::text
FROM asker, sure, given {enough}
""",
    )


_WRITE = {
    (has_key, is_ruled, is_one): _write_statement(has_key=has_key, is_ruled=is_ruled, is_one=is_one)
    for has_key in (True, False)
    for is_ruled in (True, False)
    for is_one in (True, False)
}


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
    """A decision that is written if what it rests on still holds.

    asker_facts, consumer_facts, lifecycle, product_facts: what was read of the asker, the subject and the product; None where
    the answer does not rest on it. is_current: it rests on the product's current row, whose verdict row must still be
    `verdict_row_id`; its basis is copied from there where `basis` is None. policies: the ids in force that were ruled on, None
    without a ruling; part_in_use_case: the subject's in the use case that was named, None where none was or the answer does not
    rest on it; agreement: the one that counted; relies_on: the policies that a yes rests on. answer: with its marks; None where
    it is that of the current row.
    """

    asker_facts: str | None
    consumer_id: int | None
    consumer_facts: str | None
    subject: str
    product_id: int | None
    product_slug: str
    lifecycle: str | None
    product_facts: str | None
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
    part_in_use_case: str | None
    agreement: int | None
    obligations: Sequence[Any]
    answer: str | None


@dataclass(frozen=True)
class Encoded:
    """A draft as the statement takes it. is_ruled: policies were asked, and all that a ruling rests on must hold."""

    columns: Sequence[str | None]
    is_ruled: bool

    @cached_property
    def elements(self) -> Sequence[str]:
        """The columns as elements of PostgreSQL arrays, for a statement that takes many drafts."""
        return [array_element(column) for column in self.columns]


def encoded(draft: Draft) -> Encoded:
    return Encoded([_as_text(getattr(draft, name), kind) for name, kind in _DRAFT.items()], draft.policies is not None)


def _as_text(value: Any, kind: str) -> str | None:
    """The text of a value as PostgreSQL reads it for a column of this type."""
    if value is None:
        return None
    if kind == "jsonb":
        return msgspec.json.encode(value).decode()
    if kind.endswith("[]"):
        return array_text([array_element(str(one)) for one in value])
    return str(value)


def write(asker: Asker, channel: DecisionChannel, drafts: Sequence[Draft]) -> dict[int, tuple[int, str]]:
    """Position of the draft -> id and text, for those that held and are written now; the others must be decided again."""
    if not drafts:
        return {}
    statement, arguments = _call(asker, channel, [encoded(draft) for draft in drafts], fewest=0)
    rows = statement.rows(*arguments)
    return {int(n or 0) - 1: (int(decision_id or 0), answer or "") for n, decision_id, answer, *_ in rows}


def write_all(asker: Asker, channel: DecisionChannel, drafts: Sequence[Encoded]) -> list[Row]:
    """Every draft in their order, or nothing where one no longer holds: n, id, answer, is_use_due, requests_per_minute."""
    statement, arguments = _call(asker, channel, drafts, fewest=len(drafts))
    return sorted(statement.rows_if_connected(*arguments), key=lambda row: int(row[0] or 0))


def _call(
    asker: Asker, channel: DecisionChannel, drafts: Sequence[Encoded], *, fewest: int
) -> tuple[Statement, tuple[str | None, ...]]:
    is_one = len(drafts) == 1
    statement = _WRITE[asker.key_id is not None, any(draft.is_ruled for draft in drafts), is_one]
    columns = (
        drafts[0].columns if is_one else [array_text(column) for column in zip(*(d.elements for d in drafts), strict=True)]
    )
    return statement, (
        None if asker.key_id is None else str(asker.key_id),
        asker.digest or None,
        f"{{{SCOPE_OF[channel]},{Scope.ADMIN}}}",
        str(asker.person_id),
        str(asker.consumer_id),
        asker.slug,
        channel.value,
        str(fewest),
        asker.request_id,
        str((perf_counter_ns() - asker.arrived_ns) // 1000),
        *columns,
    )


def demand_power(asker: Asker) -> None:
    """Raise `ForbiddenError` where the key, or the account behind the session, has lost its power since it was checked."""
    if not _MAY_ASK.rows(None if asker.key_id is None else str(asker.key_id), str(asker.person_id)):
        message = f"The key or the account of {asker.slug} was revoked during the request."
        raise ForbiddenError(message, remedy="Use a key that is not revoked, expired or blocked.", code="asker_gone")
