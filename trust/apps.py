"""The room of evidence and judgement."""

from typing import Any

from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "trust"
    verbose_name = "Trust"
    has_sql = True

    def ready(self) -> None:
        from catalog.triggers import database_is_ready  # noqa: PLC0415  pgtrigger wants the apps loaded
        from trust import checks  # noqa: F401, PLC0415  registers them; the models that they name are loaded now

        database_is_ready.connect(_make_partitions, dispatch_uid="trust.make_partitions")


def _make_partitions(**_kwargs: Any) -> None:
    """An installation that was off for a year answers into proper partitions from the first moment on."""
    from trust.ledger.services.partitions import make_partitions  # noqa: PLC0415

    make_partitions()
