"""Which columns tell rows apart, and rows that they fail to."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from catalog.rules.vocabulary import LogicalType
from trust.evidence.rules.profiling.columns import LEAST_SHARE, MOST_SHARE, Column, few
from trust.evidence.rules.profiling.defects import Defect, DefectKind
from trust.evidence.rules.profiling.texts import FORMATS, format_of, shape, short_shape

_KEY_NAME = re.compile(
    r"(?i)(^|_|\b|[a-z])(id|key|uuid|guid|no|nr|num|number|code|ref|reference|pk|sku|isbn|iban|serial|token|hash)$"
)
_MEASURE_NAME = re.compile(r"(?i)amount|price|value|count|total|qty|quantity|score|rate|age\b|size")
_MOST_REPEATED = 2 * MOST_SHARE


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """The columns that tell rows apart; none where no columns do. defects: rows that they do not."""

    columns: tuple[str, ...] = ()
    defects: tuple[Defect, ...] = ()
    unique: tuple[str, ...] = ()


def find_key(columns: Sequence[Column]) -> KeyDraft:
    """The best key, the other unique columns that look like one, and what is wrong with them."""
    rows = columns[0].rows if columns else 0
    single = [column for column in columns if _may_be_key(column)]
    perfect = [column for column in single if len(column.counts) == column.present == rows]
    broken = [(column, defect) for column in single if (defect := _nearly_unique(column, is_only=not perfect)) is not None]
    defects = tuple(defect for _, defect in broken)
    unique = tuple(column.name for column in single if len(column.counts) == column.present and column.present >= 0.9 * rows)
    if perfect or broken:
        best = min([*perfect, *(column for column, _ in broken)], key=lambda column: _rank(column, columns))
        return KeyDraft((best.name,), defects, tuple(name for name in unique if name != best.name))
    return _compound(columns, rows, unique)


def _rank(column: Column, columns: Sequence[Column]) -> tuple[bool, bool, int]:
    return (
        not _KEY_NAME.search(column.name),
        column.type is LogicalType.STRING and not _is_compact(column),
        columns.index(column),
    )


def _may_be_key(column: Column) -> bool:
    if column.type not in {LogicalType.STRING, LogicalType.INTEGER} or column.present < 0.85 * column.rows or column.rows < 10:
        return False
    if len(column.counts) < (1 - _MOST_REPEATED) * column.present or _MEASURE_NAME.search(column.name):
        return False
    if column.type is LogicalType.INTEGER:
        is_random = column.present**2 < 0.01 * _possible(column)
        return bool(_KEY_NAME.search(column.name)) or is_random or _is_dense(list(column.counts), column.present)
    return _is_compact(column)


def _is_compact(column: Column) -> bool:
    """Whether texts are ids rather than words: no blanks, digits in almost all of them."""
    if re.search(r"(?i)mail|phone|date|time", column.name) or format_of(column) in {"ipv4", "email", "phone", "url"}:
        return False
    some = list(column.counts)[:500]
    forms = Counter(shape(text) for text in some)
    is_id = _KEY_NAME.search(column.name) or _is_random(some[0]) or _numbers(some)
    if not is_id and forms.most_common(1)[0][1] < 0.8 * len(some):
        return False
    digits = sum(any(letter.isdigit() for letter in text) and not re.search(r"[ @/]", text) for text in some)
    return digits >= 0.9 * len(some)


def _possible(column: Column) -> int:
    """How many values a column like this could hold: the span of its numbers, or what the letters of each place allow."""
    if column.type is LogicalType.INTEGER:
        return int(max(column.counts) - min(column.counts)) + 1
    places: dict[int, set[str]] = {}
    for text in column.counts:
        for place, letter in enumerate(text):
            places.setdefault(place, set()).add(letter)
    return math.prod(len(letters) for letters in places.values())


def _is_random(text: str) -> bool:
    return bool(re.fullmatch(f"{FORMATS['uuid']}|{FORMATS['hex']}", text))


def _is_dense(numbers: Sequence[Any], present: int) -> bool:
    """Whether the numbers are those of a sequence with hardly a gap."""
    ordered = sorted(numbers)
    trim = len(ordered) // 20
    middle = ordered[trim : len(ordered) - trim] or ordered
    return bool(middle[-1] - middle[0] <= 1.3 * len(set(middle))) and present > 20


def _nearly_unique(column: Column, *, is_only: bool) -> Defect | None:
    """The rows that repeat another's value. Not where values are drawn from a larger set: there some meet by chance."""
    extra = column.present - len(column.counts)
    if not few(extra, column.rows) and not (
        extra > 0 and extra >= LEAST_SHARE * column.rows / 2 and extra <= MOST_SHARE * column.rows
    ):
        return None
    numbers = _numbers(column.counts)
    cycle = 10 ** len(str(column.present))
    is_sequence = numbers and (
        _is_dense(numbers, column.present) or _is_dense([one % cycle for one in numbers], column.present)
    )
    if not is_sequence:
        if extra <= 6 * column.present**2 / (2 * _possible(column)):
            return None
        if not is_only and not numbers and not _is_random(str(next(iter(column.counts)))):
            return None
    if not is_only and not numbers and re.search(r"(?i)(customer|user|account|client|member|session|device)", column.name):
        return None
    repeated = [value for value, count in column.counts.items() if count > 1]
    message = "repeat the value of another row, in a column that otherwise tells rows apart"
    return Defect(DefectKind.DUPLICATE_KEY, column.name, extra, column.rows, message, tuple(map(str, repeated[:5])))


