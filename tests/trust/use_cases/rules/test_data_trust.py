"""The questions of the gap `trust`, each answered with yes, no and unknown."""

from datetime import timedelta

import pytest

from catalog.rules.vocabulary import Lifecycle
from tests.trust.use_cases.rules.factories import (
    DAY,
    HOUR,
    INSTANT,
    NOW,
    answer_to,
    assessed,
    make_case,
    make_product,
    with_product,
)
from tests.trust.use_cases.rules.table import Row, assert_row, no, no_products, ok, table, unknown
from trust.use_cases.rules.readiness.facts import UseCaseFacts
from trust.vocabulary import Answer, GateName, ReadinessQuestion, VerdictStatus

ANA = "owner:ana"
BEA = "business_owner:bea"
RUN = "Run the suites of flights, so that it is evaluated."
FIX = "Fix what keeps flights from being production-grade."
NEVER_JUDGED = with_product(verdict=None, valid_until=None, observed_for=timedelta(0), good_for=timedelta(0))
EXPIRED = with_product(valid_until=NOW)


def judged(verdict: VerdictStatus, *open_gates: GateName, failed: tuple[GateName, ...] = ()) -> UseCaseFacts:
    return with_product(verdict=verdict, open_gates=open_gates, failed_gates=failed, cause="Rows have no id.")


def watched(days: float, share: float) -> UseCaseFacts:
    return with_product(observed_for=days * DAY, good_for=days * DAY * share)


@table(
    {
        ReadinessQuestion.PRODUCTION_GRADE_NOW: [
            ok("one product", make_case(), "The only product is production-grade."),
            ok(
                "two products",
                make_case(products=(make_product(), make_product("weather"))),
                "All 2 products are production-grade.",
            ),
            no(
                "one is not",
                judged(VerdictStatus.NOT_PRODUCTION_GRADE, GateName.CRITICAL_CHECKS),
                "not_production_grade",
                "The product flights is not production-grade: Rows have no id.",
                FIX,
                ANA,
            ),
            no(
                "one is not, and the verdict has expired",
                with_product(verdict=VerdictStatus.NOT_PRODUCTION_GRADE, valid_until=NOW - DAY),
                "not_production_grade",
                "The product flights is not production-grade.",
                FIX,
                ANA,
            ),
            unknown(
                "one is unknown",
                judged(VerdictStatus.UNKNOWN, GateName.EVIDENCE),
                "verdict_unknown",
                "Whether the product flights is production-grade is unknown: Rows have no id.",
                FIX,
                ANA,
            ),
            unknown("never judged", NEVER_JUDGED, "never_judged", "The product flights was never evaluated.", RUN, ANA),
            unknown(
                "the verdict has expired",
                EXPIRED,
                "verdict_expired",
                "The verdict on the product flights expired at 2026-11-22 12:00 UTC.",
                RUN,
                ANA,
            ),
            unknown(
                "a verdict without an end",
                with_product(valid_until=None),
                "verdict_expired",
                "The verdict on the product flights expired already.",
                RUN,
                ANA,
            ),
            *no_products(),
        ],
        ReadinessQuestion.PRODUCTION_GRADE_SHARE: [
            ok(
                "the whole time",
                make_case(),
                "Each product was production-grade for 90% or more of its evaluated time in 90 days.",
            ),
            ok(
                "just enough",
                watched(10, 0.9),
                "Each product was production-grade for 90% or more of its evaluated time in 90 days.",
            ),
            ok(
                "watched just long enough",
                watched(7, 1),
                "Each product was production-grade for 90% or more of its evaluated time in 90 days.",
            ),
            no(
                "too seldom",
                watched(10, 0.8999),
                "share_too_low",
                "The product flights was production-grade for 89.9% of 10 days; 90% are needed.",
                "Keep flights production-grade until it was for 90% of the time.",
                ANA,
            ),
            unknown(
                "watched too short",
                with_product(observed_for=7 * DAY - INSTANT, good_for=7 * DAY - INSTANT),
                "observed_too_short",
                "The product flights was evaluated for 6.9 days; 7 days are needed.",
                "Keep flights evaluated until it was observed for 7 days.",
                ANA,
            ),
            unknown(
                "never watched",
                NEVER_JUDGED,
                "observed_too_short",
                "The product flights was evaluated for 0 days; 7 days are needed.",
                "Keep flights evaluated until it was observed for 7 days.",
                ANA,
            ),
            *no_products(),
        ],
        ReadinessQuestion.NO_PILOT_EXTRACT: [
            ok("published", make_case(), "Every product is published for production; none is a draft."),
            ok(
                "deprecated without an end",
                with_product(lifecycle=Lifecycle.DEPRECATED),
                "Every product is published for production; none is a draft.",
            ),
            ok(
                "deprecated and not yet ended",
                with_product(lifecycle=Lifecycle.DEPRECATED, deprecation_ends_at=NOW + INSTANT),
                "Every product is published for production; none is a draft.",
            ),
            no(
                "a draft",
                with_product(lifecycle=Lifecycle.DRAFT),
                "pilot_extract",
                "The product flights is a draft, not a production data product.",
                "Publish flights.",
                ANA,
            ),
            no(
                "retired",
                with_product(lifecycle=Lifecycle.RETIRED),
                "product_retired",
                "The product flights is retired.",
                "Consume a published product instead of flights.",
                BEA,
            ),
            no(
                "ended",
                with_product(lifecycle=Lifecycle.DEPRECATED, deprecation_ends_at=NOW),
                "product_ended",
                "The product flights was deprecated and ended at 2026-11-22 12:00 UTC.",
                "Consume a published product instead of flights.",
                BEA,
            ),
            *no_products(),
        ],
        ReadinessQuestion.VALIDATION_RUNS: [
            ok("evidence and coverage pass", make_case(), "The checks of every product ran in time and cover it."),
            ok(
                "another gate is open",
                judged(VerdictStatus.NOT_PRODUCTION_GRADE, GateName.REVIEW, failed=(GateName.REVIEW,)),
                "The checks of every product ran in time and cover it.",
            ),
            no(
                "coverage fails",
                judged(VerdictStatus.NOT_PRODUCTION_GRADE, GateName.COVERAGE, failed=(GateName.COVERAGE,)),
                "validation_fails",
                "The checks of the product flights do not cover what the policy requires.",
                "Add the checks that flights lacks.",
                ANA,
            ),
            unknown(
                "evidence is unknown",
                judged(VerdictStatus.UNKNOWN, GateName.EVIDENCE, GateName.COVERAGE),
                "validation_not_seen",
                "The checks of the product flights did not run, or not in time.",
                "Put the suites of flights on a schedule and run them.",
                ANA,
            ),
            unknown("never judged", NEVER_JUDGED, "never_judged", "The product flights was never evaluated.", RUN, ANA),
            unknown(
                "the verdict has expired",
                EXPIRED,
                "verdict_expired",
                "The verdict on the product flights expired at 2026-11-22 12:00 UTC.",
                RUN,
                ANA,
            ),
            *no_products(),
        ],
    }
)
def test_what_is_said_of_the_data(question: ReadinessQuestion, row: Row) -> None:
    assert_row(question, row)


