"""What an answer depends on, as SQL: conditions and expressions that the prepared statements share, each said here once.

A new condition on answers goes here. The tables go by these letters: `k` the key, `s` the subject with `p` the account of its
owner, `d` the product, `g` the agreement, `c` the current verdict. Each clause is a rule of Python code in SQL:
`test_resolved_question.py` and `test_unusable_keys.py` compare the two.
"""

from catalog.rules.vocabulary import UseCaseStage
from trust.decisions.rules.question import FOR_OTHERS
from trust.verdicts.models import verdict

GOOD_KEY = "NOT k.is_blocked AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp())"

CURRENT_VERDICT = f"({verdict.CURRENT_VERDICT.format(now='statement_timestamp()')} AND c.body <> '')"
"""Of a row with a stored answer: an empty text is never served."""

ASKER_FACTS = f"{{asker}}.kind || CASE WHEN {{asker}}.is_enforcement_point THEN '{FOR_OTHERS}' ELSE '' END"
"""What an answer rests on in its asker: the kind, and whether it may ask about others."""

ASKED_BY_RIGHT = """({asker} = {subject} OR EXISTS (
    SELECT 1 FROM catalog_consumer a JOIN catalog_consumerevent e ON e.pgh_obj_id = a.id
    WHERE a.slug = {asker} AND e.is_enforcement_point))"""
"""Of a logged answer: the consumer asked about itself, or one did that is an enforcement point, or was one. What others asked
shows nothing of it."""

USE_IS_DUE = "(k.last_used_at IS NULL OR k.last_used_at < statement_timestamp() - interval '1 minute')"
"""The last use is kept to the minute."""

STANDING_AGREEMENT = """g.starts_at <= statement_timestamp() AND g.expires_at > statement_timestamp()
    AND (g.ended_at IS NULL OR g.ended_at > statement_timestamp())"""

AGREEMENT_OF = f"""(SELECT min(g.id) FROM catalog_agreement g
    WHERE g.consumer_id = {{consumer}} AND g.product_id = {{product}} AND g.purpose = {{purpose}} AND {STANDING_AGREEMENT})"""
"""Id of the agreement that counts; null where there is none."""

SUBJECT_FACTS = (
    "s.slug || ' ' || s.kind || ' ' || s.clearance || ' ' || (s.status = 'active' AND p.is_active) || ' ' || p.username"
)
"""What a ruling looks at in its subject; `ResolvedSubject.facts` in SQL."""

PRODUCT_FACTS = (
    "d.slug || ' ' || d.lifecycle || ' ' || coalesce(d.sensitivity, '') || ' ' || m.slug || ' ' || coalesce(w.username, '')"
)
"""What a ruling looks at in its product, with `m` its domain and `w` its owner; `ResolvedProduct.facts` in SQL."""

PART_IN_USE_CASE = f"""(CASE WHEN {{use_case}} IS NULL THEN NULL ELSE coalesce((
    SELECT CASE WHEN EXISTS (
        SELECT 1 FROM catalog_usecase_consumers t WHERE t.usecase_id = u.id AND t.consumer_id = {{consumer}})
        THEN 'member' ELSE 'stranger' END
    FROM catalog_usecase u WHERE u.slug = {{use_case}} AND u.stage <> '{UseCaseStage.RETIRED}'), 'unknown') END)"""
"""Whether the subject acts in the use case that the question names: `member`, `stranger`, or `unknown` where there is no such
use case, or it is retired; null where none is named. `unknown` is refused, and a policy that asks for a use case believes
members only."""

KNOWN_PURPOSE = "EXISTS (SELECT 1 FROM catalog_purpose u WHERE u.name = {purpose})"

TAKEN_US = "(extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000000)::bigint"
"""Microseconds that the statement has taken until here."""

FILLED = """replace(replace(replace({text}, chr(1), decision_id::text),
    chr(2), to_char(as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    chr(3), coalesce(greatest(floor(date_part('epoch', as_of - evidence_at))::bigint, 0)::text, ''))"""
"""A stored text with its marks (`trust.verdicts.rules.answer`) filled in."""

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
