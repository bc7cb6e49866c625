"""Recalls: which products fell, whom that concerns, and who has taken note."""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import KeysetPagination
from api.v1.base import ApiView, CallerAnswer, ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, TextField, choices
from catalog.models import Person
from catalog.models.product import is_looked_after_by
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from catalog.services.permissions import sees_everything
from trust.decisions.services.recall_notices import acknowledge_recall
from trust.models import Recall, RecalledConsumer
from trust.verdicts.rules.codec import load_outcome
from trust.vocabulary import RecallStatus, VerdictStatus

RELATED = ("product__owner", "fallen_verdict", "recovered_verdict")


def visible_recalls(person: Person) -> QuerySet[Recall]:
    """Product owners and stewards see theirs, consumers those that name them, governance and auditors all.

    Each with `consumer_count`, the number of consumers that it names; two queries to know the person, at most.
    """
    counted = Count("consumers")
    rows = Recall.objects.select_related(*RELATED).defer(
        "product__search", "fallen_verdict__facts", "recovered_verdict__facts", "recovered_verdict__outcome"
    )
    if sees_everything(person):
        return rows.annotate(consumer_count=counted)
    named = RecalledConsumer.objects.filter(recall=OuterRef("pk"), consumer__owner=person)
    return rows.filter(is_looked_after_by(person, "product") | Exists(named)).annotate(consumer_count=counted)


def names_visibly(person: Person, consumer: str) -> Exists:
    """Whether a recall names the consumer of this slug, as far as the person may see the consumers that it names."""
    named = RecalledConsumer.objects.filter(recall=OuterRef("pk"), consumer__slug=consumer)
    if sees_everything(person):
        return Exists(named)
    return Exists(named.filter(is_looked_after_by(person, "recall__product") | Q(consumer__owner=person)))


def find_recall(person: Person, recall_id: int) -> Recall:
    """Raises `NotFoundError`, also where it may not be seen."""
    recall = visible_recalls(person).filter(pk=recall_id).first()
    if recall is None:
        raise NotFoundError(
            f"There is no recall {recall_id} that you may see.",
            remedy="GET /api/v1/recalls lists those that you may see: of your products, and those that name your consumers.",
        )
    return recall


def visible_parts(person: Person, recall: Recall) -> QuerySet[RecalledConsumer]:
    """The consumers that the recall names, as far as the person may see them: all for the product's people, else one's own."""
    rows = recall.consumers.select_related("consumer", "caller__consumer").order_by("consumer__slug")
    product = recall.product
    is_insider = product.owner_id == person.pk or product.stewards.filter(pk=person.pk).exists() or sees_everything(person)
    return rows if is_insider else rows.filter(consumer__owner=person)


class RecallQuery(StrictSerializer):
    product = TextField(required=False, max_length=200, help_text="Slug of the data product.")
    consumer = TextField(required=False, max_length=150, help_text="Slug of a consumer that the recall names.")
    status = serializers.ChoiceField(choices(RecallStatus), required=False)
    is_open = FlagParameter(default=None, help_text="Only open, or only closed.")


class RecallEntry(ModelAnswer[Recall]):
    product = serializers.CharField(source="product.slug")
    status = serializers.ChoiceField(choices(RecallStatus))
    verdict = serializers.ChoiceField(choices(VerdictStatus), source="fallen_verdict.verdict", help_text="What it fell to.")
    changed_at = serializers.DateTimeField(help_text="When the verdict last crossed the line, in either direction.")
    consumer_count = serializers.IntegerField(help_text="How many consumers it names.")

    class Meta:
        model = Recall
        fields = [
            "id",
            "product",
            "status",
            "verdict",
            "fallen_at",
            "changed_at",
            "sent_at",
            "recovered_at",
            "closed_at",
            "consumer_count",
        ]


class NamedConsumer(ModelAnswer[RecalledConsumer]):
    consumer = serializers.CharField(source="consumer.slug")
    decision_ids = serializers.ListField(child=serializers.IntegerField(), help_text="The answers of yes, newest first.")
    decision_count = serializers.IntegerField(help_text="All of them; decision_ids holds the newest 1000.")

    acknowledged_at = serializers.DateTimeField(allow_null=True, help_text="When the person did who answers for the consumer.")
    caller_acknowledged_at = serializers.DateTimeField(allow_null=True, help_text="When the consumer itself did, with its key.")
    caller = CallerAnswer(allow_null=True, help_text="The key with which it did.")

    class Meta:
        model = RecalledConsumer
        fields = [
            "consumer",
            "decision_ids",
            "decision_count",
            "purposes",
            "acknowledged_at",
            "acknowledged_by",
            "caller_acknowledged_at",
            "caller",
        ]


class RecallAnswer(RecallEntry):
    cause = serializers.SerializerMethodField(help_text="Why it fell, in one sentence.")
    fallen_verdict_url = serializers.CharField(source="fallen_link", help_text="The verdict that fell, with its facts.")
    recovered_verdict_url = serializers.CharField(source="recovered_link", allow_null=True)
    consumers = NamedConsumer(many=True, source="shown_consumers", help_text="As far as you may see them.")

    class Meta(RecallEntry.Meta):
        fields = [*RecallEntry.Meta.fields, "cause", "fallen_verdict_url", "recovered_verdict_url", "consumers"]

    def get_cause(self, recall: Recall) -> str:
        return load_outcome(recall.fallen_verdict.outcome).cause


LOOKUPS = {"product": "product__slug", "status": "status", "is_open": "closed_at__isnull"}


class RecallsView(ApiView):
    query = RecallQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_recalls", responses=RecallEntry(many=True), tags=["recalls"])
    def get(self, request: Request) -> Response:
        """Recalls of your products and those that name your consumers, newest first; governance and auditors see all."""
        rows = self.matching(visible_recalls(self.actor).defer("fallen_verdict__outcome"), LOOKUPS)
        if "consumer" in self.parameters:
            rows = rows.filter(names_visibly(self.actor, self.parameters["consumer"]))
        return self.page(rows, RecallEntry)


class RecallView(ApiView):
    @extend_schema(operation_id="get_recall", responses=RecallAnswer, tags=["recalls"])
    def get(self, request: Request, recall_id: int) -> Response:
        """One recall with the consumers that it names and the decisions that they were given."""
        return Response(RecallAnswer(shown(self, recall_id)).data)


class AcknowledgeRecallView(ApiView):
    write_scope = Scope.RECALLS_ACKNOWLEDGE

    @extend_schema(operation_id="acknowledge_recall", request=None, responses=RecallAnswer, tags=["recalls"])
    def post(self, request: Request, recall_id: int) -> Response:
        """Say, for your consumers that the recall names, that you have taken note. Saying it again changes nothing.

        A machine's key says so for its own consumer only, and not in the person's name.
        """
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
