"""Whom to notify when that a product fell, and that it is back: a state machine over crossings and time.

    (none) --fall--> fallen --stayed--> sent --rise--> recovering --stayed--> recovered
                       |                  ^                |
                       +--rise--> damped  +---- relapse ---+

A crossing by itself gives no notice: only a verdict that has stayed on its side for the damping time does, so that a product
that flaps within it stays quiet in both directions. A fall that has stayed gives notice also where the product was back before
the notice was given: it is then `recovering` without a notice, and the fall is due at once. After a relapse those who know of
the fall are not notified again; a consumer that got its first yes in between is.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from trust.vocabulary import RecallStatus

_CLOSED = frozenset({RecallStatus.RECOVERED, RecallStatus.DAMPED})


class Telling(StrEnum):
    """Which notice is due: the fall to all who relied on the product, the fall to those who came since, the recovery."""

    FALL = "fall"
    RELAPSE = "relapse"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class RecallState:
    """Where one recall stands. changed_at: the last crossing. notified_at: of the last notice of the fall; None: none yet."""

    status: RecallStatus
    changed_at: datetime
    notified_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        return self.status in _CLOSED


def cross(state: RecallState | None, *, is_good: bool, at: datetime, damping: timedelta) -> RecallState | None:
    """The recall after a verdict: `is_good` says on which side of production-grade it is. None: there is nothing to recall.

    A verdict on the side where the product is already changes nothing. A closed recall stays as it is: the next fall is
    another recall.
    """
    if state is None:
        return None if is_good else RecallState(RecallStatus.FALLEN, at)
    has_stayed = at - state.changed_at >= damping
    after = {
        (RecallStatus.FALLEN, True): RecallStatus.RECOVERING if has_stayed else RecallStatus.DAMPED,
        (RecallStatus.SENT, True): RecallStatus.RECOVERING,
        (RecallStatus.RECOVERING, False): RecallStatus.SENT,
    }.get((state.status, is_good))
    if after is None:
        return state
    return replace(state, status=after, changed_at=max(at, state.changed_at, state.notified_at or at))


def due(state: RecallState, *, damping: timedelta, now: datetime) -> Telling | None:
    """The notice to give at `now`; None where there is none, or not yet."""
    if state.status is RecallStatus.RECOVERING and state.notified_at is None:
        return Telling.FALL  # it had stayed down long enough: only nobody came to tell in time
    if now - state.changed_at < damping:
        return None
    if state.status is RecallStatus.FALLEN or (state.status is RecallStatus.SENT and state.notified_at is None):
        return Telling.FALL
    if state.status is RecallStatus.RECOVERING:
        return Telling.RECOVERY
    is_relapse = state.status is RecallStatus.SENT and state.notified_at is not None and state.notified_at <= state.changed_at
    return Telling.RELAPSE if is_relapse else None


def tell(state: RecallState, telling: Telling, *, now: datetime) -> RecallState:
    """The recall after `telling` was carried out."""
    if telling is Telling.RECOVERY:
        return replace(state, status=RecallStatus.RECOVERED)
    is_back = state.status is RecallStatus.RECOVERING
    return replace(state, status=RecallStatus.RECOVERING if is_back else RecallStatus.SENT, notified_at=now)
