"""Answers read from what was judged. Call `judging.ensure_current` first: nothing here looks whether a verdict is outdated."""

from datetime import datetime
from typing import Any

from catalog.rules.errors import NotFoundError
from trust.verdicts.models.verdict import CurrentVerdict
from trust.verdicts.rules.answer import full_answer, trust_part
from trust.verdicts.rules.codec import load_outcome


def answer_of(slug: str, now: datetime, *, is_full: bool = False) -> dict[str, Any]:
    """The answer that stands for a product, short or full, one query. `NotFoundError` where there is no such product.

    The short one comes from the stored body, in which only the moment of asking and the age of the evidence are set anew.
    """
    current = CurrentVerdict.objects.select_related("verdict_row").filter(product__slug=slug).first()
    if current is None:
        raise no_such_product(slug)
    if current.verdict_row is None:
        raise no_verdict_yet(slug)
    if is_full:
        return full_answer(load_outcome(current.verdict_row.outcome), now)
    return trust_part(current.body, max(now, current.judged_at or now), current.evidence_at)


def no_such_product(slug: str) -> NotFoundError:
    return NotFoundError(
        f"There is no data product {slug!r}.", remedy="Look it up in the list of data products.", code="product_unknown"
    )


def no_verdict_yet(slug: str) -> NotFoundError:
    return NotFoundError(
        f"Data product {slug} had no verdict at that moment.", remedy="Ask about a later moment.", code="no_verdict_yet"
    )
