"""What a run measured of its table besides the checks: for comparison with earlier runs. Figures cover nothing.

Tuples are sets: their order carries no meaning. Figures are rounded to six digits: they are compared, never looked up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class ColumnFigures:
    """One top-level column.

    missing: share of the rows without a value, 0 to 1. distinct: about how many distinct values; None where not measured.
    mean, lowest, highest: of numbers; None elsewhere, and for columns whose values must not be shown.
    doubtful: how many values stand for nothing (`N/A`, blank, -999, infinity, 9999-12-31, U+FFFD). not_available: those of
        them that are `NA`.
    """

    name: str
    missing: float
    distinct: int | None = None
    mean: float | None = None
    lowest: float | None = None
    highest: float | None = None
    doubtful: int = 0
    not_available: int = 0


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A table: its rows, its columns, and the rows of the newest day of its time column beside the median of rows a day.

    That median is over the days that have rows; None where there is no time column or the source cannot count days.
    """

    rows: int
    columns: tuple[ColumnFigures, ...] = ()
    newest_day_rows: int | None = None
    median_day_rows: float | None = None


@dataclass(frozen=True, slots=True)
class PastFigures:
    """What an earlier run measured in which no critical check failed and none erred."""

    run_id: str
    started_at: datetime
    figures: RunFigures


def figures_to_json(figures: RunFigures) -> dict[str, Any]:
    """Plain JSON for the column of `Run`, without what was not measured; `figures_from_json` reads it back."""
    plain: dict[str, Any] = msgspec.to_builtins(figures)
    plain["columns"] = [_short(column) for column in plain["columns"]]
    return _short(plain)


def figures_from_json(stored: Mapping[str, Any]) -> RunFigures | None:
    """The figures of a run; None of a run from before there were any."""
    return msgspec.convert(stored, RunFigures) if stored else None


def _short(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if value is not None}


def for_comparison(figures: RunFigures) -> RunFigures:
    """What a later run is compared with: what concerns this run alone is left out."""
    columns = tuple(replace(column, doubtful=0, not_available=0) for column in figures.columns)
    return RunFigures(figures.rows, columns)
