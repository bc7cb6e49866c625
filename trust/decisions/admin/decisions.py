"""The log of answers: what was answered to whom. Read-only, for everybody."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from catalog.admin.reach import person_of
from catalog.rules.errors import InvalidError
from trust.decisions.admin.decision_filters import FILTERS, visible_parties, wanted_of
from trust.decisions.admin.decision_list import EXPORTED, DecisionChangeList, exported_rows
from trust.decisions.models.decision import Decision
from trust.ledger.admin.exports import export_response
from trust.presentation.admin.badges import verdict_badge, yes_or_no_badge
from trust.presentation.pages.labels import number


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
    list_filter = FILTERS
    list_filter_submit = True
    list_before_template = "touchstone/admin/decisions_before.html"
    sortable_by = ()
    search_fields = ["=id"]
    search_help_text = "A decision_id, or the slug of a consumer or of a product, in full"
    ordering = ["-asked_at", "-id"]
    list_per_page = 30
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
        "runs",
        "said",
        "rested_on",
        "policies_said",
        "request_id",
        "latency_us",
    ]
    readonly_fields = ["outcome", "word", "shown_score", "codes", "evidence", "runs", "said", "rested_on", "policies_said"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """Data owners see what was asked about their products and by or for their consumers, as over HTTP."""
        rows: QuerySet[Decision] = super().get_queryset(request)
        reach = visible_parties(person_of(request))
        return rows if reach is None else rows.filter(Q(product__in=reach.products) | Q(consumer__in=reach.consumers))

    def get_urls(self) -> list[URLPattern]:
        export = path("export/<slug:form>/", self.admin_site.admin_view(self.export), name="trust_decision_export")
        return [export, *super().get_urls()]

    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """What the list's filters find, all of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            wanted = wanted_of(request.GET.dict(), person_of(request), timezone.now())
        except InvalidError as error:
            return HttpResponseBadRequest(str(error), content_type="text/plain")
        return export_response(request, form, "decisions", EXPORTED, exported_rows(wanted))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        """The list searches by itself."""
        return queryset, False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DecisionChangeList

    @display(description="Decision")
    def outcome(self, decision: Decision) -> SafeString:
        return yes_or_no_badge(decision.decision)

    @display(description="Verdict")
    def word(self, decision: Decision) -> SafeString:
        return verdict_badge(decision.verdict)

    @display(description="Score")
    def shown_score(self, decision: Decision) -> str:
        return number(decision.score)

    @display(description="Reasons for denial")
    def codes(self, decision: Decision) -> str:
        return ", ".join(dict.fromkeys(decision.reason_codes)) or "nothing"

    @display(description="Verdict and evidence")
    def evidence(self, decision: Decision) -> SafeString | str:
        if decision.verdict_row_id is None:
            return "no verdict row: nothing was known, or the question was about the past"
        verdict = reverse("admin:trust_verdict_change", args=[decision.verdict_row_id])
        return format_html('<a href="{}">verdict {}, with its facts and evidence</a>', verdict, decision.verdict_row_id)

    @display(description="Runs behind it, with their check results")
    def runs(self, decision: Decision) -> SafeString | str:
        named = (decision.basis or {}).get("evidence", [])
        links = ((reverse("admin:trust_run_change", args=[run]), run) for run in named)
        return format_html_join(", ", '<a href="{}">run {}</a>', links) or "none: no run had finished"

    @display(description="Answer, as it was given")
    def said(self, decision: Decision) -> SafeString:
        return _json(json.loads(decision.answer))

    @display(description="What was known")
    def rested_on(self, decision: Decision) -> SafeString:
        return _json(decision.basis)

    @display(description="Policy evaluation")
    def policies_said(self, decision: Decision) -> SafeString:
        return _json(decision.ruling)


def _json(value: Any) -> SafeString:
    return format_html('<pre class="ts-json">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))
