"""Incidents and waivers: opened and resolved, granted and revoked, through their services."""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.admin.base import ServiceAdmin, ServiceForm, told
from catalog.admin.reach import person_of, within_reach
from catalog.models import DataProduct, Person
from catalog.rules.vocabulary import Severity
from catalog.services.permissions import can_look_after, is_governance
from trust.models import Incident, Waiver
from trust.pages.words import GATES
from trust.services.incidents import open_incident, resolve_incident
from trust.services.waivers import grant_waiver, revoke_waiver


class IncidentForm(ServiceForm):
    """Opens an incident, or resolves an open one by saying how. What was opened stays as it was."""

    class Meta:
        model = Incident
        fields = ["product", "title", "severity", "description", "resolution"]
        widgets = {"resolution": UnfoldAdminTextareaWidget}

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        if self.instance.pk is not None:
            return resolve_incident(incident=self.instance, resolution=data["resolution"], actor=actor, now=now)
        return open_incident(
            product=data["product"],
            title=data["title"],
            severity=Severity(data["severity"]),
            description=data["description"],
            actor=actor,
            now=now,
        )


class ProductRowAdmin(ServiceAdmin):
    """Rows that belong to a product: only products within reach are offered."""

    product_path = "product"
    list_select_related = ["product"]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        if db_field.name == "product":
            kwargs["queryset"] = within_reach(DataProduct.objects.all(), person_of(request), path="pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Incident)
class IncidentAdmin(ProductRowAdmin):
    form = IncidentForm
    list_display = ["title", "product", "severity_word", "standing", "opened_at", "opened_by", "resolved_at"]
    list_filter = [("severity", ChoicesDropdownFilter), ("resolved_at", admin.EmptyFieldListFilter)]
    search_fields = ["title", "product__slug"]
    ordering = ["-id"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        opened = ["product", "title", "severity", "description"]
        return [*opened, "opened_at", "opened_by", "resolution", "resolved_at", "resolved_by"] if obj else opened

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [name for name in self.get_fields(request, obj) if name != "resolution"] if obj else []

    def may_change(self, person: Person, obj: Incident | str) -> bool:
        return isinstance(obj, Incident) and obj.resolved_at is None and can_look_after(person, obj.product)

    @display(description="Severity", label={"critical": "danger", "warning": "warning", "info": "info"})
    def severity_word(self, incident: Incident) -> str:
        return incident.severity

    @display(description="Standing", label={"open": "danger", "resolved": "success"})
    def standing(self, incident: Incident) -> str:
        return "resolved" if incident.resolved_at else "open"


class WaiverForm(ServiceForm):
    gate = forms.ChoiceField(required=False, choices=[("", "none: a check"), *GATES.items()])

    class Meta:
        model = Waiver
        fields = ["product", "gate", "check_key", "reason", "owner", "expires_at"]

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        return grant_waiver(
            product=data["product"],
            gate=data["gate"],
            check_key=data["check_key"],
            reason=data["reason"],
            owner=data["owner"],
            expires_at=data["expires_at"],
            actor=actor,
            now=now,
        )


@admin.register(Waiver)
class WaiverAdmin(ProductRowAdmin):
    """Granted once and never changed: another exception is another waiver."""

    form = WaiverForm
    list_display = ["excepted", "product", "standing", "owner", "expires_at", "granted_by"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["product", "owner", "granted_by"]
    search_fields = ["product__slug", "reason", "gate", "check_key"]
    autocomplete_fields = ["owner"]
    ordering = ["-id"]
    actions = ["revoke"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        granted = [*WaiverForm.Meta.fields]
        return [*granted, "granted_by", "starts_at", "revoked_at"] if obj else granted

    def may_change(self, person: Person, obj: Waiver | str) -> bool:
        return False

    def has_govern_permission(self, request: HttpRequest) -> bool:
        return is_governance(person_of(request))

    @action(description="Revoke the chosen waivers", permissions=["govern"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Waiver]) -> None:
        for waiver in queryset:
            told(request, lambda waiver=waiver: self._revoked(request, waiver))  # type: ignore[misc]

    def _revoked(self, request: HttpRequest, waiver: Waiver) -> str:
        revoke_waiver(waiver=waiver, actor=person_of(request), now=timezone.now())
        return f"The waiver of {waiver.gate or waiver.check_key} is revoked."

    @display(description="Exception")
    def excepted(self, waiver: Waiver) -> str:
        return GATES.get(waiver.gate, waiver.gate) if waiver.gate else waiver.check_key

    @display(description="Standing", label={"in force": "warning", "over": "info", "revoked": "info"})
    def standing(self, waiver: Waiver) -> str:
        if waiver.revoked_at:
            return "revoked"
        return "in force" if waiver.expires_at > timezone.now() else "over"
