"""Output ports, fields and input ports as they go over the wire."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import DurationField, FlagField, OptionalTextField, TextField
from api.v1.serializers.labels import words
from api.v1.serializers.products import InputPortAnswer
from catalog.models import Field, OutputPort
from catalog.rules.claims import FieldClaims, InputClaims, PortClaims
from catalog.rules.limits import MOST_FIELDS
from catalog.rules.vocabulary import LogicalType, Sensitivity, SourceKind


class FieldAnswer(ModelAnswer[Field]):
    is_required = serializers.BooleanField(source="required")
    is_personal = serializers.BooleanField(source="personal")
    is_critical = serializers.BooleanField(source="critical")
    logical_type = serializers.ChoiceField(words(LogicalType), allow_null=True)
    sensitivity = serializers.ChoiceField(words(Sensitivity), allow_null=True)

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


class PortEntry(ModelAnswer[OutputPort]):
    is_empty_allowed = serializers.BooleanField(source="allow_empty")
    source_kind = serializers.ChoiceField(words(SourceKind))
    has_connection = serializers.SerializerMethodField(help_text="The reference to credentials itself is never shown.")
    service_level = DurationField(allow_null=True, help_text="How old the data may be; null: not declared.")
    null_values = serializers.ListField(child=serializers.CharField(), allow_null=True)

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
        ]

    def get_has_connection(self, port: OutputPort) -> bool:
        return bool(port.connection)


class PortAnswer(PortEntry):
    fields = FieldAnswer(many=True)  # type: ignore[assignment]  # DRF's metaclass takes it out: the property stays

    class Meta(PortEntry.Meta):
        fields = [*PortEntry.Meta.fields, "fields"]


class FieldRequest(StrictSerializer):
    name = TextField(max_length=200)
    logical_type = serializers.ChoiceField(words(LogicalType), allow_null=True, default=None)
    physical_type = OptionalTextField(max_length=100, default="")
    description = OptionalTextField(max_length=20_000, default="")
    is_required = FlagField(source="required", default=False)
    sensitivity = serializers.ChoiceField(words(Sensitivity), allow_null=True, default=None, help_text="null: unclassified.")
    is_personal = FlagField(source="personal", default=False, help_text="Holds personal data.")
    is_critical = FlagField(source="critical", default=False, help_text="Must be covered by checks.")


class PortRequest(StrictSerializer):
    source_kind = serializers.ChoiceField(words(SourceKind))
    location = TextField(max_length=1000, help_text="A path below an allowed root; `schema.table` for postgres.")
    description = OptionalTextField(max_length=20_000, default="")
    connection = OptionalTextField(max_length=300, default="", help_text="`env:NAME` or `file:/path`.")
    time_column = OptionalTextField(max_length=200, default="", help_text="Its newest value dates the data.")
    service_level = DurationField(allow_null=True, default=None, help_text="How old the data may be.")
    is_empty_allowed = FlagField(source="allow_empty", default=False, help_text="A table without rows is in order.")
    null_values = serializers.ListField(
        child=TextField(max_length=50, allow_blank=True), allow_null=True, default=None, max_length=50
    )
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
        fields=tuple(_field_claims(field) for field in given["fields"]),
    )


def _field_claims(given: Mapping[str, Any]) -> FieldClaims:
    logical_type, sensitivity = given["logical_type"], given["sensitivity"]
    typed = {
        "logical_type": LogicalType(logical_type) if logical_type else None,
        "sensitivity": Sensitivity(sensitivity) if sensitivity else None,
    }
    return FieldClaims(**{**given, **typed})


def input_claims(given: Mapping[str, Any]) -> list[InputClaims]:
    return [InputClaims(product=port["product"], required=port["required"]) for port in given["input_ports"]]
