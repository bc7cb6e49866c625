"""How drf-spectacular reads the views of the API."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class TouchstoneSchema(AutoSchema):
    """Adds the parameters that `ApiView` checks, and names operations only where the view does."""

    def get_override_parameters(self) -> list[Any]:
        name = "query" if self.method in READS else "write_query"
        serializer = getattr(self.view, name, None)
        return [serializer] if serializer else []

    def get_summary(self) -> str:
        """The first sentence of the view's docstring."""
        return str(self.get_description()).strip().partition("\n")[0].partition(". ")[0].rstrip(".")
