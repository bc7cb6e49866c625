"""The questions of the gap `accountability`, each answered with yes, no and unknown."""

from tests.trust.use_cases.rules.factories import (
    DAY,
    HOUR,
    INSTANT,
    NOW,
    SKEW,
    answer_to,
    make_case,
    make_exception,
    make_measure,
    make_recall,
    open_exception,
    person,
    with_measure,
)
from tests.trust.use_cases.rules.table import Row, assert_row, no, no_products, ok, table, unknown
from trust.use_cases.rules.readiness.facts import ExceptionFacts, RecallFacts, UseCaseFacts
from trust.vocabulary import Answer, ReadinessQuestion

BEA = "business_owner:bea"
CAL = "consumer_owner:cal"
HANDLERS = ("exceptions_owner:eve", "outputs_owner:ola")
MAX = "measure_owner:max"
REPORT = "Report a value of hit-rate."
NOTHING_SHOWS = "No exception was closed yet and no use was reported, so nothing shows that exceptions are dealt with."
LET_THEM = "Let the consumers report their uses, and record exceptions of outputs."
ACKNOWLEDGE = "Let delay-agent acknowledge the recall of flights."


def recorded(*exceptions: ExceptionFacts, uses: int = 0) -> UseCaseFacts:
    return make_case(exceptions=exceptions, uses=uses)


def recalled(*recalls: RecallFacts) -> UseCaseFacts:
    return make_case(recalls=recalls)


