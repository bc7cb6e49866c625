"""Who asks."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.permissions import IsKnown
from api.authentication import KeyGrant
from api.v1.base import ApiView
from api.v1.serializers.consumers import MeAnswer
from catalog.models import ApiKey, Consumer
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind


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
            "consumer": {"slug": grant.consumer_slug, "kind": grant.kind, "clearance": grant.clearance},
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
