"""The questions of the gap `trust`: is what the use case consumes production data, and does anybody look?"""

from collections.abc import Callable
from datetime import timedelta
from math import floor

from catalog.rules.moments import shown
from catalog.rules.vocabulary import Lifecycle
from trust.evidence.rules import formatting
from trust.use_cases.rules.readiness.context import ReadinessContext, owner_of
from trust.use_cases.rules.readiness.facts import UsedProductFacts
from trust.use_cases.rules.readiness.finding import Answered, ReadinessFinding, conclude, nothing_named, yes
from trust.use_cases.rules.readiness.outcome import Evidence
from trust.vocabulary import Answer, GateName, ReadinessQuestion, VerdictStatus

_DAY = timedelta(days=1)
_VALIDATION = {GateName.EVIDENCE, GateName.COVERAGE}
_LONGEST_CAUSE = 160


def production_grade_now(context: ReadinessContext) -> Answered:
    """No where a product is not production-grade; unknown where one is, was never judged, or its verdict has expired."""
    findings = _of_products(context, _now)
    verb = "is" if len(findings) == 1 else "are"
    passed = f"{formatting.all_of(len(findings), 'product')} {verb} production-grade."
    return conclude(ReadinessQuestion.PRODUCTION_GRADE_NOW, findings, passed)


def production_grade_share(context: ReadinessContext) -> Answered:
    """Yes where every product was production-grade for the share that the policy asks for of the time that it was judged."""
    findings = _of_products(context, _share)
    shares = [_part(product) for product in context.facts.products if product.observed_for]
    window, minimum = context.settings.share_window, _percent(context.settings.minimum_share)
    passed = f"Each product was production-grade for {minimum} or more of its evaluated time in {formatting.span(window)}."
    numbers = {"window_days": window / _DAY, "minimum_share": context.settings.minimum_share}
    if shares:
        numbers["lowest_share"] = floor(min(shares) * 10_000) / 10_000
    return conclude(ReadinessQuestion.PRODUCTION_GRADE_SHARE, findings, passed, numbers)


def no_pilot_extract(context: ReadinessContext) -> Answered:
    """No where a product is a draft, retired, or deprecated past its end."""
    findings = _of_products(context, _product_finding)
    return conclude(ReadinessQuestion.NO_PILOT_EXTRACT, findings, "Every product is published for production; none is a draft.")


def validation_runs(context: ReadinessContext) -> Answered:
    """Whether automated checks of every product ran in time and cover what the policy asks for."""
    findings = _of_products(context, _validation)
    return conclude(ReadinessQuestion.VALIDATION_RUNS, findings, "The checks of every product ran in time and cover it.")


def _of_products(
    context: ReadinessContext, look: Callable[[ReadinessContext, UsedProductFacts], ReadinessFinding]
) -> list[ReadinessFinding]:
    return nothing_named(context) or [look(context, product) for product in context.facts.products]


def _not_judged(context: ReadinessContext, product: UsedProductFacts) -> ReadinessFinding | None:
    """The unknown of a verdict that there is not, or that has expired."""
    slug = product.slug
    remedy, who = f"Run the suites of {slug}, so that it is evaluated", (owner_of(product),)
    if product.verdict is None:
        evidence = Evidence("verdict", slug, "never judged")
        return ReadinessFinding(
            Answer.UNKNOWN, evidence, "never_judged", f"the product {slug} was never evaluated", remedy, who
        )
    if product.valid_until is None or product.valid_until <= context.now:
        ended = f"at {shown(product.valid_until)}" if product.valid_until else "already"
        evidence = Evidence("verdict", slug, f"{product.verdict.value}, expired {ended}")
        message = f"the verdict on the product {slug} expired {ended}"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "verdict_expired", message, remedy, who)
    return None


def _now(context: ReadinessContext, product: UsedProductFacts) -> ReadinessFinding:
    slug, who = product.slug, (owner_of(product),)
    cause = formatting.shorten(product.cause, _LONGEST_CAUSE).rstrip(".")
    because, remedy = (f": {cause}" if cause else ""), f"Fix what keeps {slug} from being production-grade"
    if product.verdict is VerdictStatus.NOT_PRODUCTION_GRADE:  # also when it has expired: time makes nothing better
        evidence = Evidence("verdict", slug, product.verdict.value)
        message = f"the product {slug} is not production-grade{because}"
        return ReadinessFinding(Answer.NO, evidence, "not_production_grade", message, remedy, who)
    if (unjudged := _not_judged(context, product)) is not None:
        return unjudged
    if product.verdict is VerdictStatus.UNKNOWN:
        evidence = Evidence("verdict", slug, product.verdict.value)
        message = f"whether the product {slug} is production-grade is unknown{because}"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "verdict_unknown", message, remedy, who, product.valid_until)
    until = product.valid_until
    return yes(Evidence("verdict", slug, f"production_grade until {shown(until)}" if until else "production_grade"), until)


