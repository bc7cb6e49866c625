"""API keys: those of the person who asks, and those of one consumer; and who the caller is."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.permissions import IsKnown
from api.access.visibility import find_consumer
from api.authentication import KeyGrant
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import MomentField, TextField, WholeNumberField, choices
from catalog.models import ApiKey, Consumer
from catalog.rules.scopes import RESERVED_SCOPES, Scope
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from catalog.services.api_keys import (
    MOST_REQUESTS_PER_MINUTE,
    create_key,
    create_key_of,
    key_of_person,
    limit_key,
    revoke_key,
    revoke_key_of,
)


def limit_field(**options: Any) -> WholeNumberField:
    text = "Requests that it may make in a minute; null: the installation's default. More than that is for governance to give."
    return WholeNumberField(min_value=1, max_value=MOST_REQUESTS_PER_MINUTE, allow_null=True, help_text=text, **options)


class ScopeField(serializers.ChoiceField):
    """A scope. One that is reserved gets through: `create_key_of` says what it is."""

    def to_internal_value(self, data: Any) -> Any:
        return data if isinstance(data, str) and data in RESERVED_SCOPES else super().to_internal_value(data)


class KeyRequest(StrictSerializer):
    name = TextField(max_length=100, help_text="Where the key is used.")
    scopes = serializers.ListField(
        child=ScopeField(choices=choices(Scope)),
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
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=choices(Scope)))

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


class KeysView(ApiView):
    read_scope = write_scope = Scope.ADMIN
    is_personal = True  # a machine that makes keys could act under another name
    pagination_class = KeysetPagination
    keyset = ("-id",)

    @extend_schema(operation_id="list_keys", responses=KeyAnswer(many=True), tags=["keys"])
    def get(self, request: Request) -> Response:
        """Your API keys and those of your consumers, newest first, revoked ones included.

        The keys themselves are kept nowhere.
        """
        mine = ApiKey.objects.filter(consumer__owner=self.actor).select_related("consumer")
        return self.page(mine, KeyAnswer)

    @extend_schema(operation_id="create_key", request=KeyRequest, responses={201: NewKeyAnswer}, tags=["keys"])
    def post(self, request: Request) -> Response:
        """Make an API key for yourself. The answer shows it, this once. Needs a session or a key with the scope `admin`."""
        wanted = self.body(KeyRequest)
        key, text = create_key(person=self.actor, now=self.now, **wanted)
        return new_key(key, text, f"/api/v1/keys/{key.pk}")


class KeyView(ApiView):
    read_scope = write_scope = Scope.ADMIN

    @extend_schema(operation_id="limit_key", request=KeyChange, responses=KeyAnswer, tags=["keys"])
    def patch(self, request: Request, key_id: int) -> Response:
        """Change how many requests a minute one of your keys may make; null: the installation's default."""
        limit = self.body(KeyChange)["requests_per_minute"]
        consumer = key_of_person(person=self.actor, key_id=key_id).consumer
        return Response(
            KeyAnswer(limit_key(consumer=consumer, key_id=key_id, requests_per_minute=limit, actor=self.actor)).data
        )

    @extend_schema(operation_id="revoke_key", responses={204: None}, tags=["keys"])
    def delete(self, request: Request, key_id: int) -> Response:
        """Revoke one of your keys: the next request that uses it is refused. Its row stays, for the audit."""
        revoke_key(person=self.actor, key_id=key_id, now=self.now)
        return Response(status=204)


class ConsumerKeysView(ApiView):
    read_scope = write_scope = Scope.ADMIN
    is_personal = True  # a machine that makes keys could act under another name
    pagination_class = KeysetPagination
    keyset = ("-id",)

    @extend_schema(operation_id="list_consumer_keys", responses=KeyAnswer(many=True), tags=["keys"])
    def get(self, request: Request, slug: str) -> Response:
        """The consumer's API keys, newest first, revoked ones included."""
        rows = ApiKey.objects.filter(consumer=find_consumer(self.actor, slug)).select_related("consumer")
        return self.page(rows, KeyAnswer)

    @extend_schema(operation_id="create_consumer_key", request=KeyRequest, responses={201: NewKeyAnswer}, tags=["keys"])
    def post(self, request: Request, slug: str) -> Response:
        """Make a key for a consumer, as its owner or governance. The answer shows it, this once. It acts for the owner."""
        consumer = find_consumer(self.actor, slug)
        key, text = create_key_of(consumer=consumer, actor=self.actor, now=self.now, **self.body(KeyRequest))
        return new_key(key, text, f"/api/v1/consumers/{slug}/keys/{key.pk}")


