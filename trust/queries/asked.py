"""Everything that an answer rests on, for many questions in one statement: products, their standing verdicts, subjects, grants.

A product is left out where the asker may not know of it: a draft is for its owner, stewards and those who see everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.rules.roles import PersonRole
from catalog.rules.ruling import Resource, Subject
from catalog.rules.vocabulary import ConsumerKind, Lifecycle, Sensitivity
from trust.rules.asking import Asker, Question

POLICIES_IN_FORCE = """
ARRAY(SELECT i.id FROM (
    SELECT a.id FROM catalog_accesspolicy a WHERE a.product_id = {product}.id AND a.status = 'published'
        AND (a.expires_at IS NULL OR a.expires_at > statement_timestamp())
    UNION ALL
    SELECT a.id FROM catalog_accesspolicy a WHERE a.product_id IS NULL AND a.status = 'published'
        AND (a.expires_at IS NULL OR a.expires_at > statement_timestamp())
        AND (a.domain_id IS NULL OR a.domain_id = {product}.domain_id)
        AND (a.minimum_sensitivity IS NULL
             OR array_position(ARRAY['public', 'internal', 'confidential', 'restricted'], a.minimum_sensitivity::text)
                <= array_position(ARRAY['public', 'internal', 'confidential', 'restricted'],
                                  coalesce({product}.sensitivity::text, 'restricted')))
    ) i ORDER BY i.id)
"""
"""Ids of the policies and guardrails that speak about a product now: the rule of `catalog.queries.policies_in_force`, in a
statement that also inserts."""

_SEES_DRAFTS = """
EXISTS (SELECT 1 FROM catalog_person p WHERE p.id = %(person)s AND (p.is_superuser OR p.id = d.owner_id))
OR EXISTS (SELECT 1 FROM catalog_dataproduct_stewards t WHERE t.dataproduct_id = d.id AND t.person_id = %(person)s)
OR EXISTS (SELECT 1 FROM catalog_person_groups m JOIN auth_group g ON g.id = m.group_id
           WHERE m.person_id = %(person)s AND g.name = ANY(%(roles)s::text[]))
"""
_READ = f"""
SELECT statement_timestamp(), d.id, d.lifecycle, d.sensitivity, m.slug, o.username,
       c.verdict_row_id, c.verdict, c.effective_score, c.judged_at, c.valid_until, c.evidence_at,
       c.verdict_row_id IS NULL OR c.invalidated OR c.valid_until <= statement_timestamp() OR c.body = '',
       c.body, c.reason_codes, s.id, s.kind, s.clearance, s.status = 'active' AND sp.is_active, sp.username,
       w.purpose IS NULL OR EXISTS (SELECT 1 FROM catalog_purpose u WHERE u.name = w.purpose),
       CASE WHEN w.purpose IS NOT NULL THEN {POLICIES_IN_FORCE.format(product="d")} END,
       CASE WHEN w.purpose IS NOT NULL THEN (
           SELECT min(g.id) FROM catalog_agreement g
           WHERE g.consumer_id = s.id AND g.product_id = d.id AND g.purpose = w.purpose AND g.starts_at <= statement_timestamp()
               AND g.expires_at > statement_timestamp() AND (g.ended_at IS NULL OR g.ended_at > statement_timestamp())) END,
       (SELECT k.kind FROM catalog_consumer k WHERE k.id = %(asker)s)
FROM unnest(%(products)s::text[], %(purposes)s::text[], %(subjects)s::text[]) WITH ORDINALITY AS w(product, purpose, subject, n)
LEFT JOIN catalog_dataproduct d ON d.slug = w.product AND (d.lifecycle <> 'draft' OR {_SEES_DRAFTS})
LEFT JOIN catalog_domain m ON m.id = d.domain_id
LEFT JOIN catalog_person o ON o.id = d.owner_id
LEFT JOIN trust_currentverdict c ON c.product_id = d.id
LEFT JOIN catalog_consumer s ON s.slug = w.subject
LEFT JOIN catalog_person sp ON sp.id = s.owner_id
ORDER BY w.n
"""


@dataclass(frozen=True, slots=True)
class KnownProduct:
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


@dataclass(frozen=True, slots=True)
class KnownSubject:
    """A consumer. `is_active`: it is, and so is the account of its owner."""

    id: int
    subject: Subject
    is_active: bool

    @property
    def facts(self) -> str:
        """What a ruling looks at, as `trust.services.decision_log` compares it."""
        return f"{self.subject.kind} {self.subject.clearance} {str(self.is_active).lower()} {self.subject.owner}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knew about one question at the moment `at`.

    policies, agreement: ids of the policies in force and of the standing agreement; nothing without a purpose.
    """

    at: datetime
    question: Question
    asker_kind: ConsumerKind
    product: KnownProduct | None
    subject: KnownSubject | None
    is_purpose_known: bool
    policies: tuple[int, ...]
    agreement: int | None


def known_about(asker: Asker, subject: str, questions: Sequence[Question]) -> list[Known]:
    """One `Known` for each question, in order; one statement."""
    values: dict[str, Any] = {
        "person": asker.person_id,
        "asker": asker.consumer_id,
        "roles": [PersonRole.GOVERNANCE.value, PersonRole.AUDITORS.value],
        "products": [question.product for question in questions],
        "purposes": [question.purpose for question in questions],
        "subjects": [question.subject or subject for question in questions],
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, values)
        rows = cursor.fetchall()
    return [_known(question, subject, row) for question, row in zip(questions, rows, strict=True)]


def _known(question: Question, subject: str, row: tuple[Any, ...]) -> Known:
    at, *product, consumer, kind, clearance, is_active, owner, is_purpose_known, policies, agreement, asker_kind = row
    return Known(
        at=at,
        question=question,
        asker_kind=ConsumerKind(asker_kind),
        product=None if product[0] is None else _product(question.product, product),
        subject=None
        if consumer is None
        else KnownSubject(
            consumer,
            Subject(question.subject or subject, ConsumerKind(kind), Sensitivity(clearance), owner),
            is_active,
        ),
        is_purpose_known=is_purpose_known,
        policies=tuple(policies or ()),
        agreement=agreement,
    )


def _product(slug: str, row: list[Any]) -> KnownProduct:
    product_id, lifecycle, sensitivity, domain, owner, *current, codes = row
    resource = Resource(slug, domain, Sensitivity(sensitivity) if sensitivity else None, Lifecycle(lifecycle), owner)
    values = [product_id, resource, *current, tuple(codes)]
    return KnownProduct(*values)
