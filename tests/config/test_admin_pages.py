"""The pages of the admin: loaded with the addresses and for Django's checks, not by every command."""

import subprocess
import sys

LOADED = """
import sys
import django
django.setup()
from django.contrib import admin
assert not admin.site._registry and "trust.admin" not in sys.modules
{then}
assert len(admin.site._registry) > 20
"""


def run(then: str) -> None:
    program = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n" + LOADED.format(then=then)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def test_the_addresses_load_them() -> None:
    run("import config.urls")


def test_the_web_server_loads_them_before_the_first_request() -> None:
    run("import config.wsgi")


def test_djangos_checks_look_at_them() -> None:
    run(
        """
from django.core.checks import run_checks
from django.contrib.admin import ModelAdmin
assert run_checks(tags=["admin"]) == []
from catalog.models import Purpose
class Broken(admin.site._registry[Purpose].__class__):
    list_display = ["no_such_field"]
admin.site.unregister(Purpose)
admin.site.register(Purpose, Broken)
assert [fault.id for fault in run_checks(tags=["admin"])] == ["admin.E108"]
"""
    )
