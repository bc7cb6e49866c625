"""The structured form of an access policy: who may use a data product for what. Data only: `cedar_text` makes of it what rules.

A published version never changes, so its digest names it for ever.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from catalog.rules.obligation import InvalidObligationError, Obligation, obligation_from_json, sorted_obligations
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity

MOST_OBLIGATIONS = 20
LOOSENING_WAITS = timedelta(days=14)
"""How long a request for what loosens the rules waits for the second person; our choice. Then it must be made again."""
_SETTINGS = (
    "effect",
    "consumer_kinds",
    "purposes",
    "minimum_score",
    "obligations",
    "agreement_required",
    "expires_at",
)


class InvalidAccessPolicyError(ValueError):
    """An access policy that cannot hold. `setting` is at fault; the message names it, its value, and what it may be."""

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """One rule: `effect` for these kinds of consumers and these purposes; empty means all of them.

    minimum_score: 0 to 100, the effective trust score below which a permit does not hold; None asks for none.
    obligations: what a permitted consumer must do. agreement_required: a permit holds only while an agreement stands.
    expires_at: the first moment at which it no longer holds (aware); None: until it is replaced.
    is_guardrail: it forbids for every product of `domain` (slug; None: of all) that is at least `minimum_sensitivity`.
    cedar: written by governance as it stands, instead of kinds, purposes, score and agreement; None: made of them.
    """

    effect: Effect
    consumer_kinds: frozenset[ConsumerKind]
    purposes: frozenset[str]
    minimum_score: float | None = None
    obligations: frozenset[Obligation] = frozenset()
    expires_at: datetime | None = None
    agreement_required: bool = False
    is_guardrail: bool = False
    domain: str | None = None
    minimum_sensitivity: Sensitivity | None = None
    cedar: str | None = None


def forbids_as_much(before: PolicySpec, after: PolicySpec) -> bool:
    """Whether guardrail `after` is shown to forbid all that `before` does. Raw Cedar shows nothing unless it is the same."""
    if before.cedar is not None or after.cedar is not None:
        return before.cedar == after.cedar and _lasts_as_long(before, after)
    return (
        _covers(after.consumer_kinds, before.consumer_kinds)
        and _covers(after.purposes, before.purposes)
        and after.domain in {None, before.domain}
        and (
            after.minimum_sensitivity is None
            or (before.minimum_sensitivity is not None and after.minimum_sensitivity.rank <= before.minimum_sensitivity.rank)
        )
        and _lasts_as_long(before, after)
    )


def _covers(those: frozenset[Any], these: frozenset[Any]) -> bool:
    """Whether `those` are at least `these`, where none means all."""
    return not those or (bool(these) and those >= these)


def _lasts_as_long(before: PolicySpec, after: PolicySpec) -> bool:
    return after.expires_at is None or (before.expires_at is not None and after.expires_at >= before.expires_at)


def validate_access_policy(policy: PolicySpec, known_purposes: Collection[str]) -> None:
    """Raise `InvalidAccessPolicyError` for the first setting of `policy` that cannot hold.

    Empty kinds or purposes are refused for a product: read as "none" such a rule does nothing, read as "all" it does too much.
    A guardrail may leave them empty: what it forbids, it then forbids to kinds and purposes that are added later, too.
    """
    if policy.cedar is not None:
        _demand_nothing_beside_cedar(policy)
    elif not policy.is_guardrail:
        _demand(bool(policy.consumer_kinds), "consumer_kinds", "empty", f"at least one of {', '.join(ConsumerKind)}")
        _demand(bool(policy.purposes), "purposes", "empty", f"at least one of {', '.join(sorted(known_purposes))}")
    if policy.is_guardrail:
        _demand(policy.effect is Effect.FORBID, "effect", policy.effect.value, "forbid: a guardrail never permits")
    unknown = sorted(policy.purposes - set(known_purposes))
    _demand(not unknown, "purposes", ", ".join(unknown), f"among {', '.join(sorted(known_purposes))}")
    is_permit = policy.effect is Effect.PERMIT
    if policy.minimum_score is not None:
        _demand(is_permit, "minimum_score", policy.minimum_score, "left out of a forbid rule")
        _demand(0 <= policy.minimum_score <= 100, "minimum_score", policy.minimum_score, "a number from 0 to 100")
    _demand(is_permit or not policy.agreement_required, "agreement_required", "true", "left out of a forbid rule")
    _demand(is_permit or not policy.obligations, "obligations", "given", "left out of a forbid rule")
    _demand(len(policy.obligations) <= MOST_OBLIGATIONS, "obligations", len(policy.obligations), f"at most {MOST_OBLIGATIONS}")
    if policy.expires_at is not None:
        _demand(policy.expires_at.tzinfo is not None, "expires_at", policy.expires_at, "a time with its offset from UTC")


def _demand_nothing_beside_cedar(policy: PolicySpec) -> None:
    said = "left out beside Cedar text, which contains it"
    _demand(not policy.consumer_kinds, "consumer_kinds", "given", said)
    _demand(not policy.purposes, "purposes", "given", said)
    _demand(policy.minimum_score is None, "minimum_score", policy.minimum_score, said)
    _demand(not policy.agreement_required, "agreement_required", "true", said)
    _demand(policy.domain is None, "domain", policy.domain, said)
    _demand(policy.minimum_sensitivity is None, "minimum_sensitivity", policy.minimum_sensitivity, said)


def _demand(holds: bool, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise InvalidAccessPolicyError(f"Access policy setting {name} is {value}; it must be {allowed}.", setting=name)


def access_policy_from_dict(data: Mapping[str, Any]) -> PolicySpec:
    """The access policy that plain JSON values describe. Raises `InvalidAccessPolicyError`; unknown settings are refused."""
    if unknown := sorted(set(data) - set(_SETTINGS)):
        message = f"Access policy has unknown settings {', '.join(unknown)}; known are {', '.join(_SETTINGS)}."
        raise InvalidAccessPolicyError(message, setting=unknown[0])
    score = data.get("minimum_score")
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    _demand(score is None or is_number, "minimum_score", repr(score), "a number from 0 to 100")
    try:
        effect = Effect(data.get("effect", ""))
    except ValueError:
        message = f"Access policy setting effect is {data.get('effect')!r}; it must be permit or forbid."
        raise InvalidAccessPolicyError(message, setting="effect") from None
    kinds = _texts(data, "consumer_kinds")
    foreign = sorted(kinds - set(ConsumerKind))
    _demand(not foreign, "consumer_kinds", ", ".join(foreign), f"among {', '.join(ConsumerKind)}")
    needs_agreement = data.get("agreement_required", False)
    _demand(isinstance(needs_agreement, bool), "agreement_required", repr(needs_agreement), "true or false")
    given = data.get("obligations") or []
    _demand(isinstance(given, list | tuple), "obligations", repr(given)[:80], "a list of short names and objects with `type`")
    return PolicySpec(
        effect=effect,
        consumer_kinds=frozenset(ConsumerKind(kind) for kind in kinds),
        purposes=_texts(data, "purposes"),
        minimum_score=None if score is None else float(score),
        obligations=obligations_from_json(given),
        agreement_required=needs_agreement,
        expires_at=_moment(data.get("expires_at")),
    )


def obligations_from_json(given: Iterable[object]) -> frozenset[Obligation]:
    """The obligations that short names and objects describe. Raises `InvalidAccessPolicyError`."""
    try:
        return frozenset(obligation_from_json(value) for value in given)
    except InvalidObligationError as error:
        message = f"Access policy setting obligations is wrong: {error}."
        raise InvalidAccessPolicyError(message, setting="obligations") from None


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
        raise InvalidAccessPolicyError(message, setting="expires_at") from None


def canonical_access_policy(policy: PolicySpec) -> dict[str, Any]:
    """The policy as plain JSON values, the same for equal policies: lists sorted, the time in UTC.

    Settings that came with Cedar stand in it only where they say something, so that digests of older policies stay the same.
    """
    said: dict[str, Any] = {
        "effect": policy.effect.value,
        "consumer_kinds": sorted(kind.value for kind in policy.consumer_kinds),
        "purposes": sorted(policy.purposes),
        "minimum_score": policy.minimum_score,
        "obligations": [one.as_written() for one in sorted_obligations(policy.obligations)],
        "expires_at": None if policy.expires_at is None else policy.expires_at.astimezone(UTC).isoformat(),
    }
    if policy.agreement_required:
        said["agreement_required"] = True
    if policy.is_guardrail:
        level = policy.minimum_sensitivity
        said["guardrail"] = {"domain": policy.domain, "minimum_sensitivity": None if level is None else level.value}
    if policy.cedar is not None:
        said["cedar"] = policy.cedar
    return said


def access_policy_digest(policy: PolicySpec) -> str:
    """SHA-256, as hex, of the canonical JSON of `policy`."""
    text = json.dumps(canonical_access_policy(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
