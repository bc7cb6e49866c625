"""Schedules as text: how long they let pass, and when they are due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trust.evidence.rules.schedule import InvalidScheduleError, interval, next_due

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUNDAY = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "longest"),
    [
        ("PT24H", DAY),
        ("P1D", DAY),
        ("p1dt12h", 36 * HOUR),
        ("P1W", 7 * DAY),
        ("PT1M", timedelta(minutes=1)),
        ("P366D", 366 * DAY),
        ("* * * * *", timedelta(minutes=1)),
        ("*/7 * * * *", timedelta(minutes=7)),
        ("0 6 * * *", DAY),
        ("0 6 * * 1-5", 3 * DAY),
        ("0 6 * * MON-FRI", 3 * DAY),
        ("0 6 * * mon", 7 * DAY),
        ("*/15 8-18 * * *", 13 * HOUR + timedelta(minutes=15)),
        ("0 0 1 * *", 31 * DAY),
        ("0 0 1 1 *", 366 * DAY),
        ("0 0,23 * * *", 23 * HOUR),
    ],
)
def test_interval_is_the_longest_time_between_two_runs(schedule: str, longest: timedelta) -> None:
    assert interval(schedule) == longest


@pytest.mark.parametrize(
    "schedule",
    [
        "", "daily", "@daily", "P", "PT", "P1M", "P1Y", "PT0S", "PT59S", "P367D", "-P1D", "P9999999D", "PT1.5H", "61 * * * *",
        "* * * *", "* * * * * *", "0 0 31 2 *", "0 0 29 2 *", "0 6 * * FUN", "0 6 * * 1-5; rm -rf /", "P1D" * 500,
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_followed_is_refused_with_what_to_write(schedule: str) -> None:
    with pytest.raises(InvalidScheduleError, match="give a duration such as PT24H") as caught:
        interval(schedule)
    assert len(str(caught.value)) < 320
    with pytest.raises(InvalidScheduleError):
        next_due(schedule, SUNDAY)


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("PT24H", SUNDAY + DAY),
        ("0 6 * * 1-5", datetime(2026, 11, 23, 6, tzinfo=UTC)),
        ("* * * * *", datetime(2026, 11, 22, 12, 1, tzinfo=UTC)),
        ("0 12 * * *", datetime(2026, 11, 23, 12, tzinfo=UTC)),
    ],
)
def test_next_due_is_after_the_last_run(schedule: str, due: datetime) -> None:
    assert next_due(schedule, SUNDAY) == due


def test_next_due_asks_for_an_aware_time() -> None:
    with pytest.raises(ValueError, match="give an aware time"):
        next_due("P1D", SUNDAY.replace(tzinfo=None))


@settings(deadline=None, max_examples=50)
@given(
    st.tuples(
        st.sampled_from(["*", "0", "5,50", "*/20"]),
        st.sampled_from(["*", "3", "1-4", "*/6"]),
        st.sampled_from(["*", "1", "1,15", "L"]),
        st.sampled_from(["*", "6", "3-5"]),
        st.sampled_from(["*", "1-5", "0"]),
    ).map(" ".join),
    st.integers(0, 3 * 366 * 24 * 60).map(lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
)
def test_no_two_runs_are_further_apart_than_the_interval(schedule: str, start: datetime) -> None:
    try:
        longest = interval(schedule)
    except InvalidScheduleError:
        return
    first = next_due(schedule, start)
    assert timedelta(0) < first - start <= longest + timedelta(minutes=1)
    for _ in range(20):
        following = next_due(schedule, first)
        assert timedelta(0) < following - first <= longest
        first = following
