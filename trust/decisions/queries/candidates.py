"""Who or what a search has to look at next, in the order of names: a bounded part, so that no page costs more than another."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from catalog.models import Consumer, Purpose
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus
from trust.verdicts.models.verdict import CURRENT_VERDICT

MOST_CANDIDATES = 500
MOST_PRODUCTS_LOOKED_AT = 5000
MOST_JUDGED = 50
"""So many products whose verdict has run out may be judged for one page: our choice, about a second's work."""

_IS_CURRENT = CURRENT_VERDICT.format(now="%(now)s")
_PRODUCTS = f"""
SELECT p.slug, p.lifecycle IN ('published', 'deprecated') AND {_IS_CURRENT} IS TRUE AND c.verdict = 'production_grade',
       p.lifecycle IN ('published', 'deprecated') AND {_IS_CURRENT} IS NOT TRUE
FROM catalog_dataproduct p JOIN trust_currentverdict c ON c.product_id = p.id
WHERE p.slug > %(after)s ORDER BY p.slug LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Candidates:
    """names: to be ruled on, in order. last: the last name looked at, behind which the next part begins; None at the end."""

    names: tuple[str, ...]
    last: str | None


def candidate_products(after: str, now: datetime) -> Candidates:
    """Slugs of products that are production-grade, or must be judged before that can be said. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PRODUCTS, {"after": after, "now": now, "most": MOST_PRODUCTS_LOOKED_AT})
        rows = cursor.fetchall()
    names: list[str] = []
    to_judge, last = 0, after
    for slug, is_good, is_stale in rows:
        to_judge += is_stale
        if to_judge > MOST_JUDGED or (len(names) == MOST_CANDIDATES and (is_good or is_stale)):
            return Candidates(tuple(names), last)
        if is_good or is_stale:
            names.append(slug)
        last = slug
    return Candidates(tuple(names), last if len(rows) == MOST_PRODUCTS_LOOKED_AT else None)


def candidate_consumers(after: str, kind: ConsumerKind | None) -> Candidates:
    """Slugs of active consumers, of one kind or of all. One query."""
    consumers = Consumer.objects.filter(status=ConsumerStatus.ACTIVE, slug__gt=after)
    if kind is not None:
        consumers = consumers.filter(kind=kind)
    return _part(list(consumers.order_by("slug").values_list("slug", flat=True)[: MOST_CANDIDATES + 1]))


def candidate_purposes(after: str) -> Candidates:
    """Names of purposes. One query."""
    return _part(
        list(Purpose.objects.filter(name__gt=after).order_by("name").values_list("name", flat=True)[: MOST_CANDIDATES + 1])
    )


def _part(names: list[str]) -> Candidates:
    is_more = len(names) > MOST_CANDIDATES
    names = names[:MOST_CANDIDATES]
    return Candidates(tuple(names), names[-1] if is_more else None)
