"""What a judgement says, as data. Nothing here is worded or computed; see `judge` and `answer` beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import UNSET, UnsetType

from catalog.rules.vocabulary import Dimension, Sensitivity, Severity
from trust.verdicts.rules.facts import WaiverFacts
from trust.vocabulary import CheckStatus, Gap, GateName, GateStatus, Grade, Part, Role, VerdictStatus


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who can put it right. `username` None: the role as a group (governance), or nobody holds it."""

    role: Role
    username: str | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate says.

    code: stable; `ok` when it passed by itself, `off` when the policy does not ask.
    message: one sentence, numbers included; it names moments, not ages, so it stays true until `valid_until`.
    numbers: what the sentence counts, by name.
    evidence_ids: ids of runs, check results, incidents, policies or slugs of upstream products that it looked at.
    remedy, responsible: what to do and who can do it; empty and None when there is nothing to do.
    waiver_id, waived_from: set when the status is `passed` only because of a waiver; code, message and remedy then still
        tell what is being excepted, and `waived_from` the status without the waiver.
    check_waiver_ids: for `critical_checks` and `coverage`, ids of the waivers of single checks that it leaned on.
    """

    gate: GateName
    gap: Gap
    status: GateStatus
    code: str
    message: str
    numbers: Mapping[str, int | float] = field(default_factory=dict)
    evidence_ids: tuple[str, ...] = ()
    remedy: str = ""
    responsible: Responsible | None = None
    waiver_id: str | None = None
    waived_from: GateStatus | None = None
    check_waiver_ids: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether this gate keeps the product from being production-grade."""
        return self.status in {GateStatus.FAILED, GateStatus.UNKNOWN}


@dataclass(frozen=True, slots=True)
class CheckContribution:
    """One check in the score: weight w, freshness f and value v of DESIGN.md section 3.

    `is_counted` is false for a check that the mean leaves out; `note` says why. `tolerance` is the `mostly` of the
    expectation (1.0: every row must hold; None where the expectation does not count rows). `message` says what a check that did
    not pass found.
    """

    check_id: str
    key: str
    port: str
    type: str
    column: str | None
    dimension: Dimension
    severity: Severity
    status: CheckStatus
    weight: int
    freshness: float
    value: float
    is_counted: bool
    tolerance: float | None = None
    element_count: int | None = None
    unexpected_count: int | None = None
    waiver_id: str | None = None
    note: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class DimensionContribution:
    """q_d of one dimension at one port: sum(w*f*v)/sum(w) over the checks that are counted, 0 without any.

    A dimension that the policy does not require has weight 0: it is listed and does not count.
    """

    port: str
    dimension: Dimension
    weight: float
    measure: float
    checks: tuple[CheckContribution, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One share, 0 to 1, of which a part is the weighted mean (reliability: the lowest)."""

    name: str
    measure: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PartContribution:
    """One part of the score: `points` = `weight` * `measure`; their sum, rounded to one decimal, is the raw score.

    deduction: points that data warnings took from `points`, which are never negative; unset where there are none.
    """

    part: Part
    measure: float
    weight: float
    points: float
    terms: tuple[Term, ...] = ()
    # Unset it stays out of the bytes: see `Outcome`.
    deduction: float | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class PortOutcome:
    """What is known of one port: `problem` is the code that keeps its evidence from counting, None when it counts."""

    port: str
    run_id: str | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    rows: int | None = None
    data_time: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DataWarning:
    """What looks wrong in data that passed its checks (`trust.verdicts.rules.warnings`).

    field: empty where it is about the whole table. code: stable. message: one sentence: port, field, what was and what is.
    """

    port: str
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole judgement of one product at one moment.

    raw_score, score, effective_score: 0 to 100, one decimal. `limited_by` is the slug of the upstream that holds the effective
        score down; `limited_from` that of the one further up whose own score it is, unset where that is the same.
    valid_until: the answer holds for every moment from `judged_at` up to but not including this one, unless a fact changes.
    failing_path: slugs from this product to the one where the trouble starts; empty when production-grade. Of a path longer
        than `trust.verdicts.rules.lineage.MOST_ON_A_PATH` the middle is left out, and `path_left_out` says how many that are.
    cause: one sentence about that trouble.
    waivers: those in force, used or not.
    """

    slug: str
    judged_at: datetime
    valid_until: datetime
    verdict: VerdictStatus
    raw_score: float
    score: float
    effective_score: float
    grade: Grade
    gates: tuple[GateResult, ...]
    parts: tuple[PartContribution, ...]
    dimensions: tuple[DimensionContribution, ...]
    ports: tuple[PortOutcome, ...]
    waivers: tuple[WaiverFacts, ...]
    policy_version: int
    policy_digest: str
    facts_digest: str
    failing_path: tuple[str, ...] = ()
    cause: str = ""
    limited_by: str | None = None
    sensitivity: Sensitivity | None = None
    owner: str | None = None
    # Unset they stay out of the bytes: outcomes from before there were any keep theirs.
    path_left_out: int | UnsetType = UNSET
    limited_from: str | UnsetType = UNSET
    warnings: tuple[DataWarning, ...] | UnsetType = UNSET

    @property
    def is_production_grade(self) -> bool:
        """The yes or no of the answer: an unknown verdict is a no."""
        return self.verdict is VerdictStatus.PRODUCTION_GRADE

    def gate(self, name: GateName) -> GateResult:
        """The result of one gate; every gate has one, also when it is off."""
        return next(result for result in self.gates if result.gate is name)

    @property
    def open_gates(self) -> tuple[GateResult, ...]:
        """The gates that keep the product from being production-grade: failed ones first."""
        return tuple(g for s in (GateStatus.FAILED, GateStatus.UNKNOWN) for g in self.gates if g.status is s)
