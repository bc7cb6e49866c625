"""Addresses within the admin for whoever may open them."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse


def list_link(request: HttpRequest, model: type[Model], query: Mapping[str, str] | None = None) -> str:
    """The address of the list of `model` with these filters; empty where there is none or this person may not open it."""
    if not admin.site.is_registered(model) or not admin.site.get_model_admin(model).has_view_permission(request):
        return ""
    address = reverse(f"admin:{_name(model)}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def row_link(row: Model) -> str:
    """The address of the page of `row`, which is among what this person may see; empty where there is no such page."""
    return page_link(row._meta.label_lower, row.pk)


def page_link(label: str, pk: int) -> str:
    """The same for the row of a model, by label and key."""
    model = apps.get_model(label)
    return reverse(f"admin:{_name(model)}_change", args=[pk]) if admin.site.is_registered(model) else ""


def _name(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"
