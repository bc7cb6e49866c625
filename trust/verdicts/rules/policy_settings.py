"""The groups of settings `incident_rules` and `readiness` of the trust policy, and what settings demand of their values."""

from dataclasses import dataclass, fields
from datetime import timedelta

from catalog.rules.vocabulary import Severity
from trust.vocabulary import IncidentRule

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=3660)

LONGEST_ROW = 20
"""The most times in a row that a rule may ask for (our choice): more runs are not looked at when one ends."""


class InvalidTrustPolicyError(ValueError):
    """A trust policy that cannot judge. The message names the setting, its value, and what it may be."""


def demand(holds: bool, name: str, value: object, allowed: str) -> None:
    """Raise `InvalidTrustPolicyError` unless `holds`."""
    if not holds:
        raise InvalidTrustPolicyError(f"Trust policy setting {name} is {value}; it must be {allowed}.")


def demand_span(name: str, value: timedelta) -> None:
    """Raise `InvalidTrustPolicyError` unless `value` is 1 minute to 3660 days."""
    demand(_SHORTEST <= value <= _LONGEST, name, value, "a time from 1 minute to 3660 days")


@dataclass(frozen=True, slots=True)
class IncidentSetting:
    """times: how often in a row it takes, 0: the rule is off. severity: that of the incident; a critical one fails its gate."""

    times: int
    severity: Severity


@dataclass(frozen=True, slots=True)
class IncidentRules:
    """One setting for each rule. That a critical check failed twice is the project's own example, all else is our choice.

    critical_check_failed: the same check of severity critical failed in that many runs in a row that looked.
    run_failed: that many runs of a port in a row failed.
    """

    critical_check_failed: IncidentSetting = IncidentSetting(2, Severity.CRITICAL)
    run_failed: IncidentSetting = IncidentSetting(3, Severity.WARNING)

    def __post_init__(self) -> None:
        """Raise `InvalidTrustPolicyError` for the first setting that cannot be."""
        for rule in fields(self):
            times = getattr(self, rule.name).times
            allowed = f"a whole number from 0 (off) to {LONGEST_ROW}"
            demand(0 <= times <= LONGEST_ROW, f"incident_rules.{rule.name}.times", times, allowed)

    def setting(self, rule: IncidentRule) -> IncidentSetting:
        """What is set for `rule`."""
        setting: IncidentSetting = getattr(self, rule.value)
        return setting


@dataclass(frozen=True, slots=True)
class ReadinessPolicy:
    """How use cases are assessed. The windows of 90 and 30 days are the project's own words, all else is our choice.

    share_window, minimum_share: for what share of this time every product must have been production-grade, 0 to 1.
    minimum_observed: how long a product must have had a verdict before its share says anything.
    asking_window: how far back the decision log and the reported uses are looked at.
    fallback_within: how soon after a denial the fallback must be reported.
    recall_acknowledged_within: how soon a recall must be acknowledged.
    acknowledgement_interval: how long an acknowledgement of the use case, or a confirmation of an obligation, holds. (That of a
        product holds as long as its gate says: `TrustPolicy.acknowledgement_interval`.)
    presence_interval: how long after their last sign of life a person counts as still there.
    exception_window: how far back exceptions of outputs are looked at.
    maximum_validity: longest life of an assessment, as shares and counts move with every day.
    """

    share_window: timedelta = timedelta(days=90)
    minimum_share: float = 0.9
    minimum_observed: timedelta = timedelta(days=7)
    asking_window: timedelta = timedelta(days=30)
    fallback_within: timedelta = timedelta(hours=24)
    recall_acknowledged_within: timedelta = timedelta(hours=48)
    acknowledgement_interval: timedelta = timedelta(days=180)
    presence_interval: timedelta = timedelta(days=180)
    exception_window: timedelta = timedelta(days=90)
    maximum_validity: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        """Raise `InvalidTrustPolicyError` for the first setting that cannot judge."""
        for setting in fields(self):
            value = getattr(self, setting.name)
            if isinstance(value, timedelta):
                demand_span(f"readiness.{setting.name}", value)
        share = self.minimum_share
        demand(0 <= share <= 1, "readiness.minimum_share", share, "a number from 0 to 1")
        can_be_met = self.minimum_observed <= self.share_window
        demand(can_be_met, "readiness.minimum_observed", self.minimum_observed, "no longer than readiness.share_window")
