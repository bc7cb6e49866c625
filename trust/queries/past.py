"""What was known of a product at a past moment, and would have been said of it then."""

from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from catalog.models import DataProduct
from catalog.rules.errors import InvalidError
from trust.models import Verdict
from trust.queries.answers import no_such_product, no_verdict_yet
from trust.rules.codec import load_facts, load_outcome
from trust.rules.facts import UpstreamFacts
from trust.rules.hindsight import known_by
from trust.rules.judge import judge
from trust.rules.outcome import Outcome
from trust.rules.trust_policy import policy_from_dict


def verdict_as_of(slug: str, at: datetime, *, now: datetime) -> Outcome:
    """What was known at `at` and would have been said then, judged with the trust policy of that time.

    Readers judge first, so that is the last verdict given until then, or the one after it where the facts had changed already
    and were only judged later. Where its time was over, and nobody had asked, its facts are judged again at `at`, with the
    inputs' own answers of that moment. Call `judging.ensure_current` first: a change that nobody has judged yet is not seen.

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
    outcome = _outcome_at(slug, at, frozenset())
    if outcome is None:
        raise no_verdict_yet(slug)
    return outcome


def _outcome_at(slug: str, at: datetime, path: frozenset[str]) -> Outcome | None:
    """`path`: the products on the way here, so that a circle of inputs ends."""
    row = _row_judged_by(slug, at)
    if row is None:
        return None
    later = _row_judged_later(slug, at)
    if later is None and row.valid_until > at:
        return load_outcome(row.outcome)
    facts = load_facts(row.facts)
    if later is not None:
        facts = known_by(at, load_facts(later.facts), facts)
    upstreams = tuple(_upstream_at(upstream, at, path | {slug}) for upstream in facts.upstreams)
    return judge(replace(facts, upstreams=upstreams), policy_from_dict((later or row).policy.body), at)


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
