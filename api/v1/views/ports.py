"""What a product offers and what it is built from: output ports with their fields, input ports."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import DurationField, FlagField, OptionalTextField, TextField, choices
from api.v1.views.products import InputPortAnswer
from catalog.models import DataProduct, Field, InputPort, OutputPort
from catalog.rules.claims import FieldClaims, InputClaims, PortClaims
from catalog.rules.errors import InvalidError, NotFoundError
from catalog.rules.limits import MOST_FIELDS
from catalog.rules.reading import FieldReading, Reading, reading_of
from catalog.rules.texts import is_storable
from catalog.rules.vocabulary import LogicalType, Sensitivity, SourceKind
from catalog.services.ports import put_input_ports, remove_output_port
from trust.evidence.services.ports import put_output_port


class FieldAnswer(ModelAnswer[Field]):
    is_required = serializers.BooleanField(source="required")
    is_personal = serializers.BooleanField(source="personal")
    is_critical = serializers.BooleanField(source="critical")
    logical_type = serializers.ChoiceField(choices(LogicalType), allow_null=True)
    sensitivity = serializers.ChoiceField(choices(Sensitivity), allow_null=True)

    class Meta:
        model = Field
        fields = [
            "name",
            "logical_type",
            "physical_type",
            "description",
            "is_required",
            "sensitivity",
            "is_personal",
            "is_critical",
        ]


class FieldReadingAnswer(serializers.Serializer[object]):
    name = serializers.CharField()
    format = serializers.CharField()
    time_zone = serializers.CharField()
    null_values = serializers.ListField(child=serializers.CharField())


class ReadingAnswer(serializers.Serializer[object]):
    """How the values of a text file are written; what is empty is found out from the file."""

    delimiter = serializers.CharField()
    quote = serializers.CharField()
    encoding = serializers.CharField()
    decimal_sign = serializers.CharField()
    sheet = serializers.CharField()
    partition = serializers.CharField()
    slice = serializers.CharField()
    fields = FieldReadingAnswer(many=True)  # type: ignore[assignment]  # as above


class PortEntry(ModelAnswer[OutputPort]):
    is_empty_allowed = serializers.BooleanField(source="allow_empty")
    source_kind = serializers.ChoiceField(choices(SourceKind))
    has_connection = serializers.SerializerMethodField(help_text="The reference to credentials itself is never shown.")
    service_level = DurationField(allow_null=True, help_text="How old the data may be; null: not declared.")
    null_values = serializers.ListField(child=serializers.CharField(), allow_null=True)
    reading = serializers.SerializerMethodField()

    class Meta:
        model = OutputPort
        fields = [
            "name",
            "description",
            "source_kind",
            "location",
            "has_connection",
            "time_column",
            "service_level",
            "is_empty_allowed",
            "null_values",
            "reading",
        ]

    @extend_schema_field(ReadingAnswer)
    def get_reading(self, port: OutputPort) -> dict[str, Any]:
        plain = asdict(reading_of(port.reading))
        return plain | {"fields": [{"name": name, **one} for name, one in sorted(plain["fields"].items())]}

    def get_has_connection(self, port: OutputPort) -> bool:
        return bool(port.connection)


class PortAnswer(PortEntry):
    fields = FieldAnswer(many=True)  # type: ignore[assignment]  # DRF's metaclass takes it out: the property stays

    class Meta(PortEntry.Meta):
        fields = [*PortEntry.Meta.fields, "fields"]


class FieldRequest(StrictSerializer):
    name = TextField(max_length=200)
    logical_type = serializers.ChoiceField(choices(LogicalType), allow_null=True, default=None)
    physical_type = OptionalTextField(max_length=100, default="")
    description = OptionalTextField(max_length=20_000, default="")
    is_required = FlagField(source="required", default=False)
    sensitivity = serializers.ChoiceField(choices(Sensitivity), allow_null=True, default=None, help_text="null: unclassified.")
    is_personal = FlagField(source="personal", default=False, help_text="Holds personal data.")
    is_critical = FlagField(source="critical", default=False, help_text="Must be covered by checks.")


class FieldReadingRequest(StrictSerializer):
    name = TextField(max_length=200)
    format = OptionalTextField(max_length=100, default="", help_text="How dates are written, such as `dd.MM.yyyy`.")
    time_zone = OptionalTextField(max_length=100, default="", help_text="Of timestamps that say none.")
    null_values = serializers.ListField(child=TextField(max_length=50, allow_blank=True), default=list, max_length=50)


class ReadingRequest(StrictSerializer):
    delimiter = OptionalTextField(max_length=20, default="")
    quote = OptionalTextField(max_length=20, default="", help_text="`none` where no value is quoted.")
    encoding = OptionalTextField(max_length=50, default="")
    decimal_sign = OptionalTextField(max_length=20, default="")
    sheet = OptionalTextField(max_length=200, default="", help_text="Of an Excel file; by default the first.")
    partition = OptionalTextField(max_length=200, default="", help_text="The field that tells slices of the data apart.")
    slice = OptionalTextField(max_length=20, default="", help_text="`all` or `newest`.")
    fields = serializers.ListField(child=FieldReadingRequest(), default=list, max_length=MOST_FIELDS)  # type: ignore[assignment]


class PortRequest(StrictSerializer):
    source_kind = serializers.ChoiceField(choices(SourceKind))
    location = TextField(max_length=1000, help_text="A path below an allowed root; `schema.table` for postgres.")
    description = OptionalTextField(max_length=20_000, default="")
    connection = OptionalTextField(max_length=300, default="", help_text="`env:NAME` or `file:/path`.")
    time_column = OptionalTextField(max_length=200, default="", help_text="Its newest value dates the data.")
    service_level = DurationField(allow_null=True, default=None, help_text="How old the data may be.")
    is_empty_allowed = FlagField(source="allow_empty", default=False, help_text="A table without rows is in order.")
    null_values = serializers.ListField(
        child=TextField(max_length=50, allow_blank=True), allow_null=True, default=None, max_length=50
    )
    reading = ReadingRequest(required=False, help_text="How the values of a text file are written.")
    fields = serializers.ListField(child=FieldRequest(), default=list, help_text=f"At most {MOST_FIELDS:,}.")  # type: ignore[assignment]


class InputPortRequest(StrictSerializer):
    product = TextField(max_length=80, help_text="Slug of the upstream product.")
    is_required = FlagField(source="required", default=True, help_text="A required one decides the `upstream` gate.")


class InputPortsRequest(StrictSerializer):
    input_ports = serializers.ListField(child=InputPortRequest(), max_length=500)


class InputPortsAnswer(serializers.Serializer[object]):
    results = InputPortAnswer(many=True)


def port_claims(name: str, given: Mapping[str, Any]) -> PortClaims:
    null_values = given["null_values"]
    return PortClaims(
        name=name,
        source_kind=SourceKind(given["source_kind"]),
        location=given["location"],
        description=given["description"],
        connection=given["connection"],
        time_column=given["time_column"],
        service_level=given["service_level"],
        allow_empty=given["allow_empty"],
        null_values=None if null_values is None else tuple(null_values),
        reading=_reading(given.get("reading", {})),
        fields=tuple(_field_claims(field) for field in given["fields"]),
    )


def _reading(given: Mapping[str, Any]) -> Reading:
    fields = {
        one["name"]: FieldReading(one["format"], one["time_zone"], tuple(one["null_values"])) for one in given.get("fields", ())
    }
    return Reading(**{**given, "fields": fields})


def _field_claims(given: Mapping[str, Any]) -> FieldClaims:
    logical_type, sensitivity = given["logical_type"], given["sensitivity"]
    typed = {
        "logical_type": LogicalType(logical_type) if logical_type else None,
        "sensitivity": Sensitivity(sensitivity) if sensitivity else None,
    }
    return FieldClaims(**{**given, **typed})


def input_claims(given: Mapping[str, Any]) -> list[InputClaims]:
    return [InputClaims(product=port["product"], required=port["required"]) for port in given["input_ports"]]


def find_port(product: DataProduct, name: str) -> OutputPort:
    """The port of that name. Raises `NotFoundError`."""
    port = product.output_ports.filter(name=name).first() if is_storable(name) else None
    if port is None:
        remedy = f"GET /api/v1/products/{product.slug}/ports lists all."
        raise NotFoundError(
            f"Data product {product.slug} has no output port {name[:200]!r}.", remedy=remedy, code="port_unknown"
        )
    port.product = product
    return port


def only_port(product: DataProduct) -> OutputPort:
    """The product's one port. Raises `InvalidError` where there are several or none."""
    ports = list(product.output_ports.all()[:20])
    if len(ports) == 1:
        return ports[0]
    names = ", ".join(port.name for port in ports)
    remedy = f"Name one of them as `port`: {names}." if ports else "Put an output port first."
    message = f"Data product {product.slug} has {len(ports) or 'no'} output ports, so name one of them."
    raise InvalidError(message, remedy=remedy, code="port_needed", field="port")


