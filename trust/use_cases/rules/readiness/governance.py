"""The questions of the gap `governance`: may these consumers do this with these products, and do they keep to the terms?"""

from collections.abc import Callable
from typing import Any

import msgspec

from catalog.rules.moments import shown
from catalog.rules.sensitivity import exceeds
from trust.evidence.rules import formatting
from trust.use_cases.rules.readiness.context import GOVERNANCE, ReadinessContext, consumer_owner, owner_of
from trust.use_cases.rules.readiness.facts import MET, REQUIREMENT, ConsumerFacts, GrantFacts, UsedProductFacts, placeholders
from trust.use_cases.rules.readiness.finding import Answered, ReadinessFinding, conclude, nothing_named, yes
from trust.use_cases.rules.readiness.outcome import Evidence
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, ReadinessQuestion

Pair = tuple[ConsumerFacts, UsedProductFacts, GrantFacts | None]


def purpose_permitted(context: ReadinessContext) -> Answered:
    """Whether the policies permit every consumer every product for the purpose of the use case."""
    findings = _of_pairs(context, _permitted)
    purpose = f" for {context.facts.purpose}" if context.facts.purpose else ""
    passed = f"The policies permit every consumer every product{purpose}."
    return conclude(ReadinessQuestion.PURPOSE_PERMITTED, findings, passed)


def agreements_active(context: ReadinessContext) -> Answered:
    """No where a policy requires an agreement and none is in force. That no policy asks for one is a yes."""
    findings = _of_pairs(context, _agreed)
    needed = sum(grant.needs_agreement for grant in context.facts.grants)
    passed = "No policy requires an agreement."
    if ends := [grant.agreement_until for grant in context.facts.grants if grant.needs_agreement and grant.agreement_until]:
        passed = f"Every agreement that a policy requires is in force; the first ends at {shown(min(ends))}."
    return conclude(ReadinessQuestion.AGREEMENTS_ACTIVE, findings, passed, {"agreements_needed": needed})


def sensitivity_cleared(context: ReadinessContext) -> Answered:
    """No where a product is more sensitive than a consumer is cleared for; unknown where a product is unclassified."""
    findings = _of_pairs(context, _cleared)
    return conclude(ReadinessQuestion.SENSITIVITY_CLEARED, findings, "Every product is within the clearance of every consumer.")


def obligations_confirmed(context: ReadinessContext) -> Answered:
    """Whether the owner of each consumer has said, lately, how every obligation that comes with a permission is met."""
    findings = nothing_named(context, consumers=True)
    for consumer, product, grant in [] if findings else context.pairs():
        findings += _obligations(context, consumer, product, grant)
    count = sum(len(set(grant.obligations)) for grant in context.facts.grants)
    passed = "Every obligation is confirmed." if count else "No obligation comes with the permissions."
    return conclude(ReadinessQuestion.OBLIGATIONS_CONFIRMED, findings, passed, {"obligations": count})


def explainability_documented(context: ReadinessContext) -> Answered:
    """Unknown until somebody says whether explanations are required. Where they are, or the AI itself decides, the requirement
    and how it is met must be written down.
    """
    facts, who = context.facts, (context.business_owner,)
    written = {
        REQUIREMENT: facts.has_explainability_requirement,
        MET: facts.has_explainability_met,
    }
    missing = [what for what, is_there in written.items() if not is_there]
    needed = facts.explainability_required or facts.autonomy.decides
    autonomy = facts.autonomy.value.replace("_", " ")
    said = {True: "required", False: "not required", None: "not said whether required"}[facts.explainability_required]
    evidence = Evidence("claim", "explainability", f"{said}; the AI {autonomy}")
    finding, passed = yes(evidence), "What must be explained and how that is met are written down."
    if needed and missing:
        message = f"explanations are required, but it is not written down {' and '.join(missing)}{placeholders(facts, missing)}"
        remedy = f"Write down {' and '.join(missing)}"
        finding = ReadinessFinding(Answer.NO, evidence, "not_explained", message, remedy, who)
    elif facts.explainability_required is None:
        message, remedy = "whether explanations are required is not recorded", "Record whether the outputs must be explained"
        finding = ReadinessFinding(Answer.UNKNOWN, evidence, "requirement_not_stated", message, remedy, who)
    elif not needed:
        passed = f"Explanations are not required; the AI {autonomy}, people decide."
    return conclude(ReadinessQuestion.EXPLAINABILITY_DOCUMENTED, [finding], passed)


