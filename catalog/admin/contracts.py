"""Contracts as they came, with the original bytes, and the output ports that come from them: read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.base import ReadingAdmin
from catalog.models import Contract, Field, OutputPort


class FieldInline(TabularInline):
    model = Field
    fields = ["name", "logical_type", "physical_type", "required", "sensitivity", "personal", "critical", "description"]
    ordering = ["position"]
    extra = 0
    tab = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(OutputPort)
class OutputPortAdmin(ReadingAdmin):
    product_path = "product"
    list_display = ["name", "product", "source_kind", "location", "time_column", "service_level", "removed_at"]
    list_filter = [("source_kind", ChoicesDropdownFilter)]
    list_select_related = ["product"]
    search_fields = ["name", "product__slug"]
    ordering = ["product__slug", "name"]
    exclude = ["connection"]
    inlines = [FieldInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutputPort]:
        return super().get_queryset(request).select_related("product").defer("product__search")


@admin.register(Contract)
class ContractAdmin(ReadingAdmin):
    product_path = "product"
    list_display = ["product", "contract_id", "version", "api_version", "status_label", "rules_not_executed", "registered_at"]
    list_filter = ["is_current", "api_version"]
    list_select_related = ["product"]
    search_fields = ["product__slug", "contract_id", "sha256"]
    ordering = ["-id"]
    fields = [
        "product",
        "contract_id",
        "version",
        "api_version",
        "status",
        "filename",
        "status_label",
        "sha256",
        "registered_at",
        "registered_by",
        "machine",
        "download",
        "not_executed",
    ]

    def get_queryset(self, request: HttpRequest):  # type: ignore[no-untyped-def]
        return super().get_queryset(request).defer("original")

    def get_urls(self) -> list[URLPattern]:
        original = path("<int:pk>/original/", self.admin_site.admin_view(self.original), name="catalog_contract_original")
        return [original, *super().get_urls()]

    def original(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes that were registered, as a download: never shown in the browser, whatever they are."""
        if not self.has_view_permission(request):
            return redirect("admin:index")
        contract = self.get_queryset(request).filter(pk=pk).first()
        if contract is None:
            raise Http404
        response = HttpResponse(bytes(contract.original), content_type="application/octet-stream")
        name = f"{slugify(contract.contract_id) or 'contract'}-{slugify(contract.version)}.odcs.yaml"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @display(description="Status", label={"current": "success", "earlier": "info"})
    def status_label(self, contract: Contract) -> str:
        return "current" if contract.is_current else "earlier"

    @display(description="Rules not executed")
    def rules_not_executed(self, contract: Contract) -> int:
        return len(contract.not_executable)

    @display(description="Original")
    def download(self, contract: Contract) -> SafeString:
        address = reverse("admin:catalog_contract_original", args=[contract.pk])
        return format_html('<a class="text-primary-600 underline" href="{}">Download the original bytes</a>', address)

    @display(description="Rules that Touchstone does not check")
    def not_executed(self, contract: Contract) -> SafeString | str:
        if not contract.not_executable:
            return "Nothing: every rule of this contract is executed."
        rows = ((rule.get("path", ""), rule.get("rule", ""), rule.get("reason", "")) for rule in contract.not_executable)
        return format_html("<ul>{}</ul>", format_html_join("", "<li><code>{}</code> {}: {}</li>", rows))
