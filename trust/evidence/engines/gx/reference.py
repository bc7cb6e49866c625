"""Our own expectation: every value of a column exists in a column of another dataset, or every combination of several.

NULLs are passed over: a composite key with a NULL in it is not looked up, as SQL's foreign keys have it (MATCH SIMPLE).
It is handled beside Great Expectations' classes, because a metric of theirs has one table only; the result has their shape.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trust.evidence.engines.gx.columns import Column, SqlExpression
from trust.evidence.engines.gx.domain import Domain
from trust.evidence.engines.gx.limits import MAX_SAMPLES, SAMPLED_ROWS
from trust.evidence.engines.gx.measure import Table
from trust.evidence.engines.gx.requests import Measurement, Rows
from trust.evidence.engines.gx.row_tests import same_family

EXPECTATION_TYPE = "expect_column_values_to_exist_in_reference"
_ARGUMENTS = {
    "column",
    "column_list",
    "reference",
    "reference_column",
    "reference_column_list",
    "mostly",
    "row_condition",
    "condition_parser",
}


class UnknownReferenceError(LookupError):
    """The expectation names a reference that the port has not."""


@dataclass(frozen=True)
class References:
    """The other datasets of a run. `open_table` gives one by its name, or raises with the reason why it cannot."""

    names: tuple[str, ...]
    open_table: Callable[[str], Table]

    def table(self, name: str) -> Table:
        if name not in self.names:
            known = ", ".join(map(repr, self.names)) or "none"
            raise UnknownReferenceError(
                f"There is no reference {name!r} to look in; known are: {known}. Declare it beside the port; no column is "
                "looked up in itself."
            )
        return self.open_table(name)


@dataclass(frozen=True)
class ReferenceArguments:
    columns: tuple[str, ...]
    reference: str
    reference_columns: tuple[str, ...]
    mostly: float
    row_condition: Any
    condition_parser: str | None


def read_arguments(kwargs: Mapping[str, Any]) -> ReferenceArguments:
    """The arguments of the expectation. Raises ValueError for those that are missing, unknown or of the wrong kind."""
    unknown = sorted(set(kwargs) - _ARGUMENTS)
    if unknown:
        raise ValueError(f"Unknown arguments {', '.join(unknown)}; it takes {', '.join(sorted(_ARGUMENTS))}.")
    columns = _names(kwargs, "column", "column_list")
    reference_columns = _names(kwargs, "reference_column", "reference_column_list")
    reference = kwargs.get("reference")
    if not isinstance(reference, str) or not reference:
        raise ValueError("Give `reference`, the name of the dataset to look in.")
    if len(columns) != len(reference_columns):
        raise ValueError(f"{len(columns)} columns cannot be looked up in {len(reference_columns)}; name as many of each.")
    mostly = kwargs.get("mostly", 1)
    if isinstance(mostly, bool) or not isinstance(mostly, (int, float)) or not 0 <= mostly <= 1:
        raise ValueError(f"mostly is {mostly!r}; it must be a number from 0 to 1.")
    parser = kwargs.get("condition_parser")
    return ReferenceArguments(columns, reference, reference_columns, float(mostly), kwargs.get("row_condition"), parser)


def _names(kwargs: Mapping[str, Any], one: str, several: str) -> tuple[str, ...]:
    if (one in kwargs) == (several in kwargs):
        raise ValueError(f"Give either `{one}` or `{several}`.")
    names = [kwargs[one]] if one in kwargs else kwargs[several]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"`{one}` must be a column name and `{several}` a list of them.")
    return tuple(names)


@dataclass(frozen=True)
class Lookup:
    """The rows of `domain` whose `columns` all have values, looked up in `reference_columns` of `reference`."""

    table: Table
    columns: tuple[Column, ...]
    domain: Domain
    reference: Table
    reference_columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        for column, other in zip(self.columns, self.reference_columns, strict=True):
            if not same_family(column, other):
                raise TypeError(
                    f"Column {column.name!r} ({column.physical_type}) cannot equal {other.name!r} ({other.physical_type}) "
                    "of the reference: their types differ."
                )

    def looked_at(self) -> Domain:
        present = sa.and_(*(column.value.is_not(None) for column in self.columns))
        return self.domain.and_where(present, f"has {[column.name for column in self.columns]}")

    def _lost(self) -> tuple[sa.Select[Any], list[SqlExpression]]:
        """Rows that find nothing. Both sides get names of their own, so that no column can be taken for another."""
        ours = self.looked_at().select(*_labelled(self.columns, "v"), table=self.table.selectable).subquery("ours")
        theirs = sa.select(*_labelled(self.reference_columns, "r")).select_from(self.reference.selectable).subquery("theirs")
        found = sa.and_(*(left == right for left, right in zip(ours.c, theirs.c, strict=True)))
        missing = ~sa.select(sa.literal(1)).select_from(theirs).where(found).correlate(ours).exists()
        return sa.select(sa.func.count()).select_from(ours).where(missing), list(ours.c)

    def count(self) -> Measurement:
        statement, _ = self._lost()
        rows = yield Rows(statement)
        return rows[0][0]

    def samples(self) -> Measurement:
        statement, columns = self._lost()
        first = statement.with_only_columns(*columns, maintain_column_froms=True).limit(SAMPLED_ROWS).subquery()
        rows = yield Rows(sa.select(*first.c).distinct().limit(MAX_SAMPLES))
        if len(self.columns) == 1:
            return [row[0] for row in rows]
        return [dict(zip((column.name for column in self.columns), row, strict=True)) for row in rows]


def _labelled(columns: tuple[Column, ...], prefix: str) -> list[SqlExpression]:
    return [column.number.label(f"{prefix}{index}") for index, column in enumerate(columns)]
