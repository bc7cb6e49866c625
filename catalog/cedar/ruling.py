"""The ruling: may this consumer use this product for this purpose? Made by Cedar, explained by `catalog.rules.explanation`."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR
from functools import lru_cache
from typing import Any

from catalog.cedar.engine import CLEARANCE_RULE, evaluate
from catalog.rules.cedar_text import CONSUME, NAMESPACE, decimal_text
from catalog.rules.explanation import explain_denial
from catalog.rules.obligation import sorted_obligations
from catalog.rules.ruling import AskedFor, PolicyInForce, PolicyName, Resource, Ruling, RulingReason, Subject
from catalog.rules.vocabulary import ConsumerKind, Lifecycle, Sensitivity


@lru_cache(maxsize=4096)
def rule(subject: Subject, resource: Resource, asked: AskedFor, policies: tuple[PolicyInForce, ...]) -> Ruling:
    """What `policies` and the built-in clearance rule say. Remembered by all that it is given, which is all that it depends on.

    The mappings in a ruling are shared by everybody who asks the same: they are read, never changed. Raises `ValueError` for a
    score that is not from 0 to 100.
    """
    request = build_request(subject, resource, asked)
    outcome = evaluate(request, policies)
    known = {policy.id: policy for policy in (CLEARANCE_RULE, *policies)}
    determining = [known[number] for number in outcome.determining]
    names = tuple(name_of(policy) for policy in determining)
    if outcome.is_permitted:
        duties = sorted_obligations(duty for policy in determining for duty in policy.obligations)
        return Ruling(True, names, obligations=tuple(duty.as_object() for duty in duties), request=request)
    reasons = explain_denial(subject, resource, asked, policies, forbidding=outcome.determining, broken=outcome.broken)
    return Ruling(False, names, reasons, request=request)


def rule_again(request: Mapping[str, Any], policies: Sequence[PolicyInForce]) -> tuple[bool, tuple[int, ...]]:
    """(permitted, ids of the determining policies) for the `request` of an earlier ruling, under these policies."""
    outcome = evaluate(request, policies)
    return outcome.is_permitted, outcome.determining


def explain_again(request: Mapping[str, Any], policies: Sequence[PolicyInForce]) -> tuple[RulingReason, ...]:
    """Why the `request` of an earlier ruling is denied under these policies; empty where it is permitted."""
    return rule(*_question(request), tuple(policies)).reasons


def name_of(policy: PolicyInForce) -> PolicyName:
    return PolicyName(policy.id, policy.name, policy.version, policy.digest)


def build_request(subject: Subject, resource: Resource, asked: AskedFor) -> dict[str, Any]:
    """The Cedar request with its entities as plain JSON values, in the form of the published schema."""
    if not 0 <= asked.score <= 100:
        raise ValueError(f"The trust score of {resource.slug} is {asked.score}; it must be from 0 to 100.")
    consumer = {"type": f"{NAMESPACE}::Consumer", "id": subject.slug}
    product = {"type": f"{NAMESPACE}::DataProduct", "id": resource.slug}
    domain = {"type": f"{NAMESPACE}::Domain", "id": resource.domain}
    context: dict[str, Any] = {
        "purpose": asked.purpose,
        "score": {"__extn": {"fn": "decimal", "arg": decimal_text(asked.score, ROUND_FLOOR)}},
        "production_grade": asked.is_production_grade,
        "agreement": asked.has_agreement,
    }
    if asked.use_case is not None:
        context["use_case"] = asked.use_case
    holder = {"kind": subject.kind.value, "clearance": subject.clearance.rank, "owner": subject.owner}
    described = {
        "sensitivity": (resource.sensitivity or Sensitivity.RESTRICTED).rank,
        "classified": resource.sensitivity is not None,
        "lifecycle": resource.lifecycle.value,
        "owner": resource.owner,
    }
    return {
        "principal": consumer,
        "action": {"type": f"{NAMESPACE}::Action", "id": CONSUME},
        "resource": product,
        "context": context,
        "entities": [
            {"uid": consumer, "attrs": holder, "parents": []},
            {"uid": product, "attrs": described, "parents": [domain]},
            {"uid": domain, "attrs": {}, "parents": []},
        ],
    }


def _question(request: Mapping[str, Any]) -> tuple[Subject, Resource, AskedFor]:
    """What was asked, read back from a request that `build_request` made."""
    levels, context = list(Sensitivity), request["context"]
    holder, described = (entity["attrs"] for entity in request["entities"][:2])
    domain = request["entities"][1]["parents"][0]["id"]
    subject = Subject(request["principal"]["id"], ConsumerKind(holder["kind"]), levels[holder["clearance"]], holder["owner"])
    sensitivity = levels[described["sensitivity"]] if described["classified"] else None
    resource = Resource(request["resource"]["id"], domain, sensitivity, Lifecycle(described["lifecycle"]), described["owner"])
    score = float(context["score"]["__extn"]["arg"])
    asked = AskedFor(context["purpose"], score, context["production_grade"], context["agreement"], context.get("use_case"))
    return subject, resource, asked