def _of_pairs(context: ReadinessContext, look: Callable[[ReadinessContext, Pair], ReadinessFinding]) -> list[ReadinessFinding]:
    return nothing_named(context, consumers=True) or [look(context, pair) for pair in context.pairs()]


def _worded(obligation: str) -> str:
    """`human_review`, `delete_after (days 30)`: an obligation as a sentence names it."""
    said = msgspec.json.decode(obligation, type=dict[str, Any])
    settings = [f"{name} {value}" for name, value in sorted(said.items()) if name != "type"]
    return formatting.shorten(f"{said.get('type', '')} ({', '.join(settings)})" if settings else said.get("type", ""))


def _name(consumer: ConsumerFacts, product: UsedProductFacts) -> str:
    return f"{consumer.slug} on {product.slug}"


def _not_ruled(pair: Pair, code: str, what: str) -> ReadinessFinding:
    name = _name(pair[0], pair[1])
    evidence = Evidence("policy", name, "could not be ruled")
    remedy = "Ask governance to check the policies and the purpose, then assess again"
    return ReadinessFinding(Answer.UNKNOWN, evidence, code, f"{what} for {name}", remedy, (GOVERNANCE,))


def _permitted(context: ReadinessContext, pair: Pair) -> ReadinessFinding:
    consumer, product, grant = pair
    name, purpose = _name(consumer, product), context.facts.purpose or "a purpose that is not named"
    if not consumer.is_active:
        message, remedy = f"the consumer {consumer.slug} is not active", f"Reinstate {consumer.slug}, or let another act"
        evidence = Evidence("consumer", consumer.slug, "not active")
        return ReadinessFinding(Answer.NO, evidence, "consumer_inactive", message, remedy, (GOVERNANCE, context.business_owner))
    if grant is None or grant.is_permitted is None:
        return _not_ruled(pair, "not_ruled", "it is not known what the policies say")
    if not grant.is_permitted:
        why = f": {formatting.names(grant.reasons)}" if grant.reasons else ""
        evidence = Evidence("policy", name, f"denied{why}")
        message = f"the policies do not permit {name} for {purpose}{why}"
        stands = (
            f"Resolve the reasons for denial ({formatting.names(grant.reasons)}), or publish" if grant.reasons else "Publish"
        )
        remedy = f"{stands} a policy that permits it, or give up {product.slug}"
        return ReadinessFinding(Answer.NO, evidence, "not_permitted", message, remedy, (GOVERNANCE, context.business_owner))
    evidence = Evidence("policy", name, f"permitted by {formatting.names(grant.policies)}" if grant.policies else "permitted")
    if grant.agreement_until is not None and grant.agreement_until <= context.now:
        # It was permitted while an agreement stood. Whether it is without one is for the policies to say, not for us.
        return _not_ruled(pair, "agreement_ended", "since the agreement ended, it is not known what the policies say")
    return yes(evidence, grant.agreement_until)


def _agreed(context: ReadinessContext, pair: Pair) -> ReadinessFinding:
    consumer, product, grant = pair
    name = _name(consumer, product)
    if grant is not None and grant.needs_agreement:
        until = grant.agreement_until
        if until is not None and context.now < until:
            return yes(Evidence("agreement", name, f"until {shown(until)}"), until)
        state = f"the agreement of {name} ended at {shown(until)}" if until else f"no agreement is in force for {name}"
        remedy: str
        who: tuple[Responsible, ...]
        if grant.agreement_waits:
            state, remedy, who = f"{state}, one is requested", f"Decide about the agreement of {name}", (owner_of(product),)
        else:
            remedy, who = f"Request an agreement for {name}", (consumer_owner(consumer),)
        evidence = Evidence("agreement", name, "requested" if grant.agreement_waits else "none in force")
        return ReadinessFinding(Answer.NO, evidence, "agreement_ended" if until else "no_agreement", state, remedy, who)
    if grant is None or not grant.is_permitted:
        # Where nothing is permitted, no policy can have said on which terms.
        return _not_ruled(pair, "need_not_known", "whether an agreement is needed is not known while nothing is permitted")
    return yes(Evidence("policy", name, "requires no agreement"))


