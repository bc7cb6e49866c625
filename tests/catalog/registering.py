"""Contracts for tests: registered, and the rows that came of it."""

from typing import Any

from django.apps import apps

from tests.catalog.contracts.documents import as_yaml, contract
from tests.factories import NOW
from trust.intake.services.registration import RegistrationReport, register_document

POLICY = {"name": "readers", "effect": "permit", "purposes": ["analytics"]}


def register(document: dict[str, Any] | bytes | None = None, **options: Any) -> RegistrationReport:
    content = document if isinstance(document, bytes) else as_yaml(document or contract())
    return register_document(**{"content": content, "filename": "orders.odcs.yaml", "actor": None, "now": NOW, **options})


def rows() -> dict[str, int]:
    """Rows by table, history included, of everything that a registration may write."""
    models = [*apps.get_app_config("catalog").get_models(), *apps.get_app_config("trust").get_models()]
    return {model._meta.label: model._default_manager.count() for model in models}
