"""Answers read from what was judged. Call `judging.ensure_current` first: nothing here looks whether a verdict is outdated."""

from datetime import datetime
from typing import Any

import msgspec

from catalog.rules.errors import NotFoundError
from trust.models import CurrentVerdict
from trust.rules.answer import full_answer, short_answer
from trust.rules.codec import load_outcome
from trust.rules.outcome import Outcome


def answer_of(slug: str, now: datetime, *, is_full: bool = False) -> dict[str, Any]:
    """The answer that stands for a product, short or full, one query. `NotFoundError` where there is no such product.

    The short one comes from the ready-made body, in which only the moment of asking and the age of the evidence are set anew.
    """
    current = CurrentVerdict.objects.select_related("verdict_row").filter(product__slug=slug).first()
    if current is None:
        raise no_such_product(slug)
    if current.verdict_row is None:
        raise no_verdict_yet(slug)
    if is_full:
        return full_answer(load_outcome(current.verdict_row.outcome), now)
    return served_answer(current.body.encode(), now)


def stored_body(outcome: Outcome) -> bytes:
    """The ready-made short answer, as of the moment of judgement; see `served_answer`."""
    return msgspec.json.encode(short_answer(outcome))


def served_answer(body: bytes, now: datetime) -> dict[str, Any]:
    """A stored body as the answer to a question asked at `now`."""
    answer: dict[str, Any] = msgspec.json.decode(body)
    judged_at = datetime.fromisoformat(answer["as_of"])
    now = max(now, judged_at)
    answer["as_of"] = now.isoformat().replace("+00:00", "Z")
    if answer["evidence"] is not None:
        answer["evidence"]["age_seconds"] += int((now - judged_at).total_seconds())
    return answer


def no_such_product(slug: str) -> NotFoundError:
    return NotFoundError(
        f"There is no data product {slug!r}.", remedy="Look it up in the list of data products.", code="product_not_found"
    )


def no_verdict_yet(slug: str) -> NotFoundError:
    return NotFoundError(
        f"Data product {slug} had no verdict at that moment.", remedy="Ask about a later moment.", code="no_verdict_yet"
    )
