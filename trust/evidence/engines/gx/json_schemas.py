"""JSON Schema whose regular expressions are matched in linear time: the library itself would hand them to Python's engine."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import jsonschema  # type: ignore[import-untyped]
import referencing

from catalog.rules.json_values import are_all_different
from trust.evidence.rules.expectation_patterns import schema_patterns
from trust.evidence.rules.patterns import linear_pattern


def schema_validator(schema: Any) -> Any:
    """A validator of `schema` that fetches nothing from the network. Raises `PatternError` and the library's `SchemaError`.

    The library's `unevaluatedProperties` still looks at `patternProperties` itself: `pattern_fault` refuses the two together.
    """
    stock = jsonschema.validators.validator_for(schema)
    # Without the check of formats, which would compile every pattern with Python's engine.
    stock.check_schema(schema, format_checker=None)
    kind = jsonschema.validators.extend(
        stock,
        {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "uniqueItems": _unique_items,
        },
    )

    def evolve(self: Any, **changes: Any) -> Any:
        """Of the same kind, whatever `$schema` a part of the schema names: the library would go back to its own."""
        names = {one.name: one.alias for one in attrs.fields(kind) if one.init}
        return kind(**{alias: getattr(self, name) for name, alias in names.items()} | changes)

    kind.evolve = evolve
    for pattern in schema_patterns(schema):
        linear_pattern(pattern)
    return kind(schema, registry=referencing.Registry())


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    if validator.is_type(instance, "string") and not linear_pattern(pattern).is_found_in(instance):
        yield jsonschema.ValidationError(f"it does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, schema in patterns.items():
        for name, value in instance.items():
            if linear_pattern(pattern).is_found_in(name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    patterns = [linear_pattern(pattern) for pattern in schema.get("patternProperties", {})]
    known = schema.get("properties", {})
    for name, value in instance.items():
        if name in known or any(pattern.is_found_in(name) for pattern in patterns):
            continue
        if validator.is_type(allowed, "object"):
            yield from validator.descend(value, allowed, path=name)
        elif not allowed:
            yield jsonschema.ValidationError(f"{name!r} is not allowed")


def _unique_items(validator: Any, wanted: Any, items: Any, _schema: Any) -> Iterator[Any]:
    if wanted and validator.is_type(items, "array") and not are_all_different(items):
        yield jsonschema.ValidationError("it has an item twice")
