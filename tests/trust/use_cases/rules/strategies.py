"""Use cases of every kind, mostly ready ones with a few things wrong, so that every question is met on all three sides."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from catalog.rules.vocabulary import Autonomy, Lifecycle, Sensitivity, UseCaseStage
from tests.trust.use_cases.rules.factories import (
    ANA,
    CAL,
    DAY,
    HOUR,
    HUMAN_REVIEW,
    NOW,
    make_case,
    make_confirmation,
    make_consumer,
    make_exception,
    make_grant,
    make_measure,
    make_misuse,
    make_product,
    make_recall,
)
from tests.trust.verdicts.rules.strategies import moments, mostly
from trust.use_cases.rules.readiness.facts import (
    ConsumerFacts,
    ExceptionFacts,
    GrantFacts,
    MeasureFacts,
    Presence,
    RecallFacts,
    UseCaseFacts,
    UsedProductFacts,
)
from trust.verdicts.rules.policy_settings import ReadinessPolicy
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import GateName, VerdictStatus

past = moments(-400 * DAY, timedelta(0))
near = moments(-3 * DAY, 3 * DAY)
any_time = st.none() | past | near
spans = st.sampled_from([timedelta(minutes=10), HOUR, 7 * HOUR, DAY, 2 * DAY, 30 * DAY, 200 * DAY])
slugs = st.sampled_from(["flights", "weather", "planes"])
agents = st.sampled_from(["delay-agent", "night-agent"])


@st.composite
def persons(draw: st.DrawFn, usual: Presence) -> Presence | None:
    """Mostly the usual one; else nobody, somebody who left or who was not seen."""
    changed = replace(usual, is_active=draw(mostly(True, st.just(False))), last_seen_at=draw(mostly(NOW - DAY, any_time)))
    return draw(mostly(changed, st.none()))


@st.composite
def products(draw: st.DrawFn) -> UsedProductFacts:
    open_gates = draw(mostly(frozenset(), st.frozensets(st.sampled_from(GateName), max_size=3)))
    return make_product(
        draw(slugs),
        lifecycle=draw(mostly(Lifecycle.PUBLISHED, st.sampled_from(list(Lifecycle)))),
        deprecation_ends_at=draw(mostly(None, any_time)),
        sensitivity=draw(mostly(Sensitivity.INTERNAL, st.none() | st.sampled_from(list(Sensitivity)))),
        verdict=draw(mostly(VerdictStatus.PRODUCTION_GRADE, st.none() | st.sampled_from(list(VerdictStatus)))),
        valid_until=draw(mostly(NOW + 12 * HOUR, any_time)),
        open_gates=tuple(open_gates),
        failed_gates=tuple(gate for gate in sorted(open_gates) if draw(st.booleans())),
        observed_for=draw(mostly(10 * DAY, spans)),
        good_for=draw(mostly(10 * DAY, spans)),
        owner=draw(persons(ANA)),
        acknowledged_at=draw(mostly(NOW - 20 * DAY, any_time)),
        acknowledged_by=draw(mostly("ana", st.none() | st.just("zoe"))),
    )


@st.composite
def consumers(draw: st.DrawFn) -> ConsumerFacts:
    return make_consumer(
        draw(agents),
        is_active=draw(mostly(True, st.just(False))),
        clearance=draw(mostly(Sensitivity.INTERNAL, st.sampled_from(list(Sensitivity)))),
        owner=draw(persons(CAL)),
    )


@st.composite
def grants(draw: st.DrawFn, consumer: str, product: str) -> GrantFacts:
    denied = draw(mostly(0, st.integers(0, 3)))
    unanswered = draw(st.integers(0, denied))
    said = st.builds(
        lambda by, at: make_confirmation(confirmed_by=by, confirmed_at=at), st.sampled_from(["cal", "zoe"]), past | near
    )
    return make_grant(
        product,
        consumer,
        is_permitted=draw(mostly(True, st.sampled_from([None, False]))),
        reasons=draw(st.sampled_from([(), ("no_policy", "no_agreement")])),
        needs_agreement=draw(st.booleans()),
        agreement_until=draw(mostly(NOW + 30 * DAY, any_time)),
        agreement_waits=draw(st.booleans()),
        obligations=draw(mostly((HUMAN_REVIEW,), st.sampled_from([(), (HUMAN_REVIEW, '{"type":"no_onward_sharing"}')]))),
        confirmations=draw(mostly((make_confirmation(),), st.lists(said, max_size=3).map(tuple))),
        asked=draw(mostly(12, st.just(0))),
        last_asked_at=draw(mostly(NOW - DAY, any_time)),
        denied=denied,
        unanswered_denials=unanswered,
        oldest_unanswered_denial_at=draw(near | st.none()) if unanswered else None,
        denied_decision_id=17 if unanswered else None,
    )


@st.composite
def measures(draw: st.DrawFn) -> MeasureFacts:
    return make_measure(
        draw(st.sampled_from(["hit-rate", "delay-minutes"])),
        interval=draw(spans),
        created_at=draw(mostly(NOW - 30 * DAY, past | near)),
        value=draw(mostly(0.84, st.none() | st.floats(allow_nan=True))),
        observed_at=draw(mostly(NOW - HOUR, any_time)),
    )


@st.composite
def output_exceptions(draw: st.DrawFn) -> ExceptionFacts:
    return make_exception(
        draw(st.integers(1, 9)),
        due_at=draw(past | near),
        closed_at=draw(mostly(NOW - 9 * DAY, any_time)),
    )


@st.composite
def recalls(draw: st.DrawFn) -> RecallFacts:
    return make_recall(draw(st.integers(1, 9)), sent_at=draw(near), acknowledged_at=draw(mostly(NOW - HOUR, any_time)))


@st.composite
def use_cases(draw: st.DrawFn) -> UseCaseFacts:
    """Any use case; about one in four is all right."""
    used = draw(mostly((make_product(),), st.lists(products(), max_size=3, unique_by=lambda p: p.slug).map(tuple)))
    acting = draw(mostly((make_consumer(),), st.lists(consumers(), max_size=2, unique_by=lambda c: c.slug).map(tuple)))
    known = [(c.slug, p.slug) for c in acting for p in used if draw(mostly(True, st.just(False)))]
    text = st.sampled_from(["", " "])
    return make_case(
        stage=draw(st.sampled_from(list(UseCaseStage))),
        created_at=draw(mostly(NOW - 60 * DAY, any_time)),
        purpose=draw(mostly("ai.decision-support", st.just(""))),
        autonomy=draw(mostly(Autonomy.ADVISES, st.sampled_from(list(Autonomy)))),
        business_owner=draw(persons(Presence("bea", last_seen_at=NOW - DAY))),
        acknowledged_at=draw(mostly(NOW - 10 * DAY, any_time)),
        acknowledged_by=draw(mostly("bea", st.none() | st.just("zoe"))),
        claims_changed_at=draw(mostly(NOW - 20 * DAY, any_time)),
        workflow=draw(mostly("Turnaround", text)),
        system=draw(mostly("Duty desk", text)),
        step=draw(mostly("Briefing", text)),
        outputs_owner=draw(persons(Presence("ola", last_seen_at=NOW - DAY))),
        exceptions_owner=draw(persons(Presence("eve", last_seen_at=NOW - DAY))),
        exceptions_within=draw(mostly(2 * DAY, st.none())),
        has_fallback=draw(mostly(True, st.just(False))),
        explainability_required=draw(mostly(False, st.sampled_from([None, True]))),
        has_explainability_requirement=draw(st.booleans()),
        has_explainability_met=draw(st.booleans()),
        products=used,
        consumers=acting,
        grants=tuple(draw(mostly(make_grant(product, consumer), grants(consumer, product))) for consumer, product in known),
        uses=draw(mostly(5, st.just(0))),
        misuses=draw(mostly((), st.just((make_misuse(), make_misuse(decision_id=5, why="answer_expired"))))),
        exceptions=tuple(draw(mostly([], st.lists(output_exceptions(), max_size=3, unique_by=lambda e: e.id)))),
        measures=tuple(draw(mostly([make_measure()], st.lists(measures(), max_size=2, unique_by=lambda m: m.name)))),
        recalls=tuple(draw(mostly([], st.lists(recalls(), max_size=3, unique_by=lambda r: r.id)))),
    )


@st.composite
def policies(draw: st.DrawFn) -> TrustPolicy:
    """Mostly the default; else other windows and another share."""
    settings = ReadinessPolicy(
        share_window=200 * DAY,
        minimum_share=draw(st.sampled_from([0.0, 0.5, 0.9, 1.0])),
        minimum_observed=draw(spans),
        asking_window=draw(spans),
        fallback_within=draw(spans),
        recall_acknowledged_within=draw(spans),
        acknowledgement_interval=draw(spans),
        presence_interval=draw(spans),
        exception_window=draw(spans),
        maximum_validity=draw(spans),
    )
    return draw(mostly(TrustPolicy(), st.just(TrustPolicy(version=2, readiness=settings))))


def later() -> st.SearchStrategy[datetime]:
    """A moment from now on: within the next days, or much later."""
    return st.one_of(moments(timedelta(0), 3 * DAY), moments(timedelta(0), 500 * DAY)).map(lambda time: max(time, NOW))
