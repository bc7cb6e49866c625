"""The simple structured form of an access policy: who may use a data product for what. Data only; it decides no request.

A published version never changes, so its digest names it for ever.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from catalog.rules.vocabulary import ConsumerKind, Effect

_OBLIGATION = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SETTINGS = ("effect", "consumer_kinds", "purposes", "minimum_score", "obligations", "expires_at")


class InvalidAccessPolicyError(ValueError):
    """An access policy that cannot hold. The message names the setting, its value, and what it may be."""


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """One rule: `effect` for these kinds of consumers and these purposes.

    minimum_score: 0 to 100, the effective trust score below which a permit does not hold; None asks for none.
    obligations: what a permitted consumer must do, as short names such as `cite-source`.
    expires_at: the first moment at which it no longer holds (aware); None: until it is replaced.
    """

    effect: Effect
    consumer_kinds: frozenset[ConsumerKind]
    purposes: frozenset[str]
    minimum_score: float | None = None
    obligations: frozenset[str] = frozenset()
    expires_at: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether it has not expired at `moment`."""
        return self.expires_at is None or moment < self.expires_at


def validate_access_policy(policy: AccessPolicy, known_purposes: Collection[str]) -> None:
    """Raise `InvalidAccessPolicyError` for the first setting of `policy` that cannot hold.

    Empty kinds or purposes are refused: read as "none" such a rule does nothing, read as "all" it does too much.
    """
    _demand(bool(policy.consumer_kinds), "consumer_kinds", "empty", f"at least one of {', '.join(ConsumerKind)}")
    _demand(bool(policy.purposes), "purposes", "empty", f"at least one of {', '.join(sorted(known_purposes))}")
    unknown = sorted(policy.purposes - set(known_purposes))
    _demand(not unknown, "purposes", ", ".join(unknown), f"among {', '.join(sorted(known_purposes))}")
    if policy.minimum_score is not None:
        _demand(policy.effect is Effect.PERMIT, "minimum_score", policy.minimum_score, "left out of a forbid rule")
        _demand(0 <= policy.minimum_score <= 100, "minimum_score", policy.minimum_score, "a number from 0 to 100")
    _demand(policy.effect is Effect.PERMIT or not policy.obligations, "obligations", "given", "left out of a forbid rule")
    _demand(len(policy.obligations) <= 20, "obligations", len(policy.obligations), "at most 20")
    for obligation in sorted(policy.obligations):
        short = "a short name of lower-case letters, digits, dots and dashes"
        _demand(_OBLIGATION.fullmatch(obligation) is not None, "obligations", repr(obligation[:80]), short)
    if policy.expires_at is not None:
        _demand(policy.expires_at.tzinfo is not None, "expires_at", policy.expires_at, "a time with its offset from UTC")


def _demand(holds: bool, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise InvalidAccessPolicyError(f"Access policy setting {name} is {value}; it must be {allowed}.")


def access_policy_from_dict(data: Mapping[str, Any]) -> AccessPolicy:
    """The access policy that plain JSON values describe. Raises `InvalidAccessPolicyError`; unknown settings are refused."""
    if unknown := sorted(set(data) - set(_SETTINGS)):
        message = f"Access policy has unknown settings {', '.join(unknown)}; known are {', '.join(_SETTINGS)}."
        raise InvalidAccessPolicyError(message)
    score = data.get("minimum_score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    _demand(score is None or is_number, "minimum_score", repr(score), "a number from 0 to 100")
    try:
        effect = Effect(data.get("effect", ""))
    except ValueError:
        message = f"Access policy setting effect is {data.get('effect')!r}; it must be permit or forbid."
        raise InvalidAccessPolicyError(message) from None
    kinds = _texts(data, "consumer_kinds")
    foreign = sorted(kinds - set(ConsumerKind))
    _demand(not foreign, "consumer_kinds", ", ".join(foreign), f"among {', '.join(ConsumerKind)}")
    return AccessPolicy(
        effect=effect,
        consumer_kinds=frozenset(ConsumerKind(kind) for kind in kinds),
        purposes=_texts(data, "purposes"),
        minimum_score=None if score is None else float(score),
        obligations=_texts(data, "obligations"),
        expires_at=_moment(data.get("expires_at")),
    )


def _texts(data: Mapping[str, Any], name: str) -> frozenset[str]:
    values = data.get(name) or []
    is_list = isinstance(values, list | tuple) and all(isinstance(value, str) for value in values)
    _demand(is_list, name, repr(values), "a list of texts")
    return frozenset(values)


def _moment(value: object) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        message = f"Access policy setting expires_at is {value!r}; it must be a time such as 2027-01-31T00:00:00Z."
        raise InvalidAccessPolicyError(message) from None


def canonical_access_policy(policy: AccessPolicy) -> dict[str, Any]:
    """The policy as plain JSON values, the same for equal policies: lists sorted, the time in UTC, every setting present."""
    return {
        "effect": policy.effect.value,
        "consumer_kinds": sorted(kind.value for kind in policy.consumer_kinds),
        "purposes": sorted(policy.purposes),
        "minimum_score": policy.minimum_score,
        "obligations": sorted(policy.obligations),
        "expires_at": None if policy.expires_at is None else policy.expires_at.astimezone(UTC).isoformat(),
    }


def access_policy_digest(policy: AccessPolicy) -> str:
    """SHA-256, as hex, of the canonical JSON of `policy`."""
    text = json.dumps(canonical_access_policy(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
