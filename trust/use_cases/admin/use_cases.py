"""Use cases: the list with their readiness, and the page of one with its claims, its status and who changed what and why."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.base import ServiceAdmin, show_result
from catalog.admin.claim_history import use_case_history
from catalog.admin.reach import person_of
from catalog.models import Measure, Person, UseCase
from catalog.queries import visible_use_cases
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.use_cases import acknowledge_use_case, may_change
from trust.messages import enqueue_deliveries
from trust.presentation.admin.badges import LEVEL_LABEL
from trust.presentation.pages.labels import GAPS, LEVELS
from trust.use_cases.admin.use_case_form import MEASURED, MeasureForm, MeasureFormSet, UseCaseForm
from trust.use_cases.models.use_case import StageMove
from trust.use_cases.pages.readiness import panel_of
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.queries.use_case_report import hidden_from
from trust.use_cases.rules.readiness.redaction import redact_assessment, redact_text
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.stages import end_overrides
from trust.vocabulary import ReadinessLevel, StageMoveStatus


class MeasureInline(TabularInline):
    """The measures of today; those that are retired stand in the story of the page. The form of the use case reads them."""

    model = Measure
    form = MeasureForm
    formset = MeasureFormSet
    fields = MEASURED
    autocomplete_fields = ["owner"]
    extra = 0
    tab = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Measure]:
        rows: QuerySet[Measure] = super().get_queryset(request)
        return rows.filter(retired_at=None).select_related("owner")

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.has_perm("catalog.view_measure"))

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return self._is_changed_with(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return self._is_changed_with(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return self._is_changed_with(request, obj)

    def _is_changed_with(self, request: HttpRequest, use_case: object) -> bool:
        """Whoever changes the use case changes its measures."""
        if not isinstance(use_case, UseCase):
            return bool(request.user.has_perm("catalog.add_usecase"))
        return bool(request.user.has_perm("catalog.change_usecase")) and _is_changed_by(person_of(request), use_case)


@admin.register(UseCase)
class UseCaseAdmin(ServiceAdmin):
    form = UseCaseForm
    inlines = [MeasureInline]
    list_display = ["name_and_slug", "stage", "readiness", "weakest", "business_owner", "acknowledged", "purpose"]
    list_display_links = ["name_and_slug"]
    list_filter = [("stage", ChoicesDropdownFilter), ("purpose", ChoicesDropdownFilter)]
    list_select_related = ["business_owner", "watch__row"]
    search_fields = ["slug", "name", "business_owner__username"]
    autocomplete_fields = ["business_owner", "outputs_owner", "exceptions_owner"]
    ordering = ["slug"]
    change_form_outer_before_template = "touchstone/admin/use_case_story.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[UseCase]:
        rows: QuerySet[UseCase] = super().get_queryset(request)
        end_overrides(now=timezone.now())
        visible = visible_use_cases(person_of(request)).order_by().values("pk")
        related = ("business_owner", "outputs_owner", "exceptions_owner", "acknowledged_by", "watch__row")
        return rows.filter(pk__in=visible).select_related(*related).defer("watch__row__facts", "watch__row__outcome")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        is_changed = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        named = [("product_lines", "consumer_lines")] if is_changed else []
        first: list[Any] = [("name", "slug") if obj is None else "name", ("purpose", "autonomy"), "decision", "description"]
        sections = [
            ("The decision", [*first, "business_owner"]),
            ("Where the AI acts", ["workflow", "system", "step", *named]),
            ("Who answers", [("outputs_owner", "exceptions_owner"), "exceptions_within", "fallback"]),
            ("Explainability", ["explainability_required", "explainability_requirement", "explainability_met"]),
            *([("Why", ["why"])] if is_changed else []),
        ]
        return [(title, {"fields": fields}) for title, fields in sections]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"business_owner": person_of(request).pk, **super().get_changeform_initial_data(request)}

    def may_change(self, person: Person, obj: Any) -> bool:
        return _is_changed_by(person, obj)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Of the form alone: the formsets save nothing, so they know of no objects. The history tells the rest."""
        return super().construct_change_message(request, form, [], add)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has saved; the workers are sent a message that notices wait."""
        transaction.on_commit(enqueue_deliveries)

    # The list

    @display(description="Use case", header=True, ordering="slug")
    def name_and_slug(self, use_case: UseCase) -> list[str]:
        return [use_case.name, use_case.slug]

    @display(description="Readiness", label=LEVEL_LABEL)
    def readiness(self, use_case: UseCase) -> str:
        """As it was found last; unknown where that has run out or never was."""
        row = _newest(use_case)
        is_over = row is None or row.valid_until <= timezone.now()
        return LEVELS[ReadinessLevel.UNKNOWN if is_over else row.level].word

    @display(description="Weakest part")
    def weakest(self, use_case: UseCase) -> str:
        row = _newest(use_case)
        return "" if row is None or not row.open_gaps else GAPS[row.weakest]

    @display(description="Acknowledged", boolean=True)
    def acknowledged(self, use_case: UseCase) -> bool:
        return use_case.is_acknowledged

    # The page of one

    def get_urls(self) -> list[URLPattern]:
        acknowledge = path(
            "<int:pk>/acknowledge/", self.admin_site.admin_view(self.acknowledge), name="catalog_usecase_acknowledge"
        )
        return [acknowledge, *super().get_urls()]

    def acknowledge(self, request: HttpRequest, pk: int) -> HttpResponse:
        """By POST only: a link must not change anything."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        use_case = self.get_queryset(request).filter(pk=pk).first()
        if use_case is None or not self.has_view_permission(request, use_case):
            raise Http404

        def change() -> str:
            acknowledge_use_case(use_case=use_case, actor=person_of(request), now=timezone.now())
            return f"You have acknowledged {use_case.slug}."

        show_result(request, change)
        return redirect("admin:catalog_usecase_change", pk)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        use_case = kwargs.get("obj")
        if isinstance(use_case, UseCase):
            context.update(_story(use_case, person_of(request), timezone.now()))
        return super().render_change_form(request, context, *args, **kwargs)


