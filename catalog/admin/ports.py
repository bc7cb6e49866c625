"""Output ports with their fields: read-only, since they come from contracts."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from catalog.admin.base import ReadingAdmin
from catalog.models import Field, OutputPort


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
