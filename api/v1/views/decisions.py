"""The log of answers: listed and shown."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.decisions import find_decision, visible_decisions
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.decisions import DecisionAnswer, DecisionEntry, DecisionQuery
from catalog.models import Consumer, DataProduct

UNSHOWN = ("answer", "basis", "ruling", "obligations", "question")
COLUMNS = {
    "purpose": "purpose",
    "decision": "decision",
    "channel": "channel",
    "since": "asked_at__gte",
    "until": "asked_at__lt",
}


class DecisionsView(ApiView):
    query = DecisionQuery
    pagination_class = KeysetPagination
    keyset = ("-asked_at", "-id")

    @extend_schema(operation_id="list_decisions", responses=DecisionEntry(many=True), tags=["decisions"])
    def get(self, request: Request) -> Response:
        """Answers that were given, newest first: about your consumers and your products; governance and auditors see all."""
        rows = visible_decisions(self.actor).defer(*UNSHOWN).filter(**self._filters())
        return self.page(rows, DecisionEntry)

    def _filters(self) -> dict[str, Any]:
        """By columns that an index or the partitions know: slugs are looked up first, and an unknown one finds nothing."""
        given = {name: value for name, value in self.parameters.items() if value is not None}
        filters = {column: given[name] for name, column in COLUMNS.items() if name in given}
        for name, model in (("consumer", Consumer), ("product", DataProduct)):
            if name in given:
                pk = model.objects.filter(slug=given[name]).values_list("pk", flat=True).first()
                filters[f"{name}_id"] = -1 if pk is None else pk
        return filters


class DecisionView(ApiView):
    @extend_schema(operation_id="get_decision", responses=DecisionAnswer, tags=["decisions"])
    def get(self, request: Request, decision_id: int) -> Response:
        """One answer with all that it rested on: reasons, obligations, what was known, what the policies said."""
        return Response(DecisionAnswer(find_decision(self.actor, decision_id)).data)
