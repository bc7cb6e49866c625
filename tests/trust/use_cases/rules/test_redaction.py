"""What a person is shown of a use case of which they may not see every product."""

from catalog.rules.vocabulary import Lifecycle
from tests.trust.use_cases.rules.factories import NOW, POLICY, make_case, make_grant, make_product, person
from trust.use_cases.rules.readiness.assess import assess
from trust.use_cases.rules.readiness.codec import dump_assessment
from trust.use_cases.rules.readiness.outcome import QuestionResult
from trust.use_cases.rules.readiness.redaction import HIDDEN, redact_assessment
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, ReadinessQuestion, Role, VerdictStatus

SECRET = make_product(
    "merger-plans",
    lifecycle=Lifecycle.DRAFT,
    verdict=VerdictStatus.NOT_PRODUCTION_GRADE,
    cause="12 rows of merger-plans name the buyer.",
    owner=person("zoe"),
    acknowledged_at=None,
)
FACTS = make_case(products=(make_product(), SECRET), grants=(make_grant(), make_grant("merger-plans")))


def of(results: tuple[QuestionResult, ...], question: ReadinessQuestion) -> QuestionResult:
    return next(result for result in results if result.question is question)


def test_nothing_tells_of_a_product_that_may_not_be_seen() -> None:
    shown = redact_assessment(assess(FACTS, POLICY, NOW), {"merger-plans"})
    text = dump_assessment(shown).decode()
    for secret in ("merger-plans", "zoe", "buyer"):
        assert secret not in text
    result = of(shown.questions, ReadinessQuestion.NO_PILOT_EXTRACT)
    assert result.message == "This is about a data product that you may not see."
    assert result.remedy == "Ask governance what to do."
    assert result.responsible == (Responsible(Role.GOVERNANCE),)
    assert [evidence.id for evidence in result.evidence] == [HIDDEN, "flights"]


def test_the_answers_stay_what_they_are() -> None:
    open_, shown = assess(FACTS, POLICY, NOW), redact_assessment(assess(FACTS, POLICY, NOW), {"merger-plans"})
    assert [result.answer for result in shown.questions] == [result.answer for result in open_.questions]
    assert [result.numbers for result in shown.questions] == [result.numbers for result in open_.questions]
    assert (shown.level, shown.gaps, shown.facts_digest) == (open_.level, open_.gaps, open_.facts_digest)
    passed = of(shown.questions, ReadinessQuestion.SENSITIVITY_CLEARED)
    assert (passed.answer, passed.remedy, passed.responsible) == (Answer.YES, "", ())


def test_who_sees_everything_is_told_everything() -> None:
    assessment = assess(FACTS, POLICY, NOW)
    assert redact_assessment(assessment, set()) is assessment


def test_the_owner_of_a_hidden_product_is_not_named_where_only_the_evidence_tells_of_it() -> None:
    """The sentence tells of three products; the hidden one is the fourth."""
    drafts = tuple(make_product(f"a{n}", lifecycle=Lifecycle.DRAFT) for n in range(3))
    assessment = assess(make_case(products=(*drafts, SECRET)), POLICY, NOW)
    result = of(redact_assessment(assessment, {"merger-plans"}).questions, ReadinessQuestion.NO_PILOT_EXTRACT)
    assert "merger" not in str(result)
    assert Responsible(Role.OWNER, "zoe") not in result.responsible


def test_a_slug_within_another_word_is_left_alone() -> None:
    facts = make_case(products=(make_product("flights-of-today", lifecycle=Lifecycle.DRAFT),))
    result = of(redact_assessment(assess(facts, POLICY, NOW), {"flights"}).questions, ReadinessQuestion.NO_PILOT_EXTRACT)
    assert "flights-of-today" in result.message
