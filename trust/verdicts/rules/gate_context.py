"""What every gate and every part of the score looks at: the facts, the policy, the moment, and what follows from them."""

from dataclasses import dataclass
from datetime import datetime

from trust.verdicts.rules.evidence_status import AssessedEvidence, assess_evidence
from trust.verdicts.rules.facts import ProductFacts
from trust.verdicts.rules.outcome import DataWarning, Responsible
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.rules.waivers import WaiversInForce, waivers_in_force
from trust.verdicts.rules.warnings import warnings_of
from trust.vocabulary import Role


@dataclass(frozen=True, slots=True)
class GateContext:
    """One product at one moment under one trust policy."""

    facts: ProductFacts
    policy: TrustPolicy
    now: datetime
    assessed_ports: tuple[AssessedEvidence, ...]
    waivers: WaiversInForce
    warnings: tuple[DataWarning, ...] = ()

    @property
    def owner(self) -> Responsible:
        """Who answers for the product."""
        owner = self.facts.owner
        return Responsible(Role.OWNER, owner.username if owner else None)

    @property
    def steward(self) -> Responsible:
        """Who looks after the data: the steward if there is an active one, else the owner."""
        steward = self.facts.steward
        return Responsible(Role.STEWARD, steward.username) if steward and steward.is_active else self.owner

    @property
    def governance(self) -> Responsible:
        """The governance staff, as a group."""
        return Responsible(Role.GOVERNANCE)

    def has_happened(self, time: datetime | None) -> bool:
        """Whether something dated `time` had happened when the facts were read; a small clock skew is forgiven."""
        return time is not None and time <= self.facts.known_at + self.policy.clock_skew


def gate_context(facts: ProductFacts, policy: TrustPolicy, now: datetime) -> GateContext:
    """`facts` seen at `now` under `policy`."""
    evidence = assess_evidence(facts, policy, now)
    return GateContext(facts, policy, now, evidence, waivers_in_force(facts, policy, now), warnings_of(evidence))
