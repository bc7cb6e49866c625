"""What the schema itself demands of the data: every column present, required and key columns filled, types' options kept."""

from collections.abc import Iterator
from typing import Any

from open_data_contract_standard.model import SchemaProperty

from catalog.contracts.ecma_patterns import python_pattern
from catalog.contracts.findings import Findings
from catalog.contracts.objects import ObjectPlace
from catalog.contracts.quality import report_entries
from catalog.contracts.reading import can_read_format
from catalog.rules.date_formats import read_format
from catalog.rules.expectation import Expectation, Json
from catalog.rules.vocabulary import Dimension

_NUMBERS = {"minimum": "min_value", "maximum": "max_value", "exclusiveMinimum": "min_value", "exclusiveMaximum": "max_value"}
_LENGTHS = {"minLength": "min_value", "maxLength": "max_value"}
# Options that say how values are written or stored and demand nothing of them; `reading` takes them in.
_SILENT = {"timezone", "defaultTimezone"}
MULTIPLES = "expect_column_values_to_be_multiples"
DIMENSIONS = "expect_column_vectors_to_have_dimensions"
_INSIDE = "rules inside of a column are not checked"


def read_schema_rules(place: ObjectPlace, findings: Findings) -> Iterator[Expectation]:
    """The expectations that follow from an object's properties. What none can say exactly goes to `findings`."""
    columns = place.columns()
    if columns:
        names: list[Json] = [column for _, _, column in columns]
        # Other columns may be there too: a producer may add what a consumer does not read.
        yield Expectation(
            "expect_table_columns_to_match_set",
            {"column_set": names, "exact_match": False},
            dimension=Dimension.SCHEMA,
            meta={"path": f"{place.path}.properties", "description": "Every field of the contract is there."},
        )
    keys = sorted((one.primaryKeyPosition or 0, column) for _, one, column in columns if one.primaryKey)
    for path, one, column in columns:
        if one.required or one.primaryKey:
            rule = "required" if one.required else "primaryKey"
            yield _expectation("expect_column_values_to_not_be_null", {"column": column}, f"{path}.{rule}")
        if one.unique or (one.primaryKey and len(keys) == 1):
            rule = "unique" if one.unique else "primaryKey"
            yield _expectation("expect_column_values_to_be_unique", {"column": column}, f"{path}.{rule}")
        yield from _options(one, column, path, findings)
        yield from _enumeration(one, column, path)
        _report_nested(one, path, findings)
    if len(keys) > 1:
        yield _expectation(
            "expect_compound_columns_to_be_unique",
            {"column_list": [column for _, column in keys]},
            f"{place.path}.properties.primaryKey",
        )


def _options(one: SchemaProperty, column: str, path: str, findings: Findings) -> Iterator[Expectation]:
    options: dict[str, Any] = dict(one.logicalTypeOptions or {})
    place = f"{path}.logicalTypeOptions"
    is_ordered = one.logicalType not in {"array", "object", "map", "boolean", "vector"}
    if is_ordered:
        yield from _between(options, column, place, findings)
        lengths: dict[str, Json] = {}
        for name, argument in _LENGTHS.items():
            length = options.get(name)
            if isinstance(length, int) and not isinstance(length, bool) and length >= 0:
                lengths[argument] = options.pop(name)
        if lengths:
            yield _expectation("expect_column_value_lengths_to_be_between", {"column": column, **lengths}, place)
        if isinstance(options.get("pattern"), str):
            pattern = options.pop("pattern")
            regex = python_pattern(pattern)
            meta: dict[str, Json] = {"path": f"{place}.pattern", **({} if regex == pattern else {"pattern": pattern})}
            kwargs: dict[str, Json] = {"column": column, "regex": regex}
            yield Expectation("expect_column_values_to_match_regex", kwargs, meta=meta)
        multiple = options.get("multipleOf")
        if isinstance(multiple, int | float) and not isinstance(multiple, bool) and multiple > 0:
            yield _expectation(MULTIPLES, {"column": column, "multiple_of": options.pop("multipleOf")}, f"{place}.multipleOf")
    if one.logicalType == "vector":
        yield from _vector(options, column, path, findings)
    for name, value in options.items():
        if name in _SILENT or (name == "format" and can_read_format(one.logicalType, options)):
            continue
        known = {"format": _format_reason(one.logicalType, value)}
        reason = known.get(name, f"{value!r} of a {one.logicalType or 'property without logicalType'} is not checked"[:200])
        findings.cannot_execute(f"{place}.{name}", f"{column}: {name}", reason)


