"""Waivers as a work queue: asked for by whoever looks after a product, granted or rejected by governance, with a reason."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from catalog.admin.base import ReasonForm, ServiceForm, WaitingFilter, show_result
from catalog.admin.reach import governs, person_of
from catalog.models import Person
from catalog.rules.texts import cut
from trust.presentation.pages.labels import GATES
from trust.verdicts.admin.product_rows import ProductRowAdmin
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.waivers import waivers_waiting_for
from trust.verdicts.rules.waivers import UNWAIVABLE_GATES
from trust.verdicts.services.waiver_notices import excepted
from trust.verdicts.services.waivers import grant_waiver, reject_waiver, request_waiver, revoke_waiver, withdraw_waiver
from trust.vocabulary import WaiverStatus

_OFFERED = [
    ("", "\u2013 (waive a single check below)"),
    *((gate, title) for gate, title in GATES.items() if gate not in UNWAIVABLE_GATES),
]


class WaiverForm(ServiceForm):
    """Asks for a waiver."""

    gate = forms.ChoiceField(required=False, choices=_OFFERED)

    class Meta:
        model = Waiver
        fields = ["product", "gate", "check_key", "reason", "owner", "expires_at"]

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        return request_waiver(
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
    """Asked for once and never changed: another exception is another waiver."""

    form = WaiverForm
    action_form = ReasonForm
    list_display = ["excepted", "product", "standing", "reason_short", "owner", "requested_by", "granted_by", "expires_at"]
    list_filter = [WaitingFilter, ("status", ChoicesDropdownFilter)]
    list_select_related = ["product__owner", "owner", "requested_by", "caller__consumer", "granted_by"]
    search_fields = ["product__slug", "reason", "gate", "check_key"]
    autocomplete_fields = ["owner"]
    ordering = ["-id"]
    actions = ["grant", "reject", "withdraw", "revoke"]
    shown = [
        "standing",
        "requested_by",
        "machine",
        "requested_at",
        "granted_by",
        "starts_at",
        "ended_by",
        "ended_at",
        "end_reason",
    ]

    def waiting_for(self, person: Person, now: datetime) -> QuerySet[Waiver]:
        return waivers_waiting_for(person, now)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Waiver]:
        rows: QuerySet[Waiver] = super().get_queryset(request)
        return rows.defer("product__search")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*WaiverForm.Meta.fields, *self.shown] if obj else [*WaiverForm.Meta.fields]

    def may_change(self, person: Person, obj: Waiver | str) -> bool:
        return False

    def has_govern_permission(self, request: HttpRequest) -> bool:
        return governs(request)

    @action(description="Grant the chosen requests", permissions=["govern"])
    def grant(self, request: HttpRequest, queryset: QuerySet[Waiver]) -> None:
        def change(waiver: Waiver) -> str:
            done = grant_waiver(waiver=waiver, actor=person_of(request), now=timezone.now())
            return f"The waiver of {excepted(done)} is granted."

        self._decide(request, queryset, change)

    @action(description="Reject the chosen requests (reason)", permissions=["govern"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Waiver]) -> None:
        def change(waiver: Waiver) -> str:
            done = reject_waiver(waiver=waiver, reason=_reason(request), actor=person_of(request), now=timezone.now())
            return f"The waiver of {excepted(done)} is rejected."

        self._decide(request, queryset, change)

    @action(description="Withdraw the chosen requests")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Waiver]) -> None:
        def change(waiver: Waiver) -> str:
            done = withdraw_waiver(waiver=waiver, actor=person_of(request), now=timezone.now())
            return f"The request for a waiver of {excepted(done)} is withdrawn."

        self._decide(request, queryset, change)

    @action(description="Revoke the chosen waivers (reason)", permissions=["govern"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Waiver]) -> None:
        def change(waiver: Waiver) -> str:
            done = revoke_waiver(waiver=waiver, reason=_reason(request), actor=person_of(request), now=timezone.now())
            return f"The waiver of {excepted(done)} is revoked."

        self._decide(request, queryset, change)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Waiver], change: Callable[[Waiver], str]) -> None:
        for waiver in queryset:
            show_result(request, partial(change, waiver))

    @display(description="Exception")
    def excepted(self, waiver: Waiver) -> str:
        return GATES.get(waiver.gate, waiver.gate) if waiver.gate else waiver.check_key

    @display(description="Reason")
    def reason_short(self, waiver: Waiver) -> str:
        return cut(waiver.reason, 80)

    @display(
        description="Status",
        label={
            "requested": "warning",
            "in force": "warning",
            "over": "info",
            "rejected": "danger",
            "withdrawn": "info",
            "revoked": "info",
        },
    )
    def standing(self, waiver: Waiver) -> str:
        if waiver.status in {WaiverStatus.REQUESTED, WaiverStatus.GRANTED} and waiver.expires_at <= timezone.now():
            return "over"
        return "in force" if waiver.status == WaiverStatus.GRANTED else waiver.status


def _reason(request: HttpRequest) -> str:
    return str(request.POST.get("reason", ""))
