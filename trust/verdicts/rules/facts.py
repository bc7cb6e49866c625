"""Everything that a judgement may look at, as data. What is not in here cannot influence a verdict.

Facts are stored with the verdict that was given on them, so that any past moment can be judged again. Tuples are sets in
disguise: their order carries no meaning and `judge` does not depend on it. Times are aware (UTC).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import UNSET, UnsetType

from catalog.rules.vocabulary import Effect, Lifecycle, Sensitivity, Severity
from trust.evidence.rules.facts import PortFacts
from trust.vocabulary import GateName, VerdictStatus


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A named person. `is_active` is false as soon as the account is closed."""

    username: str
    is_active: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """One input product, with the answer that stands for it now.

    verdict, effective_score, valid_until: of its current verdict; None where it was never judged.
    failing_path, path_left_out: its own `Outcome.failing_path`: slugs from itself to the product where the trouble starts.
    cause: its own `Outcome.cause`: one sentence about that trouble.
    limited_from: the product further up whose own score its effective score is; unset where that is its own.
    is_cycle: this product is, directly or not, an input of its own input.
    owner: username of its owner, who can put it right.
    is_missing: it was not registered when the contract named it; unset: it is there.
    """

    slug: str
    is_required: bool = True
    verdict: VerdictStatus | None = None
    effective_score: float | None = None
    valid_until: datetime | None = None
    failing_path: tuple[str, ...] = ()
    cause: str = ""
    is_cycle: bool = False
    owner: str | None = None
    # Unset they stay out of the bytes: facts from before there were any keep their digest.
    path_left_out: int | UnsetType = UNSET
    limited_from: str | UnsetType = UNSET
    is_missing: bool | UnsetType = UNSET


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
    loosened_since_review: what is claimed less strictly than governance reviewed it, a line each (`rules.review`); unset:
        nothing.
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
    # Unset it stays out of the bytes: facts from before there were any keep their digest.
    loosened_since_review: tuple[str, ...] | UnsetType = UNSET
    # Which of the three texts are there and say nothing, in words. Unset it stays out of the bytes, as above.
    placeholders: tuple[str, ...] | UnsetType = UNSET
    # Whoever registered a contract that names nobody. Unset it stays out of the bytes, as above.
    owner_is_provisional: bool | UnsetType = UNSET


def known_by(at: datetime, facts: ProductFacts, before: ProductFacts | None) -> ProductFacts:
    """`facts` without what bears a later date than `at`; in its place stands what `before`, the facts judged last, said.

    For runs, acknowledgement, review and incidents, which say when they happened. The other claims do not: of several changes
    between two judgements all count from the first (our choice; workers judge each minute, so it is a matter of seconds).
    """
    earlier = before or ProductFacts(facts.slug, at, facts.lifecycle)
    older = {port.name: port for port in earlier.ports}
    acknowledged = _is_known(facts.acknowledged_at, at)
    reviewed = _is_known(facts.reviewed_at, at)
    return replace(
        facts,
        known_at=at,
        ports=tuple(_port(port, older.get(port.name), at) for port in facts.ports),
        incidents=tuple(incident for incident in facts.incidents if incident.opened_at <= at),
        acknowledged_at=facts.acknowledged_at if acknowledged else earlier.acknowledged_at,
        acknowledged_by=facts.acknowledged_by if acknowledged else earlier.acknowledged_by,
        reviewed_at=facts.reviewed_at if reviewed else earlier.reviewed_at,
        reviewed_by=facts.reviewed_by if reviewed else earlier.reviewed_by,
        loosened_since_review=facts.loosened_since_review if reviewed else earlier.loosened_since_review,
    )


def _is_known(happened_at: datetime | None, at: datetime) -> bool:
    return happened_at is None or happened_at <= at


def _port(port: PortFacts, older: PortFacts | None, at: datetime) -> PortFacts:
    if port.latest_run is None or port.latest_run.finished_at <= at:
        return port
    return replace(
        port,
        latest_run=older.latest_run if older else None,
        past_runs=older.past_runs if older else (),
        past_figures=older.past_figures if older else UNSET,
        pending_run_id=None,
    )
