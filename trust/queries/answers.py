"""Answers read from what was judged. Call `judging.ensure_current` first: nothing here looks whether a verdict is outdated."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from catalog.models import DataProduct
from catalog.rules.errors import InvalidError, NotFoundError
from trust.models import CurrentVerdict, Verdict
from trust.rules.answer import full_answer, short_answer
from trust.rules.codec import load_facts, load_outcome
from trust.rules.facts import UpstreamFacts
from trust.rules.judge import judge
from trust.rules.outcome import Outcome
from trust.rules.trust_policy import policy_from_dict


def answer_of(slug: str, now: datetime, *, is_full: bool = False) -> dict[str, Any]:
    """The answer that stands for a product, short or full, one query. `NotFoundError` where there is no such product.

    The short one comes from the ready-made body, in which only the moment of asking and the age of the evidence are set anew.
    """
    current = CurrentVerdict.objects.select_related("verdict_row").filter(product__slug=slug).first()
    if current is None:
        raise _no_such_product(slug)
    if current.verdict_row is None:
        raise _no_verdict_yet(slug)
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


def verdict_as_of(slug: str, at: datetime, *, now: datetime) -> Outcome:
    """What was known at `at` and would have been said then, judged with the trust policy of that time.

    That is the last verdict given until then; where its time was over already, and nobody had asked, its facts are judged
    again at `at`, with the inputs' own answers of that moment. Raises `InvalidError` for a moment in the future,
    `NotFoundError` for an unknown product and, with the code `no_verdict_yet`, before its first verdict.
    """
    if at > now:
        raise InvalidError(
            f"The moment {at.isoformat()} lies in the future: nobody knows yet what will be known then.",
            remedy="Give a moment that has passed, or leave as_of out.",
            code="as_of_in_the_future",
            field="as_of",
        )
    product_id = DataProduct.objects.filter(slug=slug).values_list("id", flat=True).first()
    if product_id is None:
        raise _no_such_product(slug)
    outcome = _outcome_at(slug, at, frozenset())
    if outcome is None:
        raise _no_verdict_yet(slug)
    return outcome


def _outcome_at(slug: str, at: datetime, path: frozenset[str]) -> Outcome | None:
    """`path`: the products on the way here, so that a circle of inputs ends."""
    rows = Verdict.objects.filter(product__slug=slug, judged_at__lte=at).select_related("policy")
    row = rows.order_by("-judged_at", "-id").first()
    if row is None:
        return None
    if row.valid_until > at:
        return load_outcome(row.outcome)
    facts = load_facts(row.facts)
    upstreams = tuple(_upstream_at(upstream, at, path | {slug}) for upstream in facts.upstreams)
    return judge(replace(facts, upstreams=upstreams), policy_from_dict(row.policy.body), at)


def _upstream_at(upstream: UpstreamFacts, at: datetime, path: frozenset[str]) -> UpstreamFacts:
    outcome = None if upstream.slug in path else _outcome_at(upstream.slug, at, path)
    if outcome is None:
        return upstream
    return replace(
        upstream,
        verdict=outcome.verdict,
        effective_score=outcome.effective_score,
        valid_until=outcome.valid_until,
        failing_path=outcome.failing_path,
        cause=outcome.cause,
    )


def _no_such_product(slug: str) -> NotFoundError:
    return NotFoundError(
        f"There is no data product {slug!r}.", remedy="Look it up in the list of data products.", code="product_not_found"
    )


def _no_verdict_yet(slug: str) -> NotFoundError:
    return NotFoundError(
        f"Data product {slug} had no verdict at that moment.", remedy="Ask about a later moment.", code="no_verdict_yet"
    )
