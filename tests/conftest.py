"""What every test may count on."""

import pytest
from pytest_django import DjangoDbBlocker

from tests.baseline import keep_baseline


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The migrated test database; every test finds in it what the migrations put there, whatever other tests committed."""
    with django_db_blocker.unblock():
        keep_baseline()
