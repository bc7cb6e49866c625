"""What a contract can demand of data that looks like this: what holds for the rows without the defects, with room to move.

Each demand keeps its reason, and how many rows speak for it. Room (our choice): a range is half as wide again on either side,
shares may be exceeded by half, and up to 1% of the rows may be new members or of another form before a rule fails.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from catalog.rules.vocabulary import LogicalType, Sensitivity
from trust.evidence.rules.profiling.columns import MOST_SHARE, Column
from trust.evidence.rules.profiling.defects import Defect, DefectKind, is_explained
from trust.evidence.rules.profiling.personal import Privacy, privacy_of
from trust.evidence.rules.profiling.table import TableProfile
from trust.evidence.rules.profiling.texts import FORMATS, format_of, shape

_MOST_MEMBERS = 60
_TOLERATED_PERCENT = 1
_SHORTEST_SERVICE_LEVEL = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand of a contract, as the standard writes it. reason: a sentence. rows: how many speak for it, of how many."""

    key: str
    value: Any
    reason: str
    rows: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """demands: of the property itself; options: of `logicalTypeOptions`; quality: its rules."""

    name: str
    logical_type: LogicalType | None
    demands: tuple[Demand, ...]
    options: tuple[Demand, ...]
    quality: tuple[Demand, ...]
    privacy: Privacy
    defects: tuple[Defect, ...]


@dataclass(frozen=True, slots=True)
class ContractDraft:
    """A contract before it is written.

    rows, looked_at: of the table and of the sample. newest: the newest moment of the time column, where it may be shown.
    service_level: how old it may become; None where the data does not look renewed. reading: how the source was read.
    """

    rows: int
    looked_at: int
    fields: tuple[FieldDraft, ...]
    key: tuple[str, ...]
    defects: tuple[Defect, ...]
    time_column: str = ""
    newest: datetime | None = None
    service_level: timedelta | None = None
    null_texts: tuple[str, ...] = ()
    sensitivity: Sensitivity = Sensitivity.INTERNAL
    reading: dict[str, str] = field(default_factory=dict)


def draft_of(profile: TableProfile, *, now: datetime, show_values: bool) -> ContractDraft:
    """The contract that the data without its defects keeps. now: naive, in UTC, as the moments of the sample are.

    show_values: whether values of the data may stand in it (members of a category, ranges, the newest moment).
    """
    fields = tuple(_field(column, profile, show_values=show_values) for column in profile.columns)
    newest, level = _freshness(profile, now)
    sensitivity = max((one.privacy.sensitivity for one in fields), key=lambda one: one.rank, default=Sensitivity.INTERNAL)
    is_past = newest is not None and newest <= now
    return ContractDraft(
        rows=profile.rows,
        looked_at=profile.columns[0].rows if profile.columns else 0,
        fields=fields,
        key=profile.key.columns,
        defects=profile.defects,
        time_column=profile.time.name if profile.time is not None and is_past and _is_readable(profile.time) else "",
        newest=newest if show_values else None,
        service_level=level,
        null_texts=_null_texts(profile),
        sensitivity=sensitivity,
        reading=dict(profile.reading),
    )


def _null_texts(profile: TableProfile) -> tuple[str, ...]:
    """The words that say "no value" in a file of texts; none that is a value of another column, as `NA` is of countries."""
    words = {text for column in profile.columns if column.written for text in column.null_texts}
    return tuple(sorted(word for word in words if not any(word in column.counts for column in profile.columns)))


def _is_readable(column: Column) -> bool:
    return column.contract_type in {LogicalType.DATE, LogicalType.TIMESTAMP}


def _field(column: Column, profile: TableProfile, *, show_values: bool) -> FieldDraft:
    defects = profile.defects_of(column.name)
    bad = frozenset[int]().union(*(defect.where for defect in defects))
    clean = [value for row, value in enumerate(column.values) if value is not None and row not in bad]
    privacy = privacy_of(column)
    shows = show_values and not privacy.personal
    demands, quality = _presence(column, profile, defects)
    options: list[Demand] = []
    if column.layout and column.contract_type is LogicalType.DATE:
        options.append(Demand("format", column.layout, "how the dates are written", len(clean), column.present))
    if column.is_number and (column.name,) != profile.key.columns and clean:
        options += _range(column, clean, profile, shows=shows, has_defects=bool(bad))
    if column.contract_type is LogicalType.STRING and column.type is LogicalType.STRING:
        quality += _texts(column, clean, profile, shows=shows)
    return FieldDraft(column.name, column.contract_type, tuple(demands), tuple(options), tuple(quality), privacy, defects)


def _presence(column: Column, profile: TableProfile, defects: Sequence[Defect]) -> tuple[list[Demand], list[Demand]]:
    demands: list[Demand] = []
    figures = profile.figures[column.name]
    missing = profile.rows - figures.present
    kinds = {defect.kind for defect in defects}
    is_defect = DefectKind.NULLS in kinds or (DefectKind.SENTINEL in kinds and missing <= MOST_SHARE * profile.rows)
    key = profile.key.columns
    if column.name in key:
        place = f" (part {key.index(column.name) + 1} of {len(key)})" if len(key) > 1 else ""
        known = any(defect.kind is DefectKind.DUPLICATE_KEY for defect in profile.defects)
        reason = f"tells the rows apart{place}" + (", but for those named above" if known else "")
        demands.append(Demand("primaryKey", True, reason, figures.distinct if len(key) == 1 else profile.rows, profile.rows))
        if len(key) > 1:
            demands.append(Demand("primaryKeyPosition", key.index(column.name) + 1, ""))
        demands.append(Demand("criticalDataElement", True, "without it no row can be told from another"))
    elif column.name in profile.key.unique and figures.distinct == figures.present:
        demands.append(Demand("unique", True, "no value stands twice", figures.distinct, figures.present))
    if not profile.rows or figures.present == 0:
        return demands, []
    if missing == 0 or is_defect:
        demands.append(
            Demand(
                "required",
                True,
                "all rows have a value" + (", but for those named above" if is_defect else ""),
                figures.present,
                profile.rows,
            )
        )
        return demands, []
    percent = _up(100 * missing / profile.rows * 1.5 + 1)
    told = is_explained(column.blank, column, profile.columns) if column.blank else False
    reason = "optional" + (": another column tells when there is none" if told else "")
    if percent >= 100:
        return demands, []
    rule = {"metric": "nullValues", "mustBeLessThan": percent, "unit": "percent", "severity": "warning"}
    return demands, [Demand("quality", rule, reason, figures.present, profile.rows)]


