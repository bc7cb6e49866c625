"""The questions of the gap `workflow`, each answered with yes, no and unknown."""

from catalog.rules.vocabulary import UseCaseStage
from tests.trust.use_cases.rules.factories import (
    DAY,
    HOUR,
    INSTANT,
    NOW,
    SKEW,
    answer_to,
    make_case,
    make_consumer,
    make_grant,
    make_misuse,
    make_product,
    with_grant,
)
from tests.trust.use_cases.rules.table import Row, assert_row, no, no_products, ok, table, unknown
from trust.vocabulary import Answer, ReadinessQuestion

BEA = "business_owner:bea"
CAL = "consumer_owner:cal"
IDEA = UseCaseStage.IDEA
MONTH = 30 * DAY
ASK = "Request a decision, naming the use case, before each use."
ACT = "Let delay-agent ask before each use and act on the answer."
FALL_BACK = "Let delay-agent take the declared fallback after a denial and report it."
DECLARE = "Write down what happens instead while data is not fit."
SILENT = (
    "The consumer delay-agent has not requested a decision from this use case in the last 30 days; "
    "no decision about the product flights was requested from this use case in the last 30 days."
)
ASKED = "In the last 30 days every consumer asked from there, and every product was asked about."
NOTHING_ASKED = "Nothing was asked from this use case, so nothing shows that the fallback works."


