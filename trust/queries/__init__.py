"""Reads that span tables: facts for a judgement, answers, history. Nothing here writes."""

from trust.queries.answers import answer_of
from trust.queries.clock import database_now
from trust.queries.past import verdict_as_of
from trust.queries.policies import current_policy
from trust.queries.product_facts import facts_of

__all__ = [
    "answer_of",
    "current_policy",
    "database_now",
    "facts_of",
    "verdict_as_of",
]
