"""What governance may set about incidents that open by themselves: the part `incident_rules` of the trust policy."""

from dataclasses import dataclass, fields

from catalog.rules.vocabulary import Severity
from trust.verdicts.rules.policy_settings import demand
from trust.vocabulary import IncidentRule

LONGEST_ROW = 20
"""The most times in a row that a rule may ask for (our choice): more runs are not looked at when one ends."""


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
