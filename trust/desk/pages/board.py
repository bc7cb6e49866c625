"""The list of the home page: published products with their current verdicts, page by page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery

from catalog.models import DataProduct
from trust.presentation.pages.labels import VERDICTS, Badge

PAGE = 50
SEARCHED_FROM = 12  # fewer products than this are found faster by eye


@dataclass(frozen=True, slots=True)
class Board:
    """One page of products. `next_after` is the slug to go on from; `tally` is empty unless the page shows everything."""

    rows: Sequence[DataProduct]
    tally: tuple[tuple[Badge, int], ...]
    next_after: str | None
    asks_search: bool


def product_ids(*, query: str, after: str) -> list[int]:
    """Ids of one page and one more, in the order of their slugs: keyset paging: a late page costs what the first does."""
    products = DataProduct.objects.published().filter(slug__gt=after) if after else DataProduct.objects.published()
    if query:
        products = products.filter(search=SearchQuery(query, search_type="websearch", config="english"))
    return list(products.order_by("slug").values_list("pk", flat=True)[: PAGE + 1])


def board_of(ids: Sequence[int], *, query: str, after: str) -> Board:
    """The page for the ids of `product_ids`; judge those first (`ensure_current`). One query."""
    shown = list(ids[:PAGE])
    rows = list(
        DataProduct.objects.filter(pk__in=shown)
        .select_related("domain", "owner", "current_verdict")
        .defer("search", "current_verdict__body")
        .order_by("slug")
    )
    has_more = len(ids) > PAGE
    return Board(
        rows=rows,
        tally=() if has_more or after or query or not rows else _tally(rows),
        next_after=rows[-1].slug if has_more else None,
        asks_search=bool(query or after or len(ids) >= SEARCHED_FROM),
    )


def _tally(rows: Sequence[DataProduct]) -> tuple[tuple[Badge, int], ...]:
    counts = Counter(product.current_verdict.verdict for product in rows)
    return tuple((badge, counts[verdict]) for verdict, badge in VERDICTS.items())
