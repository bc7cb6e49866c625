"""The history of a product's verdicts as a drawing: stretches of one verdict on a line of time, and its score above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trust.presentation.pages.labels import VERDICTS, Badge

WIDTH = 1000.0
HEIGHT = 100.0
NARROWEST = 6.0  # a verdict that held for a minute in a year must still be seen


@dataclass(frozen=True, slots=True)
class Moment:
    """One judgement, as far as the drawing needs it."""

    verdict: str
    score: float
    judged_at: datetime
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time with one verdict: where it lies on the line, how high the score stood (from the top), and from when to when."""

    badge: Badge
    score: float
    starts_at: datetime
    ends_at: datetime | None
    cause: str
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Timeline:
    stretches: tuple[Stretch, ...]
    starts_at: datetime
    ends_at: datetime

    @property
    def newest_first(self) -> tuple[Stretch, ...]:
        return tuple(reversed(self.stretches))


def timeline_of(moments: Sequence[Moment], now: datetime) -> Timeline | None:
    """The drawing of `moments` (oldest first) up to `now`; None where nothing was ever judged.

    Judgements in a row with the same verdict and score are one stretch.
    """
    merged: list[Moment] = []
    for moment in moments:
        if not merged or (merged[-1].verdict, merged[-1].score) != (moment.verdict, moment.score):
            merged.append(moment)
    if not merged:
        return None
    ends = [moment.judged_at for moment in merged[1:]] + [max(now, merged[-1].judged_at + timedelta(seconds=1))]
    lengths = [(end - moment.judged_at).total_seconds() for moment, end in zip(merged, ends, strict=True)]
    widths = _widths(lengths)
    stretches = []
    x = 0.0
    for index, (moment, width) in enumerate(zip(merged, widths, strict=True)):
        height = max(4.0, round(moment.score, 2))
        stretches.append(
            Stretch(
                badge=VERDICTS[moment.verdict],
                score=moment.score,
                starts_at=moment.judged_at,
                ends_at=ends[index] if index < len(merged) - 1 else None,
                cause=moment.cause,
                x=round(x, 2),
                width=round(max(width - 2, 1), 2),
                y=round(HEIGHT - height, 2),
                height=height,
            )
        )
        x += width
    return Timeline(tuple(stretches), merged[0].judged_at, ends[-1])


def _widths(lengths: Sequence[float]) -> list[float]:
    """Widths in proportion to time, none below `NARROWEST`, together `WIDTH`."""
    least = min(NARROWEST, WIDTH / len(lengths))
    total = sum(lengths) or 1.0
    spare = WIDTH - least * len(lengths)
    return [least + spare * length / total for length in lengths]