class PortsView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("name",)

    @extend_schema(operation_id="list_ports", responses=PortEntry(many=True), tags=["ports"])
    def get(self, request: Request, slug: str) -> Response:
        """The product's output ports, by name."""
        ports = OutputPort.objects.filter(product=find_product(self.actor, slug))
        return self.page(ports, PortEntry)


class PortView(ApiView):
    @extend_schema(operation_id="get_port", responses=PortAnswer, tags=["ports"])
    def get(self, request: Request, slug: str, port: str) -> Response:
        """One output port with its fields, in order."""
        return Response(PortAnswer(find_port(find_product(self.actor, slug), port)).data)

    @extend_schema(operation_id="put_port", request=PortRequest, responses={200: PortAnswer, 201: PortAnswer}, tags=["ports"])
    def put(self, request: Request, slug: str, port: str) -> Response:
        """Make or replace the port of this name. Fields that are left out are removed."""
        product = find_product(self.actor, slug)
        is_new = not product.output_ports.filter(name=port).exists()
        put, _ = put_output_port(product=product, claims=port_claims(port, self.body(PortRequest)), actor=self.actor)
        headers = {"Location": f"/api/v1/products/{slug}/ports/{port}"} if is_new else {}
        return Response(PortAnswer(put).data, status=201 if is_new else 200, headers=headers)

    @extend_schema(operation_id="remove_port", responses={204: None}, tags=["ports"])
    def delete(self, request: Request, slug: str, port: str) -> Response:
        """Offer the port no longer. Its runs and their results stay: evidence is never deleted."""
        found = find_port(find_product(self.actor, slug), port)
        remove_output_port(port=found, actor=self.actor, now=self.now)
        return Response(status=204)


class InputPortsView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("id",)

    @extend_schema(operation_id="list_input_ports", responses=InputPortAnswer(many=True), tags=["ports"])
    def get(self, request: Request, slug: str) -> Response:
        """The upstream products that this one is built from."""
        inputs = InputPort.objects.filter(product=find_product(self.actor, slug)).select_related("upstream")
        return self.page(inputs, InputPortAnswer)

    @extend_schema(operation_id="put_input_ports", request=InputPortsRequest, responses=InputPortsAnswer, tags=["ports"])
    def put(self, request: Request, slug: str) -> Response:
        """Make these the products that it is built from, and no others."""
        product = find_product(self.actor, slug)
        put_input_ports(product=product, inputs=input_claims(self.body(InputPortsRequest)), actor=self.actor)
        inputs = product.input_ports.select_related("upstream")
        return Response(InputPortsAnswer({"results": inputs}).data)
