"""Accepted exceptions: which hold now, how long they may live, and what may never be excepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.rules.moments import shown
from trust.verdicts.rules.facts import ProductFacts, WaiverFacts
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import GateName

UNWAIVABLE_GATES = frozenset({GateName.LIFECYCLE, GateName.EVIDENCE})
"""Our choice: nobody can accept that a product is not published, and nothing is ever green without evidence."""


class InvalidWaiverError(ValueError):
    """A waiver that would not hold. The message says why and what to change."""


@dataclass(frozen=True, slots=True)
class WaiversInForce:
    """The waivers that hold at one moment, by what they except."""

    gates: Mapping[GateName, WaiverFacts]
    checks: Mapping[str, WaiverFacts]
    waivers: tuple[WaiverFacts, ...]


def waiver_end(waiver: WaiverFacts, policy: TrustPolicy) -> datetime:
    """The first moment at which `waiver` no longer holds: its expiry, or the policy's longest life if that comes first."""
    return min(waiver.expires_at, waiver.starts_at + policy.maximum_waiver)


def waivers_in_force(facts: ProductFacts, policy: TrustPolicy, now: datetime) -> WaiversInForce:
    """The waivers that hold at `now`. Where several except the same, the one that ends last speaks.

    A waiver that had not started when the facts were read does not hold until they are read again, one whose owner has left
    not at all: an exception without somebody to answer for it is none.
    """
    holding = [waiver for waiver in facts.waivers if is_in_force(waiver, policy, known_at=facts.known_at, now=now)]
    holding.sort(key=lambda waiver: (waiver_end(waiver, policy), waiver.id))
    return WaiversInForce(
        gates={waiver.gate: waiver for waiver in holding if waiver.gate is not None},
        checks={waiver.check_key: waiver for waiver in holding if waiver.check_key is not None},
        waivers=tuple(sorted(holding, key=lambda waiver: waiver.id)),
    )


def is_in_force(waiver: WaiverFacts, policy: TrustPolicy, *, known_at: datetime, now: datetime) -> bool:
    """Whether one waiver holds at `now`. known_at: when it was read."""
    names_one_thing = (waiver.gate is None) is not (waiver.check_key is None)
    is_allowed = names_one_thing and waiver.gate not in UNWAIVABLE_GATES
    is_running = waiver.starts_at <= min(known_at, now) and now < waiver_end(waiver, policy)
    return is_allowed and is_running and waiver.owner.is_active


def validate_waiver(waiver: WaiverFacts, policy: TrustPolicy) -> None:
    """Raise `InvalidWaiverError` for the first reason why `waiver` could not hold as it is written."""
    if (waiver.gate is None) is (waiver.check_key is None):
        raise InvalidWaiverError("A waiver must name exactly one gate or one check; name one of them and not both.")
    if waiver.gate in UNWAIVABLE_GATES:
        raise InvalidWaiverError(f"The gate {waiver.gate} cannot be waived; follow its remedy instead.")
    if not waiver.reason.strip():
        raise InvalidWaiverError("A waiver must have a reason; write why the exception is acceptable.")
    if not waiver.owner.is_active:
        raise InvalidWaiverError(f"The owner {waiver.owner.username} of the waiver has left; name an active person.")
    if waiver.expires_at <= waiver.starts_at:
        raise InvalidWaiverError("The waiver ends before it starts; give an expiry after its start.")
    if waiver.expires_at - waiver.starts_at > policy.maximum_waiver:
        days = policy.maximum_waiver.days
        raise InvalidWaiverError(
            f"A waiver can last at most {days} days; choose an expiry up to {shown(waiver.starts_at + policy.maximum_waiver)}."
        )