def _numbers(counts: Iterable[Any]) -> list[int]:
    """The numbers in ids of one shape, such as 123 of ORD-000123; empty where they are not numbered."""
    numbers: list[int] = []
    shapes = Counter[str]()
    for value in counts:
        if isinstance(value, int):
            numbers.append(value)
            continue
        digits = re.findall(r"[0-9]+", value)
        if not digits or len(digits[-1]) > 15:
            return []
        shapes[short_shape(value)] += 1
        numbers.append(int(digits[-1]))
    is_numbered = len(shapes) <= 2 and len(set(numbers)) >= 0.9 * len(numbers)
    return numbers if is_numbered else []


def _compound(columns: Sequence[Column], rows: int, unique: tuple[str, ...]) -> KeyDraft:
    """Two or three columns, the first of them a moment, that tell rows apart together: a series for each of some things."""
    moments = [column for column in columns if column.is_moment and len(column.blank) == 0][:2]
    parts = [
        column
        for column in columns
        if column.type in {LogicalType.STRING, LogicalType.INTEGER}
        and not column.blank
        and 1 < len(column.counts) <= rows / 2
        and ((column.is_category and column.type is LogicalType.STRING) or _KEY_NAME.search(column.name))
    ][:6]
    for size in (0, 1, 2):
        for moment in moments:
            for chosen in combinations(parts, size):
                names = (*(column.name for column in chosen), moment.name)
                together = list(zip(*(column.values for column in (*chosen, moment)), strict=True))
                extra = rows - len(set(together))
                if extra == 0:
                    return KeyDraft(names, (), unique)
                if few(extra, rows) and _is_series(together):
                    message = f"repeat the {', '.join(names)} of another row, which otherwise tell rows apart together"
                    return KeyDraft(names, (Defect(DefectKind.DUPLICATE_KEY, moment.name, extra, rows, message),), unique)
    return KeyDraft((), (), unique)


def _is_series(together: Sequence[tuple[Any, ...]]) -> bool:
    """Whether the moments of each thing follow each other at one distance, as those of measurements do."""
    if any(None in row for row in together):
        return False
    by_thing: dict[tuple[Any, ...], set[Any]] = {}
    for *thing, at in together:
        by_thing.setdefault(tuple(thing), set()).add(at)
    steps = Counter[Any]()
    for moments in by_thing.values():
        ordered = sorted(moments)
        steps.update(later - earlier for earlier, later in pairwise(ordered))
    total = sum(steps.values())
    return total > 0 and steps.most_common(1)[0][1] >= 0.6 * total
