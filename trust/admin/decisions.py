"""The log of answers and the recalls: what was answered to whom, and who was told when it fell. Read-only, for everybody."""

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import DropdownFilter, FieldTextFilter
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from catalog.admin.reach import person_of
from catalog.models import Consumer, DataProduct, Purpose
from catalog.services.permissions import sees_everything
from trust.admin.badges import VERDICT_LABEL
from trust.models import Decision, Recall, RecalledConsumer
from trust.pages.words import VERDICTS, number
from trust.rules.codec import load_outcome
from trust.rules.vocabulary import DecisionChannel, RecallStatus

_UNLISTED = ("answer", "basis", "ruling", "obligations", "question")
_SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}
_STATE_LABEL = {
    RecallStatus.FALLEN.value: "warning",
    RecallStatus.SENT.value: "danger",
    RecallStatus.RECOVERING.value: "warning",
    RecallStatus.RECOVERED.value: "success",
    RecallStatus.DAMPED.value: "info",
}


class AskedFilter(DropdownFilter):
    """By when it was asked: only the partitions of that time are read."""

    title = "asked"
    parameter_name = "asked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"in the last {name}") for name in _SPANS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        span = _SPANS.get(self.value() or "")
        return queryset.filter(asked_at__gte=timezone.now() - span) if span else queryset


class OutcomeFilter(DropdownFilter):
    title = "outcome"
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        return queryset.filter(decision=self.value() == "yes") if self.value() in {"yes", "no"} else queryset


class PurposeFilter(DropdownFilter):
    title = "purpose"
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in Purpose.objects.values_list("name", flat=True)[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        return queryset.filter(purpose=self.value()) if self.value() else queryset


class ChannelFilter(DropdownFilter):
    title = "channel"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(channel.value, channel.value) for channel in DecisionChannel]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        return queryset.filter(channel=self.value()) if self.value() else queryset


@admin.register(Decision)
class DecisionAdmin(LargeTableAdmin):
    list_display = [
        "id",
        "asked_at",
        "outcome",
        "subject",
        "product_slug",
        "purpose",
        "word",
        "shown_score",
        "channel",
        "codes",
    ]
    list_filter = [AskedFilter, OutcomeFilter, PurposeFilter, ChannelFilter]
    search_fields = ["=id"]
    search_help_text = "A decision_id, or the slug of a consumer or of a product, in full"
    ordering = ["-id"]
    fields = [
        "id",
        "asked_at",
        "channel",
        "outcome",
        "subject",
        "asker",
        "product_slug",
        "purpose",
        "use_case",
        "word",
        "shown_score",
        "valid_until",
        "codes",
        "evidence",
        "said",
        "rested_on",
        "policies_said",
        "request_id",
        "latency_us",
    ]
    readonly_fields = ["outcome", "word", "shown_score", "codes", "evidence", "said", "rested_on", "policies_said"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """Data owners see what was asked about their products and by or for their consumers, as over HTTP."""
        rows: QuerySet[Decision] = super().get_queryset(request)
        person = person_of(request)
        if not sees_everything(person):
            products = DataProduct.objects.filter(Q(owner=person) | Q(stewards=person)).order_by()
            consumers = Consumer.objects.filter(owner=person).order_by()
            rows = rows.filter(
                Q(product__in=list(products.values_list("pk", flat=True).distinct()))
                | Q(consumer__in=list(consumers.values_list("pk", flat=True)))
            )
        is_one = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        return rows if is_one else rows.defer(*_UNLISTED)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        """By what an index knows: the id, or the ids behind the slugs."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        consumers = list(Consumer.objects.filter(slug=term).values_list("pk", flat=True))
        products = list(DataProduct.objects.filter(slug=term).values_list("pk", flat=True))
        return queryset.filter(Q(consumer__in=consumers) | Q(product__in=products)), False

    @display(description="Decision", label={"Yes": "success", "No": "danger"})
    def outcome(self, decision: Decision) -> str:
        return "Yes" if decision.decision else "No"

    @display(description="Verdict", label=VERDICT_LABEL)
    def word(self, decision: Decision) -> str:
        return VERDICTS[decision.verdict].word

    @display(description="Score")
    def shown_score(self, decision: Decision) -> str:
        return number(decision.score)

    @display(description="What stood in the way")
    def codes(self, decision: Decision) -> str:
        return ", ".join(decision.reason_codes) or "nothing"

    @display(description="Verdict and evidence")
    def evidence(self, decision: Decision) -> SafeString | str:
        if decision.verdict_row_id is None:
            return "no verdict row: nothing was known, or the question was about the past"
        verdict = reverse("admin:trust_verdict_change", args=[decision.verdict_row_id])
        return format_html('<a href="{}">verdict {}, with its facts and evidence</a>', verdict, decision.verdict_row_id)

    @display(description="Answer, as it was given")
    def said(self, decision: Decision) -> SafeString:
        return _json(json.loads(decision.answer))

    @display(description="What was known")
    def rested_on(self, decision: Decision) -> SafeString:
        return _json(decision.basis)

    @display(description="What the policies said")
    def policies_said(self, decision: Decision) -> SafeString:
        return _json(decision.ruling)


def _json(value: Any) -> SafeString:
    return format_html('<pre class="ts-json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


class RecalledConsumerInline(TabularInline):
    """Who is named, with the newest of the decisions that said yes."""

    model = RecalledConsumer
    fields = readonly_fields = ["consumer", "decision_count", "newest", "purposes", "acknowledged_at", "acknowledged_by"]
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
    list_filter = [("product__slug", FieldTextFilter)]
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
