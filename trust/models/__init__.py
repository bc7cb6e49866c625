"""The tables of evidence and judgement."""

from trust.models.decision import Decision
from trust.models.judgement import CurrentVerdict, Incident, TrustPolicyVersion, Verdict, Waiver
from trust.models.ledger import LedgerBatch, SigningKey
from trust.models.recall import Recall, RecalledConsumer
from trust.models.run import CheckResult, Run, RunCause
from trust.models.suite import Suite
from trust.models.use_case import DecisionUse, OutcomeReport, OutputException, Readiness, StageMove

__all__ = [
    "CheckResult",
    "CurrentVerdict",
    "Decision",
    "DecisionUse",
    "Incident",
    "LedgerBatch",
    "OutcomeReport",
    "OutputException",
    "Readiness",
    "Recall",
    "RecalledConsumer",
    "Run",
    "RunCause",
    "SigningKey",
    "StageMove",
    "Suite",
    "TrustPolicyVersion",
    "Verdict",
    "Waiver",
]
