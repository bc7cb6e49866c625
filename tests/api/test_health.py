"""Alive and ready."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from pydantic import SecretStr

from api import health


@pytest.fixture(autouse=True)
def forgotten_migrations() -> Iterator[None]:
    health._Migrated.seen = False
    yield
    health._Migrated.seen = False


def test_alive_needs_no_database(client: Client) -> None:
    response = client.get("/healthz")
    assert response.json() == {"status": "alive"}
    assert response["Cache-Control"] == "no-store"
    assert response["X-Request-ID"]


@pytest.mark.django_db
def test_ready_when_database_and_broker_answer(client: Client, django_assert_num_queries: Any) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    with django_assert_num_queries(1):
        client.get("/readyz")


@pytest.mark.django_db
def test_a_database_that_is_away_is_named(client: Client) -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError("password=hunter2")):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert [fault["field"] for fault in response.json()["errors"]] == ["database"]
    assert "hunter2" not in response.content.decode()


@pytest.mark.django_db
def test_missing_migrations_are_named(client: Client) -> None:
    with patch.object(MigrationExecutor, "migration_plan", return_value=[("a", False), ("b", False)]):
        problem = client.get("/readyz").json()
    assert problem["errors"][0]["code"] == "not_migrated"
    assert "2 migrations" in problem["detail"]
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER trust_invalidates_policy ON trust_trustpolicyversion",
        "DROP TRIGGER pgtrigger_append_only_976ff ON catalog_apikeyevent",
        "COMMENT ON FUNCTION trust_closure(bigint[]) IS 'of another version'",
    ],
)
def test_a_missing_or_other_trigger_or_function_is_named(client: Client, change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    problem = client.get("/readyz").json()
    assert [fault["code"] for fault in problem["errors"]] == ["not_migrated"]
    assert "functions or triggers" in problem["detail"]


@pytest.mark.django_db
def test_a_broker_that_is_away_is_named_without_its_password(client: Client, settings: Any) -> None:
    away = SecretStr("redis://:hunter2@127.0.0.1:1/0")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"redis_url": away})
    response = client.get("/readyz")
    assert response.status_code == 503
    problem = response.json()
    assert [fault["field"] for fault in problem["errors"]] == ["broker"]
    assert problem["code"] == "not_ready"
    assert "hunter2" not in response.content.decode()