class ConsumerKeyView(ApiView):
    read_scope = write_scope = Scope.ADMIN

    @extend_schema(operation_id="limit_consumer_key", request=KeyChange, responses=KeyAnswer, tags=["keys"])
    def patch(self, request: Request, slug: str, key_id: int) -> Response:
        """Change how many requests a minute the key may make; null: the installation's default. It holds within a minute."""
        consumer, limit = find_consumer(self.actor, slug), self.body(KeyChange)["requests_per_minute"]
        return Response(
            KeyAnswer(limit_key(consumer=consumer, key_id=key_id, requests_per_minute=limit, actor=self.actor)).data
        )

    @extend_schema(operation_id="revoke_consumer_key", responses={204: None}, tags=["keys"])
    def delete(self, request: Request, slug: str, key_id: int) -> Response:
        """Revoke a key of the consumer, as its owner or governance: the next request that uses it is refused."""
        consumer = find_consumer(self.actor, slug)
        revoke_key_of(consumer=consumer, key_id=key_id, actor=self.actor, now=self.now)
        return Response(status=204)


def new_key(key: ApiKey, text: str, location: str) -> Response:
    """The one answer that shows the key itself."""
    return Response(new_key_answer(key, text), status=201, headers={"Location": location, "Cache-Control": "no-store"})


class MeConsumer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    kind = serializers.ChoiceField(choices(ConsumerKind))
    clearance = serializers.ChoiceField(choices(Sensitivity))
    is_enforcement_point = serializers.BooleanField(help_text="Whether it may ask about other consumers.")


class MeKey(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    requests_per_minute = serializers.IntegerField(help_text="Its own limit, or that of the installation.")


class MeAnswer(serializers.Serializer[Any]):
    person = serializers.CharField(help_text="Username of the person for whom you act.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices(Scope)))
    consumer = MeConsumer(allow_null=True, help_text="As whom you ask; null for a person in a browser who never made a key.")
    key = MeKey(allow_null=True, help_text="The API key of this request; null in a browser.")


class MeView(ApiView):
    permission_classes = [IsKnown]

    @extend_schema(operation_id="get_me", responses=MeAnswer, tags=["consumers"])
    def get(self, request: Request) -> Response:
        """Who you are here: your consumer, its clearance, the scopes of your key and its limit. Any key may ask."""
        answer = self._of_key(request.auth) if isinstance(request.auth, KeyGrant) else self._of_session()
        return Response(MeAnswer({"person": self.actor.username, **answer}).data, headers={"Cache-Control": "no-store"})

    def _of_key(self, grant: KeyGrant) -> dict[str, Any]:
        key = ApiKey.objects.only("name", "prefix", "expires_at").get(pk=grant.key_id)
        limit = grant.requests_per_minute or settings.TOUCHSTONE.key_requests_per_minute
        return {
            "scopes": grant.scopes,
            "consumer": {
                "slug": grant.consumer_slug,
                "kind": grant.kind,
                "clearance": grant.clearance,
                "is_enforcement_point": grant.is_enforcement_point,
            },
            "key": {
                "id": grant.key_id,
                "name": key.name,
                "prefix": key.prefix,
                "expires_at": key.expires_at,
                "requests_per_minute": limit,
            },
        }

    def _of_session(self) -> dict[str, Any]:
        own = Consumer.objects.filter(owner=self.actor, kind=ConsumerKind.PERSON).first()
        return {"scopes": tuple(Scope), "consumer": own, "key": None}
