"""Nulls in the OpenAPI document, in the way of JSON Schema, which OpenAPI 3.1 is: `type: [string, null]`, else `anyOf`.

drf-spectacular writes `oneOf: [{}, {type: null}]` where anything may come, which no null matches (it matches both), and a
component of its own for the null of an enumeration, which generators of clients turn into a class with nothing in it.
"""

from typing import Any

NULL = {"type": "null"}
NULL_COMPONENT = "NullEnum"
NULL_REFERENCE = {"$ref": f"#/components/schemas/{NULL_COMPONENT}"}


def with_plain_nulls(part: Any) -> Any:
    """The same part of the document, in which what may be null says so in the plain way."""
    if isinstance(part, list):
        return [with_plain_nulls(item) for item in part]
    if not isinstance(part, dict):
        return part
    plain = {name: with_plain_nulls(value) for name, value in part.items()}
    choices = plain.get("oneOf")
    if isinstance(choices, list) and any(choice in (NULL, NULL_REFERENCE) for choice in choices):
        others = [choice for choice in choices if choice not in (NULL, NULL_REFERENCE)]
        del plain["oneOf"]
        plain |= nullable(others)
    return plain


def nullable(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the choices, or null."""
    if {} in choices:
        return {}
    if len(choices) == 1 and isinstance(choices[0].get("type"), str) and not choices[0].keys() & {"enum", "const"}:
        return {**choices[0], "type": [choices[0]["type"], "null"]}
    return {"anyOf": [*choices, NULL]}
