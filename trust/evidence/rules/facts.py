"""What judging may know of an output port: its fields, its checks and its runs, as data.

Tuples are sets: their order carries no meaning. Times are aware (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from catalog.rules.vocabulary import Cadence, Dimension, LogicalType, Sensitivity, Severity
from trust.evidence.rules.evidence import Failure, ObservedColumn
from trust.evidence.rules.figures import PastFigures, RunFigures
from trust.vocabulary import CheckStatus, EvidenceStatus, RunStatus


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """A field as its contract declares it. `logical_type` None: declared without a type, so only its presence is asked."""

    name: str
    logical_type: LogicalType | None = None
    sensitivity: Sensitivity | None = None
    is_personal_data: bool = False
    is_critical: bool = False


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What one check of one run found (see `CheckResult` for the counts). Samples stay out: they decide nothing.

    `key` names the check across runs (`evidence.rules.identity.check_key`); a waiver of a check names this key. `id` is the
    row of the check result: the evidence id in answers.
    """

    id: str
    key: str
    type: str
    dimension: Dimension
    severity: Severity
    status: CheckStatus
    # Great Expectations' own arguments: plain JSON of any shape, which no decoder can name more exactly.
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    element_count: int | None = None
    missing_count: int | None = None
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed_value: Any = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One finished run. `started_at` is when it began to read: the age of evidence counts from there.

    `suite_digest` and `source_digest` say what was run on what; they are compared with the port's current ones.
    `schedule_interval`: longest gap of the schedule that the suite had when the run was requested; None without a schedule.
    """

    id: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime
    suite_digest: str = ""
    source_digest: str = ""
    evidence_status: EvidenceStatus | None = None
    rows: int | None = None
    data_time: datetime | None = None
    columns: tuple[ObservedColumn, ...] = ()
    checks: tuple[CheckFacts, ...] = ()
    failure: Failure | None = None
    # Unset it stays out of the bytes, and the schedule of today alone counts.
    schedule_interval: timedelta | UnsetType | None = UNSET
    # Unset it stays out of the bytes: facts from before there were any keep their digest.
    figures: RunFigures | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class PastRunFacts:
    """One finished run in short, for reliability.

    `is_success`: it completed, no check erred and no critical check failed. A run that could not look is not a success.
    """

    id: str
    started_at: datetime
    is_success: bool


@dataclass(frozen=True, slots=True)
class PortFacts:
    """One output port.

    suite_digest: of the port's current suite; None where the port has no suite.
    source_digest: of the port's current location and reading options (`trust.evidence.rules.identity.source_digest`).
    latest_run: the FINISHED run (completed or failed) that started last, whatever its age; None where none ever finished.
    pending_run_id: a run that is queued or running now, if there is one. It decides nothing, it only words the answer.
    past_runs: the finished runs that started last, `latest_run` included; at least as many as the policy's reliability window.
    schedule_interval: longest gap of the suite's schedule (`trust.evidence.rules.schedule.interval`); None without a schedule.
    service_level: how old the data may be; None where none is declared.
    allows_empty: the contract says that a table without rows is in order.
    past_figures: of the finished runs before `latest_run` that succeeded, at most 10 (our choice), newest first.
    """

    name: str
    cadence: Cadence = Cadence.SCHEDULED
    service_level: timedelta | None = None
    schedule_interval: timedelta | None = None
    allows_empty: bool = False
    suite_digest: str | None = None
    source_digest: str = ""
    fields: tuple[FieldFacts, ...] = ()
    latest_run: RunFacts | None = None
    pending_run_id: str | None = None
    past_runs: tuple[PastRunFacts, ...] = ()
    # As above.
    past_figures: tuple[PastFigures, ...] | UnsetType = UNSET
