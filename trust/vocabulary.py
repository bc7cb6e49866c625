"""The closed sets of judgement: every word that a verdict may use. No rule lives here, only the words and their order."""

from enum import StrEnum


class VerdictStatus(StrEnum):
    """The answer. Everything but `production_grade` answers `is_production_grade: false`."""

    PRODUCTION_GRADE = "production_grade"
    UNKNOWN = "unknown"
    NOT_PRODUCTION_GRADE = "not_production_grade"

    @property
    def rank(self) -> int:
        """How good the answer is: production_grade 2 > unknown 1 > not_production_grade 0."""
        return {VerdictStatus.PRODUCTION_GRADE: 2, VerdictStatus.UNKNOWN: 1, VerdictStatus.NOT_PRODUCTION_GRADE: 0}[self]


class Gap(StrEnum):
    """The five gaps that stall AI. The gates of a product look at the first three, the readiness of a use case at all."""

    TRUST = "trust"
    GOVERNANCE = "governance"
    OWNERSHIP = "ownership"
    WORKFLOW = "workflow"
    ACCOUNTABILITY = "accountability"


class GateName(StrEnum):
    """The fifteen gates, in the order in which answers list them."""

    LIFECYCLE = "lifecycle"
    EVIDENCE = "evidence"
    CRITICAL_CHECKS = "critical_checks"
    COVERAGE = "coverage"
    FRESHNESS = "freshness"
    SCORE = "score"
    SCHEMA = "schema"
    INCIDENTS = "incidents"
    UPSTREAM = "upstream"
    SENSITIVITY = "sensitivity"
    POLICY = "policy"
    EXPLAINABILITY = "explainability"
    REVIEW = "review"
    OWNER = "owner"
    ACKNOWLEDGEMENT = "acknowledgement"

    @property
    def gap(self) -> Gap:
        """The gap that this gate belongs to."""
        return _GAPS.get(self, Gap.TRUST)


_GAPS = {
    GateName.SENSITIVITY: Gap.GOVERNANCE,
    GateName.POLICY: Gap.GOVERNANCE,
    GateName.EXPLAINABILITY: Gap.GOVERNANCE,
    GateName.REVIEW: Gap.GOVERNANCE,
    GateName.OWNER: Gap.OWNERSHIP,
    GateName.ACKNOWLEDGEMENT: Gap.OWNERSHIP,
}


class GateStatus(StrEnum):
    """What a gate says. `off`: the trust policy does not ask; listed so that nothing is hidden, counted neither way.

    A gate passed under waiver is `passed` with a `waiver_id` (see `trust.verdicts.rules.outcome.GateResult`).
    """

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    OFF = "off"


class RunStatus(StrEnum):
    """Of one run. `failed` means that we could not look, never that the data is bad."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come of this run."""
        return self in {RunStatus.COMPLETED, RunStatus.FAILED}


class Role(StrEnum):
    """Who can put something right."""

    OWNER = "owner"
    STEWARD = "steward"
    GOVERNANCE = "governance"
    BUSINESS_OWNER = "business_owner"
    CONSUMER_OWNER = "consumer_owner"
    OUTPUTS_OWNER = "outputs_owner"
    EXCEPTIONS_OWNER = "exceptions_owner"
    MEASURE_OWNER = "measure_owner"


class Part(StrEnum):
    """The five parts of the trust score."""

    QUALITY = "quality"
    RELIABILITY = "reliability"
    FRESHNESS = "freshness"
    COVERAGE = "coverage"
    GOVERNANCE = "governance"


class Grade(StrEnum):
    A = "A"
    B = "B"
    C = "C"
    D = "D"
    F = "F"


class DecisionChannel(StrEnum):
    """How an answer was asked for: GET .../trust, POST trust/check, AuthZEN evaluation(s), AuthZEN search."""

    TRUST = "trust"
    CHECK = "check"
    EVALUATION = "evaluation"
    EVALUATIONS = "evaluations"
    SEARCH = "search"


class RecallStatus(StrEnum):
    """fallen: no notice yet, within the damping time. sent: notice given. recovering: back up, no notice of that yet.

    Closed: recovered (notice given both times) or damped (it came back before any notice was given).
    """

    FALLEN = "fallen"
    SENT = "sent"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    DAMPED = "damped"


