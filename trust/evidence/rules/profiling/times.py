"""Rows that are not renewed: older than all others, out of order, one group behind, values standing still."""

import re
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from catalog.rules.vocabulary import LogicalType
from trust.evidence.rules.profiling.columns import MOST_CATEGORIES, MOST_SHARE, Column, few
from trust.evidence.rules.profiling.defects import Defect, DefectKind, is_explained

_EVENT_NAME = re.compile(
    r"(?i)updat|modif|chang|load|ingest|creat|insert|event|record|measur|observ|book|order|(^|_)(ts|at|time|timestamp|date|day|datetime)($|_)"
)
_OTHER_NAME = re.compile(r"(?i)birth|born|dob|expir|valid|due|until|deadline|end|retire|hire|founded|opened|since")
_FAR = 0.25
_WINDOW = 25


def time_column(columns: Sequence[Column]) -> Column | None:
    """The column whose newest value tells how old the data is: by its name and by how many rows have one."""
    found = [
        column for column in columns if column.is_moment and column.present >= 0.9 * column.rows and len(column.counts) > 2
    ]
    if not found:
        return None

    def rank(column: Column) -> tuple[bool, bool, bool, int]:
        is_update = bool(re.search(r"(?i)updat|modif|load|ingest", column.name))
        return bool(_OTHER_NAME.search(column.name)), not is_update, not _EVENT_NAME.search(column.name), columns.index(column)

    return min(found, key=rank)


def time_defects(columns: Sequence[Column], sentinels: dict[str, set[int]]) -> Iterator[Defect]:
    """The stale slices. sentinels: rows of a column whose value means no moment; they are left out."""
    moments = [column for column in columns if column.is_moment and len(column.counts) > 2]
    main = time_column(columns)
    for column in moments:
        left_out = sentinels.get(column.name, set())
        is_event = not _OTHER_NAME.search(column.name) or column is main
        found = _apart(column, left_out) if is_event else []
        message = "are far older than all others: this part was probably not written again"
        if not found and is_event:
            found, message = _out_of_order(column, columns, left_out), "are older than the rows around them"
        if not found and is_event:
            found, message = _standing_still(column), "bear one and the same time, where others hardly share one"
        if not found:
            found, message = _before_another(column, moments), "are earlier than a time that all other rows have them follow"
        if found and not is_explained(found, column, [one for one in columns if one.is_category and _is_label(one)]):
            yield Defect(DefectKind.STALE_SLICE, column.name, len(found), column.rows, message)
    if main is not None:
        yield from _groups_behind(main, columns)
        yield from _values_standing_still(main, columns)


def _is_label(column: Column) -> bool:
    """Whether a category may say that its rows are old on purpose, such as a status or an archive flag."""
    return bool(re.search(r"(?i)status|state|archiv|legacy|histor|kind|type|version", column.name))


def _seconds(column: Column, left_out: set[int]) -> list[tuple[float, int]]:
    start = datetime(1970, 1, 1)  # noqa: DTZ001  # all moments of the sample are UTC without a zone
    return [
        ((value - start).total_seconds(), row)
        for row, value in enumerate(column.values)
        if value is not None and row not in left_out
    ]


def _apart(column: Column, left_out: set[int]) -> list[int]:
    """The oldest rows, where a wide gap divides them from all others."""
    ordered = sorted(_seconds(column, left_out))
    if len(ordered) < 20:
        return []
    newest = ordered[-1][0]
    for place in range(1, int(MOST_SHARE * column.rows) + 1):
        gap, span = ordered[place][0] - ordered[place - 1][0], newest - ordered[place][0]
        if place >= max(2, 0.004 * column.rows) and gap > span * max(_FAR + 1 / place, 20 / len(ordered)):
            return [row for _, row in ordered[:place]]
    return []


def _out_of_order(column: Column, columns: Sequence[Column], left_out: set[int]) -> list[int]:
    """Rows that are older than the rows before them, in a file (or by an ascending key) that is otherwise in order of time."""
    moments = {row: at for at, row in _seconds(column, left_out)}
    orders: list[list[int]] = [list(moments)]
    orders += [
        sorted((row for row in moments if key.values[row] is not None), key=lambda row: key.values[row])
        for key in columns
        if key.type is LogicalType.INTEGER and len(key.counts) >= 0.9 * key.rows
    ]
    for ascending in orders:
        for order in (ascending, ascending[::-1]):
            found = _behind([moments[row] for row in order])
            if few(len(found), column.rows):
                return [order[place] for place in found]
    return []


