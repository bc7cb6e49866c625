"""What every test may count on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.baseline import keep_baseline
from tests.databases import migrated_database
from trust.ledger.signing import ensure_key

# The real hasher takes 0.4 s of processor time for each password: it is meant to. Processes that tests start use the real one.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.WHITENOISE_USE_FINDERS = False  # lists every static file for each new `Client`, for 23 ms; servers of tests do it once


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The migrated test database; every test finds in it what the migrations put there, whatever other tests committed."""
    database = migrated_database()
    with django_db_blocker.unblock():
        database.__enter__()
        keep_baseline()
    yield
    with django_db_blocker.unblock():
        database.__exit__(None, None, None)


ModuleRows = Callable[[], AbstractContextManager[None]]


def commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="module")
def module_rows(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[ModuleRows]:
    """An open transaction for the rows that all tests of a module share: made once, rolled back after the last of them.

    `with module_rows():` lets a fixture of the module's scope write. Each test works in a savepoint, and must get copies of the
    objects: what one does to an object, no other may see.
    """
    assert not any(commits(item) for item in request.session.items if item.path == request.path), (
        "A test of this module commits."
    )
    with django_db_blocker.unblock():
        rows = transaction.atomic()
        vars(rows)["_from_testcase"] = True  # Django's mark: durable blocks may begin in it
        rows.__enter__()
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        rows.__exit__(None, None, None)


STACKS = ("tests/third_party", "tests/large", "tests/e2e")
"""Tests of whole stacks, which wait much and take long."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After each file of `STACKS` two of the others: so all of those begin early, and the processor is busy while they wait."""
    files = dict.fromkeys(item.nodeid.partition("::")[0] for item in items)
    stacks = [file for file in files if file.startswith(STACKS)]
    others = [file for file in files if not file.startswith(STACKS)]
    place = {file: 3 * number for number, file in enumerate(stacks)}
    place |= {file: 3 * (number // 2) + 1 + number % 2 for number, file in enumerate(others)}
    items.sort(key=lambda item: place[item.nodeid.partition("::")[0]])


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
