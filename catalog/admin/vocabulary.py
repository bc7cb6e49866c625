"""Domains and purposes: the words that governance extends."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from catalog.models import Domain, Purpose


class WordAdmin(ModelAdmin):
    """Governance adds and changes words; nobody deletes one, because others refer to it. The history keeps every change."""

    list_fullwidth = True

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Domain)
class DomainAdmin(WordAdmin):
    list_display = ["name", "slug", "description"]
    search_fields = ["name", "slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: Domain | None = None) -> list[str]:
        """Guardrails name a domain by its slug, so that it never changes."""
        return ["slug"] if obj else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Domain | None = None) -> dict[str, list[str]]:
        return {} if obj else {"slug": ["name"]}


@admin.register(Purpose)
class PurposeAdmin(WordAdmin):
    list_display = ["name", "description"]
    search_fields = ["name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Purpose | None = None) -> list[str]:
        """Policies and requests carry a purpose by its name, so that a name never changes."""
        return ["name"] if obj else []