def _behind(times: Sequence[float]) -> list[int]:
    """Places whose time lies far behind the running median before them; empty where the sequence is in no order."""
    if len(times) < 100:
        return []
    span = sorted(times)[int(0.98 * len(times))] - sorted(times)[int(0.02 * len(times))]
    window: list[float] = []
    lags, highest = [], times[0]
    for place, at in enumerate(times):
        if len(window) >= _WINDOW:
            highest = max(highest, window[len(window) // 2])
            del window[bisect_left(window, times[place - _WINDOW])]
        lags.append(highest - at)
        insort(window, at)
    usual = sorted(abs(lag) for lag in lags)[int(0.9 * len(lags))]
    if span <= 0 or usual > 0.03 * span:
        return []
    most = max(10 * usual, 0.04 * span)
    return [place for place, lag in enumerate(lags) if lag > most]


def _standing_still(column: Column) -> list[int]:
    top = column.counts.most_common(2)
    is_spread = len(column.counts) >= 0.1 * column.present and column.type is LogicalType.TIMESTAMP
    if len(top) < 2 or not is_spread or not few(top[0][1], column.rows) or top[0][1] < max(5, 5 * top[1][1]):
        return []
    return [row for row, value in enumerate(column.values) if value == top[0][0]]


def _before_another(column: Column, moments: Sequence[Column]) -> list[int]:
    """Rows in which this time precedes another one that it otherwise never precedes."""
    for other in moments:
        if other is column:
            continue
        pairs = [
            (row, mine, theirs)
            for row, (mine, theirs) in enumerate(zip(column.values, other.values, strict=True))
            if mine is not None and theirs is not None
        ]
        before = [row for row, mine, theirs in pairs if mine < theirs]
        later = sum(mine > theirs for _, mine, theirs in pairs)
        if few(len(before), column.rows) and later >= 0.8 * len(pairs) >= 0.5 * column.rows:
            return before
    return []


def _groups_behind(main: Column, columns: Sequence[Column]) -> Iterator[Defect]:
    """Groups whose newest row lags far behind the newest of all others, in a column most of whose groups are up to date."""
    newest = max(main.counts)
    span = newest - min(main.counts)
    for column in columns:
        is_name = column.type is LogicalType.STRING or (
            column.type is LogicalType.INTEGER and re.search(r"(?i)id$|code|no$", column.name)
        )
        if not is_name or not column.is_category or not 3 <= len(column.counts) <= MOST_CATEGORIES + 20:
            continue
        by_group: dict[Any, list[datetime]] = defaultdict(list)
        for group, at in zip(column.values, main.values, strict=True):
            if group is not None and at is not None:
                by_group[group].append(at)
        spoken = {group: times for group, times in by_group.items() if len(times) >= 8}
        behind = [
            group
            for group, times in spoken.items()
            if newest - max(times) > max(0.1 * span, 16 * (max(times) - min(times)) / len(times), timedelta(minutes=1))
        ]
        if behind and len(behind) <= max(1, len(spoken) / 3) and len(spoken) >= 3:
            rows = sum(len(spoken[group]) for group in behind)
            message = (
                f"belong to {len(behind)} of {len(spoken)} values of {column.name} whose newest row lags far behind the others"
            )
            yield Defect(DefectKind.STALE_SLICE, main.name, rows, main.rows, message, tuple(map(str, behind[:5])))


def _values_standing_still(main: Column, columns: Sequence[Column]) -> Iterator[Defect]:
    """A column of numbers that repeats one value row after row, much longer than anywhere else."""
    order = sorted((row for row, at in enumerate(main.values) if at is not None), key=lambda row: main.values[row])
    things = [None, *(column for column in columns if column.is_category and 2 <= len(column.counts) <= 100)][:5]
    for column in columns:
        if not column.is_number or len(column.counts) < 20:
            continue
        for thing in things:
            if thing is column:
                continue
            longest = _longest_runs([(None if thing is None else thing.values[row], column.values[row]) for row in order])
            if len(longest) < 2 or longest[0] < max(6, 5 * longest[1]):
                continue
            if few(longest[0], column.rows) and median(longest) <= 3:
                message = "repeat one value row after row by time, as if no new one came in"
                yield Defect(DefectKind.STALE_SLICE, column.name, longest[0], column.rows, message)
                break


def _longest_runs(rows: Sequence[tuple[Any, Any]]) -> list[int]:
    """How often each thing repeats one number in a row, longest first; zeros and missing numbers do not count."""
    runs: list[int] = []
    current: dict[Any, tuple[Any, int]] = {}
    for thing, value in rows:
        before, length = current.get(thing, (None, 0))
        if value is not None and value == before:
            current[thing] = (value, length + 1)
            continue
        if length and before:
            runs.append(length)
        current[thing] = (value, 1)
    runs += [length for before, length in current.values() if before]
    return [length for length, count in sorted(Counter(runs).items(), reverse=True) for _ in range(min(count, 2))]
