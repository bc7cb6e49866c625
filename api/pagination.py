"""Keyset pagination: stable while rows are written, without counting, and strict about what it is given."""

import base64
import json
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Field, Model, Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.rules.texts import is_storable

LARGEST_PAGE = 500


class KeysetPagination(BasePagination):
    """`?limit=` (1 to 500) and `?cursor=` of the answer before. The view's `keyset` names columns that are unique together.

    A cursor holds the key of the last row shown. `next` is a path, so that it also holds behind a proxy.
    """

    parameters: ClassVar[frozenset[str]] = frozenset({"limit", "cursor"})

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """One page of model rows, in the order of the keyset. Raises `ValidationError` for a bad limit or cursor."""
        self.request = request
        self.keyset: Sequence[str] = getattr(view, "keyset", ("-id",))
        self.limit = self._limit(request.query_params.get("limit"))
        cursor = request.query_params.get("cursor")
        if cursor is not None:
            queryset = queryset.filter(self._after(queryset.model, cursor))
        rows = list(queryset.order_by(*self.keyset)[: self.limit + 1])
        self.last = rows[self.limit - 1] if len(rows) > self.limit else None
        return rows[: self.limit]

    @property
    def next_cursor(self) -> str | None:
        """What leads to the page after this one; None on the last."""
        if self.last is None:
            return None
        values = [self.last._meta.get_field(name.lstrip("-")).value_to_string(self.last) for name in self.keyset]
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")

    def get_paginated_response(self, data: Any) -> Response:
        cursor = self.next_cursor
        query = urlencode({**self.request.query_params.dict(), "cursor": cursor}) if cursor else None
        return Response({"results": data, "next": query and f"{self.request.path}?{query}", "next_cursor": cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next", "next_cursor"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "description": "Path of the next page; null on the last."},
                "next_cursor": {"type": ["string", "null"], "description": "The `cursor` of the next page; null on the last."},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        limits = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": settings.TOUCHSTONE.page_size}
        return [
            {"name": "limit", "in": "query", "required": False, "description": "Entries on a page.", "schema": limits},
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "`next_cursor` of the page before.",
                "schema": {"type": "string"},
            },
        ]

    def _limit(self, given: str | None) -> int:
        if given is None:
            return int(settings.TOUCHSTONE.page_size)
        if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= LARGEST_PAGE):
            raise ValidationError({"limit": [f"The limit must be a whole number from 1 to {LARGEST_PAGE}."]}, "invalid_limit")
        return int(given)

    def _after(self, model: type[Model], cursor: str) -> Q:
        """The rows behind the cursor: lexicographic comparison of the keyset, each column in its own direction."""
        condition, equal, bound = Q(), Q(), Q()
        for name, value in zip(self.keyset, self._values(model, cursor), strict=True):
            column, operator = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
            # Implied by the rest, but an index finds its place by it.
            bound = bound or Q(**{f"{column}__{operator}e": value})
            condition |= equal & Q(**{f"{column}__{operator}": value})
            equal &= Q(**{column: value})
        return bound & condition

    def _values(self, model: type[Model], cursor: str) -> list[Any]:
        refusal = ValidationError({"cursor": ["This is not a cursor of this list. Start again without one."]}, "invalid_cursor")
        try:
            texts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
            if not (isinstance(texts, list) and len(texts) == len(self.keyset)):
                raise refusal
            if not all(isinstance(text, str) and is_storable(text) for text in texts):
                raise refusal
            columns = [
                model._meta.pk if name.lstrip("-") == "pk" else model._meta.get_field(name.lstrip("-")) for name in self.keyset
            ]
            return [column.to_python(text) for column, text in zip(columns, texts, strict=True) if isinstance(column, Field)]
        except (ValueError, ModelValidationError, OverflowError, RecursionError):
            raise refusal from None