class Answer(StrEnum):
    """Of one readiness question, from evidence. Everything but `yes` leaves its gap open."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """How good it is: yes 2 > unknown 1 > no 0. The weakest decides, never an average."""
        return {Answer.YES: 2, Answer.UNKNOWN: 1, Answer.NO: 0}[self]


class ReadinessLevel(StrEnum):
    """Of a gap and of a use case: the weakest of what it is made of."""

    READY = "ready"
    UNKNOWN = "unknown"
    NOT_READY = "not_ready"


class ReadinessQuestion(StrEnum):
    """What is asked of every use case, in the order in which reports list it."""

    PRODUCTION_GRADE_NOW = "production_grade_now"
    PRODUCTION_GRADE_SHARE = "production_grade_share"
    NO_PILOT_EXTRACT = "no_pilot_extract"
    VALIDATION_RUNS = "validation_runs"
    PURPOSE_PERMITTED = "purpose_permitted"
    AGREEMENTS_ACTIVE = "agreements_active"
    SENSITIVITY_CLEARED = "sensitivity_cleared"
    OBLIGATIONS_CONFIRMED = "obligations_confirmed"
    EXPLAINABILITY_DOCUMENTED = "explainability_documented"
    BUSINESS_OWNER_ACTIVE = "business_owner_active"
    BUSINESS_OWNER_ACKNOWLEDGED = "business_owner_acknowledged"
    PRODUCT_OWNERS_ACTIVE = "product_owners_active"
    PRODUCT_OWNERS_ACKNOWLEDGED = "product_owners_acknowledged"
    STEP_NAMED = "step_named"
    ASKED_FROM_THERE = "asked_from_there"
    ANSWERED_BEFORE_USE = "answered_before_use"
    FALLBACK_DECLARED = "fallback_declared"
    FALLBACK_FOLLOWED = "fallback_followed"
    OUTPUTS_OWNER_ACTIVE = "outputs_owner_active"
    EXCEPTIONS_OWNER_ACTIVE = "exceptions_owner_active"
    EXCEPTIONS_CLOSED_IN_TIME = "exceptions_closed_in_time"
    MEASURES_REPORTED = "measures_reported"
    RECALLS_ACKNOWLEDGED = "recalls_acknowledged"

    @property
    def gap(self) -> Gap:
        """The gap that this question looks at."""
        return next(gap for gap, questions in _QUESTIONS.items() if self in questions)


_QUESTIONS = {
    Gap.TRUST: list(ReadinessQuestion)[:4],
    Gap.GOVERNANCE: list(ReadinessQuestion)[4:9],
    Gap.OWNERSHIP: list(ReadinessQuestion)[9:13],
    Gap.WORKFLOW: list(ReadinessQuestion)[13:18],
    Gap.ACCOUNTABILITY: list(ReadinessQuestion)[18:],
}


class StageMoveStatus(StrEnum):
    """done: the use case moved. requested: it waits for an approver. The others moved nothing."""

    REQUESTED = "requested"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class UseAction(StrEnum):
    """What a consumer did with an answer: used the data, or took the declared fallback instead."""

    USED = "used"
    FELL_BACK = "fell_back"


class Misuse(StrEnum):
    """Why a use did not rest on a valid yes."""

    DENIED = "denied"
    BEFORE_THE_ANSWER = "before_the_answer"
    ANSWER_EXPIRED = "answer_expired"
    OTHER_USE_CASE = "other_use_case"
    ABOUT_THE_PAST = "about_the_past"
    NO_PURPOSE = "no_purpose"
    OTHER_PURPOSE = "other_purpose"
    RECALLED = "recalled"


class IncidentRule(StrEnum):
    """What opens an incident by itself. How often in a row it takes, and how severe the incident is, says the trust policy."""

    CRITICAL_CHECK_FAILED = "critical_check_failed"
    RUN_FAILED = "run_failed"


class IncidentEntryKind(StrEnum):
    """What happened to an incident at one moment of its timeline."""

    OPENED = "opened"
    COMMENT = "comment"
    SEVERITY = "severity"
    OWNER = "owner"
    RESOLVED = "resolved"


class WaiverStatus(StrEnum):
    """Only a granted one excepts anything, and only until its end. The others except nothing, and stay what they are."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


class DueKind(StrEnum):
    """What falls due, or ends, at a known moment."""

    ACKNOWLEDGEMENT = "acknowledgement"
    REVIEW = "review"
    WAIVER_END = "waiver_end"
    AGREEMENT_END = "agreement_end"
    USE_CASE_ACKNOWLEDGEMENT = "use_case_acknowledgement"
    OVERRIDE_END = "override_end"
    EXCEPTION = "exception"
    MEASURE = "measure"


class CheckStatus(StrEnum):
    """`error`: the check crashed. `skipped`: there was nothing to look at. Neither is ever good evidence."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


class EvidenceStatus(StrEnum):
    """Of a whole run: `error` as soon as one check erred or nothing could be looked at, else `failed` if one failed."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


class ErasureKind(StrEnum):
    """Why sealed rows are not what they were: a name was erased from them, or they were not to be kept any longer."""

    NAME = "name"
    RETENTION = "retention"


class LedgerCheckStatus(StrEnum):
    """Of one check of the ledger. `failed`: it could not be looked to the end, which proves nothing."""

    WAITING = "waiting"
    RUNNING = "running"
    HOLDS = "holds"
    BROKEN = "broken"
    FAILED = "failed"
