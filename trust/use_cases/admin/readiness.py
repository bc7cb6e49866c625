"""Assessments of use cases: what was found, when, and on what. Read-only, for everybody who may see the use case."""

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from catalog.admin.reach import person_of
from catalog.queries import visible_use_cases
from trust.presentation.admin.badges import LEVEL_LABEL
from trust.presentation.pages.labels import GAPS, LEVELS, QUESTIONS
from trust.use_cases.models.use_case import Readiness
from trust.use_cases.queries.use_case_report import hidden_from
from trust.use_cases.rules.readiness.codec import dump_assessment, load_assessment, load_facts
from trust.use_cases.rules.readiness.redaction import redact_assessment
from trust.use_cases.services.stages import end_overrides


@admin.register(Readiness)
class ReadinessAdmin(LargeTableAdmin):
    list_display = ["use_case", "word", "stage", "weakest_gap", "missing", "assessed_at", "valid_until", "cause"]
    list_filter = [("level", ChoicesDropdownFilter), ("stage", ChoicesDropdownFilter)]
    search_fields = ["=use_case__slug"]
    search_help_text = "The slug of a use case, in full"
    ordering = ["-id"]
    fields = [
        "use_case",
        "word",
        "stage",
        "weakest_gap",
        "missing",
        "assessed_at",
        "valid_until",
        "cause",
        "policy",
        "facts_sha256",
        "whole_outcome",
        "whole_facts",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Readiness]:
        end_overrides(now=timezone.now())
        rows = super().get_queryset(request).select_related("use_case", "policy")
        rows = rows.filter(use_case__in=visible_use_cases(person_of(request)).order_by().values("pk"))
        is_one = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        return rows if is_one else rows.defer("facts", "outcome")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Readiness | None:
        row: Readiness | None = super().get_object(request, object_id, from_field)
        if row is not None:
            vars(row)["hidden_slugs"] = hidden_from(person_of(request), row.use_case)
        return row

    @display(description="Readiness", label=LEVEL_LABEL)
    def word(self, row: Readiness) -> str:
        return LEVELS[row.level].word

    @display(description="Weakest part")
    def weakest_gap(self, row: Readiness) -> str:
        return next((title for gap, title in GAPS.items() if gap == row.weakest), row.weakest)

    @display(description="Missing for its stage")
    def missing(self, row: Readiness) -> str:
        return " ".join(QUESTIONS.get(name, name) for name in row.lacking) or "nothing"  # each ends with its question mark

    @display(description="Outcome")
    def whole_outcome(self, row: Readiness) -> str:
        return _indented(dump_assessment(redact_assessment(load_assessment(row.outcome), self._hidden(row))).decode())

    @display(description="Facts")
    def whole_facts(self, row: Readiness) -> str:
        """Nothing of them where they name a draft that the reader may not see: without it they would be other facts."""
        names = {product.slug for product in load_facts(row.facts).products}
        return "They name a data product that you may not see." if names & self._hidden(row) else _indented(row.facts)

    def _hidden(self, row: Readiness) -> set[str]:
        hidden: set[str] = vars(row).get("hidden_slugs", set())
        return hidden


def _indented(document: str) -> str:
    return format_html('<pre class="ts-json">{}</pre>', json.dumps(json.loads(document), indent=2, ensure_ascii=False))