def _is_changed_by(person: Person, use_case: Any) -> bool:
    return isinstance(use_case, UseCase) and use_case.stage != UseCaseStage.RETIRED and may_change(person, use_case)


def _newest(use_case: UseCase) -> Any:
    """The newest assessment that was kept; None where there is none."""
    watch = getattr(use_case, "watch", None)
    return None if watch is None else watch.row


def _story(use_case: UseCase, reader: Person, now: datetime) -> Mapping[str, Any]:
    is_over = use_case.stage == UseCaseStage.RETIRED
    assessment = assess_use_case(use_case=use_case, now=now, cause="read in the admin")
    hidden = hidden_from(reader, use_case)
    products = use_case.products.exclude(product__slug__in=hidden).select_related("product", "port").defer("product__search")
    confirmations = use_case.confirmations.exclude(product__slug__in=hidden)
    return {
        "use_case": use_case,
        "panel": panel_of(redact_assessment(assessment, hidden)),
        "can_acknowledge": not is_over and reader.is_active and use_case.business_owner_id == reader.pk,
        "moves": _moves(use_case),
        "overrides": overrides([use_case.pk])[use_case.pk],
        "products": list(products.order_by("product__slug", "pk")),
        "consumers": list(use_case.consumers.select_related("owner")),
        "retired_measures": list(use_case.measures.exclude(retired_at=None).select_related("owner")),
        "confirmations": list(confirmations.select_related("consumer", "product", "confirmed_by").defer("product__search")),
        "claim_history": [
            replace(entry, lines=tuple(redact_text(line, hidden) for line in entry.lines))
            for entry in use_case_history(use_case)
        ],
    }


def _moves(use_case: UseCase) -> Sequence[StageMove]:
    moves = use_case.stage_moves.filter(status__in=[StageMoveStatus.DONE, StageMoveStatus.REQUESTED])
    return list(moves.select_related("requested_by", "caller__consumer", "decided_by").order_by("-id")[:10])
