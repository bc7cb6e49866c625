"""The assessment: facts, policy and a moment in, readiness out. Pure: the same three give the same bytes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from trust.use_cases.rules.readiness import accountability, data_trust, governance, ownership, workflow
from trust.use_cases.rules.readiness.codec import canonical, digest, dump_facts
from trust.use_cases.rules.readiness.context import ReadinessContext
from trust.use_cases.rules.readiness.facts import UseCaseFacts
from trust.use_cases.rules.readiness.finding import Answered
from trust.use_cases.rules.readiness.outcome import Assessment, GapResult, QuestionResult
from trust.verdicts.rules.trust_policy import TrustPolicy, policy_digest
from trust.vocabulary import Answer, Gap, ReadinessLevel, ReadinessQuestion

_QUESTIONS: Mapping[ReadinessQuestion, Callable[[ReadinessContext], Answered]] = {
    ReadinessQuestion.PRODUCTION_GRADE_NOW: data_trust.production_grade_now,
    ReadinessQuestion.PRODUCTION_GRADE_SHARE: data_trust.production_grade_share,
    ReadinessQuestion.NO_PILOT_EXTRACT: data_trust.no_pilot_extract,
    ReadinessQuestion.VALIDATION_RUNS: data_trust.validation_runs,
    ReadinessQuestion.PURPOSE_PERMITTED: governance.purpose_permitted,
    ReadinessQuestion.AGREEMENTS_ACTIVE: governance.agreements_active,
    ReadinessQuestion.SENSITIVITY_CLEARED: governance.sensitivity_cleared,
    ReadinessQuestion.OBLIGATIONS_CONFIRMED: governance.obligations_confirmed,
    ReadinessQuestion.EXPLAINABILITY_DOCUMENTED: governance.explainability_documented,
    ReadinessQuestion.BUSINESS_OWNER_ACTIVE: ownership.business_owner_active,
    ReadinessQuestion.BUSINESS_OWNER_ACKNOWLEDGED: ownership.business_owner_acknowledged,
    ReadinessQuestion.PRODUCT_OWNERS_ACTIVE: ownership.product_owners_active,
    ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED: ownership.product_owners_acknowledged,
    ReadinessQuestion.STEP_NAMED: workflow.step_named,
    ReadinessQuestion.ASKED_FROM_THERE: workflow.asked_from_there,
    ReadinessQuestion.ANSWERED_BEFORE_USE: workflow.answered_before_use,
    ReadinessQuestion.FALLBACK_DECLARED: workflow.fallback_declared,
    ReadinessQuestion.FALLBACK_FOLLOWED: workflow.fallback_followed,
    ReadinessQuestion.OUTPUTS_OWNER_ACTIVE: accountability.outputs_owner_active,
    ReadinessQuestion.EXCEPTIONS_OWNER_ACTIVE: accountability.exceptions_owner_active,
    ReadinessQuestion.EXCEPTIONS_CLOSED_IN_TIME: accountability.exceptions_closed_in_time,
    ReadinessQuestion.MEASURES_REPORTED: accountability.measures_reported,
    ReadinessQuestion.RECALLS_ACKNOWLEDGED: accountability.recalls_acknowledged,
}
_LEVELS = {
    Answer.YES: ReadinessLevel.READY,
    Answer.UNKNOWN: ReadinessLevel.UNKNOWN,
    Answer.NO: ReadinessLevel.NOT_READY,
}
_WEAKEST_FIRST = [ReadinessLevel.NOT_READY, ReadinessLevel.UNKNOWN, ReadinessLevel.READY]


def assess(facts: UseCaseFacts, policy: TrustPolicy, now: datetime) -> Assessment:
    """The readiness of one use case at `now`, which must be aware. Raises `ValueError` where it is not.

    Time alone never turns an answer into a better one: what claims to come after `facts.known_at` does not count.
    """
    if now.tzinfo is None:
        raise ValueError(f"The moment {now} has no offset from UTC; give an aware time.")
    context = ReadinessContext(canonical(facts), policy, now)
    answers = [_QUESTIONS[question](context) for question in ReadinessQuestion]
    questions = tuple(answered.result for answered in answers)
    gaps = tuple(_gap(gap, [result for result in questions if result.gap is gap]) for gap in Gap)
    weakest = min(gaps, key=_strength)
    ends = [answered.holds_until for answered in answers if answered.holds_until is not None]
    return Assessment(
        slug=facts.slug,
        stage=facts.stage,
        assessed_at=now,
        valid_until=min([now + policy.readiness.maximum_validity, *ends]),
        level=weakest.level,
        weakest=weakest.gap,
        gaps=gaps,
        questions=questions,
        policy_version=policy.version,
        policy_digest=policy_digest(policy),
        facts_digest=digest(dump_facts(facts)),
    )


def _gap(gap: Gap, results: Sequence[QuestionResult]) -> GapResult:
    answers = [result.answer for result in results]
    worst = min(answers, key=lambda answer: answer.rank)
    counts = {answer: answers.count(answer) for answer in Answer}
    return GapResult(gap, _LEVELS[worst], counts[Answer.YES], counts[Answer.NO], counts[Answer.UNKNOWN])


def _strength(result: GapResult) -> tuple[int, Fraction]:
    """The level, then the share of yes; `min` takes the first in the order of `Gap` among equals."""
    return _WEAKEST_FIRST.index(result.level), Fraction(result.yes, result.yes + result.no + result.unknown)
