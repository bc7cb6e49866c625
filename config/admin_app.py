"""Django's admin, whose pages are loaded with the addresses of `config.urls`: commands and workers do without them."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class AdminPagesConfig(SimpleAdminConfig):
    def ready(self) -> None:
        register(check_dependencies, Tags.admin)
        register(_check_pages, Tags.admin)


def _check_pages(**options: Any) -> Sequence[CheckMessage]:
    autodiscover()
    return check_admin_app(**options)
