"""What was known of a product at a past moment, and would have been said of it then."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from catalog.models import DataProduct
from catalog.rules.errors import InvalidError
from trust.models import Verdict
from trust.queries.answers import no_such_product, no_verdict_yet
from trust.rules.codec import load_facts, load_outcome
from trust.rules.facts import ProductFacts, UpstreamFacts
from trust.rules.hindsight import known_by
from trust.rules.judge import judge
from trust.rules.outcome import Outcome
from trust.rules.stricter import stricter
from trust.rules.trust_policy import TrustPolicy, policy_from_dict


def verdict_as_of(
    slug: str,
    at: datetime,
    *,
    now: datetime,
    minimum_score: float | None = None,
    maximum_evidence_age: timedelta | None = None,
) -> Outcome:
    """What was known at `at` and would have been said then, judged with the trust policy of that time.

    Readers judge first, so that is the last verdict given until then, or the one after it where the facts had changed already
    and were only judged later. Where its time was over, and nobody had asked, or where the question asks for more than that
    policy did, its facts are judged again at `at`, with the inputs' own answers of that moment.

    Call `judging.ensure_current` first: a change that nobody has judged yet is not seen.

    Raises `InvalidError` for a moment in the future, `NotFoundError` for an unknown product and, with the code
    `no_verdict_yet`, before its first verdict.
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
        raise no_such_product(slug)
    rows = _rows_at(slug, at)
    if rows is None:
        raise no_verdict_yet(slug)
    if minimum_score is None and maximum_evidence_age is None:
        return _outcome_of(rows, slug, at, frozenset())
    facts, policy = stricter(
        *_facts_of(rows, slug, at, frozenset()), minimum_score=minimum_score, maximum_evidence_age=maximum_evidence_age
    )
    return judge(facts, policy, at)


@dataclass(frozen=True, slots=True)
class _Rows:
    """row: the last verdict until the moment. later: the one after it, where its facts had changed by then already."""

    row: Verdict
    later: Verdict | None


def _rows_at(slug: str, at: datetime) -> _Rows | None:
    row = _row_judged_by(slug, at)
    return None if row is None else _Rows(row, _row_judged_later(slug, at))


def _outcome_of(rows: _Rows, slug: str, at: datetime, path: frozenset[str]) -> Outcome:
    if rows.later is None and rows.row.valid_until > at:
        return load_outcome(rows.row.outcome)
    return judge(*_facts_of(rows, slug, at, path), at)


def _facts_of(rows: _Rows, slug: str, at: datetime, path: frozenset[str]) -> tuple[ProductFacts, TrustPolicy]:
    """Facts and trust policy of the moment. `path`: the products on the way here, so that a circle of inputs ends."""
    facts = load_facts(rows.row.facts)
    if rows.later is not None:
        facts = known_by(at, load_facts(rows.later.facts), facts)
    upstreams = tuple(_upstream_at(upstream, at, path | {slug}) for upstream in facts.upstreams)
    return replace(facts, upstreams=upstreams), policy_from_dict((rows.later or rows.row).policy.body)


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


def _upstream_at(upstream: UpstreamFacts, at: datetime, path: frozenset[str]) -> UpstreamFacts:
    rows = None if upstream.slug in path else _rows_at(upstream.slug, at)
    if rows is None:
        return upstream
    outcome = _outcome_of(rows, upstream.slug, at, path)
    return replace(
        upstream,
        verdict=outcome.verdict,
        effective_score=outcome.effective_score,
        valid_until=outcome.valid_until,
        failing_path=outcome.failing_path,
        cause=outcome.cause,
    )
