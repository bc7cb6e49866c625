"""Recalls: who was notified of which fall. Read-only, for everybody."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import FieldTextFilter
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from trust.presentation.admin.badges import VERDICT_LABEL
from trust.presentation.pages.labels import VERDICTS
from trust.verdicts.models.recall import Recall, RecalledConsumer
from trust.verdicts.rules.codec import load_outcome
from trust.vocabulary import RecallStatus

_STATE_LABEL = {
    RecallStatus.FALLEN.value: "warning",
    RecallStatus.SENT.value: "danger",
    RecallStatus.RECOVERING.value: "warning",
    RecallStatus.RECOVERED.value: "success",
    RecallStatus.DAMPED.value: "info",
}


class RecalledConsumerInline(TabularInline):
    """Who is named, with the newest of the decisions that said yes."""

    model = RecalledConsumer
    fields = readonly_fields = [
        "consumer",
        "decision_count",
        "newest",
        "purposes",
        "acknowledged_at",
        "acknowledged_by",
        "caller_acknowledged_at",
    ]
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecalledConsumer]:
        rows: QuerySet[RecalledConsumer] = super().get_queryset(request).select_related("consumer")
        return rows

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Newest decisions")
    def newest(self, row: RecalledConsumer) -> str:
        return ", ".join(map(str, row.decision_ids[:20]))


@admin.register(Recall)
class RecallAdmin(LargeTableAdmin):
    product_path = "product"
    list_display = ["product", "state", "fell_to", "fallen_at", "changed_at", "sent_at", "recovered_at", "named"]
    list_filter = [("product__slug", FieldTextFilter), ("closed_at", admin.EmptyFieldListFilter)]
    search_fields = ["=product__slug"]
    search_help_text = "The slug of a product, in full"
    ordering = ["-id"]
    inlines = [RecalledConsumerInline]
    fields = ["product", "state", "fell_to", "cause", "fallen_at", "changed_at", "sent_at", "recovered_at", "closed_at"]
    readonly_fields = ["state", "fell_to", "cause"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recall]:
        rows: QuerySet[Recall] = super().get_queryset(request).select_related("product", "fallen_verdict")
        is_one = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        unlisted = ["product__search", "fallen_verdict__facts", *([] if is_one else ["fallen_verdict__outcome"])]
        return rows.defer(*unlisted).annotate(consumer_count=Count("consumers"))

    @display(description="State", label=_STATE_LABEL)
    def state(self, recall: Recall) -> str:
        return recall.status

    @display(description="Fell to", label=VERDICT_LABEL)
    def fell_to(self, recall: Recall) -> str:
        return VERDICTS[recall.fallen_verdict.verdict].word

    @display(description="Consumers named")
    def named(self, recall: Any) -> int:
        count: int = recall.consumer_count
        return count

    @display(description="Cause")
    def cause(self, recall: Recall) -> str:
        return load_outcome(recall.fallen_verdict.outcome).cause
