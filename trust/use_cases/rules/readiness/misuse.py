"""Whether the use that a consumer reports rested on a valid yes. Logged answers never change, so this is found out once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from trust.vocabulary import Misuse


@dataclass(frozen=True, slots=True)
class AnswerUsed:
    """The logged answer. is_of_this_use_case: it was asked by this consumer and named this use case. valid_until None: it said
    no such moment."""

    is_of_this_use_case: bool
    decision: bool
    asked_at: datetime
    valid_until: datetime | None = None


def misuse_of(answer: AnswerUsed, used_at: datetime, *, clock_skew: timedelta) -> Misuse | None:
    """Why a use at `used_at` did not rest on a valid yes; None where it did.

    clock_skew: how far the consumer's clock may be away from ours before it counts against it (that of the trust policy).
    """
    if not answer.is_of_this_use_case:
        return Misuse.OTHER_USE_CASE
    if not answer.decision:
        return Misuse.DENIED
    if used_at < answer.asked_at - clock_skew:
        return Misuse.BEFORE_THE_ANSWER
    if answer.valid_until is not None and used_at >= answer.valid_until + clock_skew:
        return Misuse.ANSWER_EXPIRED
    return None
