"""The ledger and the public keys: to be read, never to be changed. What proves it is `manage.py ledger verify`."""

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin, ReadingAdmin
from trust.models import LedgerBatch, SigningKey

HASHES = ("row_ids", "leaves")  # up to two megabytes that no page shows


@admin.register(LedgerBatch)
class LedgerBatchAdmin(LargeTableAdmin):
    list_display = ["number", "sealed_at", "size", "short_root", "published"]
    search_fields = ["=number", "=root"]
    search_help_text = "The number of a batch, or its root in full"
    ordering = ["-number"]
    fields = ["number", "sealed_at", "size", "tables", "root", "previous", "signed_statement", "signature", "published_at"]
    readonly_fields = ["tables", "signed_statement"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerBatch]:
        rows: QuerySet[LedgerBatch] = super().get_queryset(request).defer(*HASHES)
        is_one = request.resolver_match and request.resolver_match.kwargs.get("object_id")
        return rows if is_one else rows.defer(*HASHES, "segments", "statement", "signature")

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
