"""The report of a registration as it goes over the wire."""

from rest_framework import serializers

from api.v1.base import StrictSerializer
from api.v1.fields import FlagParameter


class RegistrationQuery(StrictSerializer):
    dry_run = FlagParameter(default=False, help_text="Say what would change, and change nothing.")


class NotExecutable(serializers.Serializer[object]):
    path = serializers.CharField()
    rule = serializers.CharField()
    reason = serializers.CharField()


class RegistrationAnswer(serializers.Serializer[object]):
    product = serializers.CharField(source="slug")
    is_new = serializers.BooleanField(source="created", help_text="The product is new, or would be.")
    dry_run = serializers.BooleanField(read_only=True, default=False)
    changes = serializers.ListField(child=serializers.CharField(), help_text="A line each; empty: nothing differs.")
    not_executable = NotExecutable(many=True, help_text="What the document demands and Touchstone does not check.")
    warnings = serializers.ListField(child=serializers.CharField())
    next_steps = serializers.ListField(child=serializers.CharField(), help_text="What its people should do now.")
