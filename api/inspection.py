"""How drf-spectacular reads the views of the API."""

from typing import Any, cast

from drf_spectacular.openapi import AutoSchema

READS = frozenset({"GET", "HEAD", "OPTIONS"})
SCOPE = "x-scope"
"""In the document, of each operation: the scope that a key needs for it; absent where every key may, or none is needed."""
PERSONAL = "x-personal"
"""Whether it is for people only, whatever the scopes of a machine's key."""


class TouchstoneSchema(AutoSchema):
    """Adds the parameters that `ApiView` checks, and names operations only where the view does."""

    def get_operation(self, *args: Any) -> Any:
        operation, view = super().get_operation(*args), cast("Any", self.view)
        if operation is not None and any(getattr(one, "asks_for_scope", False) for one in view.permission_classes):
            is_read = self.method in READS
            operation[SCOPE] = (view.read_scope if is_read else view.write_scope).value
            operation[PERSONAL] = view.is_personal and not is_read
        return operation

    def get_override_parameters(self) -> list[Any]:
        name = "query" if self.method in READS else "write_query"
        serializer = getattr(self.view, name, None)
        return [serializer] if serializer else []

    def get_summary(self) -> str:
        """The first sentence of the view's docstring."""
        return str(self.get_description()).strip().partition("\n")[0].partition(". ")[0].rstrip(".")

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        """Of an answer every field is always there, unless it is declared as `required=False`.

        drf-spectacular takes for optional what a *request* could leave out: fields with a default, or that may be empty.
        """
        untyped: Any = super()
        schema = untyped._map_basic_serializer(serializer, direction)  # noqa: SLF001  the hook for this
        if direction == "response" and schema.get("properties"):
            declared = getattr(serializer, "_declared_fields", {})
            optional = {name for name, field in declared.items() if may_be_left_out(field)}
            schema["required"] = sorted(schema["properties"].keys() - optional)
            if not schema["required"]:
                del schema["required"]
        if getattr(serializer, "is_complete", False):
            schema["additionalProperties"] = False
        return schema

    def _get_serializer_name(self, serializer: Any, direction: str, bypass_extensions: bool = False) -> Any:
        """What is called a request already needs no other mark that it is one."""
        untyped: Any = super()
        name = untyped._get_serializer_name(serializer, direction, bypass_extensions)  # noqa: SLF001  the hook for this
        return name and name.replace("RequestRequest", "Request")


def may_be_left_out(field: Any) -> bool:
    """Whether an answer may come without it: declared as not required, without a default that would stand in for it."""
    given = field._kwargs  # noqa: SLF001  only there DRF keeps what was declared
    return given.get("required") is False and "default" not in given
