"""Exports in the admin: their record, and the answers that send them. And the record of what was erased."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from catalog.admin.reach import person_of
from catalog.services.permissions import sees_everything
from trust.ledger.models.audit import Export
from trust.ledger.models.erasure import Erasure
from trust.ledger.services.exports import FORMATS, Row, begin_export, stream


def export_response(
    request: HttpRequest, form: str, what: str, columns: Sequence[str], rows: Iterable[Row]
) -> StreamingHttpResponse:
    """A file that is sent while it is made, named after what it holds and the day."""
    if form not in FORMATS:
        raise Http404
    now = timezone.now()
    export = begin_export(what=what, form=form, filters=request.GET.dict(), actor=person_of(request), now=now)
    response = StreamingHttpResponse(stream(export, columns, rows), content_type=FORMATS[form])
    name = f"touchstone-{what.replace(' ', '-')}-{now:%Y-%m-%d}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


@admin.register(Export)
class ExportAdmin(LargeTableAdmin):
    """Governance and auditors see everybody's, others their own."""

    list_display = ["started_at", "what", "format", "person", "rows", "standing"]
    ordering = ["-id"]
    fields = ["started_at", "what", "format", "person", "filters", "rows", "finished_at", "standing"]
    readonly_fields = ["standing"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        rows: QuerySet[Export] = super().get_queryset(request).select_related("person")
        person = person_of(request)
        return rows if sees_everything(person) else rows.filter(person=person)

    @display(description="Complete", label={"yes": "success", "no": "warning"})
    def standing(self, export: Any) -> str:
        return "yes" if export.finished_at else "no"


@admin.register(Erasure)
class ErasureAdmin(LargeTableAdmin):
    """What was erased or removed from sealed rows, for all who see the ledger."""

    list_display = ["at", "kind", "by", "reason"]
    list_select_related = ["by"]
    ordering = ["-id"]
    fields = ["at", "kind", "by", "reason", "statement", "signature"]
