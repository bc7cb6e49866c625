"""Consumers as they go over the wire."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import OptionalEmailField, OptionalTextField, TextField
from api.v1.serializers.labels import words
from catalog.models import Consumer
from catalog.rules.consumers import LONGEST_SLUG, LONGEST_URL, ConsumerClaims, ConsumerDetails
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Sensitivity


class ConsumerAnswer(ModelAnswer[Consumer]):
    kind = serializers.ChoiceField(words(ConsumerKind))
    owner = serializers.CharField(source="owner.username", help_text="Who answers for it.")
    clearance = serializers.ChoiceField(words(Sensitivity), help_text="The highest sensitivity that it may be given.")
    status = serializers.ChoiceField(words(ConsumerStatus))
    keys = serializers.IntegerField(source="key_count", help_text="Its API keys that were not revoked.")

    class Meta:
        model = Consumer
        fields = [
            "slug",
            "name",
            "description",
            "kind",
            "owner",
            "clearance",
            "status",
            "contact_email",
            "webhook_url",
            "keys",
            "created_at",
            "updated_at",
        ]


class ConsumerQuery(StrictSerializer):
    kind = serializers.ChoiceField(words(ConsumerKind), required=False)
    status = serializers.ChoiceField(words(ConsumerStatus), required=False)
    owner = TextField(max_length=150, required=False, help_text="Username of who answers for it.")


class ConsumerChange(StrictSerializer):
    name = TextField(max_length=200)
    description = OptionalTextField(max_length=5000, required=False)
    contact_email = OptionalEmailField(max_length=254, required=False, help_text="Where notices go besides its owner.")
    webhook_url = OptionalTextField(max_length=LONGEST_URL, required=False, help_text="Where signed notices are posted: https.")


class ConsumerRequest(ConsumerChange):
    slug = TextField(max_length=LONGEST_SLUG, help_text="Its name in questions and decisions, for ever.")
    kind = serializers.ChoiceField(words(ConsumerKind), help_text="service, ai_agent or ai_model: a person is one already.")
    owner = TextField(max_length=150, required=False, help_text="Who answers for it; you, unless governance says otherwise.")
    clearance = serializers.ChoiceField(
        words(Sensitivity), default=Sensitivity.INTERNAL.value, help_text="Above internal: for governance."
    )


class ClearanceRequest(StrictSerializer):
    clearance = serializers.ChoiceField(words(Sensitivity))


class ConsumerAssignRequest(StrictSerializer):
    owner = TextField(max_length=150, help_text="Username of the active person who will answer for it.")


class MeConsumer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    kind = serializers.ChoiceField(words(ConsumerKind))
    clearance = serializers.ChoiceField(words(Sensitivity))


class MeKey(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    requests_per_minute = serializers.IntegerField(help_text="Its own limit, or that of the installation.")


class MeAnswer(serializers.Serializer[Any]):
    person = serializers.CharField(help_text="Username of the person for whom you act.")
    scopes = serializers.ListField(child=serializers.ChoiceField(words(Scope)))
    consumer = MeConsumer(allow_null=True, help_text="As whom you ask; null for a person in a browser who never made a key.")
    key = MeKey(allow_null=True, help_text="The API key of this request; null in a browser.")


def consumer_claims(given: Mapping[str, Any]) -> ConsumerClaims:
    own = {"slug", "kind", "owner", "clearance"}
    details = ConsumerDetails(**{name: value for name, value in given.items() if name not in own})
    return ConsumerClaims(
        slug=given["slug"],
        kind=ConsumerKind(given["kind"]),
        details=details,
        owner=given.get("owner", ""),
        clearance=Sensitivity(given["clearance"]),
    )
