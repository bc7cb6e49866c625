"""The tables of evidence and judgement."""

from trust.models.audit import Export, LedgerCheck
from trust.models.decision import Decision
from trust.models.exceptions import Incident, IncidentEntry, Waiver
from trust.models.judgement import CurrentVerdict, TrustPolicyVersion, Verdict
from trust.models.ledger import LedgerBatch, SigningKey
from trust.models.recall import Recall, RecalledConsumer
from trust.models.run import CheckResult, Run, RunCause
from trust.models.standing import DailyStanding
from trust.models.suite import Suite
from trust.models.use_case import DecisionUse, OutcomeReport, OutputException, Readiness, ReadinessWatch, StageMove

__all__ = [
    "CheckResult",
    "CurrentVerdict",
    "DailyStanding",
    "Decision",
    "DecisionUse",
    "Export",
    "Incident",
    "IncidentEntry",
    "LedgerBatch",
    "LedgerCheck",
    "OutcomeReport",
    "OutputException",
    "Readiness",
    "ReadinessWatch",
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
