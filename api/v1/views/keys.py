"""API keys of the person who asks."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.keys import create_key, revoke_key
from api.access.scopes import Scope
from api.models import ApiKey
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.keys import KeyAnswer, KeyRequest, NewKeyAnswer, new_key_answer


class KeysView(ApiView):
    read_scope = write_scope = Scope.ADMIN
    pagination_class = KeysetPagination
    keyset = ("-id",)

    @extend_schema(operation_id="list_keys", responses=KeyAnswer(many=True), tags=["keys"])
    def get(self, request: Request) -> Response:
        """Your API keys, newest first, revoked ones included. The keys themselves are kept nowhere."""
        paginator = KeysetPagination()
        page = paginator.paginate_queryset(ApiKey.objects.filter(consumer__owner=self.actor), request, self)
        return paginator.get_paginated_response(KeyAnswer(page, many=True).data)

    @extend_schema(operation_id="create_key", request=KeyRequest, responses={201: NewKeyAnswer}, tags=["keys"])
    def post(self, request: Request) -> Response:
        """Make an API key for yourself. The answer shows it, this once. Needs a session or a key with the scope `admin`."""
        wanted = self.body(KeyRequest)
        key, text = create_key(person=self.actor, now=self.now, **wanted)
        headers = {"Location": f"/api/v1/keys/{key.pk}", "Cache-Control": "no-store"}
        return Response(new_key_answer(key, text), status=201, headers=headers)


class KeyView(ApiView):
    read_scope = write_scope = Scope.ADMIN

    @extend_schema(operation_id="revoke_key", responses={200: KeyAnswer}, tags=["keys"])
    def delete(self, request: Request, key_id: int) -> Response:
        """Revoke one of your keys: the next request that uses it is refused. Its row stays, for the audit."""
        return Response(KeyAnswer(revoke_key(person=self.actor, key_id=key_id, now=self.now)).data)
