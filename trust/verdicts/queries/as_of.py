"""What was known of a product at a past moment, and would have been said of it then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

from msgspec import UNSET

from catalog.models import DataProduct
from catalog.rules.errors import InvalidError, NotFoundError
from trust.verdicts.models.verdict import CurrentVerdict, Verdict
from trust.verdicts.rules.answer import full_answer, trust_part
from trust.verdicts.rules.codec import load_facts, load_outcome
from trust.verdicts.rules.facts import ProductFacts, UpstreamFacts, known_by
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.lineage import upstreams_first
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.rules.trust_policy import TrustPolicy, policy_from_dict


def verdict_as_of(
    slug: str,
    at: datetime,
    *,
    now: datetime,
) -> Outcome:
    """What was known at `at` and would have been said then, judged with the trust policy of that time.

    Readers judge first, so that is the last verdict given until then, or the one after it where the facts had changed already
    and were only judged later. Where its time was over, and nobody had asked, its facts are judged again at `at`, with the
    inputs' own answers of that moment.

    Call `judging.ensure_current` first: a change that nobody has judged yet is not seen.

    Raises `InvalidError` for a moment in the future, `NotFoundError` for an unknown product and, with the code
    `no_verdict_yet`, before its first verdict.
    """
    if at > now:
        raise InvalidError(
            f"The moment {at.isoformat()} is in the future.",
            remedy="Give a moment that has passed, or leave as_of out.",
            code="as_of_in_the_future",
            field="as_of",
        )
    product_id = DataProduct.objects.filter(slug=slug).values_list("id", flat=True).first()
    if product_id is None:
        raise no_such_product(slug)
    rows = _rows_at(slug, at)
    if rows is None:
        raise no_verdict_yet(slug)
    return load_outcome(rows.row.outcome) if _still_held(rows, at) else judge(*_facts_of(rows, slug, at), at)


@dataclass(frozen=True, slots=True)
class _Rows:
    """row: the last verdict until the moment. later: the one after it, where its facts had changed by then already."""

    row: Verdict
    later: Verdict | None


def _rows_at(slug: str, at: datetime) -> _Rows | None:
    row = _row_judged_by(slug, at)
    return None if row is None else _Rows(row, _row_judged_later(slug, at))


def _facts_of(rows: _Rows, slug: str, at: datetime) -> tuple[ProductFacts, TrustPolicy]:
    """Facts and trust policy of the moment, with what was to be said of the inputs then.

    Works upwards product by product, each once, and judges from the top down: a chain of inputs may be of any length. What runs
    in a circle keeps what was stored of it.
    """
    own = {slug: _own_facts(rows, at)}
    above: dict[str, list[str]] = {}
    outcomes: dict[str, Outcome] = {}
    waiting = [slug]
    while waiting:
        product = waiting.pop()
        above[product] = [one.slug for one in own[product][0].upstreams if not one.is_cycle]
        for upstream in above[product]:
            if upstream in own or upstream in outcomes or (found := _rows_at(upstream, at)) is None:
                continue
            if _still_held(found, at):
                outcomes[upstream] = load_outcome(found.row.outcome)
            else:
                own[upstream] = _own_facts(found, at)
                waiting.append(upstream)
    for group in upstreams_first(above):
        for product in group:
            if product in own and product != slug:
                facts, policy = own[product]
                outcomes[product] = judge(_with_inputs(facts, outcomes), policy, at)
    facts, policy = own[slug]
    return _with_inputs(facts, outcomes), policy


def _still_held(rows: _Rows, at: datetime) -> bool:
    return rows.later is None and rows.row.valid_until > at


def _own_facts(rows: _Rows, at: datetime) -> tuple[ProductFacts, TrustPolicy]:
    facts = load_facts(rows.row.facts)
    if rows.later is not None:
        facts = known_by(at, load_facts(rows.later.facts), facts)
    return facts, policy_from_dict((rows.later or rows.row).policy.body)


def _with_inputs(facts: ProductFacts, outcomes: Mapping[str, Outcome]) -> ProductFacts:
    upstreams = (one if one.is_cycle else _upstream(one, outcomes.get(one.slug)) for one in facts.upstreams)
    return replace(facts, upstreams=tuple(upstreams))


def _upstream(upstream: UpstreamFacts, outcome: Outcome | None) -> UpstreamFacts:
    if outcome is None:
        return upstream
    return replace(
        upstream,
        verdict=outcome.verdict,
        effective_score=outcome.effective_score,
        valid_until=outcome.valid_until,
        failing_path=outcome.failing_path,
        path_left_out=outcome.path_left_out,
        cause=outcome.cause,
        limited_from=outcome.limited_from or outcome.limited_by or UNSET,
    )


def _row_judged_by(slug: str, at: datetime) -> Verdict | None:
    rows = Verdict.objects.filter(product__slug=slug, judged_at__lte=at).select_related("policy")
    return rows.order_by("-judged_at", "-id").first()


def _row_judged_later(slug: str, at: datetime) -> Verdict | None:
    """The verdict that was judged after `at` on facts that had changed by then.

    More than one where an input had to be judged in between: nobody was shown the earlier ones.
    """
    rows = Verdict.objects.filter(product__slug=slug, judged_at__gt=at).order_by("judged_at", "id")
    changes = rows.values_list("id", "facts_changed_at")[:20].iterator()
    changed = [pk for pk, _ in takewhile(lambda change: change[1] is not None and change[1] <= at, changes)]
    return Verdict.objects.select_related("policy").get(pk=changed[-1]) if changed else None


def answer_of(slug: str, now: datetime, *, is_full: bool = False) -> dict[str, Any]:
    """The answer that stands for a product, short or full, one query. `NotFoundError` where there is no such product.

    The short one comes from the stored body, in which only the moment of asking and the age of the evidence are filled in.
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
