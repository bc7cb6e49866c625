"""Checks of the ledger: asked for on the list of batches, carried out by a worker, read by everybody with a role."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from trust.ledger.models.audit import LedgerCheck
from trust.ledger.rules.ledger_check import LedgerCheckStatus

LABEL = {"waiting": "info", "running": "info", "holds": "success", "broken": "danger", "failed": "warning"}
UNDER_WAY = (LedgerCheckStatus.WAITING, LedgerCheckStatus.RUNNING)
SECONDS_BETWEEN_LOOKS = "3"


@admin.register(LedgerCheck)
class LedgerCheckAdmin(LargeTableAdmin):
    list_display = ["requested_at", "word", "progress", "rows", "requested_by", "finished_at", "fault"]
    ordering = ["-id"]
    fields = [
        "word",
        "fault",
        "remedy",
        "progress",
        "rows",
        "believed",
        "requested_by",
        "requested_at",
        "started_at",
        "progress_at",
        "finished_at",
    ]
    readonly_fields = ["word", "progress"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerCheck]:
        rows: QuerySet[LedgerCheck] = super().get_queryset(request).select_related("requested_by")
        return rows

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return looking_again(super().changelist_view(request, extra_context))

    @display(description="Outcome", label=LABEL)
    def word(self, check: LedgerCheck) -> str:
        return str(check.status)

    @display(description="Batches verified")
    def progress(self, check: LedgerCheck) -> str:
        return f"{check.batches} of {check.batches_to_do}" if check.started_at else "none yet"


def looking_again(response: HttpResponse) -> HttpResponse:
    """The page, which the browser fetches again as long as a check is under way."""
    if LedgerCheck.objects.filter(status__in=UNDER_WAY).exists():
        response["Refresh"] = SECONDS_BETWEEN_LOOKS
    return response
