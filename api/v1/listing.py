"""The list of products: which of them a query finds, and their verdicts as they stand now. No HTTP here."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery

from catalog.models import DataProduct, Person
from catalog.models.product import DataProductQuerySet
from catalog.queries import visible_products
from catalog.rules.vocabulary import Lifecycle
from trust.models import CurrentVerdict
from trust.verdicts.services.judging import ensure_current

WORD = re.compile(r"\w+")
MOST_WORDS = 10
MOST_JUDGED_FOR_A_FILTER = 200


def find_products(person: Person, filters: Mapping[str, Any], now: datetime) -> DataProductQuerySet:
    """Visible products that match every filter. Retired ones only where `lifecycle` asks for them.

    A filter by verdict or gate needs verdicts that stand: what has run out is judged first, up to a limit. What then
    still waits to be judged counts as unknown, so that a filter for good products never shows an old answer.
    """
    products = visible_products(person).select_related("domain", "owner", "current_verdict").defer("current_verdict__body")
    if "lifecycle" in filters:
        products = products.filter(lifecycle=filters["lifecycle"])
    else:
        products = products.exclude(lifecycle=Lifecycle.RETIRED)
    columns = {"sensitivity": "sensitivity", "owner": "owner__username", "domain": "domain__slug"}
    products = products.filter(**{column: filters[name] for name, column in columns.items() if name in filters})
    if "tag" in filters:
        products = products.filter(tags__contains=[filters["tag"]])
    if "q" in filters:
        products = products.filter(search=search_query(filters["q"]))
    if "verdict" in filters or "gate" in filters:
        stale = products.filter(current_verdict__in=CurrentVerdict.objects.stale(now))
        ensure_current(list(stale.values_list("pk", flat=True)[:MOST_JUDGED_FOR_A_FILTER]), now)
    if "verdict" in filters:
        products = products.filter(current_verdict__in=CurrentVerdict.objects.showing(filters["verdict"], now))
    if "gate" in filters:
        products = products.filter(current_verdict__in=CurrentVerdict.objects.with_open_gate(filters["gate"], now))
    return products


def search_query(text: str) -> SearchQuery:
    """Every word must occur, as a whole or as a beginning: as it is written, or all of them by their English stems."""
    words = " & ".join(f"{word}:*" for word in WORD.findall(text)[:MOST_WORDS])
    as_written = SearchQuery(words, search_type="raw", config="simple")
    return as_written | SearchQuery(words, search_type="raw", config="english")  # which leaves out words such as "the"


def with_current_verdicts(products: Sequence[DataProduct], now: datetime) -> Sequence[DataProduct]:
    """The same products, each with a verdict that stands at `now`. No query where none has run out."""
    old = [p.pk for p in products if not p.current_verdict.is_current(now)]
    if old:
        ensure_current(old, now)
        judged = CurrentVerdict.objects.defer("body").in_bulk(old)
        for product in products:
            if product.pk in judged:
                product.current_verdict = judged[product.pk]
    return products
