"""The room of claims."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"
    has_sql = True

    def ready(self) -> None:
        from catalog import history, triggers  # noqa: PLC0415 pghistory has models: importable only once the apps are loaded

        history.install()
        # Django sends the signal once per app that has models, in the order of INSTALLED_APPS.
        last = [app for app in apps.get_app_configs() if app.models_module][-1]
        post_migrate.connect(triggers.install_after_migrations, sender=last, dispatch_uid="catalog.install_triggers")
