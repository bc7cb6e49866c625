"""What every test may count on."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that commits is followed by a flush of every table: the next one first gets back what the migrations put there."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and marker.kwargs.get("transaction"):
            item.add_marker(pytest.mark.django_db(**{**marker.kwargs, "serialized_rollback": True}), append=False)
        elif {"transactional_db", "live_server"} & set(fixtures := getattr(item, "fixturenames", [])):
            fixtures.append("django_db_serialized_rollback")
