"""The room of evidence and judgement."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TrustConfig(AppConfig):
    name = "trust"
    verbose_name = "Trust"

    def ready(self) -> None:
        from trust import checks  # noqa: F401, PLC0415  registers them; the models that they name are loaded now

        post_migrate.connect(_make_partitions, sender=self, dispatch_uid="trust.make_partitions")


def _make_partitions(**_kwargs: Any) -> None:
    """An installation that was off for a year answers into proper partitions from the first moment on."""
    from django.db import connection  # noqa: PLC0415

    from trust.services.partitions import make_partitions  # noqa: PLC0415

    if "trust_decision" in connection.introspection.table_names():  # not after migrating back to before there was one
        make_partitions()