@table(
    {
        ReadinessQuestion.OUTPUTS_OWNER_ACTIVE: [
            ok("seen yesterday", make_case(), "The outputs have an active owner."),
            no(
                "nobody",
                make_case(outputs_owner=None),
                "nobody_named",
                "The owner of the outputs is not named.",
                "Name the owner of the outputs.",
                BEA,
            ),
            no(
                "left",
                make_case(outputs_owner=person("ola", is_active=False)),
                "person_inactive",
                "The owner of the outputs, Ola, is no longer active.",
                "Name another as the owner of the outputs.",
                BEA,
            ),
            unknown(
                "never seen",
                make_case(outputs_owner=person("ola", last_seen_at=None)),
                "not_seen",
                "The owner of the outputs, Ola, has not signed in yet; sign-in is required every 180 days.",
                "Let Ola log in, or name another as the owner of the outputs.",
                "outputs_owner:ola",
                BEA,
            ),
        ],
        ReadinessQuestion.EXCEPTIONS_OWNER_ACTIVE: [
            ok("seen yesterday", make_case(), "Exceptions have an active owner and are handled within 48 hours."),
            no(
                "nobody",
                make_case(exceptions_owner=None),
                "nobody_named",
                "The owner of exceptions is not named.",
                "Name the owner of exceptions.",
                BEA,
            ),
            no(
                "no time limit",
                make_case(exceptions_within=None),
                "no_time_limit",
                "Exceptions have no deadline.",
                "Set a deadline for exceptions.",
                BEA,
            ),
            unknown(
                "never seen",
                make_case(exceptions_owner=person("eve", last_seen_at=None)),
                "not_seen",
                "The owner of exceptions, Eve, has not signed in yet; sign-in is required every 180 days.",
                "Let Eve log in, or name another as the owner of exceptions.",
                "exceptions_owner:eve",
                BEA,
            ),
        ],
        ReadinessQuestion.EXCEPTIONS_CLOSED_IN_TIME: [
            ok("none of five uses", make_case(), "5 uses reported, no exception."),
            ok("one closed in time, no use reported", recorded(make_exception()), "1 exception, none of them late."),
            ok(
                "closed at the last moment",
                recorded(make_exception(closed_at=NOW - 8 * DAY)),
                "1 exception, none of them late.",
            ),
            ok("one open and not yet due", recorded(open_exception(due_at=NOW), uses=1), "1 exception, none of them late."),
            no(
                "one overdue",
                recorded(make_exception(), open_exception(due_at=NOW - INSTANT)),
                "exception_overdue",
                "Exception 8 is open and was due at 2026-11-22 11:59 UTC.",
                "Close exception 8 and describe how.",
                *HANDLERS,
            ),
            no(
                "closed in the future is open",
                recorded(make_exception(closed_at=NOW + SKEW + INSTANT)),
                "exception_overdue",
                "Exception 7 is open and was due at 2026-11-14 12:00 UTC.",
                "Close exception 7 and describe how.",
                *HANDLERS,
            ),
            no(
                "one closed late",
                recorded(make_exception(closed_at=NOW - 8 * DAY + INSTANT), uses=9),
                "exception_closed_late",
                "Exception 7 was closed at 2026-11-14 12:00 UTC, due was 2026-11-14 12:00 UTC.",
                "Close exceptions in time from now on.",
                *HANDLERS,
            ),
            unknown("nothing recorded, no use reported", recorded(), "nothing_recorded", NOTHING_SHOWS, LET_THEM, CAL),
            unknown(
                "one open, none closed, no use reported",
                recorded(open_exception()),
                "nothing_recorded",
                NOTHING_SHOWS,
                LET_THEM,
                CAL,
            ),
            unknown(
                "one closed late long ago, no use reported",
                recorded(ExceptionFacts(1, NOW - 200 * DAY, NOW - 199 * DAY, NOW - 91 * DAY)),
                "nothing_recorded",
                NOTHING_SHOWS,
                LET_THEM,
                CAL,
            ),
        ],
        ReadinessQuestion.MEASURES_REPORTED: [
            ok("two days ago", make_case(), "Every measure has a value that was reported within its interval."),
            ok(
                "just in time",
                with_measure(observed_at=NOW - 7 * DAY),
                "Every measure has a value that was reported within its interval.",
            ),
            ok(
                "a value that misses its target is a value",
                with_measure(value=0.1),
                "Every measure has a value that was reported within its interval.",
            ),
            no(
                "none is named",
                make_case(measures=()),
                "no_measures",
                "The use case names no measure, so its benefit is not visible.",
                "Name at least one measure with a target and an owner.",
                BEA,
            ),
            no(
                "too old",
                with_measure(observed_at=NOW - 7 * DAY - INSTANT),
                "report_overdue",
                "The measure hit-rate was last observed at 2026-11-15 11:59 UTC; one is due each 7 days.",
                REPORT,
                MAX,
            ),
            no(
                "never reported",
                with_measure(value=None, observed_at=None),
                "never_reported",
                "The measure hit-rate has no value, though one is due each 7 days.",
                REPORT,
                MAX,
            ),
            no(
                "observed in the future",
                with_measure(observed_at=NOW + SKEW + INSTANT),
                "never_reported",
                "The measure hit-rate has no value, though one is due each 7 days.",
                REPORT,
                MAX,
            ),
            no(
                "a value that is no number",
                with_measure(value=float("nan")),
                "never_reported",
                "The measure hit-rate has no value, though one is due each 7 days.",
                REPORT,
                MAX,
            ),
            unknown(
                "its first interval is not over",
                with_measure(value=None, observed_at=None, created_at=NOW - 7 * DAY),
                "not_yet_reported",
                "The measure hit-rate has no value yet; the first is due by 2026-11-22 12:00 UTC.",
                REPORT,
                MAX,
            ),
        ],
        ReadinessQuestion.RECALLS_ACKNOWLEDGED: [
            ok("none", make_case(), "No product of the use case was recalled."),
            ok(
                "acknowledged",
                recalled(make_recall(sent_at=NOW - 9 * DAY, acknowledged_at=NOW - DAY)),
                "The only recall was acknowledged.",
            ),
            no(
                "not in time",
                recalled(make_recall(sent_at=NOW - 48 * HOUR - INSTANT)),
                "recall_not_acknowledged",
                "The recall of flights that delay-agent was sent at 2026-11-20 11:59 UTC was not acknowledged within 48 hours.",
                ACKNOWLEDGE,
                CAL,
            ),
            no(
                "acknowledged in the future",
                recalled(make_recall(sent_at=NOW - 3 * DAY, acknowledged_at=NOW + DAY)),
                "recall_not_acknowledged",
                "The recall of flights that delay-agent was sent at 2026-11-19 12:00 UTC was not acknowledged within 48 hours.",
                ACKNOWLEDGE,
                CAL,
            ),
            unknown(
                "there is time",
                recalled(make_recall(sent_at=NOW - 48 * HOUR)),
                "recall_waits",
                "The recall of flights that delay-agent was sent at 2026-11-20 12:00 UTC waits to be acknowledged.",
                ACKNOWLEDGE,
                CAL,
            ),
            *no_products(question_takes_consumers=True),
        ],
    }
)
def test_what_is_said_of_the_outputs(question: ReadinessQuestion, row: Row) -> None:
    assert_row(question, row)


def test_time_forgives_no_exception_that_was_closed_late() -> None:
    facts = recorded(make_exception(closed_at=NOW - 5 * DAY), uses=9)
    assert answer_to(ReadinessQuestion.EXCEPTIONS_CLOSED_IN_TIME, facts, now=NOW + 400 * DAY).answer is Answer.NO


def test_one_measure_without_a_value_is_enough() -> None:
    facts = make_case(measures=(make_measure(), make_measure("delay-minutes", observed_at=NOW - 30 * DAY)))
    result = answer_to(ReadinessQuestion.MEASURES_REPORTED, facts)
    assert (result.answer, result.numbers["yes"], result.numbers["no"]) == (Answer.NO, 1, 1)
    assert [evidence.id for evidence in result.evidence] == ["delay-minutes", "hit-rate"]
