"""Why the answer is no, in words to act on: which policy stands in the way, or which one would have been needed.

Cedar names the policies that forbid, and nothing at all where none permits. What is missing is then read from the permit that
comes closest. Pure: it explains a ruling and takes no part in it.
"""

from collections.abc import Collection, Sequence

from catalog.rules.ruling import AskedFor, PolicyInForce, Resource, RulingReason, Subject
from catalog.rules.vocabulary import Effect, Sensitivity

GOVERNANCE = "governance"
CLEARANCE_ID = 0


def explain_denial(
    subject: Subject,
    resource: Resource,
    asked: AskedFor,
    policies: Sequence[PolicyInForce],
    *,
    forbidding: Collection[int],
    broken: Collection[int],
) -> tuple[RulingReason, ...]:
    """At least one reason for a denial; several where several policies forbid, or the closest permit lacks several things.

    forbidding: ids of the policies that forbid. broken: ids of those that could not be evaluated, which never allow.
    """
    reasons = [_clearance(subject, resource)] if CLEARANCE_ID in forbidding else []
    reasons += [_broken(policy) for policy in policies if policy.id in broken]
    reasons += [_forbidden(asked, resource, policy) for policy in policies if policy.id in set(forbidding) - set(broken)]
    return tuple(reasons) or _default_deny(subject, resource, asked, policies)


def _clearance(subject: Subject, resource: Resource) -> RulingReason:
    held = f"Consumer {subject.slug} is cleared for {subject.clearance} data"
    if resource.sensitivity is None:
        return RulingReason(
            "clearance_too_low",
            f"{held}; data product {resource.slug} is unclassified, which counts as {Sensitivity.RESTRICTED}.",
            f"Ask {resource.owner} to classify the data product, or governance to raise the clearance.",
            resource.owner,
        )
    return RulingReason(
        "clearance_too_low",
        f"{held}; data product {resource.slug} is {resource.sensitivity}.",
        f"Ask governance to clear {subject.slug} for {resource.sensitivity} data, or use a product that is less sensitive.",
        GOVERNANCE,
    )


def _broken(policy: PolicyInForce) -> RulingReason:
    return RulingReason(
        "policy_error",
        f"{_named(policy)} could not be evaluated for this request, so it permits nothing.",
        "Ask governance to publish a version of it that covers every request.",
        GOVERNANCE,
    )


def _forbidden(asked: AskedFor, resource: Resource, policy: PolicyInForce) -> RulingReason:
    who = GOVERNANCE if policy.is_guardrail else resource.owner
    return RulingReason(
        "forbidden_by_policy",
        f"{_named(policy)} forbids the use of data product {resource.slug} for {asked.purpose}.",
        f"Use the data for another purpose or another product for this one; the rule is owned by {who}.",
        who,
    )


def _default_deny(
    subject: Subject, resource: Resource, asked: AskedFor, policies: Sequence[PolicyInForce]
) -> tuple[RulingReason, ...]:
    permits = [policy for policy in policies if policy.effect is Effect.PERMIT]
    readable = [policy for policy in permits if not policy.is_raw]
    if readable:
        closest = min(readable, key=lambda policy: (_distance(subject, asked, policy), policy.id))
        if reasons := _lacking(subject, resource, asked, closest):
            return reasons
    message = f"No access policy permits the use of data product {resource.slug} for {asked.purpose}."
    if permits:
        message = f"{message} {', '.join(map(_named, permits))} applies only under conditions that this request does not meet."
    remedy = f"Ask {resource.owner} to draft an access policy for {asked.purpose}, and governance to publish it."
    return (RulingReason("no_policy_permits", message, remedy, resource.owner),)


def _distance(subject: Subject, asked: AskedFor, policy: PolicyInForce) -> int:
    """How far a permit is from holding. An agreement can be requested and a score rises; another purpose is another request;
    another kind of consumer is another consumer (our order)."""
    lacks = (_lacks_agreement(asked, policy), _lacks_score(asked, policy), _lacks_purpose(asked, policy))
    return sum(lack << place for place, lack in enumerate((*lacks, _lacks_kind(subject, policy))))


def _lacks_kind(subject: Subject, policy: PolicyInForce) -> bool:
    return bool(policy.consumer_kinds) and subject.kind not in policy.consumer_kinds


def _lacks_purpose(asked: AskedFor, policy: PolicyInForce) -> bool:
    return bool(policy.purposes) and asked.purpose not in policy.purposes


def _lacks_score(asked: AskedFor, policy: PolicyInForce) -> bool:
    return policy.minimum_score is not None and asked.score < policy.minimum_score


def _lacks_agreement(asked: AskedFor, policy: PolicyInForce) -> bool:
    return policy.agreement_required and not asked.has_agreement


def _lacking(subject: Subject, resource: Resource, asked: AskedFor, policy: PolicyInForce) -> tuple[RulingReason, ...]:
    """What `policy` would have needed in order to hold, the hardest to get first."""
    name, owner, reasons = _named(policy), resource.owner, []
    if _lacks_kind(subject, policy):
        reasons.append(
            RulingReason(
                "consumer_kind_not_permitted",
                f"{name} permits {_listed(policy.consumer_kinds)}; consumer {subject.slug} is of kind {subject.kind}.",
                f"Ask {owner} to draft a policy for {subject.kind} consumers, and governance to publish it.",
                owner,
            )
        )
    if _lacks_purpose(asked, policy):
        reasons.append(
            RulingReason(
                "purpose_not_permitted",
                f"{name} permits {_listed(policy.purposes)}, but not {asked.purpose}.",
                f"Use a permitted purpose, or ask {owner} to draft a policy for {asked.purpose}.",
                owner,
            )
        )
    if _lacks_score(asked, policy):
        reasons.append(
            RulingReason(
                "score_below_policy",
                f"{name} requires a trust score of at least {policy.minimum_score:g}; it is {asked.score:g}.",
                f"Ask {owner} to raise the trust score of the data product; its trust answer shows what limits it.",
                owner,
            )
        )
    if _lacks_agreement(asked, policy):
        reasons.append(
            RulingReason(
                "agreement_required",
                f"{name} requires an agreement; {subject.slug} has none for {asked.purpose} on data product {resource.slug}.",
                f"Request an agreement for this data product and purpose; {owner} can approve it.",
                subject.owner,
            )
        )
    return tuple(reasons)


def _named(policy: PolicyInForce) -> str:
    return f"{'Guardrail' if policy.is_guardrail else 'Access policy'} {policy.name} v{policy.version}"


def _listed(words: Collection[str]) -> str:
    return ", ".join(sorted(words))
