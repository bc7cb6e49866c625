"""The trust policy: everything about judgement that governance may set, as versioned data. Defaults are DESIGN.md's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec

from catalog.rules.vocabulary import Dimension, Severity
from trust.verdicts.rules.policy_settings import IncidentRules, InvalidTrustPolicyError, ReadinessPolicy, demand, demand_span
from trust.vocabulary import GateName, Part

__all__ = [
    "DEFAULT_POLICY",
    "InvalidTrustPolicyError",
    "TrustPolicy",
    "loosened_settings",
    "policy_digest",
    "policy_from_dict",
    "policy_to_dict",
    "with_changes",
]


def _required_dimensions() -> dict[Dimension, float]:
    required = (Dimension.COMPLETENESS, Dimension.UNIQUENESS, Dimension.VALIDITY, Dimension.VOLUME, Dimension.SCHEMA)
    return dict.fromkeys(required, 1.0)


def _part_weights() -> dict[Part, float]:
    return {Part.QUALITY: 40.0, Part.RELIABILITY: 15.0, Part.FRESHNESS: 15.0, Part.COVERAGE: 15.0, Part.GOVERNANCE: 15.0}


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """How products are judged.

    gates: those that are on. A gate that is off is listed in every answer as `off`.
    required_dimensions: dimension -> its weight in quality; a port must have a passed check for each.
    critical_field_share: share of the critical fields, 0 to 1, that must have a passed check.
    minimum_score: the uncapped score that the gate `score` asks for, 0 to 100.
    capped_score: the highest score that is shown while any gate is open.
    ttl_factor, default_ttl: evidence lives `ttl_factor` schedule intervals, `default_ttl` where there is no schedule.
    maximum_ttl: longest life of evidence, whatever its schedule (our choice, a quarter).
    minimum_tolerance: a check whose `mostly` is lower does not cover a critical field.
    part_weights: sum to 100. severity_weights: w of the score.
    acknowledgement_interval: DESIGN.md; review_interval: our choice, a yearly review.
    reliability_window: how many finished runs count.
    clock_skew: how far ahead a data time or a run may be before it is not believed (our choice).
    maximum_waiver: longest life of a waiver (our choice, a quarter).
    maximum_validity: longest life of an answer, so that none holds for ever (our choice).
    recall_window: who got a yes in this time before a verdict fell is notified of it (our choice).
    recall_damping: how long a verdict must have stayed fallen, or risen again, before anybody is notified (our choice).
    readiness: how use cases are assessed.
    independence_interval: for how long no person is the second one for an account that they changed (our choice, a month).
    warnings_block: whether a data warning leaves the gate `evidence` unknown (our choice: it does not).
    """

    version: int = 1
    gates: frozenset[GateName] = frozenset(GateName)
    required_dimensions: Mapping[Dimension, float] = field(default_factory=_required_dimensions)
    critical_field_share: float = 1.0
    minimum_score: float = 75.0
    capped_score: float = 59.0
    ttl_factor: float = 1.5
    default_ttl: timedelta = timedelta(hours=36)
    minimum_tolerance: float = 0.95
    acknowledgement_interval: timedelta = timedelta(days=180)
    review_interval: timedelta = timedelta(days=365)
    reliability_window: int = 20
    part_weights: Mapping[Part, float] = field(default_factory=_part_weights)
    severity_weights: Mapping[Severity, int] = field(
        default_factory=lambda: {Severity.CRITICAL: 5, Severity.WARNING: 2, Severity.INFO: 1}
    )
    clock_skew: timedelta = timedelta(minutes=5)
    maximum_waiver: timedelta = timedelta(days=90)
    maximum_validity: timedelta = timedelta(days=30)
    maximum_ttl: timedelta = timedelta(days=92)
    recall_window: timedelta = timedelta(days=30)
    recall_damping: timedelta = timedelta(minutes=5)
    readiness: ReadinessPolicy = field(default_factory=ReadinessPolicy)
    incident_rules: IncidentRules = field(default_factory=IncidentRules)
    warnings_block: bool = False
    independence_interval: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        """Raise `InvalidTrustPolicyError` for the first setting that cannot judge."""
        for name, value, lowest, highest in (
            ("version", self.version, 1, 10**9),
            ("critical_field_share", self.critical_field_share, 0, 1),
            ("minimum_score", self.minimum_score, 0, 100),
            ("capped_score", self.capped_score, 0, 100),
            ("ttl_factor", self.ttl_factor, 1, 100),
            ("minimum_tolerance", self.minimum_tolerance, 0, 1),
            ("reliability_window", self.reliability_window, 1, 1000),
        ):
            demand(lowest <= value <= highest, name, value, f"a number from {lowest} to {highest}")
        for name in _SPANS:
            demand_span(name, getattr(self, name))
        for name in ("clock_skew", "recall_damping"):
            span = getattr(self, name)
            demand(timedelta(0) <= span <= timedelta(hours=24), name, span, "a time of at most 24 hours, not negative")
        demand(GateName.EVIDENCE in self.gates, "gates", sorted(self.gates), "a set that keeps the gate evidence on")
        for dimension, weight in self.required_dimensions.items():
            demand(0 < weight <= 1000, f"required_dimensions.{dimension}", weight, "a weight above 0, at most 1000")
        demand(set(self.part_weights) == set(Part), "part_weights", sorted(self.part_weights), f"all of {', '.join(Part)}")
        for part, weight in self.part_weights.items():
            demand(0 <= weight <= 100, f"part_weights.{part}", weight, "a weight from 0 to 100")
        total = sum(self.part_weights.values())
        demand(abs(total - 100) < 1e-9, "part_weights", total, "weights that sum to 100")
        named = set(self.severity_weights) == set(Severity)
        demand(named, "severity_weights", sorted(self.severity_weights), f"all of {', '.join(Severity)}")
        for severity, weight in self.severity_weights.items():
            demand(1 <= weight <= 1000, f"severity_weights.{severity}", weight, "a whole number from 1 to 1000")


_SPANS = (
    "default_ttl",
    "acknowledgement_interval",
    "review_interval",
    "maximum_waiver",
    "maximum_validity",
    "maximum_ttl",
    "recall_window",
    "independence_interval",
)
_ADDED = (
    "maximum_ttl",
    "recall_window",
    "recall_damping",
    "readiness",
    "incident_rules",
    "warnings_block",
    "independence_interval",
)
"""Settings that came later. At their default they stay out of the digest: versions that were published before them keep their
hash."""
_GROUPS: Mapping[str, type[Any]] = {"readiness": ReadinessPolicy, "incident_rules": IncidentRules}


def policy_from_dict(data: Mapping[str, Any]) -> TrustPolicy:
    """The trust policy that `data` describes, defaults where it is silent. Raises `InvalidTrustPolicyError`.

    An unknown setting is refused rather than ignored: a misspelt rule would otherwise silently not hold.
    """
    _refuse_unknown(data, TrustPolicy)
    for name, group in _GROUPS.items():
        if isinstance(part := data.get(name), Mapping):
            _refuse_unknown(part, group, f"{name}.")
    try:
        return msgspec.convert(dict(data), TrustPolicy)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, InvalidTrustPolicyError):
            raise error.__cause__ from None
        raise InvalidTrustPolicyError(f"Trust policy cannot be read: {error}. Correct the setting that it names.") from error


def _refuse_unknown(data: Mapping[str, Any], group: type[Any], prefix: str = "") -> None:
    known = {f"{prefix}{setting.name}" for setting in fields(group)}
    if unknown := sorted({f"{prefix}{name}" for name in data} - known):
        raise InvalidTrustPolicyError(
            f"Trust policy has unknown settings {', '.join(unknown)}; known are {', '.join(sorted(known))}."
        )


def with_changes(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` with `changes`. Within a group of settings, such as `readiness`, what is not named stays as it was."""
    changed = {**settings, **changes}
    for name in _GROUPS:
        if isinstance(part := changes.get(name), Mapping):
            changed[name] = {**settings.get(name, {}), **part}
    return changed


