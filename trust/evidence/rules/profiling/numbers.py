"""Numbers and moments far from all others, and values that mean nothing.

Outliers are told by the shape of the distribution, not by a number of deviations: honest amounts are skewed, with heavy tails.
Of a tail, however heavy, fewer rows lie beyond a distance than between its half and it; a separate small heap far out shows as
the opposite. It is looked for on the plain and on the logarithmic scale, on both sides of the median.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

from trust.evidence.rules.profiling.columns import LEAST_SHARE, MOST_SHARE, Column, few
from trust.evidence.rules.profiling.defects import Defect, DefectKind, is_explained

_HEAVIEST_TAIL = 1.0
"""The tail index that is taken for honest."""
_RARE = 1_000
_THIN_TAIL = 1.75
_FEW_VALUES = 20
_KNOWN_NUMBERS = frozenset(
    [
        *(sign * (10.0**digits - 1) for digits in range(2, 11) for sign in (-1, 1)),
        *(-1.0, -9.0, -99.9, -999.9, 99.99, 999.99, 9999.99, 99999.99),
        *(1e9, 2147483647.0, -2147483648.0),
    ]
)
_KNOWN_DAYS = frozenset(
    {
        *("0001-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01", "1970-01-01"),
        *("1980-01-01", "2099-12-31", "2100-01-01", "2999-12-31", "9999-01-01", "9999-12-31"),
    }
)


def number_defects(column: Column, others: Sequence[Column]) -> Iterator[Defect]:
    """The sentinels and the outliers of a column of numbers, each at most once."""
    rows, counts = column.rows, Counter(column.numbers)
    sentinels = {value for value in _sentinel_candidates(counts) if _means_nothing(value, counts, rows)}
    hits = [row for row, value in enumerate(column.values) if value is not None and float(value) in sentinels]
    if hits and not is_explained(hits, column, others):
        message = "hold a number that means no value: far too many hold the same one, apart from all others"
        shown = tuple(f"{value:g}" for value in sorted(sentinels))
        yield Defect(DefectKind.SENTINEL, column.name, len(hits), rows, message, shown, frozenset(hits))
    elif hits:
        sentinels = set()
    kept = [number for number in column.numbers if number not in sentinels and math.isfinite(number)]
    low, high = outlier_bounds(kept, rows)
    outside = [
        row
        for row, value in enumerate(column.values)
        if value is not None and float(value) not in sentinels and not low < float(value) < high
    ]
    if few(len(outside), rows) and not is_explained(outside, column, others):
        values = tuple(f"{column.values[row]:g}" for row in outside[:5])
        message = "lie far away from all others, in a heap of their own"
        yield Defect(DefectKind.OUTLIERS, column.name, len(outside), rows, message, values, frozenset(outside))


def outlier_bounds(numbers: Sequence[float], rows: int) -> tuple[float, float]:
    """The values from which on, downwards and upwards, there are outliers only; infinity where there are none."""
    counts = Counter(numbers)
    if counts and (mode := counts.most_common(1)[0])[1] > 0.2 * len(numbers):
        numbers = [
            number for number in numbers if number != mode[0]
        ]  # such as many zeros: the others have a shape of their own
    if len(set(numbers)) < 5:
        return -math.inf, math.inf
    low, high = -math.inf, math.inf
    is_whole = all(number == int(number) for number in numbers)
    thin = _thinning(sorted(numbers)) >= _THIN_TAIL
    scales: list[list[float]] = [sorted(numbers)]
    if scales[0][0] > 0:
        scales.append([math.log(number) for number in scales[0]])
    for scaled in scales:
        middle = median(scaled)
        usual = median(abs(value - middle) for value in scaled)
        above = _heap([value - middle for value in scaled if value > middle], rows, len(scaled), usual, 1 if thin else 3)
        below = _heap(sorted(middle - value for value in scaled if value < middle), rows, len(scaled), usual, 3)
        if above:
            high = min(high, scales[0][len(scaled) - above])
        if below and (scaled is scales[0] or not is_whole):  # 00:25 as the number 25 is no outlier below 12:25
            low = max(low, scales[0][below - 1])
    return low, high


def _heap(distances: list[float], rows: int, total: int, usual: float, times: int) -> int:
    """How many of the largest distances are a heap of their own; 0 where the tail just gets thinner.

    distances: of the values on one side of the median, in order. total: values on both sides; usual: their median distance.
    times: how many more lie beyond than between at least.
    """
    size = len(distances)
    least, most = max(2, math.ceil(LEAST_SHARE * rows)), int(MOST_SHARE * rows)
    few_values = len(set(distances)) <= _FEW_VALUES
    for beyond in range(least, min(most, size, total // 5) + 1):
        place = size - beyond
        edge, before = distances[place], max(distances[place - 1] if place else 0.0, usual)
        if edge <= before or edge < 5 * usual:
            continue
        between = place - bisect_left(distances, edge / 2)
        factor = max(4.0 if few_values else 1.5, _RARE ** (1 / (_HEAVIEST_TAIL * beyond)))
        is_apart = between == 0 and edge >= factor * before
        most_alike = Counter(distances[place:]).most_common(1)[0][1]
        varied = beyond < 10 or (len(set(distances[place:])) >= 3 and most_alike <= 0.8 * beyond)
        if varied and (is_apart or (beyond >= times * between + 8 and not few_values)):
            return beyond
    return 0


def _thinning(ordered: list[float]) -> float:
    """How fast the upper tail gets thinner, as the exponent of a power law between its last quarter and its last tenth."""
    quarter, tenth = ordered[int(0.75 * len(ordered))], ordered[int(0.92 * len(ordered))]
    return math.log(0.25 / 0.08) / math.log(tenth / quarter) if 0 < quarter < tenth else 0.0


def _sentinel_candidates(counts: Counter[float]) -> Iterator[float]:
    edges = sorted(counts)
    yield from {*edges[:2], *edges[-2:], *(_KNOWN_NUMBERS & counts.keys())}


def _means_nothing(value: float, counts: Counter[float], rows: int) -> bool:  # noqa: PLR0911  # one for each sign
    """Whether far too many rows hold the value, and it is at an edge or one that is known to mean nothing."""
    count = counts[value]
    others = sorted(other for other in counts.elements() if other != value)
    distinct = len(counts) - 1
    if not few(count, rows) or distinct < 5 or not math.isfinite(value):
        return False
    is_known = value in _KNOWN_NUMBERS
    spread = others[int(0.95 * (len(others) - 1))] - others[int(0.05 * len(others))]
    beyond_all = value > others[-1] or value < others[0]
    gap = min(abs(value - others[0]), abs(value - others[-1])) if beyond_all else 0.0
    ranked = sorted(number for other, number in counts.items() if other != value)
    usual, third = ranked[int(0.99 * (distinct - 1))], ranked[max(0, distinct - 3)]
    near = max(
        (n for other, n in counts.items() if other != value and 0.7 * abs(value) < abs(other) < 1.4 * abs(value)), default=1
    )
    if value > 0 and any(other % 1 for other in counts) and count < 3 * third and gap < 6 * spread:
        return False  # prices end in 99, and many have the same one
    if is_known and value < 0 <= others[0]:
        return True
    if is_known and abs(value) >= 99 and distinct > 50 and count >= max(5 * near, 1.2 * third, usual, 5):
        return True
    if is_known and beyond_all and gap >= 0.25 * spread and (distinct > 10 or gap >= 2 * spread):
        return True
    if value == 0 < others[0]:
        return distinct > _FEW_VALUES and others[0] >= 0.3 * median(others) and count >= 5 * usual
    return beyond_all and distinct > _FEW_VALUES and gap >= spread > 0 and count >= 5 * max(usual, 1)


def moment_sentinels(column: Column, others: Sequence[Column]) -> Defect | None:
    """The days that mean no date, such as 1900-01-01."""
    days = Counter(value.date().isoformat() for value in column.values if value is not None)
    found = {day for day in days if day in _KNOWN_DAYS and few(days[day], column.rows)}
    found = {day for day in found if _is_lonely(datetime.fromisoformat(day), column)}
    ordered = sorted(days)
    if not found and len(ordered) > _FEW_VALUES:
        for edge, next_to, far in ((ordered[0], ordered[1], ordered[-1]), (ordered[-1], ordered[-2], ordered[0])):
            gap = abs((datetime.fromisoformat(edge) - datetime.fromisoformat(next_to)).days)
            span = abs((datetime.fromisoformat(next_to) - datetime.fromisoformat(far)).days)
            if few(days[edge], column.rows) and gap > max(span, 365) and edge.endswith(("-01-01", "-12-31")):
                found.add(edge)
    hits = [row for row, value in enumerate(column.values) if value is not None and value.date().isoformat() in found]
    if not hits or is_explained(hits, column, others):
        return None
    message = "hold a day that means no date: far too many hold the same one, apart from all others"
    return Defect(DefectKind.SENTINEL, column.name, len(hits), column.rows, message, tuple(sorted(found)), frozenset(hits))


def _is_lonely(day: datetime, column: Column) -> bool:
    """Whether hardly another value lies within a year of the day: else it is a day as others are."""
    near = sum(value is not None and 0 < abs((value - day).days) < 366 for value in column.values)
    alike = sum(value is not None and value.date() == day.date() for value in column.values)
    return bool(near < alike / 2)
