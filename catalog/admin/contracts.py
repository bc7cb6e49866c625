"""Contracts as they came: read-only, with the original bytes to take away."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from unfold.decorators import display

from catalog.admin.base import ReadingAdmin
from catalog.models import Contract


@admin.register(Contract)
class ContractAdmin(ReadingAdmin):
    product_path = "product"
    list_display = ["product", "contract_id", "version", "api_version", "standing", "rules_not_executed", "registered_at"]
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
        "standing",
        "sha256",
        "registered_at",
        "registered_by",
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
    def standing(self, contract: Contract) -> str:
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
