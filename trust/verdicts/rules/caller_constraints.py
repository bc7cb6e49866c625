"""One question may ask for more than the trust policy does, never for less."""

from dataclasses import replace
from datetime import timedelta

from trust.evidence.rules.facts import PortFacts
from trust.verdicts.rules.evidence_status import time_to_live
from trust.verdicts.rules.facts import ProductFacts
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import GateName


def stricter(
    facts: ProductFacts, policy: TrustPolicy, *, minimum_score: float | None, maximum_evidence_age: timedelta | None
) -> tuple[ProductFacts, TrustPolicy]:
    """Facts and policy to judge such a question on. What asks for less than the policy is of no effect.

    A minimum score switches the gate `score` on. Evidence older than `maximum_evidence_age` is treated as that of a suite that
    should have run since.
    """
    if minimum_score is not None:
        asked = max(policy.minimum_score, minimum_score) if GateName.SCORE in policy.gates else minimum_score
        policy = replace(policy, minimum_score=asked, gates=policy.gates | {GateName.SCORE})
    if maximum_evidence_age is not None:
        facts = replace(facts, ports=tuple(_aging(port, policy, maximum_evidence_age) for port in facts.ports))
    return facts, policy


def _aging(port: PortFacts, policy: TrustPolicy, age: timedelta) -> PortFacts:
    if time_to_live(port, policy) <= age:
        return port
    return replace(port, schedule_interval=age / policy.ttl_factor)
