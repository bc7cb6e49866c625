"""Exceptions of outputs: the queue of whoever handles them. Closed with a word, or handed on, through the services."""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.admin.base import ServiceAdmin, ServiceForm
from catalog.admin.reach import person_of
from catalog.models import Person
from catalog.services.permissions import is_governance, sees_everything
from trust.decisions.models.decision import Decision
from trust.use_cases.models.use_case import OutputException
from trust.use_cases.queries.output_exceptions import exceptions_as_shown, visible_exceptions
from trust.use_cases.services.output_exceptions import close_exception, hand_on_exception
from trust.use_cases.services.reporters import find_answer

_LINK = '<a href="{}">{}</a>'
RECORDED = [
    "use_case",
    "title",
    "description",
    "severity_word",
    "standing",
    "consumer",
    "reference",
    "answer",
    "evidence",
    "opened_at",
    "opened_by",
    "machine",
    "due_at",
]


class HandlingForm(ServiceForm):
    """Closes an exception where something is said of how; else hands it on to whoever is chosen."""

    reason = forms.CharField(
        required=False, label="Reason for reassigning it", widget=UnfoldAdminTextareaWidget({"rows": 2}), max_length=20_000
    )

    class Meta:
        model = OutputException
        fields = ["assigned_to", "resolution"]
        widgets = {"resolution": UnfoldAdminTextareaWidget}

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        row = exceptions_as_shown().get(pk=self.instance.pk)
        to = data["assigned_to"] or row.assigned_to
        if to is not None and to != row.assigned_to:
            row = hand_on_exception(exception=row, to=to, actor=actor, now=now, reason=data["reason"])
            if not data["resolution"].strip():
                return row
        return close_exception(exception=row, resolution=data["resolution"], actor=actor, now=now)


class StandingFilter(DropdownFilter):
    title = "status"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("open", "open"), ("overdue", "overdue"), ("closed", "closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutputException]) -> QuerySet[OutputException]:
        wanted = {
            "open": Q(closed_at=None),
            "overdue": Q(closed_at=None, due_at__lte=timezone.now()),
            "closed": Q(closed_at__isnull=False),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


class MineFilter(DropdownFilter):
    """The queue of whoever looks."""

    title = "assigned to"
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("me", "me"), ("nobody", "nobody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutputException]) -> QuerySet[OutputException]:
        if self.value() == "me":
            return queryset.filter(assigned_to=person_of(request))
        return queryset.filter(assigned_to=None) if self.value() == "nobody" else queryset


@admin.register(OutputException)
class OutputExceptionAdmin(ServiceAdmin):
    """Recorded over HTTP; here they are handled by those whom the services let."""

    form = HandlingForm
    list_display = ["title", "use_case", "severity_word", "standing", "assigned_to", "due_at", "consumer", "opened_at"]
    list_filter = [StandingFilter, MineFilter, ("severity", ChoicesDropdownFilter)]
    list_select_related = ["use_case", "assigned_to", "consumer"]
    search_fields = ["title", "use_case__slug", "=decision_id", "=reference"]
    search_help_text = "Words of the title, a use case, a decision_id or a reference in full"
    autocomplete_fields = ["assigned_to"]
    ordering = ["-id"]
    readonly_fields = [*RECORDED, "closed_at", "closed_by"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        handled = ["assigned_to", "resolution"]
        if obj is not None and self.has_change_permission(request, obj):
            return [*RECORDED, "assigned_to", "reason", "resolution"]
        return [*RECORDED, *handled, "closed_at", "closed_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutputException]:
        """Those of use cases that the person sees, and those assigned to them."""
        rows: QuerySet[OutputException] = super().get_queryset(request)
        person = person_of(request)
        return rows if sees_everything(person) else rows.filter(pk__in=visible_exceptions(person).order_by().values("pk"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # recorded against an answer, by whoever met the output

    def may_change(self, person: Person, obj: OutputException | str) -> bool:
        if not isinstance(obj, OutputException) or obj.closed_at is not None:
            return False
        handlers = {obj.assigned_to_id, obj.use_case.outputs_owner_id}
        return person.pk in handlers or is_governance(person)

    @display(description="Severity", label={"critical": "danger", "warning": "warning", "info": "info"})
    def severity_word(self, exception: OutputException) -> str:
        return exception.severity

    @display(description="Status", label={"open": "warning", "overdue": "danger", "closed": "success"})
    def standing(self, exception: OutputException) -> str:
        if exception.closed_at is not None:
            return "closed"
        return "overdue" if exception.due_at <= timezone.now() else "open"

    @display(description="The answer that the output rested on")
    def answer(self, exception: OutputException) -> SafeString:
        """Also as JSON, which whoever handles the exception may read whatever else they reach in the admin."""
        page = reverse("admin:trust_decision_change", args=[exception.decision_id])
        links = [(page, f"decision {exception.decision_id}"), (f"/api/v1/decisions/{exception.decision_id}", "as JSON")]
        return format_html_join(", ", _LINK, links)

    @display(description="Verdict and evidence")
    def evidence(self, exception: OutputException) -> SafeString | str:
        answer: Decision | None = find_answer(exception.decision_id, with_basis=True)
        if answer is None or answer.verdict_row_id is None:
            return "no verdict row: nothing was known, or the question was about the past"
        verdict = reverse("admin:trust_verdict_change", args=[answer.verdict_row_id])
        links = [(verdict, f"verdict {answer.verdict_row_id}")]
        for run in (answer.basis or {}).get("evidence", []):
            links += [(reverse("admin:trust_run_change", args=[run]), f"run {run}"), (f"/api/v1/runs/{run}", "as JSON")]
        return format_html_join(", ", _LINK, links)
