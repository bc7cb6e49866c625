"""The room of claims."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        from catalog import history  # noqa: PLC0415 pghistory has models: importable only once the apps are loaded

        history.install()
