"""The tables of evidence and judgement."""

from trust.decisions.models.decision import Decision
from trust.evidence.models.run import CheckResult, Run, RunCause
from trust.evidence.models.sql_approval import SqlApproval
from trust.evidence.models.suite import Suite
from trust.intake.models.job import IntakeJob, IntakeJobKind
from trust.ledger.models.audit import Export, LedgerCheck
from trust.ledger.models.erasure import Erasure
from trust.ledger.models.ledger import LedgerBatch, SigningKey
from trust.notices.models.account_notices import AccountNoticesCursor
from trust.use_cases.models.use_case import DecisionUse, OutcomeReport, OutputException, Readiness, ReadinessWatch, StageMove
from trust.verdicts.models.incidents import Incident, IncidentEntry
from trust.verdicts.models.recall import Recall, RecalledConsumer
from trust.verdicts.models.verdict import CurrentVerdict, DailyVerdictCount, TrustPolicyVersion, Verdict
from trust.verdicts.models.waivers import Waiver

__all__ = [
    "AccountNoticesCursor",
    "CheckResult",
    "CurrentVerdict",
    "DailyVerdictCount",
    "Decision",
    "DecisionUse",
    "Erasure",
    "Export",
    "Incident",
    "IncidentEntry",
    "IntakeJob",
    "IntakeJobKind",
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
    "SqlApproval",
    "StageMove",
    "Suite",
    "TrustPolicyVersion",
    "Verdict",
    "Waiver",
]
