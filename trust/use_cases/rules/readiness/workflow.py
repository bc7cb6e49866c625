"""The questions of the gap `workflow`: does the AI act where the decision happens, and what happens when it cannot?"""

from collections.abc import Iterable
from datetime import datetime

from catalog.rules.moments import shown
from catalog.rules.texts import says_something
from trust.evidence.rules import formatting
from trust.use_cases.rules.readiness.context import INSTANT, ReadinessContext, consumer_owner
from trust.use_cases.rules.readiness.facts import FALLBACK, GrantFacts, MisuseFacts, placeholders
from trust.use_cases.rules.readiness.finding import Answered, ReadinessFinding, conclude, nothing_named, yes
from trust.use_cases.rules.readiness.outcome import Evidence
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, ReadinessQuestion


def step_named(context: ReadinessContext) -> Answered:
    """Whether workflow, system and step are named. While it is an idea, what is not yet named is unknown."""
    written = {"workflow": context.facts.workflow, "system": context.facts.system, "step": context.facts.step}
    missing = [what for what, said in written.items() if not says_something(said)]
    fillers = [what for what in missing if written[what].strip()]
    findings = [yes(Evidence("claim", what, formatting.shorten(said))) for what, said in written.items() if what not in missing]
    if missing:
        what = formatting.names(missing)
        message = f"{what} {'is' if len(missing) == 1 else 'are'} not named"
        message += f" (only a placeholder: {formatting.names(fillers)})" if fillers else ""
        findings.append(_unsaid(context, "step", "step_not_named", message, f"Name the {what} where the AI acts"))
    return conclude(ReadinessQuestion.STEP_NAMED, findings, "Workflow, system and step are named.")


def asked_from_there(context: ReadinessContext) -> Answered:
    """Whether every consumer has asked, and was asked about every product, naming this use case, within the asking window.

    The decision log is the evidence, so its silence is a no; unknown only while the use case is younger than the window.
    """
    findings = nothing_named(context, consumers=True)
    if not findings:
        grants = list(_in_use(context))
        for consumer in context.facts.consumers:
            own = [grant for grant in grants if grant.consumer == consumer.slug]
            message = f"the consumer {consumer.slug} has not requested a decision from this use case"
            findings.append(_asked(context, own, Evidence("consumer", consumer.slug, ""), message, consumer_owner(consumer)))
        for product in context.facts.products:
            about = [grant for grant in grants if grant.product == product.slug]
            message = f"no decision about the product {product.slug} was requested from this use case"
            findings.append(_asked(context, about, Evidence("product", product.slug, ""), message, context.business_owner))
    window = formatting.span(context.settings.asking_window)
    numbers = {"asked": sum(grant.asked for grant in _in_use(context)), "window_days": context.settings.asking_window.days}
    passed = f"In the last {window} every consumer asked from there, and every product was asked about."
    return conclude(ReadinessQuestion.ASKED_FROM_THERE, findings, passed, numbers)


def answered_before_use(context: ReadinessContext) -> Answered:
    """No where data was used without a valid yes; unknown where no use was reported at all."""
    facts = context.facts
    findings = [_misused(context, use) for use in facts.misuses]
    if not findings and facts.uses < 1:
        message, remedy = "no use of an answer was reported", "Let the consumers report each use with the decision it rests on"
        evidence = Evidence("use", facts.slug, "none reported")
        findings = [ReadinessFinding(Answer.UNKNOWN, evidence, "no_use_reported", message, remedy, context.askers)]
    elif not findings:
        findings = [yes(Evidence("use", facts.slug, f"{formatting.count(facts.uses, 'use')} reported"))]
    passed = f"{formatting.count(facts.uses, 'reported use')}, each on a valid yes that came before it."
    return conclude(
        ReadinessQuestion.ANSWERED_BEFORE_USE, findings, passed, {"uses": facts.uses, "misuses": len(facts.misuses)}
    )


def fallback_declared(context: ReadinessContext) -> Answered:
    """Whether it is written down what happens instead while data is not fit."""
    if context.facts.has_fallback:
        finding = yes(Evidence("claim", "fallback", "written down"))
    else:
        message = f"no fallback is written down{placeholders(context.facts, [FALLBACK])}"
        remedy = "Write down what happens instead while data is not fit"
        finding = _unsaid(context, "fallback", "no_fallback", message, remedy)
    return conclude(ReadinessQuestion.FALLBACK_DECLARED, [finding], "It is written down what happens while data is not fit.")


