"""Assessments of use cases: what was found, when, and on what. Read-only, for everybody who may see the use case."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from catalog.admin.reach import person_of
from catalog.queries import visible_use_cases
from trust.admin.badges import LEVEL_LABEL
from trust.models import Readiness
from trust.pages.words import GAPS, LEVELS, QUESTIONS


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
        "outcome",
        "facts",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Readiness]:
        rows = super().get_queryset(request).select_related("use_case", "policy")
        rows = rows.filter(use_case__in=visible_use_cases(person_of(request)).order_by().values("pk"))
        is_one = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        return rows if is_one else rows.defer("facts", "outcome")

    @display(description="Readiness", label=LEVEL_LABEL)
    def word(self, row: Readiness) -> str:
        return LEVELS[row.level].word

    @display(description="Weakest gap")
    def weakest_gap(self, row: Readiness) -> str:
        return next((title for gap, title in GAPS.items() if gap == row.weakest), row.weakest)

    @display(description="Missing for its stage")
    def missing(self, row: Readiness) -> str:
        return "; ".join(QUESTIONS.get(name, name) for name in row.lacking) or "nothing"
