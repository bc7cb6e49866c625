"""API keys as they go over the wire. The key itself appears in one answer only: that to its creation."""

from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import MomentField, TextField, WholeNumberField
from api.v1.serializers.labels import words
from catalog.models import ApiKey
from catalog.rules.scopes import Scope
from catalog.services.api_keys import MOST_REQUESTS_PER_MINUTE


def limit_field(**options: Any) -> WholeNumberField:
    text = "Requests that it may make in a minute; null: the installation's default. More than that is for governance to give."
    return WholeNumberField(min_value=1, max_value=MOST_REQUESTS_PER_MINUTE, allow_null=True, help_text=text, **options)


class KeyRequest(StrictSerializer):
    name = TextField(max_length=100, help_text="Where the key is used.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=words(Scope)),
        default=lambda: [Scope.TRUST_READ.value],
        allow_empty=False,
        help_text="What the key may be used for.",
    )
    expires_at = MomentField(required=False, allow_null=True, help_text="Until when; at most 366 days ahead.")
    requests_per_minute = limit_field(required=False)


class KeyChange(StrictSerializer):
    requests_per_minute = limit_field()


class KeyAnswer(ModelAnswer[ApiKey]):
    consumer = serializers.CharField(source="consumer.slug", help_text="Slug of the consumer whose key it is.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=words(Scope)))

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "consumer",
            "name",
            "prefix",
            "scopes",
            "requests_per_minute",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        ]


class NewKeyAnswer(KeyAnswer):
    key = serializers.CharField(help_text="The key, shown this once and kept nowhere.")

    class Meta(KeyAnswer.Meta):
        fields = [*KeyAnswer.Meta.fields, "key"]


def new_key_answer(key: ApiKey, text: str) -> dict[str, Any]:
    return {**KeyAnswer(key).data, "key": text}
