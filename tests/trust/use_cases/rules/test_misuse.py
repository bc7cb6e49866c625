"""A use counts where it rested on a yes to this use case that was valid then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trust.use_cases.services.usage_reports import AnswerUsed, misuse_of
from trust.vocabulary import Misuse

ASKED = datetime(2026, 11, 1, 12, tzinfo=UTC)
SKEW = timedelta(minutes=5)
YES = AnswerUsed(is_of_this_use_case=True, decision=True, asked_at=ASKED, valid_until=ASKED + timedelta(hours=1))


@pytest.mark.parametrize(
    ("answer", "after", "why"),
    [
        (YES, timedelta(minutes=1), None),
        (YES, -SKEW, None),
        (YES, -SKEW - timedelta(seconds=1), Misuse.BEFORE_THE_ANSWER),
        (YES, timedelta(hours=1) + SKEW - timedelta(seconds=1), None),
        (YES, timedelta(hours=1) + SKEW, Misuse.ANSWER_EXPIRED),
        (replace(YES, valid_until=None), timedelta(days=400), None),
        (replace(YES, decision=False), timedelta(minutes=1), Misuse.DENIED),
        (replace(YES, decision=False, is_of_this_use_case=False), timedelta(minutes=1), Misuse.OTHER_USE_CASE),
    ],
)
def test_a_use_rests_on_a_valid_yes_or_it_is_said_why_not(answer: AnswerUsed, after: timedelta, why: Misuse | None) -> None:
    assert misuse_of(answer, ASKED + after, clock_skew=SKEW) is why
