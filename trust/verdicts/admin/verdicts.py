"""Verdict history: what was said, when, and on what. Read-only, for everybody."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from trust.presentation.admin.badges import VERDICT_LABEL
from trust.presentation.pages.labels import GATES, VERDICTS, number
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.pages.label import label_of_verdict


@admin.register(Verdict)
class VerdictAdmin(LargeTableAdmin):
    product_path = "product"
    list_display = ["product", "word", "shown_score", "open_gates", "judged_at", "valid_until", "cause"]
    list_filter = [("verdict", ChoicesDropdownFilter)]
    search_fields = ["=product__slug"]
    search_help_text = "The slug of a product, in full"
    ordering = ["-id"]
    fields = ["product", "judged_at", "valid_until", "cause", "policy", "run", "facts_sha256", "facts"]
    change_form_outer_before_template = "touchstone/admin/verdict_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Verdict]:
        rows = super().get_queryset(request).select_related("product", "policy", "run").defer("product__search")
        return (
            rows
            if request.resolver_match and request.resolver_match.kwargs.get("object_id")
            else rows.defer("facts", "outcome")
        )

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        verdict = kwargs.get("obj")
        if isinstance(verdict, Verdict):
            context.update(now=timezone.now(), verdict=verdict, label=label_of_verdict(verdict, verdict.product))
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Verdict", label=VERDICT_LABEL)
    def word(self, verdict: Verdict) -> str:
        return VERDICTS[verdict.verdict].word

    @display(description="Score")
    def shown_score(self, verdict: Verdict) -> str:
        return f"{number(verdict.effective_score)}\u00a0{verdict.grade}"

    @display(description="Failing gates")
    def open_gates(self, verdict: Verdict) -> str:
        return ", ".join(GATES.get(gate, gate) for gate in verdict.failing_gates) or "none"
