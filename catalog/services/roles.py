"""The groups behind the roles. A migration calls `ensure_roles`; calling it again only adds what is missing."""

from typing import Any

from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions
from django.db import transaction

from catalog.rules.roles import PERMISSIONS


@transaction.atomic
def ensure_roles(*, apps: Any = installed_apps) -> None:
    """Create the groups `data owners`, `governance` and `auditors` with their Django permissions.

    apps: the registry to work in, so that a migration can pass its own. Permissions that somebody added stay.
    """
    for label in ("catalog", "trust"):
        config = apps.get_app_config(label)
        # A migration's stub of an app has no models module, and Django then takes the app for one without models.
        config.models_module = getattr(config, "models_module", None) or True
        create_permissions(config, verbosity=0, apps=apps)
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ids = {
        (app_label, codename): pk
        for app_label, codename, pk in permission_model.objects.values_list("content_type__app_label", "codename", "pk")
    }
    for role, permissions in PERMISSIONS.items():
        group, _ = group_model.objects.get_or_create(name=role.value)
        # A migration knows the models of its time only; a later one adds what came after.
        group.permissions.add(*(ids[permission] for permission in permissions if permission in ids))
