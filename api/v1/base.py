"""What every view of the API has in common: who may call it, which parameters it takes, how its body is checked."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, NotFound, ParseError, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.access.permissions import HasScope
from api.errors import LengthRequired
from api.negotiation import OneRepresentation
from api.pagination import KeysetPagination
from api.v1.fields import OptionalTextField, TextField
from catalog.models import ApiKey, Person
from catalog.rules.scopes import Scope
from catalog.rules.texts import is_storable
from catalog.services.requests import LONGEST_REASON
from trust.messages import enqueue_deliveries

M = TypeVar("M", bound=Model)


class StrictSerializer(serializers.Serializer[Any]):
    """A request body or query: an unknown name is refused, since a misspelt one would silently not count."""

    def get_fields(self) -> dict[str, Any]:
        """The fields; an error about a word that is not on a list names the list."""
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            one = getattr(field, "child", field)
            if isinstance(one, serializers.ChoiceField):
                one.error_messages["invalid_choice"] = f'"{{input}}" is none of {", ".join(map(str, one.choices))}.'
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            known = ", ".join(self.fields)
            raise serializers.ValidationError({name: [f"Unknown name. Known are {known}."] for name in unknown}, "name_unknown")
        return super().to_internal_value(data)


class ReasonRequest(StrictSerializer):
    reason = TextField(max_length=LONGEST_REASON, help_text="The reason; everyone concerned reads it.")


def respond_after_change(data: Mapping[str, Any], *, location: str, status: int = 200) -> Response:
    """The row as it is after a change, and where it is found; the workers are notified of new notices after the commit."""
    transaction.on_commit(enqueue_deliveries)
    return Response(data, status=status, headers={"Location": location})


class ModelAnswer(serializers.ModelSerializer[M]):
    """A row as it is answered. A text column that may be empty is null where it is."""

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        field_class, options = super().build_standard_field(field_name, model_field)
        is_optional = issubclass(field_class, serializers.CharField) and model_field.blank
        return (OptionalTextField if is_optional else field_class), options


class CallerAnswer(serializers.Serializer[ApiKey]):
    """The machine that did what the row says, beside the person who answers for it."""

    consumer = serializers.CharField(source="consumer.slug", help_text="Slug of the consumer that acted.")
    key = serializers.CharField(source="prefix", help_text="Prefix of the key that it used.")


def caller_field(what: str) -> CallerAnswer:
    """The member beside `..._by`, for a row that was read with its `caller__consumer`."""
    return CallerAnswer(allow_null=True, help_text=f"The machine that {what}; null: the person did.")


class ApiView(APIView):
    """One address.

    query, write_query: serializers of the query parameters of reads and of writes; None where it takes none.
    keyset: the columns by which a list is paged. read_scope, write_scope: what a key needs for them. is_personal: a change is
    a person's own word or judgement, which no machine gives in their name.
    """

    permission_classes = [HasScope]
    content_negotiation_class = OneRepresentation
    read_scope: ClassVar[Scope] = Scope.TRUST_READ
    write_scope: ClassVar[Scope] = Scope.CATALOG_WRITE
    is_personal: ClassVar[bool] = False
    query: ClassVar[type[StrictSerializer] | None] = None
    write_query: ClassVar[type[StrictSerializer] | None] = None
    pagination_class: ClassVar[type[KeysetPagination] | None] = None
    keyset: ClassVar[tuple[str, ...]] = ("-id",)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:  # before the parameters, which are those of another method
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        if "HTTP_TRANSFER_ENCODING" in request.META and "CONTENT_LENGTH" not in request.META:
            raise LengthRequired
        if not all(is_storable(word) for word in kwargs.values() if isinstance(word, str)):
            raise NotFound("The address contains a NUL, which no name has.", "not_found")
        self.now = timezone.now()
        self.parameters: dict[str, Any] = self._parameters(request)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What this address takes, in the Allow header."""
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    @property
    def actor(self) -> Person:
        """Who asks."""
        person: Person = self.request.user  # type: ignore[assignment]  # HasScope let nobody else through
        return person

    def body(self, serializer: type[StrictSerializer], *, partial: bool = False) -> dict[str, Any]:
        """The checked body; a PATCH must have one, even an empty object. Raises `ValidationError`, `ParseError`."""
        if self.request.method == "PATCH" and self.request.META.get("CONTENT_LENGTH") in {None, "", "0"}:
            raise ParseError("The body is missing. Send a JSON object with what changes.", "empty_body")
        if not isinstance(self.request.data, Mapping):
            raise ParseError("The body must be a JSON object.", "not_an_object")
        checked = serializer(data=self.request.data, partial=partial)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def matching(self, rows: QuerySet[M], lookups: Mapping[str, str]) -> QuerySet[M]:
        """The rows that match the query parameters given; `lookups`: a parameter's name to the lookup that takes its value."""
        given = {lookup: self.parameters.get(name) for name, lookup in lookups.items()}
        return rows.filter(**{lookup: value for lookup, value in given.items() if value is not None})

    def page(self, rows: QuerySet[Any], serializer: type[serializers.BaseSerializer[Any]]) -> Response:
        """One page of `rows`, by `keyset`, each as `serializer` shows it."""
        paginator = KeysetPagination()
        page = paginator.paginate_queryset(rows, self.request, self)
        return paginator.get_paginated_response(serializer(page, many=True).data)

    def _parameters(self, request: Request) -> dict[str, Any]:
        given = request.query_params
        if repeated := sorted(name for name in given if len(given.getlist(name)) > 1):
            raise ValidationError({name: ["Give this parameter once."] for name in repeated}, "repeated_parameter")
        own = {name: value for name, value in given.items() if not self._is_paging(request, name)}
        serializer = self.query if request.method in SAFE_METHODS else self.write_query
        checked = (serializer or StrictSerializer)(data=own)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def _is_paging(self, request: Request, name: str) -> bool:
        return bool(self.pagination_class and request.method in SAFE_METHODS and name in self.pagination_class.parameters)