def _up(percent: float) -> int:
    return min(100, math.ceil(percent))


def _range(column: Column, clean: Sequence[Any], profile: TableProfile, *, shows: bool, has_defects: bool) -> list[Demand]:
    figures = profile.figures[column.name]
    low, high = min(clean), max(clean)
    if not has_defects and figures.lowest is not None and figures.highest is not None:
        low, high = min(low, figures.lowest), max(high, figures.highest)
    if not (math.isfinite(low) and math.isfinite(high)):
        return []
    demands: list[Demand] = []
    speaking = (len(clean), column.present)
    is_whole = column.type is LogicalType.INTEGER
    span = (high - low) or abs(high) or 1
    if low >= 0:
        demands.append(Demand("minimum", 0, "none is negative", *speaking))
    elif shows:
        bound = _nice(low - span / 2, up=False)
        reason = "the lowest value, and half of the range below it"
        demands.append(Demand("minimum", math.floor(bound) if is_whole else bound, reason, *speaking))
    if shows:
        bound = _nice(high + span / 2, up=True)
        reason = "the highest value, and half of the range above it"
        demands.append(Demand("maximum", math.ceil(bound) if is_whole else bound, reason, *speaking))
    return demands


def _nice(number: float, *, up: bool) -> int | float:
    """Two digits of a number, rounded away from the data."""
    if number == 0:
        return 0
    step = 10.0 ** (math.floor(math.log10(abs(number))) - 1)
    rounded = (math.ceil if up else math.floor)(number / step) * step
    return int(rounded) if abs(rounded) >= 10 or rounded == int(rounded) else float(f"{rounded:.3g}")


def _texts(column: Column, clean: Sequence[str], profile: TableProfile, *, shows: bool) -> list[Demand]:
    found: list[Demand] = []
    members = Counter(clean)
    others = profile.figures[column.name].others
    tolerant = {"unit": "percent", "mustBeLessThan": _TOLERATED_PERCENT}
    if shows and column.is_category and len(members) <= _MOST_MEMBERS and not others:
        rule = {"metric": "invalidValues", "arguments": {"validValues": sorted(members)}, **tolerant}
        rows = sum(members.values())
        found.append(Demand("quality", rule, f"{len(members)} values hold all rows", rows, column.present))
    elif pattern := _pattern(column, clean):
        name = format_of(column)
        reason = f"the form of {name}" if name else "all have one form"
        rule = {"metric": "invalidValues", "arguments": {"pattern": pattern}, **tolerant}
        found.append(Demand("quality", rule, reason, len(clean), column.present))
    return found


def _pattern(column: Column, clean: Sequence[str]) -> str:
    """A regular expression of the form that all texts have; empty where they have none. Runs of digits may grow."""
    known = format_of(column)
    if known:
        return f"^({FORMATS[known]})$" if all(re.fullmatch(FORMATS[known], text) for text in clean) else ""
    forms = Counter(shape(text) for text in clean)
    if not 0 < len(forms) <= 6 or not any(letter in "9A" for letter in next(iter(forms))) or len(set(clean)) < 10:
        return ""
    if any(re.search(r"a .*a", form) for form in forms):
        return ""
    patterns = sorted({_of_shape(form, is_only=len(forms) == 1) for form in forms})
    pattern = f"^({'|'.join(patterns)})$"
    return pattern if len(patterns) <= 3 and all(re.fullmatch(pattern, text) for text in set(clean)) else ""


def _of_shape(form: str, *, is_only: bool) -> str:
    classes = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}
    parts = []
    for run in re.finditer(r"(.)\1*", form, re.DOTALL):
        letter, length = run[1], len(run[0])
        if letter not in classes:
            parts.append(re.sub(r"([.*+?^${}()|\[\]\\/])", r"\\\1", run[0]))
        elif is_only:
            parts.append(classes[letter] + (f"{{{length}}}" if length > 1 else ""))
        else:
            parts.append(classes[letter] + "+")
    return "".join(parts)


def _freshness(profile: TableProfile, now: datetime) -> tuple[datetime | None, timedelta | None]:
    """The newest moment, and how old it may become: three times the usual distance between days, if it is kept now."""
    if profile.time is None:
        return None, None
    bad = frozenset[int]().union(*(defect.where for defect in profile.defects_of(profile.time.name)))
    moments = [value for row, value in enumerate(profile.time.values) if value is not None and row not in bad]
    if not moments:
        return None, None
    newest, days = max(moments), sorted({value.date() for value in moments})
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(days))
    usual = max(gaps[len(gaps) // 2] if gaps else _SHORTEST_SERVICE_LEVEL, _SHORTEST_SERVICE_LEVEL)
    level = 3 * usual
    return newest, level if timedelta(0) <= now - newest <= level / 2 and _is_readable(profile.time) else None
