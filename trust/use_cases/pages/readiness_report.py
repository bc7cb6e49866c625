"""The one-page report about one use case: where it stands, what blocks, who must act, measures, exceptions, and how to verify.

It is built of the facts of one moment and the assessment made on them, so that page and JSON say the same and neither can
contradict the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.models import Person, UseCase
from catalog.rules.vocabulary import Autonomy, Better, UseCaseStage
from trust.presentation.pages.labels import GATES
from trust.use_cases.models.use_case import Readiness, StageMove
from trust.use_cases.pages.readiness import Actor, GapLine, Panel, actors_of, panel_of
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.queries.use_case_facts import use_case_facts
from trust.use_cases.queries.use_case_report import ClaimsThen, approval_at, claims_at, hidden_from, waivers_at
from trust.use_cases.rules.readiness.assess import assess
from trust.use_cases.rules.readiness.codec import load_facts
from trust.use_cases.rules.readiness.facts import MeasureFacts, Presence, UseCaseFacts
from trust.use_cases.rules.readiness.outcome import Assessment
from trust.use_cases.rules.readiness.redaction import HIDDEN, redact_assessment
from trust.use_cases.services.readiness import assess_use_case, readiness_as_of
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.trust_policy import TrustPolicy, policy_from_dict


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who answers for a part of the use case."""

    username: str
    name: str


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure against its target. is_reached None: it has no value. due_at: when the next value is due, or was."""

    name: str
    unit: str
    better: Better
    target: float
    value: float | None
    observed_at: datetime | None
    is_reached: bool | None
    due_at: datetime
    owner: Named | None


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """A stage that was let through although something was missing."""

    stage: UseCaseStage
    reason: str
    approved_by: Named | None
    approved_at: datetime | None
    expires_at: datetime | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaiverLine:
    """An accepted exception of a product that the use case consumes. what: the gate or check that is excepted."""

    product: str
    what: str
    reason: str
    owner: Named
    granted_by: Named | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let the use case come to its stage, and when."""

    by: Named | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the report says, signature aside. at: the moment that it is about."""

    facts: UseCaseFacts
    claims: ClaimsThen
    panel: Panel
    at: datetime
    is_about_the_past: bool
    actors: tuple[Actor, ...]
    measures: tuple[MeasureLine, ...]
    overrides: tuple[OverrideLine, ...]
    waivers: tuple[WaiverLine, ...]
    approval: Approval | None
    products: tuple[str, ...]
    hidden_products: int

    @property
    def assessment(self) -> Assessment:
        return self.panel.assessment

    @property
    def gaps(self) -> tuple[GapLine, ...]:
        return self.panel.gaps

    @property
    def autonomy(self) -> Autonomy:
        return self.facts.autonomy


def report_of(use_case: UseCase, *, reader: Person, now: datetime, as_of: datetime | None = None) -> Report:
    """The report about `use_case` as `reader` may see it, now or as it was known `as_of` a past moment.

    Raises `InvalidError` for a moment in the future, `NotFoundError` (`not_assessed_yet`) before the first assessment.
    """
    found = _present(use_case, now) if as_of is None else _past(use_case, as_of, now)
    facts = found.facts
    at = now if as_of is None else as_of
    slugs = {product.slug for product in facts.products}
    hidden = hidden_from(reader, use_case)
    approval = approval_at(use_case, facts.stage, at)
    panel = panel_of(redact_assessment(found.assessment, hidden), {person.username: person.name for person in _people(facts)})
    return Report(
        facts=facts,
        claims=claims_at(use_case, at),
        panel=panel,
        at=at,
        is_about_the_past=as_of is not None,
        actors=actors_of(panel.gaps),
        measures=tuple(_measure(measure) for measure in facts.measures),
        overrides=tuple(_override(move) for move in overrides([use_case.pk], as_of)[use_case.pk]),
        waivers=tuple(_waiver(row, hidden) for row in waivers_at(slugs, at, found.policy)),
        approval=Approval(_named(approval.decided_by), approval.decided_at) if approval else None,
        products=tuple(sorted(slugs - hidden)),
        hidden_products=len(slugs & hidden),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    facts: UseCaseFacts
    assessment: Assessment
    policy: TrustPolicy


def _present(use_case: UseCase, now: datetime) -> _Found:
    """Assessed again and kept. What is shown is made of the facts of this moment, also where an earlier row stands for it."""
    assess_use_case(use_case=use_case, now=now, cause="report")
    _, policy = current_policy()
    facts = use_case_facts(use_case.pk, now, policy)
    return _Found(facts, assess(facts, policy, now), policy)


def _past(use_case: UseCase, at: datetime, now: datetime) -> _Found:
    assessment = readiness_as_of(use_case=use_case, moment=at, now=now)
    rows = Readiness.objects.filter(use_case=use_case, assessed_at__lte=at).select_related("policy").defer("outcome")
    row = rows.order_by("-assessed_at", "-id")[0]
    return _Found(load_facts(row.facts), assessment, policy_from_dict(row.policy.body))


def _people(facts: UseCaseFacts) -> Iterable[Presence]:
    named = [facts.business_owner, facts.outputs_owner, facts.exceptions_owner]
    named += [thing.owner for things in (facts.products, facts.consumers, facts.measures) for thing in things]
    return (person for person in named if person is not None)


def _measure(measure: MeasureFacts) -> MeasureLine:
    reached = None
    if measure.value is not None:
        at_least = measure.better is Better.AT_LEAST
        reached = measure.value >= measure.target if at_least else measure.value <= measure.target
    since = measure.observed_at if measure.value is not None and measure.observed_at else measure.created_at
    owner = Named(measure.owner.username, measure.owner.name or measure.owner.username) if measure.owner else None
    return MeasureLine(
        name=measure.name,
        unit=measure.unit,
        better=measure.better,
        target=measure.target,
        value=measure.value,
        observed_at=measure.observed_at if measure.value is not None else None,
        is_reached=reached,
        due_at=since + measure.interval,
        owner=owner,
    )


def _override(move: StageMove) -> OverrideLine:
    return OverrideLine(
        stage=UseCaseStage(move.to_stage),
        reason=move.reason,
        approved_by=_named(move.decided_by),
        approved_at=move.decided_at,
        expires_at=move.override_expires_at,
        missing=tuple(str(one["question"]) for one in move.missing if isinstance(one, Mapping) and "question" in one),
    )


def _waiver(row: Waiver, hidden: set[str]) -> WaiverLine:
    is_hidden = row.product.slug in hidden
    what = GATES.get(row.gate, row.gate) if row.gate else row.check_key
    return WaiverLine(
        product=HIDDEN if is_hidden else row.product.slug,
        what="not shown" if is_hidden else what,
        reason="not shown" if is_hidden else row.reason,
        owner=Named(row.owner.username, row.owner.get_full_name() or row.owner.username),
        granted_by=_named(row.granted_by),
        expires_at=row.expires_at,
    )


def _named(person: Person | None) -> Named | None:
    return Named(person.username, person.get_full_name() or person.username) if person else None
