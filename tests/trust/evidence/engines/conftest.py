"""The engine's tests put tables into Django's test database, through connections of their own."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def test_database(django_db_setup: None) -> None:
    """Made before any of these tests asks for its address."""
