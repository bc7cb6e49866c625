"""The ledger and the public keys: to be read and proved, never to be changed."""

import json
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin, ReadingAdmin, show_result
from catalog.admin.reach import person_of
from trust import messages
from trust.ledger.models.audit import LedgerCheck
from trust.ledger.models.ledger import LedgerBatch, SigningKey
from trust.ledger.services.ledger_checks import may_check_ledger, request_ledger_check
from trust.vocabulary import LedgerCheckStatus

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


HASHES = ("row_ids", "leaves")  # up to two megabytes that no page shows


@admin.register(LedgerBatch)
class LedgerBatchAdmin(LargeTableAdmin):
    list_display = ["number", "sealed_at", "size", "short_root", "published"]
    search_fields = ["=number", "=root"]
    search_help_text = "The number of a batch, or its root in full"
    ordering = ["-number"]
    fields = ["number", "sealed_at", "size", "tables", "root", "previous", "signed_statement", "signature", "published_at"]
    readonly_fields = ["tables", "signed_statement"]
    list_before_template = "touchstone/admin/ledger_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerBatch]:
        rows: QuerySet[LedgerBatch] = super().get_queryset(request).defer(*HASHES)
        is_one = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        return rows if is_one else rows.defer(*HASHES, "segments", "statement", "signature")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {
            "last_check": LedgerCheck.objects.select_related("requested_by").first(),
            "may_check": may_check_ledger(person_of(request)),
            "now": timezone.now(),
        }
        return looking_again(super().changelist_view(request, {**(extra_context or {}), **shown}))

    def get_urls(self) -> list[URLPattern]:
        verify = path("verify/", self.admin_site.admin_view(self.verify), name="trust_ledgerbatch_verify")
        return [verify, *super().get_urls()]

    def verify(self, request: HttpRequest) -> HttpResponse:
        """Has the whole ledger proved by a worker. By POST only: a link must not change anything."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        show_result(request, lambda: _requested(request))
        return redirect("admin:trust_ledgerbatch_changelist")

    @display(description="Root")
    def short_root(self, batch: LedgerBatch) -> str:
        return batch.root[:16]

    @display(description="Published outside", label={"yes": "success", "no": "warning"})
    def published(self, batch: LedgerBatch) -> str:
        return "yes" if batch.published_at else "no"

    @display(description="Rows sealed")
    def tables(self, batch: LedgerBatch) -> str:
        counted = (f"{segment['source']}: {segment['count']}" for segment in batch.segments if segment["count"])
        return ", ".join(counted)

    @display(description="Signed statement")
    def signed_statement(self, batch: LedgerBatch) -> str:
        return format_html("<pre>{}</pre>", json.dumps(json.loads(batch.statement), indent=2))


@admin.register(SigningKey)
class SigningKeyAdmin(ReadingAdmin):
    list_display = ["kid", "created_at"]
    fields = ["kid", "created_at", "jwk"]


def _requested(request: HttpRequest) -> str:
    request_ledger_check(actor=person_of(request), now=timezone.now())
    transaction.on_commit(messages.enqueue_ledger_check)
    return "The ledger is being checked. This page shows how far the worker is, and what it found."