_HIGHER_IS_STRICTER = frozenset(
    {
        "critical_field_share",
        "minimum_score",
        "minimum_tolerance",
        "independence_interval",
        "warnings_block",
        "readiness.minimum_share",
        "readiness.minimum_observed",
        "readiness.exception_window",
    }
)
_LOWER_IS_STRICTER = frozenset(
    {
        "ttl_factor",
        "default_ttl",
        "acknowledgement_interval",
        "review_interval",
        "clock_skew",
        "maximum_waiver",
        "maximum_validity",
        "maximum_ttl",
        "readiness.fallback_within",
        "readiness.recall_acknowledged_within",
        "readiness.acknowledgement_interval",
        "readiness.presence_interval",
        "readiness.maximum_validity",
    }
)
_JUDGES_NOTHING = frozenset({"version", "recall_window", "recall_damping"})


def loosened_settings(before: TrustPolicy, after: TrustPolicy) -> list[str]:
    """The settings by which `after` may let through what `before` did not, by name; empty where it is stricter or the same.

    What changes without being stricter for certain (a weight, a window that cuts both ways) counts as looser.
    """
    return [name for name, old, new in _changed_settings(before, after) if _is_looser(name, old, new)]


def _changed_settings(before: TrustPolicy, after: TrustPolicy) -> Iterator[tuple[str, Any, Any]]:
    for setting in fields(TrustPolicy):
        old, new = getattr(before, setting.name), getattr(after, setting.name)
        inner = _GROUPS.get(setting.name)
        pairs = [(setting.name, old, new)]
        if inner is not None:
            pairs = [(f"{setting.name}.{one.name}", getattr(old, one.name), getattr(new, one.name)) for one in fields(inner)]
        yield from (pair for pair in pairs if pair[1] != pair[2] and pair[0] not in _JUDGES_NOTHING)


def _is_looser(name: str, old: Any, new: Any) -> bool:
    if name == "gates":
        return not old <= new
    if name == "required_dimensions":
        return any(new.get(dimension) != weight for dimension, weight in old.items())
    if name.startswith("incident_rules."):
        is_less_often = new.times == 0 or (old.times != 0 and new.times > old.times)
        return bool(is_less_often or new.severity.rank < old.severity.rank)
    if name in _HIGHER_IS_STRICTER:
        return bool(new < old)
    return bool(new > old) if name in _LOWER_IS_STRICTER else True


def policy_to_dict(policy: TrustPolicy) -> dict[str, Any]:
    """The trust policy as plain JSON values, ready for a JSON column; `policy_from_dict` reads it back."""
    plain: dict[str, Any] = msgspec.to_builtins(policy, order="sorted")
    return plain


def policy_digest(policy: TrustPolicy) -> str:
    """SHA-256, as hex, of the policy's canonical JSON: the hash that every verdict names.

    It is read back first, so that a minimum of 80 and one of 80.0 have the same hash.
    """
    settings = policy_to_dict(policy_from_dict(policy_to_dict(policy)))
    for name in _ADDED:
        if settings[name] == _DEFAULTS[name]:
            del settings[name]
    return sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()


DEFAULT_POLICY = TrustPolicy()
_DEFAULTS = policy_to_dict(DEFAULT_POLICY)
