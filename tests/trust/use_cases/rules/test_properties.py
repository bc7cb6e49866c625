"""What readiness promises whatever the facts: tried on thousands of use cases."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.rules.vocabulary import Lifecycle, Sensitivity, UseCaseStage
from runtime.checks import ALL_CASES
from tests.trust.use_cases.rules.factories import (
    DAY,
    INSTANT,
    NOW,
    POLICY,
    SETTINGS,
    make_case,
    make_consumer,
    make_measure,
    make_misuse,
    make_product,
    make_recall,
    open_exception,
)
from tests.trust.use_cases.rules.strategies import later, policies, use_cases
from trust.use_cases.rules.readiness.assess import assess
from trust.use_cases.rules.readiness.codec import canonical, dump_assessment, dump_facts, load_assessment, load_facts
from trust.use_cases.rules.readiness.facts import GrantFacts, UseCaseFacts, UsedProductFacts
from trust.use_cases.rules.readiness.outcome import Assessment
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import Answer, Gap, GateName, ReadinessLevel, ReadinessQuestion, VerdictStatus

PROFILE = settings(
    max_examples=int(os.environ.get("TOUCHSTONE_EXAMPLES", "100" if ALL_CASES in os.environ else "50")) // 2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
LEVEL_RANKS = {ReadinessLevel.READY: 2, ReadinessLevel.UNKNOWN: 1, ReadinessLevel.NOT_READY: 0}
T = TypeVar("T")


def assert_no_better(after: Assessment, before: Assessment) -> None:
    """Neither an answer nor a gap nor the level of `after` is better than that of `before`."""
    for old, new in zip(before.questions, after.questions, strict=True):
        assert new.answer.rank <= old.answer.rank, (old, new)
    for earlier, now in zip(before.gaps, after.gaps, strict=True):
        assert LEVEL_RANKS[now.level] <= LEVEL_RANKS[earlier.level]
    assert LEVEL_RANKS[after.level] <= LEVEL_RANKS[before.level]


@PROFILE
@given(use_cases(), policies())
def test_the_level_is_the_weakest_gap_and_a_gap_its_weakest_answer(facts: UseCaseFacts, policy: TrustPolicy) -> None:
    assessment = assess(facts, policy, NOW)
    assert [result.question for result in assessment.questions] == list(ReadinessQuestion)
    assert [gap.gap for gap in assessment.gaps] == list(Gap)
    for gap in assessment.gaps:
        answers = [result.answer for result in assessment.questions if result.gap is gap.gap]
        assert (gap.yes, gap.no, gap.unknown) == tuple(answers.count(answer) for answer in Answer)
        assert LEVEL_RANKS[gap.level] == min(answer.rank for answer in answers)
    assert LEVEL_RANKS[assessment.level] == min(LEVEL_RANKS[gap.level] for gap in assessment.gaps)
    weakest = next(gap for gap in assessment.gaps if gap.gap is assessment.weakest)
    assert weakest.level is assessment.level
    share = weakest.yes / (weakest.yes + weakest.no + weakest.unknown)
    for gap in assessment.gaps:
        if gap.level is assessment.level:
            other = gap.yes / (gap.yes + gap.no + gap.unknown)
            assert (share, list(Gap).index(weakest.gap)) <= (other, list(Gap).index(gap.gap))


@PROFILE
@given(use_cases(), policies())
def test_every_question_answers_completely(facts: UseCaseFacts, policy: TrustPolicy) -> None:
    for result in assess(facts, policy, NOW).questions:
        is_open = result.answer is not Answer.YES
        assert result.message[-1] == "."
        assert result.message[0].isupper() or result.message[0].isdigit()
        assert len(result.message) < 900
        assert bool(result.remedy) is bool(result.responsible) is (result.code != "ok") is is_open
        assert 0 < len(result.evidence) <= 20
        assert all(evidence.kind and evidence.id and evidence.says for evidence in result.evidence)
        assert sum(result.numbers[answer.value] for answer in Answer) >= len(result.evidence)


def test_a_ready_use_case_is_ready_for_every_stage() -> None:
    assessment = assess(make_case(), POLICY, NOW)
    assert (assessment.level, assessment.weakest) == (ReadinessLevel.READY, Gap.TRUST)
    assert assessment.missing_for(UseCaseStage.PRODUCTION) == ()


def test_a_use_case_of_which_nothing_is_known_is_ready_for_nothing() -> None:
    assessment = assess(UseCaseFacts("empty", NOW), POLICY, NOW)
    assert assessment.level is ReadinessLevel.NOT_READY
    assert not any(result.answer is Answer.YES for result in assessment.questions)
    assert len(assessment.missing_for(UseCaseStage.PRODUCTION)) == len(ReadinessQuestion)
    assert len(assessment.missing_for(UseCaseStage.APPROVED)) == 17
    assert assessment.missing_for(UseCaseStage.PILOT) == ()


def test_what_only_shows_in_production_does_not_keep_a_use_case_from_being_approved() -> None:
    facts = make_case(uses=0, grants=(replace(make_case().grants[0], asked=0, last_asked_at=None),))
    assessment = assess(facts, POLICY, NOW)
    assert assessment.missing_for(UseCaseStage.APPROVED) == ()
    assert [result.question for result in assessment.missing_for(UseCaseStage.PRODUCTION)] == [
        ReadinessQuestion.ASKED_FROM_THERE,
        ReadinessQuestion.ANSWERED_BEFORE_USE,
        ReadinessQuestion.FALLBACK_FOLLOWED,
        ReadinessQuestion.EXCEPTIONS_CLOSED_IN_TIME,
    ]


def test_the_weakest_of_equally_weak_gaps_has_the_smallest_share_of_yes() -> None:
    facts = make_case(outputs_owner=None, products=(make_product(lifecycle=Lifecycle.DRAFT),), measures=())
    assert assess(facts, POLICY, NOW).weakest is Gap.ACCOUNTABILITY


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        assess(make_case(), POLICY, NOW.replace(tzinfo=None))


@PROFILE
@given(use_cases(), policies(), later(), later())
def test_time_alone_never_makes_an_answer_better(
    facts: UseCaseFacts, policy: TrustPolicy, one: datetime, other: datetime
) -> None:
    first, second = sorted([one, other])
    assert_no_better(assess(facts, policy, second), assess(facts, policy, first))


@PROFILE
@given(use_cases(), policies(), later(), st.floats(0, 1))
def test_an_assessment_holds_until_just_before_its_end_and_is_another_from_then_on(
    facts: UseCaseFacts, policy: TrustPolicy, now: datetime, share: float
) -> None:
    before = assess(facts, policy, now)
    assert now < before.valid_until <= now + policy.readiness.maximum_validity
    for moment in (now + (before.valid_until - now) * share, before.valid_until - INSTANT):
        assert assess(facts, policy, min(moment, before.valid_until - INSTANT)).questions == before.questions
    if before.valid_until < now + policy.readiness.maximum_validity:
        after = assess(facts, policy, before.valid_until)
        assert after.questions != before.questions
        assert dump_assessment(after) != dump_assessment(replace(before, assessed_at=after.assessed_at))


def shuffled(items: tuple[T, ...], data: st.DataObject) -> tuple[T, ...]:
    return tuple(data.draw(st.permutations(items)))


@PROFILE
@given(use_cases(), policies(), st.data())
def test_the_same_facts_in_any_order_give_the_same_bytes(facts: UseCaseFacts, policy: TrustPolicy, data: st.DataObject) -> None:
    def grant(one: GrantFacts) -> GrantFacts:
        return replace(
            one,
            reasons=shuffled(one.reasons, data),
            obligations=shuffled(one.obligations, data),
            confirmations=shuffled(one.confirmations, data),
        )

    def product(one: UsedProductFacts) -> UsedProductFacts:
        return replace(one, open_gates=shuffled(one.open_gates, data), failed_gates=shuffled(one.failed_gates, data))

    mixed = replace(
        facts,
        products=shuffled(tuple(product(one) for one in facts.products), data),
        consumers=shuffled(facts.consumers, data),
        grants=shuffled(tuple(grant(one) for one in facts.grants), data),
        misuses=shuffled(facts.misuses, data),
        exceptions=shuffled(facts.exceptions, data),
        measures=shuffled(facts.measures, data),
        recalls=shuffled(facts.recalls, data),
    )
    assert dump_facts(mixed) == dump_facts(facts)
    assert dump_assessment(assess(mixed, policy, NOW)) == dump_assessment(assess(facts, policy, NOW))


@PROFILE
@given(use_cases(), policies())
def test_stored_facts_and_assessments_come_back_equal(facts: UseCaseFacts, policy: TrustPolicy) -> None:
    assessment = assess(facts, policy, NOW)
    assert load_facts(dump_facts(facts)) == canonical(facts)
    assert load_assessment(dump_assessment(assessment)) == assessment
    assert dump_assessment(assess(load_facts(dump_facts(facts)), policy, NOW)) == dump_assessment(assessment)


def _with(facts: UseCaseFacts, **changes: Any) -> UseCaseFacts:
    return replace(facts, **changes)


def _each(name: str, **changes: Any) -> Callable[[UseCaseFacts], UseCaseFacts]:
    """Every one of the things called `name`, spoilt."""
    return lambda facts: _with(facts, **{name: tuple(replace(thing, **changes) for thing in getattr(facts, name))})


def _last(name: str, **changes: Any) -> Callable[[UseCaseFacts], UseCaseFacts]:
    """The last one of the things called `name`, spoilt."""

    def spoil(facts: UseCaseFacts) -> UseCaseFacts:
        things = getattr(facts, name)
        return _with(facts, **{name: (*things[:-1], *(replace(thing, **changes) for thing in things[-1:]))})

    return spoil


def _more(name: str, thing: Any) -> Callable[[UseCaseFacts], UseCaseFacts]:
    """One more bad thing among those called `name`."""
    return lambda facts: _with(facts, **{name: (*getattr(facts, name), thing)})


def _more_if_any(name: str, thing: Any) -> Callable[[UseCaseFacts], UseCaseFacts]:
    """The same where there is one already: to name one at all is a step, if not a good one."""
    return lambda facts: _more(name, thing)(facts) if getattr(facts, name) else facts


def _set(**changes: Any) -> Callable[[UseCaseFacts], UseCaseFacts]:
    return lambda facts: _with(facts, **changes)


def _holder(role: str, **changes: Any) -> Callable[[UseCaseFacts], UseCaseFacts]:
    """Whoever holds a role, spoilt; nobody stays nobody."""

    def leave(facts: UseCaseFacts) -> UseCaseFacts:
        holder = getattr(facts, role)
        return _with(facts, **{role: replace(holder, **changes) if holder else None})

    return leave


SPOILT: dict[str, Callable[[UseCaseFacts], UseCaseFacts]] = {
    "a verdict falls": _last(
        "products",
        verdict=VerdictStatus.NOT_PRODUCTION_GRADE,
        open_gates=(GateName.COVERAGE, GateName.EVIDENCE),
        failed_gates=(GateName.COVERAGE,),
    ),
    "a product was never good": _last("products", good_for=timedelta(0)),
    "a product becomes a draft": _last("products", lifecycle=Lifecycle.DRAFT),
    "a product is retired": _last("products", lifecycle=Lifecycle.RETIRED),
    "a product's owner is taken away": _last("products", owner=None),
    "a product is acknowledged by another": _last("products", acknowledged_by="another"),
    "a product is as sensitive as can be": _last("products", sensitivity=Sensitivity.RESTRICTED),
    "one more product that is bad": _more_if_any(
        "products",
        make_product(
            "bad", verdict=VerdictStatus.NOT_PRODUCTION_GRADE, lifecycle=Lifecycle.DRAFT, owner=None, acknowledged_at=None
        ),
    ),
    "one more consumer of whom nothing is known": _more_if_any("consumers", make_consumer("new-agent", is_active=False)),
    "a consumer is suspended": _last("consumers", is_active=False),
    "consumers are cleared for less": _each("consumers", clearance=Sensitivity.PUBLIC),
    "a pair is forbidden": _last("grants", is_permitted=False),
    "an agreement ends": _last("grants", needs_agreement=True, agreement_until=NOW - DAY),
    "confirmations are lost": _each("grants", confirmations=()),
    "nobody asks": _each("grants", asked=0, last_asked_at=None),
    "a denial without a fallback": _last("grants", denied=4, unanswered_denials=1, oldest_unanswered_denial_at=NOW - 300 * DAY),
    "a misuse": _more("misuses", make_misuse(decision_id=99)),
    "uses are not reported": _set(uses=0),
    "an exception is overdue": _more("exceptions", open_exception(99, due_at=NOW - 300 * DAY)),
    "a measure is not reported": _more("measures", make_measure("bad", observed_at=NOW - 400 * DAY, interval=DAY)),
    "a recall is not acknowledged": _more("recalls", make_recall(99, sent_at=NOW - 300 * DAY)),
    "the business owner is taken away": _set(business_owner=None),
    "the business owner leaves": _holder("business_owner", is_active=False),
    "the business owner was never seen": _holder("business_owner", last_seen_at=None),
    "the acknowledgement is lost": _set(acknowledged_at=None),
    "the use case changes": _set(claims_changed_at=NOW),
    "the outputs' owner leaves": _holder("outputs_owner", is_active=False),
    "the owner of exceptions leaves": _holder("exceptions_owner", is_active=False),
    "no time limit": _set(exceptions_within=None),
    "the fallback is dropped": _set(has_fallback=False),
    "the step is dropped": _set(step=""),
    "explanations are required and not written": _set(explainability_required=True, has_explainability_met=False),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
@settings(PROFILE, max_examples=max(PROFILE.max_examples // 8, 10))
@given(facts=use_cases(), policy=policies())
def test_a_bad_fact_never_makes_an_answer_better(
    spoil: Callable[[UseCaseFacts], UseCaseFacts], facts: UseCaseFacts, policy: TrustPolicy
) -> None:
    assert_no_better(assess(spoil(facts), policy, NOW), assess(facts, policy, NOW))


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_each_bad_fact_keeps_a_ready_use_case_from_being_ready(spoil: Callable[[UseCaseFacts], UseCaseFacts]) -> None:
    """So that none of the changes above is one that nobody looks at."""
    assert assess(spoil(make_case()), POLICY, NOW).level is not ReadinessLevel.READY


def test_the_defaults_are_those_that_were_agreed_on() -> None:
    assert (SETTINGS.share_window, SETTINGS.minimum_share, SETTINGS.minimum_observed) == (90 * DAY, 0.9, 7 * DAY)
    assert (SETTINGS.asking_window, SETTINGS.fallback_within) == (30 * DAY, DAY)
    assert (SETTINGS.recall_acknowledged_within, SETTINGS.exception_window) == (2 * DAY, 90 * DAY)
    assert (SETTINGS.acknowledgement_interval, SETTINGS.presence_interval) == (180 * DAY, 180 * DAY)
    assert SETTINGS.maximum_validity == DAY


def test_an_assessment_holds_until_the_first_thing_changes_and_at_most_a_day() -> None:
    assert assess(make_case(), POLICY, NOW).valid_until == NOW + timedelta(hours=12)
    lasting = make_case(products=(make_product(valid_until=NOW + 30 * DAY),))
    assert assess(lasting, POLICY, NOW).valid_until == NOW + DAY
    late = assess(make_case(products=(make_product(valid_until=NOW),)), POLICY, NOW)
    assert late.valid_until == NOW + DAY


def test_what_is_dated_after_the_facts_were_read_does_not_count_when_its_time_has_come() -> None:
    facts = make_case(acknowledged_at=NOW + timedelta(hours=1))
    later = assess(facts, POLICY, NOW + timedelta(hours=2))
    answers = {result.question: result.code for result in later.questions}
    assert answers[ReadinessQuestion.BUSINESS_OWNER_ACKNOWLEDGED] == "never_acknowledged"
