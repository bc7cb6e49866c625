"""What governance may set about readiness: the part `readiness` of the trust policy."""

from dataclasses import dataclass, fields
from datetime import timedelta

from trust.verdicts.rules.policy_settings import demand, demand_span


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