def _vector(options: dict[str, Any], column: str, path: str, findings: Findings) -> Iterator[Expectation]:
    dimensions = options.pop("dimensions", None)
    if isinstance(dimensions, bool) or not isinstance(dimensions, int) or dimensions < 1:
        reason = "only that it is a list is checked, since it has no dimensions"
        findings.cannot_execute(f"{path}.logicalType", f"{column}: vector", reason)
        return
    element = {"element_type": options.pop("elementType")} if isinstance(options.get("elementType"), str) else {}
    shape = {"column": column, "dimensions": dimensions, **element}
    yield _expectation(DIMENSIONS, shape, f"{path}.logicalTypeOptions")


def _format_reason(logical_type: str | None, written: Any) -> str:
    if logical_type not in {"date", "timestamp", "time"}:
        return "a format describes how values are written; give a pattern to have it checked"
    try:
        read_format(str(written))
    except ValueError as error:
        return f"the format is not read, so that values must be written as ISO 8601: {error}"[:300]
    return f"the format does not say all that a {logical_type} needs, so that values must be written as ISO 8601"


def _between(options: dict[str, Any], column: str, place: str, findings: Findings) -> Iterator[Expectation]:
    """One expectation for both ends; where a bound is given both with and without its end, one for each."""
    for names in (("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum")):
        limits: dict[str, Json] = {}
        for name in names:
            value = options.get(name)
            if isinstance(value, int | float | str) and not isinstance(value, bool):
                limits[_NUMBERS[name]] = options.pop(name)
                if name.startswith("exclusive"):
                    limits[f"strict_{name[9:12].lower()}"] = True
        if (
            "min_value" in limits
            and "max_value" in limits
            and isinstance(limits["min_value"], str) != isinstance(limits["max_value"], str)
        ):
            findings.cannot_execute(place, f"{column}: {' and '.join(names)}", "one is text and the other a number")
        elif limits:
            yield _expectation("expect_column_values_to_be_between", {"column": column, **limits}, place)


def _enumeration(one: SchemaProperty, column: str, path: str) -> Iterator[Expectation]:
    values: list[Json] = [entry.value for entry in one.enum or () if entry.value is not None]
    if values:
        yield _expectation("expect_column_values_to_be_in_set", {"column": column, "value_set": values}, f"{path}.enum")


def _report_nested(one: SchemaProperty, path: str, findings: Findings) -> None:
    """Rules below a column (of an object's members, of a list's items) are named, since columns are all that is checked."""
    nested = [(f"{path}.properties[{position}]", inner) for position, inner in enumerate(one.properties or ())]
    if one.items is not None:
        nested.append((f"{path}.items", one.items))
    if one.map is not None:
        nested += [(f"{path}.map.{part}", inner) for part in ("key", "value") if (inner := getattr(one.map, part)) is not None]
    for place, inner in nested:
        rules = [
            name
            for name in ("required", "unique", "primaryKey", "logicalTypeOptions", "enum", "relationships")
            if getattr(inner, name)
        ]
        if rules:
            named = ", ".join(rules)
            findings.cannot_execute(place, f"{inner.name or 'items'}: {named}", _INSIDE)
        report_entries(inner.quality, place, _INSIDE, findings)
        _report_nested(inner, place, findings)


def _expectation(name: str, kwargs: dict[str, Any], path: str) -> Expectation:
    return Expectation(name, kwargs, meta={"path": path})
