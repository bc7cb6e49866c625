"""API keys: those of the person who asks, and those of one consumer."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.consumers import find_consumer
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.keys import KeyAnswer, KeyChange, KeyRequest, NewKeyAnswer, new_key_answer
from catalog.models import ApiKey
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key, create_key_of, key_of_person, limit_key, revoke_key, revoke_key_of


class KeysView(ApiView):
    read_scope = write_scope = Scope.ADMIN
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
