"""Everything that an answer rests on, for many questions in one statement: products, their current verdicts, subjects, grants.

A product is left out where the asker may not know of it: a draft is for its owner, stewards and those who see everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import msgspec

from catalog.rules.roles import PersonRole
from catalog.rules.ruling import Resource, Subject
from trust.decisions.queries.conditions import (
    AGREEMENT_OF,
    ASKER_FACTS,
    CURRENT_VERDICT,
    KNOWN_PURPOSE,
    PART_IN_USE_CASE,
    POLICIES_IN_FORCE,
)
from trust.decisions.queries.prepared import Statement
from trust.decisions.rules.question import Asker, PartInUseCase, Question

_SEES_DRAFTS = f"""
EXISTS (SELECT 1 FROM catalog_person p WHERE p.id = q.person AND (p.is_superuser OR p.id = d.owner_id))
OR EXISTS (SELECT 1 FROM catalog_dataproduct_stewards t WHERE t.dataproduct_id = d.id AND t.person_id = q.person)
OR EXISTS (SELECT 1 FROM catalog_person_groups m JOIN auth_group g ON g.id = m.group_id
           WHERE m.person_id = q.person AND g.name IN ('{PersonRole.GOVERNANCE}', '{PersonRole.AUDITORS}'))
"""
_READ = Statement(
    "what_is_known",
    f"""
SELECT json_build_object(
    'at', statement_timestamp(),
    'asker_facts', (SELECT {ASKER_FACTS.format(asker="k")} FROM catalog_consumer k WHERE k.id = q.asker),
    'product', CASE WHEN d.id IS NOT NULL THEN json_build_object(
        'id', d.id, 'verdict_row_id', c.verdict_row_id, 'verdict', c.verdict, 'effective_score', c.effective_score,
        'judged_at', c.judged_at, 'valid_until', c.valid_until, 'evidence_at', c.evidence_at,
        'is_stale', {CURRENT_VERDICT} IS NOT TRUE,
        'body', c.body, 'reason_codes', c.reason_codes, 'resource', json_build_object(
            'slug', d.slug, 'domain', m.slug, 'sensitivity', d.sensitivity, 'lifecycle', d.lifecycle,
            'owner', coalesce(o.username, ''))) END,
    'subject', CASE WHEN s.id IS NOT NULL THEN json_build_object(
        'id', s.id, 'is_active', s.status = 'active' AND sp.is_active,
        'subject', json_build_object('slug', s.slug, 'kind', s.kind, 'clearance', s.clearance, 'owner', sp.username)) END,
    'is_purpose_known', w.purpose IS NULL OR {KNOWN_PURPOSE.format(purpose="w.purpose")},
    'part_in_use_case', {PART_IN_USE_CASE.format(consumer="s.id", use_case="w.use_case")},
    'policies', coalesce(ruled.policies, '{{}}'), 'agreement', stands.id,
    'rests_until', least(
        (SELECT min(a.expires_at) FROM catalog_accesspolicy a WHERE a.id = ANY(ruled.policies)),
        (SELECT g.expires_at FROM catalog_agreement g WHERE g.id = stands.id)))::text
FROM (SELECT %s::bigint AS person, %s::bigint AS asker) q,
    ROWS FROM (json_to_recordset(%s::json) AS (product text, purpose text, subject text, use_case text)) WITH ORDINALITY
        AS w(product, purpose, subject, use_case, n)
LEFT JOIN LATERAL (
    SELECT * FROM catalog_dataproduct d WHERE d.slug = w.product AND (d.lifecycle <> 'draft' OR {_SEES_DRAFTS})) d ON true
LEFT JOIN catalog_domain m ON m.id = d.domain_id
LEFT JOIN catalog_person o ON o.id = d.owner_id
LEFT JOIN trust_currentverdict c ON c.product_id = d.id
LEFT JOIN catalog_consumer s ON s.slug = w.subject
LEFT JOIN catalog_person sp ON sp.id = s.owner_id
LEFT JOIN LATERAL (
    SELECT {POLICIES_IN_FORCE.format(product="d")} AS policies WHERE w.purpose IS NOT NULL) ruled ON true
LEFT JOIN LATERAL (
    SELECT {AGREEMENT_OF.format(consumer="s.id", product="d.id", purpose="w.purpose")} AS id) stands ON true
ORDER BY w.n
""",
)


@dataclass(frozen=True, slots=True)
class ResolvedProduct:
    """A product that the asker may know of, with its current row. `is_stale`: it must be judged again before it is shown."""

    id: int
    resource: Resource
    verdict_row_id: int | None
    verdict: str
    effective_score: float
    judged_at: datetime | None
    valid_until: datetime | None
    evidence_at: datetime | None
    is_stale: bool
    body: str
    reason_codes: tuple[str, ...]

    @property
    def facts(self) -> str:
        """What a ruling looks at, as `trust.decisions.services.decision_log` compares it."""
        about = self.resource
        return f"{about.slug} {about.lifecycle} {about.sensitivity or ''} {about.domain} {about.owner}"


@dataclass(frozen=True, slots=True)
class ResolvedSubject:
    """A consumer. `is_active`: it is, and so is the account of its owner."""

    id: int
    subject: Subject
    is_active: bool

    @property
    def facts(self) -> str:
        """What a ruling looks at, as `trust.decisions.services.decision_log` compares it."""
        about = self.subject
        return f"{about.slug} {about.kind} {about.clearance} {str(self.is_active).lower()} {about.owner}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knew about one question at the moment `at`.

    part_in_use_case: whether the subject acts in the use case that the question names; None where it names none.
    asker_facts: of the consumer that asks, with `FOR_OTHERS` behind it where it may ask about other consumers.
    policies, agreement: ids of the policies in force and of the agreement in force; nothing without a purpose. rests_until: the
    first moment at which one of them ends by time; None: none does.
    """

    at: datetime
    asker_facts: str
    product: ResolvedProduct | None
    subject: ResolvedSubject | None
    is_purpose_known: bool
    part_in_use_case: PartInUseCase | None
    policies: tuple[int, ...]
    agreement: int | None
    rests_until: datetime | None


@dataclass(frozen=True, slots=True)
class ResolvedQuestion(Facts):
    """The same, with the question."""

    question: Question


_FACTS = msgspec.json.Decoder(Facts)


def resolve_questions(asker: Asker, subject: str, questions: Sequence[Question]) -> list[ResolvedQuestion]:
    """One `ResolvedQuestion` for each question, in order; one statement."""
    asked = [
        {
            "product": question.product,
            "purpose": question.purpose,
            "subject": question.subject or subject,
            "use_case": question.use_case,
        }
        for question in questions
    ]
    rows = _READ.rows(str(asker.person_id), str(asker.consumer_id), msgspec.json.encode(asked).decode())
    return [_resolved(_FACTS.decode(row[0] or ""), question) for row, question in zip(rows, questions, strict=True)]


def _resolved(facts: Facts, question: Question) -> ResolvedQuestion:
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    return ResolvedQuestion(**values, question=question)