def fallback_followed(context: ReadinessContext) -> Answered:
    """No where a denial was followed by no report that the fallback was taken, in time; unknown while there is time, and where
    nothing was asked. No denial among the answers is a yes.
    """
    named = {(consumer.slug, product.slug) for consumer, product, _ in context.pairs()}
    grants = [grant for grant in context.facts.grants if (grant.consumer, grant.product) in named]
    findings = nothing_named(context, consumers=True) or [f for grant in grants if (f := _followed(context, grant)) is not None]
    if not findings:
        message, remedy = "nothing was asked from this use case, so nothing shows that the fallback works", "Ask from there"
        evidence = Evidence("decision", context.facts.slug, "nothing asked")
        findings = [ReadinessFinding(Answer.UNKNOWN, evidence, "nothing_asked", message, remedy, context.askers)]
    asked, denied = sum(grant.asked for grant in grants), sum(grant.denied for grant in grants)
    fallen_back = f"{denied} denied; after each denial the fallback was taken" if denied else "none denied"
    passed = f"{formatting.count(asked, 'question')} asked, {fallen_back}."
    return conclude(ReadinessQuestion.FALLBACK_FOLLOWED, findings, passed, {"asked": asked, "denied": denied})


def _misused(context: ReadinessContext, use: MisuseFacts) -> ReadinessFinding:
    who, when = f"the consumer {use.consumer}", shown(use.at)
    evidence = Evidence("decision", str(use.decision_id), f"{use.consumer} used it at {when}: {use.why}")
    message = f"{who} used data at {when} without a valid yes ({use.why.replace('_', ' ')})"
    remedy = f"Let {use.consumer} ask before each use and act on the answer"
    return ReadinessFinding(Answer.NO, evidence, use.why, message, remedy, (context.owner_of_consumer(use.consumer),))


def _unsaid(context: ReadinessContext, claim: str, code: str, message: str, remedy: str) -> ReadinessFinding:
    answer = Answer.UNKNOWN if context.is_idea else Answer.NO
    return ReadinessFinding(
        answer, Evidence("claim", claim, "not written down"), code, message, remedy, (context.business_owner,)
    )


def _in_use(context: ReadinessContext) -> Iterable[GrantFacts]:
    """The pairs that were asked about within the asking window."""
    return (grant for _, _, grant in context.pairs() if grant is not None and _stale_at(context, grant) is not None)


def _stale_at(context: ReadinessContext, grant: GrantFacts) -> datetime | None:
    return context.fresh_until(grant.last_asked_at, context.settings.asking_window) if grant.asked > 0 else None


def _asked(
    context: ReadinessContext, grants: list[GrantFacts], about: Evidence, message: str, who: Responsible
) -> ReadinessFinding:
    moments = [grant.last_asked_at for grant in grants if grant.last_asked_at is not None]
    window = context.settings.asking_window
    if moments:
        newest = max(moments)
        says = f"asked {formatting.count(sum(grant.asked for grant in grants), 'time')}, last at {shown(newest)}"
        return yes(Evidence("decision", about.id, says), newest + window + INSTANT)
    young_until = context.fresh_until(context.facts.created_at, window)
    answer = Answer.NO if young_until is None else Answer.UNKNOWN
    code = "not_asked" if young_until is None else "not_yet_asked"
    evidence = Evidence("decision", about.id, "not asked")
    said, remedy = (
        f"{message} in the last {formatting.span(window)}",
        "Request a decision, naming the use case, before each use",
    )
    return ReadinessFinding(answer, evidence, code, said, remedy, (who,), young_until)


def _followed(context: ReadinessContext, grant: GrantFacts) -> ReadinessFinding | None:
    name = f"{grant.consumer} on {grant.product}"
    who = context.owner_of_consumer(grant.consumer)
    within, oldest = context.settings.fallback_within, grant.oldest_unanswered_denial_at
    if grant.unanswered_denials > 0:
        times = formatting.count(grant.unanswered_denials, "denial")
        id_ = str(grant.denied_decision_id) if grant.denied_decision_id is not None else name
        evidence = Evidence("decision", id_, f"{name}: {times} without a fallback")
        ends_at = oldest + within + INSTANT if oldest is not None else None
        remedy = f"Let {grant.consumer} take the declared fallback after a denial and report it"
        since = f" (the oldest is of {shown(oldest)})" if oldest else ""
        of = f"after {times} of {name} no fallback"
        if ends_at is None or ends_at <= context.now:
            message = f"{of} was reported within {formatting.span(within)}{since}"
            return ReadinessFinding(Answer.NO, evidence, "fallback_not_followed", message, remedy, (who,))
        return ReadinessFinding(
            Answer.UNKNOWN, evidence, "fallback_not_yet_reported", f"{of} is reported yet{since}", remedy, (who,), ends_at
        )
    if grant.denied > 0 and not context.facts.has_fallback:
        evidence = Evidence("decision", name, f"{formatting.count(grant.denied, 'denial')}, no fallback declared")
        message = f"after {formatting.count(grant.denied, 'denial')} of {name} there was no declared fallback to take"
        remedy = "Write down what happens instead while data is not fit"
        return ReadinessFinding(Answer.NO, evidence, "no_fallback", message, remedy, (context.business_owner,))
    until = _stale_at(context, grant)
    if until is None:
        return None
    return yes(Evidence("decision", name, f"asked {formatting.count(grant.asked, 'time')}, denied {grant.denied}"), until)
