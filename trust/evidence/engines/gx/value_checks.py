"""Our own expectations for options of ODCS that Great Expectations has no word for: `multipleOf`, and the shape of a vector."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from catalog.rules.expectation import Expectation
from trust.evidence.engines.gx import aggregates
from trust.evidence.engines.gx.arguments import literal
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.domain import Domain
from trust.evidence.engines.gx.execution import TouchstoneExecutionEngine
from trust.evidence.engines.gx.findings import CheckFinding, count_rows
from trust.evidence.engines.gx.requests import Measurement, Rows
from trust.evidence.rules.expectation_types import MULTIPLE_TYPE

_ARGUMENTS = {MULTIPLE_TYPE: {"column", "multiple_of"}}
_OF_VECTORS = {"column", "dimensions", "element_type"}
_ELEMENTS = {
    "float16": {"float", "real", "halfvec"},
    "bfloat16": {"float", "real"},
    "float32": {"float", "real", "vector"},
    "float64": {"double", "double precision"},
    "int8": {"tinyint"},
    "uint8": {"utinyint"},
    "binary": {"bit", "boolean", "tinyint", "utinyint"},
}
_DATABASE_VECTORS = ("vector", "halfvec")


class _Written(sa.types.UserDefinedType[Any]):
    """A type of DuckDB by its name there: SQLAlchemy has no lists, and writes another one for decimals."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


@dataclass
class ValueCheck:
    """Every value that is there holds. fault: why none can, whatever the rows say; idle: why each must, so that nothing is
    checked; both empty where the rows decide."""

    engine: TouchstoneExecutionEngine
    column: Column
    holds: SqlExpression
    key: tuple[object, ...]
    fault: str = ""
    idle: str = ""

    def __post_init__(self) -> None:
        self.columns: tuple[str, ...] = (self.column.name,)
        self._present = Domain().and_where(self.column.value.is_not(None), f"has {self.column.name}")
        self._fails = self._present.and_where(sa.not_(sa.func.coalesce(self.holds, sa.false())), repr(self.key))

    def measurements(self) -> Mapping[Hashable, Measurement]:
        return {
            ("rows",): aggregates.row_count(Domain()),
            ("present", self.column.name): aggregates.row_count(self._present),
            self.key: aggregates.row_count(self._fails),
        }

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding:
        rows, present, unexpected = (values[key] for key in (("rows",), ("present", self.column.name), self.key))
        for value in (rows, present, unexpected):
            if isinstance(value, Exception):
                raise value
        if self.idle:
            return CheckFinding(None, rows, rows - present, message=f"Skipped: {self.idle}")
        if self.fault and present:
            return CheckFinding(False, rows, rows - present, present, 100.0, message=self.fault)
        return count_rows(rows, rows - present, unexpected, 1.0)

    def sampler(self) -> Measurement | None:
        return None if self.fault or self.column.kind is Kind.OTHER else self._samples()

    def _samples(self) -> Measurement:
        rows = yield Rows(self._fails.select(self.column.value, table=self.engine.table.selectable).distinct().limit(20))
        return [row[0] for row in rows]


def value_check(expectation: Expectation, engine: TouchstoneExecutionEngine) -> ValueCheck:
    """The check of an expectation of one of these types. Raises ValueError, TypeError or LookupError."""
    kwargs, known = expectation.kwargs, _ARGUMENTS.get(expectation.type, _OF_VECTORS)
    if unknown := sorted(set(kwargs) - known):
        raise ValueError(f"Unknown arguments {', '.join(unknown)}; it takes {', '.join(sorted(known))}.")
    name = kwargs.get("column")
    if not isinstance(name, str) or not name:
        raise ValueError("Name the column in `column`.")
    column = engine.column(name)
    return _multiple(column, kwargs, engine) if expectation.type == MULTIPLE_TYPE else _vector(column, kwargs, engine)


def _multiple(column: Column, kwargs: Mapping[str, Any], engine: TouchstoneExecutionEngine) -> ValueCheck:
    number = kwargs.get("multiple_of")
    if isinstance(number, bool) or not isinstance(number, int | float) or number <= 0:
        raise ValueError(f"multiple_of is {number!r}; it must be a number above 0.")
    if not column.kind.is_number:
        raise TypeError(f"Column {column.name!r} is {column.physical_type}; multiples are numbers.")
    value: SqlExpression = column.value
    if column.kind is Kind.INTEGER and isinstance(number, int):
        remainder = value % literal(number)
    else:
        # As its decimals read: 0.3 is a multiple of 0.1, although the nearest doubles are not.
        is_file = engine.table.backend.name == "duckdb"
        exact: Any = _Written("DECIMAL(38,12)") if is_file else sa.Numeric()
        if column.kind is not Kind.DECIMAL:
            value = sa.try_cast(value, exact) if is_file else sa.cast(value, exact)
        remainder = value.op("%")(sa.cast(sa.literal(str(number), sa.Text), exact))
    is_whole = column.kind is Kind.INTEGER or (column.kind is Kind.DECIMAL and column.is_whole)
    is_idle = is_whole and (1 / Decimal(str(number))) % 1 == 0
    idle = f"every whole number is a multiple of {number}, so that nothing was checked." if is_idle else ""
    return ValueCheck(engine, column, remainder == 0, ("multiple", column.name, str(number)), idle=idle)


def _vector(column: Column, kwargs: Mapping[str, Any], engine: TouchstoneExecutionEngine) -> ValueCheck:
    dimensions, element = kwargs.get("dimensions"), kwargs.get("element_type")
    if isinstance(dimensions, bool) or not isinstance(dimensions, int) or dimensions < 1:
        raise ValueError(f"dimensions is {dimensions!r}; it must be a whole number above 0.")
    if element is not None and element not in _ELEMENTS:
        raise ValueError(f"element_type is {element!r}; it must be one of {', '.join(_ELEMENTS)}.")
    physical = column.physical_type.lower()
    base = physical.partition("[")[0].partition("(")[0].strip()
    if base in _DATABASE_VECTORS:
        holds: SqlExpression = sa.func.vector_dims(column.value) == dimensions
    elif not physical.endswith("]"):
        return ValueCheck(
            engine, column, sa.false(), ("vector", column.name), f"Column {column.name!r} is {physical}, not a list."
        )
    elif engine.table.backend.name == "duckdb":
        # Lists of JSON lines are kept as the text of their JSON.
        values = sa.cast(column.value, _Written("JSON")) if base == "json" else column.value
        length = sa.func.json_array_length(values) if base == "json" else sa.func.len(values)
        holds = sa.and_(length == dimensions, sa.func.list_count(sa.try_cast(values, _Written("DOUBLE[]"))) == dimensions)
    else:
        holds = sa.and_(
            sa.func.cardinality(column.value) == dimensions,
            sa.func.cardinality(sa.func.array_remove(column.value, sa.null())) == dimensions,
        )
    is_other = element is not None and base != "json" and not column.text_dates and base not in _ELEMENTS[element]
    fault = f"Column {column.name!r} is {column.physical_type}, whose elements are not {element}." if is_other else ""
    return ValueCheck(engine, column, holds, ("vector", column.name, dimensions), fault)