def _cleared(context: ReadinessContext, pair: Pair) -> ReadinessFinding:
    consumer, product, _ = pair
    if product.sensitivity is None:
        evidence, message = Evidence("product", product.slug, "unclassified"), f"the product {product.slug} is unclassified"
        remedy = f"Classify {product.slug}"
        return ReadinessFinding(Answer.UNKNOWN, evidence, "product_unclassified", message, remedy, (owner_of(product),))
    evidence = Evidence("consumer", consumer.slug, f"cleared for {consumer.clearance}; {product.slug} is {product.sensitivity}")
    if exceeds(product.sensitivity, consumer.clearance):
        message = f"{product.slug} is {product.sensitivity}, and {consumer.slug} is cleared for {consumer.clearance} only"
        remedy = f"Clear {consumer.slug} for {product.sensitivity} data, or give up {product.slug}"
        who = (GOVERNANCE, context.business_owner)
        return ReadinessFinding(Answer.NO, evidence, "above_clearance", f"the product {message}", remedy, who)
    return yes(evidence)


def _obligations(
    context: ReadinessContext, consumer: ConsumerFacts, product: UsedProductFacts, grant: GrantFacts | None
) -> list[ReadinessFinding]:
    stated = sorted(set(grant.obligations)) if grant else []
    findings = [_obligation(context, consumer, product, grant, obligation) for obligation in stated if grant]
    if grant is None or not grant.is_permitted:
        pair = (consumer, product, grant)
        return [*findings, _not_ruled(pair, "obligations_not_known", "obligations are not known while nothing is permitted")]
    return findings or [yes(Evidence("policy", _name(consumer, product), "requires nothing"))]


def _obligation(
    context: ReadinessContext, consumer: ConsumerFacts, product: UsedProductFacts, grant: GrantFacts, obligation: str
) -> ReadinessFinding:
    name, owner, interval = _name(consumer, product), consumer.owner, context.settings.acknowledgement_interval
    what = f"{_worded(obligation)} of {name}"
    remedy, who = f"Let the owner of {consumer.slug} confirm how {what} is met", (consumer_owner(consumer),)
    if owner is None or not owner.is_active:
        evidence, remedy = Evidence("consumer", consumer.slug, "no active owner"), f"Name an active owner of {consumer.slug}"
        message = f"{consumer.slug} has no active owner to confirm {what}"
        return ReadinessFinding(Answer.NO, evidence, "no_active_owner", message, remedy, (GOVERNANCE,))
    said = [c for c in grant.confirmations if c.obligation == obligation and context.has_happened(c.confirmed_at)]
    own = [c.confirmed_at for c in said if c.confirmed_by == owner.username]
    if not own:
        code = "confirmed_by_other" if said else "not_confirmed"
        by = (
            f"confirmed by {formatting.names(sorted({c.confirmed_by for c in said}))}, not by its owner"
            if said
            else "not confirmed"
        )
        evidence = Evidence("claim", f"obligation of {name}", f"{_worded(obligation)}: {by}")
        return ReadinessFinding(Answer.NO, evidence, code, f"the obligation {what} is {by}", remedy, who)
    newest = max(own)
    evidence = Evidence("claim", f"obligation of {name}", f"{_worded(obligation)}: confirmed at {shown(newest)}")
    until = context.fresh_until(newest, interval)
    if until is None:
        message = f"the obligation {what} was confirmed at {shown(newest)}, due again after {formatting.span(interval)}"
        return ReadinessFinding(Answer.NO, evidence, "confirmation_overdue", message, remedy, who)
    return yes(evidence, until)
