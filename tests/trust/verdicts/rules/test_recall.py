from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.verdicts.rules.recall import RecallState, Telling, cross, due, tell
from trust.vocabulary import RecallStatus

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAMPING = 5 * MINUTE
FALLEN, SENT, RECOVERING = RecallStatus.FALLEN, RecallStatus.SENT, RecallStatus.RECOVERING


def at(minutes: int) -> datetime:
    return T0 + minutes * MINUTE


@pytest.mark.parametrize(
    ("before", "is_good", "after"),
    [
        (None, True, None),
        (None, False, RecallState(FALLEN, at(9))),
        (RecallState(FALLEN, at(1)), False, RecallState(FALLEN, at(1))),
        (RecallState(FALLEN, at(5)), True, RecallState(RecallStatus.DAMPED, at(9))),
        # It stayed down for the damping time, and nobody came to tell: it is told all the same.
        (RecallState(FALLEN, at(4)), True, RecallState(RECOVERING, at(9))),
        (RecallState(RECOVERING, at(7)), False, RecallState(SENT, at(9))),
        (RecallState(SENT, at(1), at(6)), False, RecallState(SENT, at(1), at(6))),
        (RecallState(SENT, at(1), at(6)), True, RecallState(RECOVERING, at(9), at(6))),
        (RecallState(RECOVERING, at(7), at(6)), True, RecallState(RECOVERING, at(7), at(6))),
        (RecallState(RECOVERING, at(7), at(6)), False, RecallState(SENT, at(9), at(6))),
        (RecallState(RecallStatus.DAMPED, at(2)), False, RecallState(RecallStatus.DAMPED, at(2))),
        (RecallState(RecallStatus.RECOVERED, at(2), at(1)), False, RecallState(RecallStatus.RECOVERED, at(2), at(1))),
        # Clocks differ: a crossing never seems to come before what was told already.
        (RecallState(SENT, at(1), at(20)), True, RecallState(RECOVERING, at(20), at(20))),
    ],
)
def test_a_crossing_moves_a_recall(before: RecallState | None, is_good: bool, after: RecallState | None) -> None:
    assert cross(before, is_good=is_good, at=at(9), damping=DAMPING) == after


@pytest.mark.parametrize(
    ("state", "minute", "telling"),
    [
        (RecallState(FALLEN, at(0)), 4, None),
        (RecallState(FALLEN, at(0)), 5, Telling.FALL),
        (RecallState(SENT, at(0), at(5)), 60, None),
        (RecallState(RECOVERING, at(10)), 10, Telling.FALL),
        (RecallState(SENT, at(12)), 16, None),
        (RecallState(SENT, at(12)), 17, Telling.FALL),
        (RecallState(RECOVERING, at(10), at(5)), 14, None),
        (RecallState(RECOVERING, at(10), at(5)), 15, Telling.RECOVERY),
        (RecallState(SENT, at(12), at(5)), 16, None),
        (RecallState(SENT, at(12), at(5)), 17, Telling.RELAPSE),
        (RecallState(RecallStatus.DAMPED, at(1)), 60, None),
        (RecallState(RecallStatus.RECOVERED, at(1), at(0)), 60, None),
    ],
)
def test_nobody_is_told_before_the_verdict_has_stayed_on_its_side(
    state: RecallState, minute: int, telling: Telling | None
) -> None:
    assert due(state, damping=DAMPING, now=at(minute)) is telling


def test_what_was_told_is_not_due_again() -> None:
    told = tell(RecallState(FALLEN, at(0)), Telling.FALL, now=at(5))
    assert due(told, damping=DAMPING, now=at(500)) is None
    assert tell(RecallState(RECOVERING, at(9), at(5)), Telling.RECOVERY, now=at(14)).is_closed


def test_a_fall_that_is_told_late_is_followed_by_its_recovery() -> None:
    told = tell(RecallState(RECOVERING, at(120)), Telling.FALL, now=at(121))
    assert told == RecallState(RECOVERING, at(120), at(121))
    assert due(told, damping=DAMPING, now=at(124)) is None
    assert due(told, damping=DAMPING, now=at(125)) is Telling.RECOVERY


def test_without_damping_a_fall_is_told_at_once_and_soon_rests() -> None:
    state = RecallState(FALLEN, at(0))
    tellings = []
    for minute in range(4):
        if telling := due(state, damping=timedelta(0), now=at(minute)):
            state = tell(state, telling, now=at(minute))
            tellings.append(telling)
    assert tellings == [Telling.FALL, Telling.RELAPSE]  # the second finds nobody new


steps = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["good", "bad", "tick"])), max_size=60)


@given(steps)
def test_however_a_product_flaps_a_recall_tells_its_fall_and_its_recovery_once_and_in_this_order(
    sequence: list[tuple[int, str]],
) -> None:
    recalls: list[list[Telling]] = []
    state: RecallState | None = None
    is_good, since, minute, longest_down = True, 0, 0, timedelta(0)
    for wait, step in sequence:
        minute += wait
        if step == "tick":
            telling = due(state, damping=DAMPING, now=at(minute)) if state else None
            if state is not None and telling is not None:
                is_late = telling is Telling.FALL and is_good  # of a fall that had stayed, told when it was over
                assert is_late or at(minute) - at(since) >= DAMPING
                assert is_late or (telling is Telling.RECOVERY) == is_good
                assert not is_late or longest_down >= DAMPING
                state = tell(state, telling, now=at(minute))
                recalls[-1].append(telling)
        elif (step == "good") != is_good:
            longest_down = max(longest_down, timedelta(0) if is_good else at(minute) - at(since))
            is_good, since = step == "good", minute
            if state is None or state.is_closed:
                state, longest_down = None, timedelta(0)
                recalls.append([])
            state = cross(state, is_good=is_good, at=at(minute), damping=DAMPING)
        if state is None or state.is_closed:
            assert is_good
            state = None
    for told in recalls:
        without_relapses = [telling for telling in told if telling is not Telling.RELAPSE]
        assert without_relapses == [Telling.FALL, Telling.RECOVERY][: len(without_relapses)]
        assert told[:1] in ([], [Telling.FALL])