@table(
    {
        ReadinessQuestion.STEP_NAMED: [
            ok("all named", make_case(), "Workflow, system and step are named."),
            no(
                "the step is blank in pilot",
                make_case(step="  "),
                "step_not_named",
                "Step is not named.",
                "Name the step where the AI acts.",
                BEA,
            ),
            unknown(
                "nothing is named yet of an idea",
                make_case(stage=IDEA, workflow="", system="", step=""),
                "step_not_named",
                "Workflow, system and step are not named.",
                "Name the workflow, system and step where the AI acts.",
                BEA,
            ),
        ],
        ReadinessQuestion.ASKED_FROM_THERE: [
            ok("asked yesterday", make_case(), ASKED),
            ok("asked just in time", with_grant(last_asked_at=NOW - MONTH), ASKED),
            no("asked too long ago", with_grant(last_asked_at=NOW - MONTH - INSTANT), "not_asked", SILENT, ASK, CAL, BEA),
            no("never", with_grant(asked=0, last_asked_at=None), "not_asked", SILENT, ASK, CAL, BEA),
            no("asked in the future", with_grant(last_asked_at=NOW + SKEW + INSTANT), "not_asked", SILENT, ASK, CAL, BEA),
            no("counted without a moment", with_grant(last_asked_at=None), "not_asked", SILENT, ASK, CAL, BEA),
            no("nobody knows since when", make_case(created_at=None, grants=()), "not_asked", SILENT, ASK, CAL, BEA),
            no("it begins in the future", make_case(created_at=NOW + DAY, grants=()), "not_asked", SILENT, ASK, CAL, BEA),
            no(
                "one product was never asked about",
                make_case(products=(make_product(), make_product("weather"))),
                "not_asked",
                "No decision about the product weather was requested from this use case in the last 30 days.",
                ASK,
                BEA,
            ),
            no(
                "one consumer never asked",
                make_case(consumers=(make_consumer(), make_consumer("night-agent"))),
                "not_asked",
                "The consumer night-agent has not requested a decision from this use case in the last 30 days.",
                ASK,
                CAL,
            ),
            unknown("it is young", make_case(created_at=NOW - MONTH, grants=()), "not_yet_asked", SILENT, ASK, CAL, BEA),
            *no_products(question_takes_consumers=True),
        ],
        ReadinessQuestion.ANSWERED_BEFORE_USE: [
            ok("five uses", make_case(), "5 reported uses, each on a valid yes that came before it."),
            no(
                "one after a denial",
                make_case(misuses=(make_misuse(),)),
                "denied",
                "The consumer delay-agent used data at 2026-11-22 09:00 UTC without a valid yes (denied).",
                ACT,
                CAL,
            ),
            no(
                "one before the answer, and no other",
                make_case(uses=0, misuses=(make_misuse(why="before_the_answer"),)),
                "before_the_answer",
                "The consumer delay-agent used data at 2026-11-22 09:00 UTC without a valid yes (before the answer).",
                ACT,
                CAL,
            ),
            no(
                "by a consumer that no longer acts in it",
                make_case(misuses=(make_misuse(consumer="gone-agent", why="answer_expired"),)),
                "answer_expired",
                "The consumer gone-agent used data at 2026-11-22 09:00 UTC without a valid yes (answer expired).",
                "Let gone-agent ask before each use and act on the answer.",
                "consumer_owner",
            ),
            unknown(
                "none reported",
                make_case(uses=0),
                "no_use_reported",
                "No use of an answer was reported.",
                "Let the consumers report each use with the decision it rests on.",
                CAL,
            ),
            unknown(
                "none reported, and nobody to report",
                make_case(uses=0, consumers=()),
                "no_use_reported",
                "No use of an answer was reported.",
                "Let the consumers report each use with the decision it rests on.",
                BEA,
            ),
        ],
        ReadinessQuestion.FALLBACK_DECLARED: [
            ok("written", make_case(), "It is written down what happens while data is not fit."),
            no(
                "not written in pilot",
                make_case(has_fallback=False),
                "no_fallback",
                "No fallback is written down.",
                DECLARE,
                BEA,
            ),
            unknown(
                "not yet written of an idea",
                make_case(stage=IDEA, has_fallback=False),
                "no_fallback",
                "No fallback is written down.",
                DECLARE,
                BEA,
            ),
        ],
        ReadinessQuestion.FALLBACK_FOLLOWED: [
            ok("no denial", make_case(), "12 questions asked, none denied."),
            ok(
                "each denial was followed",
                with_grant(denied=3),
                "12 questions asked, 3 denied; after each denial the fallback was taken.",
            ),
            no(
                "one denial was not",
                with_grant(
                    denied=3,
                    unanswered_denials=1,
                    oldest_unanswered_denial_at=NOW - DAY - INSTANT,
                    denied_decision_id=17,
                ),
                "fallback_not_followed",
                "After 1 denial of delay-agent on flights no fallback was reported within 24 hours (the oldest is of "
                "2026-11-21 11:59 UTC).",
                FALL_BACK,
                CAL,
            ),
            no(
                "nobody knows since when",
                with_grant(denied=1, unanswered_denials=1),
                "fallback_not_followed",
                "After 1 denial of delay-agent on flights no fallback was reported within 24 hours.",
                FALL_BACK,
                CAL,
            ),
            no(
                "there is none to take",
                make_case(has_fallback=False, grants=(make_grant(denied=1),)),
                "no_fallback",
                "After 1 denial of delay-agent on flights there was no declared fallback to take.",
                DECLARE,
                BEA,
            ),
            unknown(
                "there is time",
                with_grant(denied=3, unanswered_denials=2, oldest_unanswered_denial_at=NOW - DAY),
                "fallback_not_yet_reported",
                "After 2 denials of delay-agent on flights no fallback is reported yet (the oldest is of "
                "2026-11-21 12:00 UTC).",
                FALL_BACK,
                CAL,
            ),
            unknown(
                "nothing asked",
                with_grant(asked=0, last_asked_at=None),
                "nothing_asked",
                NOTHING_ASKED,
                "Ask from there.",
                CAL,
            ),
            unknown(
                "asked too long ago",
                with_grant(last_asked_at=NOW - MONTH - INSTANT),
                "nothing_asked",
                NOTHING_ASKED,
                "Ask from there.",
                CAL,
            ),
            *no_products(question_takes_consumers=True),
        ],
    }
)
def test_what_is_said_of_the_workflow(question: ReadinessQuestion, row: Row) -> None:
    assert_row(question, row)


def test_a_young_use_case_that_asked_a_part_is_not_worse_than_one_that_asked_nothing() -> None:
    facts = make_case(created_at=NOW - DAY, products=(make_product(), make_product("weather")))
    assert answer_to(ReadinessQuestion.ASKED_FROM_THERE, facts).answer is Answer.UNKNOWN


def test_time_turns_the_silence_of_the_young_into_a_no() -> None:
    facts = make_case(created_at=NOW - MONTH, grants=())
    assert answer_to(ReadinessQuestion.ASKED_FROM_THERE, facts, now=NOW + INSTANT).answer is Answer.NO


def test_a_denial_without_a_fallback_counts_however_long_nothing_was_asked() -> None:
    grant = {"denied": 1, "unanswered_denials": 1, "oldest_unanswered_denial_at": NOW - HOUR}
    facts = with_grant(last_asked_at=NOW - HOUR, **grant)
    assert answer_to(ReadinessQuestion.FALLBACK_FOLLOWED, facts, now=NOW + 100 * DAY).answer is Answer.NO
