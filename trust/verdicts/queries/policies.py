"""The trust policy that judges now, and the earlier versions that old verdicts name."""

from trust.verdicts.models.verdict import TrustPolicyVersion
from trust.verdicts.rules.trust_policy import TrustPolicy, policy_from_dict


def current_policy() -> tuple[TrustPolicyVersion, TrustPolicy]:
    """The current version's row and what it says; one query. Read each time: a cached policy could be an old one."""
    row = TrustPolicyVersion.objects.get(is_current=True)
    return row, policy_from_dict(row.body)
