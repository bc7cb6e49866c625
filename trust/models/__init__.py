"""The tables of evidence and judgement."""

from trust.models.judgement import CurrentVerdict, Incident, TrustPolicyVersion, Verdict, Waiver
from trust.models.run import CheckResult, Run, RunCause
from trust.models.suite import Suite

__all__ = [
    "CheckResult",
    "CurrentVerdict",
    "Incident",
    "Run",
    "RunCause",
    "Suite",
    "TrustPolicyVersion",
    "Verdict",
    "Waiver",
]
