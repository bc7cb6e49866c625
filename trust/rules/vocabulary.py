"""The closed sets of judgement: every word that a verdict may use. No rule lives here, only the words and their order."""

from enum import StrEnum


class Verdict(StrEnum):
    """The answer. Everything but `production_grade` answers `production_grade: false`."""

    PRODUCTION_GRADE = "production_grade"
    UNKNOWN = "unknown"
    NOT_PRODUCTION_GRADE = "not_production_grade"

    @property
    def rank(self) -> int:
        """How good the answer is: production_grade 2 > unknown 1 > not_production_grade 0."""
        return {Verdict.PRODUCTION_GRADE: 2, Verdict.UNKNOWN: 1, Verdict.NOT_PRODUCTION_GRADE: 0}[self]


class Gap(StrEnum):
    """Which of the gaps that stall AI a gate looks at."""

    TRUST = "trust"
    GOVERNANCE = "governance"
    OWNERSHIP = "ownership"


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

    A gate passed under waiver is `passed` with a `waiver_id` (see `trust.rules.outcome.GateResult`).
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
    """fallen: not yet told, within the damping time. sent: told. recovering: back up, not yet told. Closed: recovered (told
    both times) or damped (it came back before anybody was told)."""

    FALLEN = "fallen"
    SENT = "sent"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    DAMPED = "damped"
