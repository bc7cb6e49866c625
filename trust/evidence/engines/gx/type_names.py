"""Type names in checks: pandas', numpy's, SQL's and ODCS's names mean the same thing on every source.

A name without a size (`int`, `integer`, `float`, `number`) takes any size; a name with one (`int32`, `BIGINT`) takes that size;
and the physical type as the source writes it always takes itself. `object` is pandas' old name for text and takes text; a
column that pandas must keep as objects (dates, decimals, nested values) takes it too.
"""

from collections.abc import Iterable

from trust.evidence.engines.gx.columns import Column, Kind

_ANY_SIZE: dict[str, frozenset[Kind]] = {
    **dict.fromkeys(("int", "integer", "long"), frozenset({Kind.INTEGER})),
    **dict.fromkeys(("float", "floating"), frozenset({Kind.FLOAT})),
    "number": frozenset({Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL}),
    **dict.fromkeys(("decimal", "numeric"), frozenset({Kind.DECIMAL})),
    **dict.fromkeys(("bool", "bool_", "boolean"), frozenset({Kind.BOOLEAN})),
    **dict.fromkeys(
        ("str", "str_", "string", "string_types", "stringdtype", "text", "varchar", "char", "character varying", "unicode"),
        frozenset({Kind.TEXT}),
    ),
    **dict.fromkeys(("object", "object_", "o"), frozenset({Kind.TEXT, Kind.DATE, Kind.DECIMAL, Kind.TIME, Kind.OTHER})),
    "date": frozenset({Kind.DATE}),
    **dict.fromkeys(
        (
            "datetime",
            "datetime64",
            "datetime64[ns]",
            "datetime64[us]",
            "datetime64[ms]",
            "datetime64[s]",
            "timestamp",
            "timestamptz",
        ),
        frozenset({Kind.TIMESTAMP}),
    ),
    "time": frozenset({Kind.TIME}),
}

# numpy's name -> the names that DuckDB and PostgreSQL give to the same size.
_SIZES: dict[str, tuple[str, ...]] = {
    "int8": ("tinyint",),
    "int16": ("smallint", "int2"),
    "int32": ("integer", "int4"),
    "int64": ("bigint",),
    "uint8": ("utinyint",),
    "uint16": ("usmallint",),
    "uint32": ("uinteger",),
    "uint64": ("ubigint",),
    "float32": ("float", "real", "float4"),
    "float64": ("double", "double precision", "float8"),
}
_SIZE_OF_PHYSICAL = {physical: size for size, names in _SIZES.items() for physical in names}
_PANDAS_NAME = {
    Kind.BOOLEAN: "bool",
    Kind.TEXT: "str",
    Kind.TIMESTAMP: "datetime64",
}


def is_of_type(column: Column, names: Iterable[str]) -> bool:
    """Whether the column has one of the types. Raises ValueError where none of the names is a type at all."""
    names = list(names)
    answers = [_answer(column, name) for name in names]
    if names and all(answer is None for answer in answers):
        raise ValueError(
            f"{', '.join(map(repr, names))}: not a type that we know. Use int64, float64, str, bool, date, datetime64, "
            f"decimal, or the physical type; the column's is {column.physical_type}."
        )
    return any(answers)


def pandas_name(column: Column) -> str:
    """The name that Great Expectations on pandas shows for such a column."""
    physical = _base(column.physical_type)
    return _SIZE_OF_PHYSICAL.get(physical, _PANDAS_NAME.get(column.kind, "object_"))


def _answer(column: Column, name: str) -> bool | None:
    """None where the name is no type."""
    wanted = name.strip().lower()
    physical = column.physical_type.lower()
    if wanted in {physical, _base(physical)}:
        return True
    if wanted in _ANY_SIZE:
        return column.kind in _ANY_SIZE[wanted]
    size = wanted if wanted in _SIZES else _SIZE_OF_PHYSICAL.get(wanted)
    if size is not None:
        return _SIZE_OF_PHYSICAL.get(_base(physical)) == size
    is_parametrised = "(" in wanted and (_base(wanted) in _ANY_SIZE or _base(wanted) in _SIZE_OF_PHYSICAL)
    return False if is_parametrised or wanted in _OTHER_TYPES else None


_OTHER_TYPES = {
    "bytes",
    "complex",
    "list",
    "dict",
    "none",
    "category",
    "array",
    "map",
    "json",
    "jsonb",
    "uuid",
    "blob",
    "bytea",
}


def _base(physical: str) -> str:
    return physical.lower().partition("(")[0].strip()
