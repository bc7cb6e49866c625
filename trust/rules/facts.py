"""Everything that a judgement may look at, as data. What is not in here cannot influence a verdict.

Facts are stored with the verdict that was given on them, so that any past moment can be judged again. Tuples are sets in
disguise: their order carries no meaning and `judge` does not depend on it. Times are aware (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from catalog.rules.vocabulary import Cadence, Dimension, Effect, Lifecycle, LogicalType, Sensitivity, Severity
from trust.rules.evidence import CheckStatus, EvidenceStatus, Failure, ObservedColumn
from trust.rules.vocabulary import GateName, RunStatus, Verdict


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A named person. `is_active` is false as soon as the account is closed."""

    username: str
    is_active: bool = True
    name: str = ""


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

    `key` names the check across runs (see `trust.rules.identity.check_key`); a waiver of a check names this key. `id` is the
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
    source_digest: of the port's current location and reading options (`trust.rules.identity.source_digest`).
    latest_run: the FINISHED run (completed or failed) that started last, whatever its age; None where none ever finished.
    pending_run_id: a run that is queued or running now, if there is one. It decides nothing, it only words the answer.
    past_runs: the finished runs that started last, `latest_run` included; at least as many as the policy's reliability window.
    schedule_interval: longest gap of the suite's schedule (`trust.rules.schedule.interval`); None without a schedule.
    service_level: how old the data may be; None where none is declared.
    allows_empty: the contract says that a table without rows is in order.
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


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """One input product, with the answer that stands for it now.

    verdict, effective_score, valid_until: of its current verdict; None where it was never judged.
    failing_path, path_left_out: its own `Outcome.failing_path`: slugs from itself to the product where the trouble starts.
    cause: its own `Outcome.cause`: one sentence about that trouble.
    limited_from: the product further up whose own score its effective score is; unset where that is its own.
    is_cycle: this product is, directly or not, an input of its own input.
    owner: username of its owner, who can put it right.
    """

    slug: str
    is_required: bool = True
    verdict: Verdict | None = None
    effective_score: float | None = None
    valid_until: datetime | None = None
    failing_path: tuple[str, ...] = ()
    cause: str = ""
    is_cycle: bool = False
    owner: str | None = None
    # Unset they stay out of the bytes: facts from before there were any keep their digest.
    path_left_out: int | UnsetType = UNSET
    limited_from: str | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """A known problem that is open."""

    id: str
    title: str
    severity: Severity
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class WaiverFacts:
    """An accepted exception for exactly one gate or one check (by `CheckFacts.key`), with somebody to answer for it.

    It is in force from `starts_at` until just before `expires_at`, never longer than the policy's `maximum_waiver`, and only
    while its owner is active.
    """

    id: str
    owner: PersonFacts
    reason: str
    starts_at: datetime
    expires_at: datetime
    gate: GateName | None = None
    check_key: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """One access policy that covers the product (not the trust policy, which judges)."""

    id: str
    name: str
    version: int
    effect: Effect
    is_published: bool
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """One data product at one moment.

    known_at: the clock of the database when these facts were read. Whatever claims to come later than that (a data time, a
        run, a waiver that starts later) does not count until the facts are read again; so the passing of time alone never
        makes an answer better.
    deprecation_ends_at: until when a deprecated product may still be built on; None: until it is retired.
    acknowledged_by: username; an acknowledgement by anybody but the present owner does not count.
    """

    slug: str
    known_at: datetime
    lifecycle: Lifecycle
    name: str = ""
    deprecation_ends_at: datetime | None = None
    sensitivity: Sensitivity | None = None
    has_purpose: bool = False
    has_limitations: bool = False
    has_intended_use: bool = False
    owner: PersonFacts | None = None
    steward: PersonFacts | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    ports: tuple[PortFacts, ...] = ()
    upstreams: tuple[UpstreamFacts, ...] = ()
    incidents: tuple[IncidentFacts, ...] = ()
    waivers: tuple[WaiverFacts, ...] = ()
    policies: tuple[PolicyFacts, ...] = ()
