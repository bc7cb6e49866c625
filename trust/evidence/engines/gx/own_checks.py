"""Checks that we judge ourselves: types, and values that must exist elsewhere."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from trust.evidence.engines.gx import aggregates, reference
from trust.evidence.engines.gx.execution import TouchstoneExecutionEngine
from trust.evidence.engines.gx.findings import CheckFinding, count_rows
from trust.evidence.engines.gx.requests import Measurement
from trust.evidence.engines.gx.row_filter import row_filter
from trust.evidence.engines.gx.type_names import is_of_type, pandas_name


@dataclass
class TypeCheck:
    """A check of a column's type. It looks at the type that the source declares, or that all of its values share."""

    column: str
    names: tuple[str, ...] | None
    engine: TouchstoneExecutionEngine
    row_condition: tuple[Any, str | None]
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.columns = (self.column,)

    def measurements(self) -> Mapping[Hashable, Measurement]:
        domain = row_filter(*self.row_condition, self.engine.column)
        return {
            ("presence", self.columns, repr(self.row_condition)): aggregates.presence(domain, self.engine.column(self.column))
        }

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding:
        presence = values["presence", self.columns, repr(self.row_condition)]
        if isinstance(presence, Exception):
            raise presence
        column = self.engine.column(self.column)
        holds = True if self.names is None else is_of_type(column, self.names)
        # CSV and JSON lines: the type is that of the values, and there are none.
        if (column.text_dates or column.is_nothing) and not presence[1]:
            return CheckFinding(None, element_count=presence[0], missing_count=presence[0])
        message = "" if holds else f"Column {self.column!r} is {column.physical_type}, not {' or '.join(self.names or ())}."
        return CheckFinding(holds, observed=pandas_name(column), message=message)

    def sampler(self) -> Measurement | None:
        return None


@dataclass
class ReferenceCheck:
    """Every value exists in another dataset."""

    lookup: reference.Lookup
    arguments: reference.ReferenceArguments
    columns: tuple[str, ...]

    @property
    def _key(self) -> tuple[Any, ...]:
        arguments = self.arguments
        return ("reference", arguments.columns, arguments.reference, arguments.reference_columns, repr(arguments.row_condition))

    def measurements(self) -> Mapping[Hashable, Measurement]:
        return {
            ("lost", *self._key): self.lookup.count(),
            ("rows", *self._key): aggregates.row_count(self.lookup.domain),
            ("checked", *self._key): aggregates.row_count(self.lookup.looked_at()),
        }

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding:
        lost, rows, looked_at = (values[what, *self._key] for what in ("lost", "rows", "checked"))
        for value in (lost, rows, looked_at):
            if isinstance(value, Exception):
                raise value
        return count_rows(rows, rows - looked_at, lost, self.arguments.mostly)

    def sampler(self) -> Measurement | None:
        return self.lookup.samples()
