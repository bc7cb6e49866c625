"""A use case that is rightly ready, built from parts that each test spoils in one place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.rules.vocabulary import Autonomy, Lifecycle, Sensitivity, UseCaseStage
from trust.use_cases.rules.readiness.assess import assess
from trust.use_cases.rules.readiness.facts import (
    ConfirmationFacts,
    ConsumerFacts,
    ExceptionFacts,
    GrantFacts,
    MeasureFacts,
    MisuseFacts,
    Presence,
    RecallFacts,
    UseCaseFacts,
    UsedProductFacts,
)
from trust.use_cases.rules.readiness.outcome import Assessment, QuestionResult
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import ReadinessQuestion, VerdictStatus

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
SKEW = timedelta(minutes=5)
POLICY = TrustPolicy()
SETTINGS = POLICY.readiness
HUMAN_REVIEW = '{"type":"human_review"}'


def person(username: str, **changes: Any) -> Presence:
    """Somebody active who was seen yesterday."""
    return replace(Presence(username, name=username.title(), last_seen_at=NOW - DAY), **changes)


BEA = person("bea")
ANA = person("ana")
CAL = person("cal")
OLA = person("ola")
EVE = person("eve")
MAX = person("max")


def make_product(slug: str = "flights", **changes: Any) -> UsedProductFacts:
    """A published product that has been production-grade for ten days and is for twelve hours more."""
    product = UsedProductFacts(
        slug=slug,
        lifecycle=Lifecycle.PUBLISHED,
        sensitivity=Sensitivity.INTERNAL,
        verdict=VerdictStatus.PRODUCTION_GRADE,
        valid_until=NOW + 12 * HOUR,
        observed_since=NOW - 10 * DAY,
        observed_for=10 * DAY,
        good_for=10 * DAY,
        owner=ANA,
        acknowledged_at=NOW - 20 * DAY,
        acknowledged_by="ana",
    )
    return replace(product, **changes)


def make_consumer(slug: str = "delay-agent", **changes: Any) -> ConsumerFacts:
    """An active agent with an owner."""
    return replace(ConsumerFacts(slug, owner=CAL), **changes)


def make_confirmation(obligation: str = HUMAN_REVIEW, **changes: Any) -> ConfirmationFacts:
    """Of a month ago, by the consumer's owner."""
    return replace(ConfirmationFacts(obligation, "cal", NOW - 30 * DAY), **changes)


def make_grant(product: str = "flights", consumer: str = "delay-agent", **changes: Any) -> GrantFacts:
    """Permitted by a policy that asks for nothing but a look by a person; asked about yesterday."""
    grant = GrantFacts(
        consumer=consumer,
        product=product,
        is_permitted=True,
        policies=("permit-decision-support",),
        obligations=(HUMAN_REVIEW,),
        confirmations=(make_confirmation(),),
        asked=12,
        last_asked_at=NOW - DAY,
    )
    return replace(grant, **changes)


def make_measure(name: str = "hit-rate", **changes: Any) -> MeasureFacts:
    """A weekly measure that is a month old and was observed two days ago."""
    measure = MeasureFacts(
        name=name,
        interval=7 * DAY,
        created_at=NOW - 30 * DAY,
        target=0.8,
        owner=MAX,
        value=0.84,
        observed_at=NOW - 2 * DAY,
    )
    return replace(measure, **changes)


def make_exception(id_: int = 7, **changes: Any) -> ExceptionFacts:
    """Opened ten days ago, closed in time."""
    made = ExceptionFacts(id_, opened_at=NOW - 10 * DAY, due_at=NOW - 8 * DAY, closed_at=NOW - 9 * DAY)
    return replace(made, **changes)


def open_exception(id_: int = 8, **changes: Any) -> ExceptionFacts:
    """Opened yesterday, due tomorrow."""
    return replace(ExceptionFacts(id_, opened_at=NOW - DAY, due_at=NOW + DAY), **changes)


def make_recall(id_: int = 3, **changes: Any) -> RecallFacts:
    """Sent an hour ago, not acknowledged yet."""
    return replace(RecallFacts(id_, "flights", "delay-agent", NOW - HOUR), **changes)


def make_misuse(**changes: Any) -> MisuseFacts:
    """A use after a denial."""
    return replace(MisuseFacts(4711, "delay-agent", NOW - 3 * HOUR, "denied"), **changes)


def make_case(**changes: Any) -> UseCaseFacts:
    """A use case in pilot whose every question is answered with yes."""
    facts = UseCaseFacts(
        slug="departure-delays",
        known_at=NOW,
        name="Departure delays",
        stage=UseCaseStage.PILOT,
        created_at=NOW - 60 * DAY,
        purpose="ai.decision-support",
        autonomy=Autonomy.ADVISES,
        business_owner=BEA,
        acknowledged_at=NOW - 10 * DAY,
        acknowledged_by="bea",
        claims_changed_at=NOW - 20 * DAY,
        workflow="Turnaround",
        system="Duty desk",
        step="Evening briefing",
        outputs_owner=OLA,
        exceptions_owner=EVE,
        exceptions_within=2 * DAY,
        has_fallback=True,
        explainability_required=False,
        products=(make_product(),),
        consumers=(make_consumer(),),
        grants=(make_grant(),),
        uses=5,
        measures=(make_measure(),),
    )
    return replace(facts, **changes)


def with_product(**changes: Any) -> UseCaseFacts:
    """The use case with its product spoilt."""
    return make_case(products=(make_product(**changes),))


def with_consumer(**changes: Any) -> UseCaseFacts:
    """The use case with its consumer spoilt."""
    return make_case(consumers=(make_consumer(**changes),))


def with_grant(**changes: Any) -> UseCaseFacts:
    """The use case with what is known of its consumer and product spoilt."""
    return make_case(grants=(make_grant(**changes),))


def with_measure(**changes: Any) -> UseCaseFacts:
    """The use case with its measure spoilt."""
    return make_case(measures=(make_measure(**changes),))


def answer_to(
    question: ReadinessQuestion, facts: UseCaseFacts, policy: TrustPolicy = POLICY, now: datetime = NOW
) -> QuestionResult:
    """The result of one question."""
    return next(result for result in assess(facts, policy, now).questions if result.question is question)


def assessed(facts: UseCaseFacts, now: datetime = NOW, **settings: Any) -> Assessment:
    """The assessment under the default policy with `settings` of readiness changed."""
    return assess(facts, replace(POLICY, readiness=replace(SETTINGS, **settings)), now)
