"""What every test may count on."""

from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests.baseline import keep_baseline
from trust.signing import ensure_key


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The migrated test database; every test finds in it what the migrations put there, whatever other tests committed."""
    with django_db_blocker.unblock():
        keep_baseline()


@pytest.fixture(autouse=True)
def key_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the signing keys of this test: no test signs with the keys of an installation."""
    folder = tmp_path / "signing"
    monkeypatch.setattr(settings.TOUCHSTONE, "signing_keys", folder)
    return folder


@pytest.fixture
def signing_key(db: None, key_folder: Path) -> str:
    """The kid of a key that signs."""
    kid, _ = ensure_key()
    return kid
