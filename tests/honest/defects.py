"""Eight defects, each put into a share of the rows of an honest table."""

import itertools
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.honest.words import HonestTable, Rows


def _chosen(rng: random.Random, rows: Rows, column: str, share: float) -> list[int]:
    present = [row for row, value in enumerate(rows[column]) if value is not None]
    return rng.sample(present, max(1, round(share * len(rows[column]))))


def _changed(rows: Rows, column: str, change: dict[int, Any]) -> Rows:
    return rows | {column: [change.get(row, value) for row, value in enumerate(rows[column])]}


def with_defect(  # noqa: PLR0911  # one for each defect
    table: HonestTable, rows: Rows, kind: str, share: float, rng: random.Random
) -> tuple[Rows, str] | None:
    """The rows with a defect in a share of them, and its column; None where the defect does not apply to the table."""
    targets = table.targets
    options: dict[str, tuple[str, ...]] = {
        "nulls": targets.full,
        "outliers": targets.numbers,
        "sentinel": tuple(dict.fromkeys((*targets.numbers, *targets.full))),
        "duplicate_key": (targets.key,) if targets.key else (),
        "mixed_format": targets.formats,
        "truncated_text": targets.texts,
        "wrong_category": targets.categories,
        "stale_slice": (targets.time,) if targets.time else (),
    }
    if not options[kind]:
        return None
    column = rng.choice(options[kind])
    values = rows[column]
    chosen = _chosen(rng, rows, column, share)
    if kind == "nulls":
        return _changed(rows, column, dict.fromkeys(chosen)), column
    if kind == "outliers":
        factor = rng.choice([100, 1000, -100])
        largest = max(abs(value) for value in values if value is not None)
        return _changed(
            rows, column, {row: type(values[row])((values[row] or largest) * factor * rng.uniform(0.8, 1.2)) for row in chosen}
        ), column
    if kind == "sentinel":
        sample = values[chosen[0]]
        word: Any = rng.choice(["N/A", "unknown", "-"])
        if isinstance(sample, datetime):
            word = rng.choice([datetime(1900, 1, 1), datetime(9999, 12, 31)])  # noqa: DTZ001
        elif isinstance(sample, int | float):
            word = type(sample)(
                rng.choice([-999, 9999, -1] if min(value for value in values if value is not None) >= 0 else [-9999, 99999])
            )
        return _changed(rows, column, dict.fromkeys(chosen, word)), column
    if kind == "duplicate_key":
        others = [row for row in range(len(values)) if row not in set(chosen)]
        return _changed(rows, column, {row: values[rng.choice(others)] for row in chosen}), column
    if kind == "mixed_format":
        changes: list[Callable[[str], str]] = [
            *[
                str.lower,
                str.swapcase,
                lambda text: text.replace(text[1], "/", 1),
                lambda text: f"{text[:2]} {text[2:]}",
                lambda text: f"#{text}",
            ]
        ]
        change = rng.choice(changes)
        made = {row: change(values[row]) for row in chosen}
        if all(made[row] == values[row] for row in chosen):
            made = {row: f"{values[row][:2]}_{values[row][2:]}" for row in chosen}
        return _changed(rows, column, made), column
    if kind == "truncated_text":
        lengths = sorted(len(value) for value in values if value is not None)
        limit = rng.choice([None, max(3, lengths[len(lengths) // 2] // 2)])
        made = {row: values[row][: limit or max(2, len(values[row]) // 2)] for row in chosen}
        return _changed(rows, column, made), column
    if kind == "wrong_category":
        members = sorted({value for value in values if value is not None})
        frequent = max(members, key=values.count)
        slips = [
            frequent.swapcase(),
            f" {frequent}",
            f"{frequent}x" if len(frequent) > 3 else frequent.lower() + "?",
            "Zzz999",
            frequent[:-2] + frequent[-1] + frequent[-2] if len(frequent) > 4 else frequent.title() + "!",
        ]
        word = rng.choice([slip for slip in slips if slip not in members])
        return _changed(rows, column, dict.fromkeys(chosen, word)), column
    return _stale(table, rows, share, rng)


def _stale(table: HonestTable, rows: Rows, share: float, rng: random.Random) -> tuple[Rows, str]:
    column, group = table.targets.time, table.targets.group
    values = rows[column]
    count = max(1, round(share * len(values)))
    is_sorted = all(a <= b for a, b in itertools.pairwise(values))
    ways = [
        "long ago",
        *(["out of order"] if is_sorted else []),
        *(["same time"] if isinstance(values[0], datetime) and len(set(values)) > len(values) / 2 else []),
    ]
    way = rng.choice(ways)
    span = max(values) - min(values)
    start = rng.randrange(len(values) // 2, len(values) - count)
    slice_ = range(start, start + count)
    if group and rng.random() < 0.5:
        sizes = {member: rows[group].count(member) for member in set(rows[group])}
        member = min(sizes, key=lambda one: abs(sizes[one] - count))
        slice_ = [row for row, value in enumerate(rows[group]) if value == member][-count:]  # type: ignore[assignment]
        way = "long ago"
    if way == "long ago":
        return _changed(rows, column, {row: values[row] - 2 * span for row in slice_}), column
    if way == "same time":
        return _changed(rows, column, dict.fromkeys(slice_, values[start])), column
    return _changed(rows, column, {row: values[row] - span / 3 for row in slice_}), column