def test_one_bad_product_among_good_ones_decides_and_is_told_first() -> None:
    bad = make_product("weather", verdict=VerdictStatus.NOT_PRODUCTION_GRADE, cause="")
    unseen = make_product("planes", verdict=None)
    result = answer_to(ReadinessQuestion.PRODUCTION_GRADE_NOW, make_case(products=(make_product(), unseen, bad)))
    assert result.message == "The product weather is not production-grade."
    assert [evidence.id for evidence in result.evidence] == ["weather", "planes", "flights"]
    assert result.numbers == {"yes": 1, "no": 1, "unknown": 1}


def test_no_more_than_twenty_things_are_named_but_all_are_counted() -> None:
    products = tuple(make_product(f"p{n:02}", lifecycle=Lifecycle.DRAFT) for n in range(30))
    result = answer_to(ReadinessQuestion.NO_PILOT_EXTRACT, make_case(products=products))
    assert len(result.evidence) == 20
    assert result.numbers["no"] == 30
    assert result.message.endswith("and 27 more.")
    assert result.remedy == "Publish p00. Publish p01. Publish p02. And 27 more of the kind."


def test_the_share_of_each_product_is_told() -> None:
    products = (make_product(), make_product("weather", good_for=5 * DAY))
    result = answer_to(ReadinessQuestion.PRODUCTION_GRADE_SHARE, make_case(products=products))
    assert [(e.id, e.says) for e in result.evidence] == [
        ("weather", "production-grade for 50% of 10 days"),
        ("flights", "production-grade for 100% of 10 days"),
    ]
    assert result.numbers["lowest_share"] == 0.5


@pytest.mark.parametrize(("minimum", "answer"), [(0.5, Answer.YES), (0.51, Answer.NO)])
def test_the_policy_says_which_share_is_enough(minimum: float, answer: Answer) -> None:
    facts = with_product(good_for=5 * DAY)
    shares = {q.question: q.answer for q in assessed(facts, minimum_share=minimum).questions}
    assert shares[ReadinessQuestion.PRODUCTION_GRADE_SHARE] is answer


def test_the_verdict_holds_until_just_before_it_ends() -> None:
    facts = with_product(valid_until=NOW + HOUR)
    for question in (ReadinessQuestion.PRODUCTION_GRADE_NOW, ReadinessQuestion.VALIDATION_RUNS):
        assert answer_to(question, facts, now=NOW + HOUR - INSTANT).answer is Answer.YES
        assert answer_to(question, facts, now=NOW + HOUR).answer is Answer.UNKNOWN
