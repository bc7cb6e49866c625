"""Agreements: what waits for whom, decided here with a reason; what was decided is read."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from catalog.admin.base import ReadingAdmin, ReasonForm, WaitingFilter, show_result
from catalog.admin.reach import person_of
from catalog.models import Agreement, Person
from catalog.queries import agreements_of, agreements_waiting_for
from catalog.queries.agreements import with_needs
from catalog.rules.vocabulary import AgreementStatus
from catalog.services.agreement_notices import grant_of, still_needed
from catalog.services.agreements import approve_agreement, reject_agreement, revoke_agreement
from catalog.services.permissions import is_governance, sees_everything

RELATED = (
    "consumer__owner",
    "product__owner",
    "requested_by",
    "caller__consumer",
    "owner_approved_by",
    "governance_approved_by",
)


@admin.register(Agreement)
class AgreementAdmin(ReadingAdmin):
    """Read by those concerned, decided on by actions: the services say who may."""

    action_form = ReasonForm
    list_display = ["number", "consumer", "product", "purpose", "status_label", "waits_for", "requested_by", "expires_at"]
    list_filter = [WaitingFilter, ("status", ChoicesDropdownFilter)]
    list_select_related = RELATED
    search_fields = ["consumer__slug", "product__slug", "purpose"]
    ordering = ["-id"]
    actions = ["approve", "reject", "revoke"]
    fields = [
        "consumer",
        "product",
        "purpose",
        "status_label",
        "waits_for",
        "reason",
        "requested_by",
        "machine",
        "requested_at",
        "owner_approved_by",
        "owner_approved_at",
        "governance_approved_by",
        "governance_approved_at",
        "starts_at",
        "expires_at",
        "ended_by",
        "ended_at",
        "end_reason",
    ]

    def waiting_for(self, person: Person, now: datetime) -> QuerySet[Agreement]:
        return agreements_waiting_for(person, is_governance=is_governance(person), now=now)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        rows: QuerySet[Agreement] = with_needs(super().get_queryset(request)).select_related(*RELATED).defer("product__search")
        person = person_of(request)
        return rows if sees_everything(person) else rows.filter(pk__in=agreements_of(person).order_by().values("pk"))

    @action(description="Approve the chosen requests")
    def approve(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> None:
        def answer(agreement: Agreement) -> str:
            done = approve_agreement(agreement=agreement, actor=person_of(request), now=timezone.now())
            waits = "" if done.status == AgreementStatus.ACTIVE else f" It still waits for {still_needed(done)}."
            return f"You have approved that {grant_of(done)}.{waits}"

        self._decide(request, queryset, answer)

    @action(description="Reject the chosen requests (reason)")
    def reject(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> None:
        def answer(agreement: Agreement) -> str:
            done = reject_agreement(agreement=agreement, reason=_reason(request), actor=person_of(request), now=timezone.now())
            return f"You have rejected that {grant_of(done)}."

        self._decide(request, queryset, answer)

    @action(description="Revoke the chosen agreements (reason)")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> None:
        def answer(agreement: Agreement) -> str:
            done = revoke_agreement(agreement=agreement, reason=_reason(request), actor=person_of(request), now=timezone.now())
            return f"You have revoked that {grant_of(done)}."

        self._decide(request, queryset, answer)

    def _decide(self, request: HttpRequest, queryset: QuerySet[Agreement], answer: Callable[[Agreement], str]) -> None:
        for agreement in queryset:
            show_result(request, partial(answer, agreement))

    @display(description="Number", ordering="pk")
    def number(self, agreement: Agreement) -> str:
        return f"{agreement.pk}"

    @display(
        description="Status",
        label={
            "requested": "warning",
            "active": "success",
            "over": "info",
            "rejected": "danger",
            "revoked": "danger",
            "withdrawn": "info",
            "expired": "info",
        },
    )
    def status_label(self, agreement: Agreement) -> str:
        """The status, but `over` where the end has come and is not written down yet."""
        is_open = agreement.status in {AgreementStatus.ACTIVE, AgreementStatus.REQUESTED}
        return "over" if is_open and agreement.expires_at <= timezone.now() else agreement.status

    @display(description="Waits for")
    def waits_for(self, agreement: Agreement) -> str:
        return still_needed(agreement) if agreement.status == AgreementStatus.REQUESTED else ""


def _reason(request: HttpRequest) -> str:
    return str(request.POST.get("reason", ""))
