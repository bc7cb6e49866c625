"""Incidents: opened here, and worked on by a button for each step, each a service call. The timeline is read."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.admin.base import ServiceForm
from catalog.admin.reach import person_of
from catalog.models import Person
from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import Severity
from trust.verdicts.admin.product_rows import ProductRowAdmin
from trust.verdicts.models.incidents import Incident
from trust.verdicts.services.incidents import (
    assign_incident,
    change_severity,
    comment_on_incident,
    may_lessen,
    may_see_to,
    open_incident,
    resolve_incident,
)

RELATED = ("product__owner", "owner", "opened_by", "caller__consumer", "resolved_by", "port")
BUTTON = "trust_incident_"  # what unfold puts before the names of buttons


class IncidentForm(ServiceForm):
    """Opens an incident; on an open one does what the pressed button says with the fields that it needs."""

    said = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="A comment, the reason for the new severity, or how it was resolved.",
    )

    class Meta:
        model = Incident
        fields = ["product", "title", "severity", "owner", "description"]

    def act(self, actor: Person, now: datetime) -> Model:
        if self.instance.pk is None:
            return self._open(actor, now)
        pressed = [name for name in _ACTIONS if BUTTON + name in self.data]
        if len(pressed) != 1:
            raise InvalidError("No action selected.", remedy="Press the button of one step.")
        incident: Incident = self.instance
        _ACTIONS[pressed[0]](incident, self.cleaned_data, actor, now)
        return incident

    def _open(self, actor: Person, now: datetime) -> Incident:
        data = self.cleaned_data
        return open_incident(
            product=data["product"],
            title=data["title"],
            severity=Severity(data["severity"]),
            owner=data.get("owner"),
            description=data["description"],
            actor=actor,
            now=now,
        )


def _hand_on(incident: Incident, data: Mapping[str, Any], actor: Person, now: datetime) -> None:
    if data["owner"] is None:
        raise InvalidError("It has no owner.", remedy="Choose a person.", field="owner")
    assign_incident(incident=incident, owner=data["owner"], actor=actor, now=now)


_ACTIONS: Mapping[str, Callable[[Incident, Mapping[str, Any], Person, datetime], object]] = {
    "comment": lambda incident, data, actor, now: comment_on_incident(
        incident=incident, text=data["said"], actor=actor, now=now
    ),
    "hand_on": _hand_on,
    "weigh": lambda incident, data, actor, now: change_severity(
        incident=incident, severity=Severity(data["severity"]), reason=data["said"], actor=actor, now=now
    ),
    "resolve": lambda incident, data, actor, now: resolve_incident(
        incident=incident, resolution=data["said"], actor=actor, now=now
    ),
}


class OpenFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("open", "open"), ("resolved", "resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        return queryset.filter(resolved_at__isnull=self.value() == "open") if self.value() else queryset


@admin.register(Incident)
class IncidentAdmin(ProductRowAdmin):
    form = IncidentForm
    list_display = ["title", "product", "severity_word", "standing", "seen_to_by", "opened_at", "opened_from", "resolved_at"]
    list_filter = [OpenFilter, ("severity", ChoicesDropdownFilter), ("rule", ChoicesDropdownFilter)]
    list_select_related = ["product__owner", "owner", "opened_by", "caller__consumer"]
    search_fields = ["title", "product__slug"]
    autocomplete_fields = ["owner"]
    ordering = ["-id"]
    change_form_outer_before_template = "touchstone/admin/incident_before.html"
    actions_submit_line = ["comment", "hand_on", "weigh", "resolve"]
    shown = ["product", "title", "description", "opened_at", "opened_from", "resolution", "resolved_at", "resolved_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        """Those of products within reach, and those that were handed to whoever looks."""
        mine = super().get_queryset(request).order_by().values("pk")
        rows = Incident.objects.filter(Q(pk__in=mine) | Q(owner=person_of(request)))
        return rows.select_related(*RELATED).defer("product__search")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        if obj is None:
            return ["product", "title", "severity", "owner", "description"]
        return [*self.shown, "severity", "owner", "said"] if self.has_change_permission(request, obj) else self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        return self.shown if obj.resolved_at is None else [*self.shown, "severity", "owner"]

    def may_change(self, person: Person, obj: Incident | str) -> bool:
        return isinstance(obj, Incident) and may_see_to(person, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[UnfoldAction]:
        """The buttons of the steps that whoever looks may take now; none on the page of a new incident."""
        incident = self.get_object(request, str(object_id)) if object_id else None
        if not isinstance(incident, Incident) or not self.has_change_permission(request, incident):
            return []
        offered = {"comment"}
        if incident.resolved_at is None:
            offered |= {"hand_on", "weigh"}
            if may_lessen(person_of(request), incident):
                offered.add("resolve")
        buttons: list[UnfoldAction] = super().get_actions_submit_line(request, object_id)
        return [button for button in buttons if button.action_name.removeprefix(BUTTON) in offered]

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        self.message_user(request, "Done: see the timeline.")
        return redirect("admin:trust_incident_change", obj.pk)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        incident = kwargs.get("obj")
        if isinstance(incident, Incident):
            nothing = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
            entries = list(incident.entries.select_related("actor", "caller__consumer").order_by("id"))
            context.update(now=timezone.now(), incident=incident, entries=entries, **nothing)
        return super().render_change_form(request, context, *args, **kwargs)

    # Unfold asks for a method for each button; what it does is in the form, where a refusal shows beside its field.

    @action(description="Comment")
    def comment(self, request: HttpRequest, obj: Incident) -> None:
        """Adds what is said to the timeline."""

    @action(description="Reassign")
    def hand_on(self, request: HttpRequest, obj: Incident) -> None:
        """Gives it to the chosen owner."""

    @action(description="Change severity")
    def weigh(self, request: HttpRequest, obj: Incident) -> None:
        """Gives it the chosen severity."""

    @action(description="Resolve")
    def resolve(self, request: HttpRequest, obj: Incident) -> None:
        """Closes it with what is said."""

    @display(description="Severity", label={"critical": "danger", "warning": "warning", "info": "info"})
    def severity_word(self, incident: Incident) -> str:
        return incident.severity

    @display(description="Status", label={"open": "danger", "resolved": "success"})
    def standing(self, incident: Incident) -> str:
        return "resolved" if incident.resolved_at else "open"

    @display(description="Owner", ordering="owner")
    def seen_to_by(self, incident: Incident) -> str:
        return incident.owner.username if incident.owner else incident.product.owner_name

    @display(description="Opened by")
    def opened_from(self, incident: Incident) -> str:
        if incident.rule:
            return f"the rule {incident.rule}"
        return incident.done_by(incident.opened_by.username) if incident.opened_by else "the system"