def _share(context: ReadinessContext, product: UsedProductFacts) -> ReadinessFinding:
    slug, needed = product.slug, context.settings.minimum_observed
    observed = f"{floor(product.observed_for / _DAY * 10) / 10:g} days"
    if product.observed_for < needed:
        evidence = Evidence("verdict", slug, f"evaluated for {observed}")
        message = f"the product {slug} was evaluated for {observed}; {formatting.span(needed)} are needed"
        remedy = f"Keep {slug} evaluated until it was observed for {formatting.span(needed)}"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "observed_too_short", message, remedy, (owner_of(product),))
    share = f"production-grade for {_percent(_part(product))} of {observed}"
    if _part(product) >= context.settings.minimum_share:
        return yes(Evidence("verdict", slug, share))
    message = f"the product {slug} was {share}; {_percent(context.settings.minimum_share)} are needed"
    remedy = f"Keep {slug} production-grade until it was for {_percent(context.settings.minimum_share)} of the time"
    return ReadinessFinding(Answer.NO, Evidence("verdict", slug, share), "share_too_low", message, remedy, (owner_of(product),))


def _product_finding(context: ReadinessContext, product: UsedProductFacts) -> ReadinessFinding:
    slug, ends_at, who = product.slug, product.deprecation_ends_at, (owner_of(product),)
    evidence = Evidence("product", slug, product.lifecycle.value)
    instead = f"Consume a published product instead of {slug}"
    match product.lifecycle:
        case Lifecycle.DRAFT:
            message, remedy = f"the product {slug} is a draft, not a production data product", f"Publish {slug}"
            return ReadinessFinding(Answer.NO, evidence, "pilot_extract", message, remedy, who)
        case Lifecycle.RETIRED:
            message = f"the product {slug} is retired"
            return ReadinessFinding(Answer.NO, evidence, "product_retired", message, instead, (context.business_owner,))
        case Lifecycle.DEPRECATED if ends_at is not None:
            evidence = Evidence("product", slug, f"deprecated, ends {shown(ends_at)}")
            if ends_at <= context.now:
                message = f"the product {slug} was deprecated and ended at {shown(ends_at)}"
                return ReadinessFinding(Answer.NO, evidence, "product_ended", message, instead, (context.business_owner,))
    return yes(evidence, ends_at if product.lifecycle is Lifecycle.DEPRECATED else None)


def _validation(context: ReadinessContext, product: UsedProductFacts) -> ReadinessFinding:
    slug, who = product.slug, (owner_of(product),)
    failed = sorted(_VALIDATION & set(product.failed_gates))
    if product.verdict is not None and failed:
        evidence = Evidence("verdict", slug, f"{' and '.join(failed)} failed")
        message = f"the checks of the product {slug} do not cover what the policy requires"
        return ReadinessFinding(Answer.NO, evidence, "validation_fails", message, f"Add the checks that {slug} lacks", who)
    if (unjudged := _not_judged(context, product)) is not None:
        return unjudged
    unseen = sorted(_VALIDATION & set(product.open_gates))
    if unseen:
        evidence = Evidence("verdict", slug, f"{' and '.join(unseen)} unknown")
        message = f"the checks of the product {slug} did not run, or not in time"
        remedy = f"Put the suites of {slug} on a schedule and run them"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "validation_not_seen", message, remedy, who, product.valid_until)
    return yes(Evidence("verdict", slug, "evidence and coverage pass"), product.valid_until)


def _part(product: UsedProductFacts) -> float:
    return min(product.good_for, product.observed_for) / product.observed_for if product.observed_for else 0.0


def _percent(share: float) -> str:
    """`89.9%`, rounded down: a share below the minimum never reads as if it had reached it."""
    return f"{floor(share * 1000 + 1e-9) / 10:g}%"
