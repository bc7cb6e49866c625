"""Recalls: which products fell, whom that concerns, and who has taken note."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.recalls import find_recall, names_visibly, visible_parts, visible_recalls
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.recalls import RecallAnswer, RecallEntry, RecallQuery
from catalog.rules.scopes import Scope
from trust.decisions.services.recall_notices import acknowledge_recall
from trust.models import Recall

COLUMNS = {"product": "product__slug", "status": "status"}


class RecallsView(ApiView):
    query = RecallQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_recalls", responses=RecallEntry(many=True), tags=["recalls"])
    def get(self, request: Request) -> Response:
        """Recalls of your products and those that name your consumers, newest first; governance and auditors see all."""
        rows = visible_recalls(self.actor).defer("fallen_verdict__outcome")
        rows = rows.filter(**{COLUMNS[name]: value for name, value in self.parameters.items() if name in COLUMNS})
        if "consumer" in self.parameters:
            rows = rows.filter(names_visibly(self.actor, self.parameters["consumer"]))
        if self.parameters["is_open"] is not None:
            rows = rows.filter(closed_at__isnull=self.parameters["is_open"])
        return self.page(rows, RecallEntry)


class RecallView(ApiView):
    @extend_schema(operation_id="get_recall", responses=RecallAnswer, tags=["recalls"])
    def get(self, request: Request, recall_id: int) -> Response:
        """One recall with the consumers that it names and the decisions that they were given."""
        return Response(RecallAnswer(shown(self, recall_id)).data)


class AcknowledgeRecallView(ApiView):
    write_scope = Scope.TRUST_READ  # who may read that it concerns them may say that they have

    @extend_schema(operation_id="acknowledge_recall", request=None, responses=RecallAnswer, tags=["recalls"])
    def post(self, request: Request, recall_id: int) -> Response:
        """Say, for your consumers that the recall names, that you have taken note. Saying it again changes nothing."""
        acknowledge_recall(recall=find_recall(self.actor, recall_id), actor=self.actor, now=self.now)
        return Response(RecallAnswer(shown(self, recall_id)).data)


def shown(view: ApiView, recall_id: int) -> Recall:
    """The recall with what its answer shows besides its columns. Raises `NotFoundError`."""
    recall = find_recall(view.actor, recall_id)
    verdicts = f"/api/v1/products/{recall.product.slug}/verdicts"
    recovered = recall.recovered_verdict_id
    extra = {
        "fallen_link": f"{verdicts}/{recall.fallen_verdict_id}",
        "recovered_link": f"{verdicts}/{recovered}" if recovered else None,
        "shown_consumers": list(visible_parts(view.actor, recall)),
    }
    for name, value in extra.items():
        setattr(recall, name, value)
    return recall
