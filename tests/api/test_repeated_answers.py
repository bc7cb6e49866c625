"""Repeated answers outside of a transaction, as in production: over psycopg itself."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from tests.api.callers import Cast, make_cast
from tests.trust.builders import make_ready_port, run_well
from trust.decisions.queries.prepared import Statement
from trust.models import Decision

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def address(cast: Cast) -> str:
    port = make_ready_port()
    run_well(port, timezone.now() - timedelta(hours=1))
    path = f"/api/v1/products/{port.product.slug}/trust"
    assert cast.consumer.get(path).status_code == 200  # by the view, which learns the key's limit and remembers the answer
    return path


def test_the_answer_is_in_the_log_byte_for_byte(cast: Cast, address: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):  # nothing goes through Django's cursor
        response = cast.consumer.get(address, **{"X-Request-ID": "abc"})

    row = Decision.objects.get(id=response.json()["decision_id"])
    assert row.answer == response.content.decode()
    assert (row.request_id, row.channel, row.subject, row.decision) == ("abc", "trust", "carl", True)
    assert 0 < row.latency_us < 10_000_000


def test_nothing_asks_first_whether_the_connection_lives(cast: Cast, address: str) -> None:
    with (
        patch.object(connection, "health_check_enabled", True),
        patch.object(connection, "health_check_done", False),
        patch.object(connection, "is_usable", return_value=True) as is_usable,
    ):
        assert cast.consumer.get(address).status_code == 200
    is_usable.assert_not_called()


def test_a_connection_that_the_server_ended_is_made_anew(cast: Cast, address: str) -> None:
    connection.ensure_connection()
    assert connection.connection is not None
    pid = connection.connection.info.backend_pid
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert cast.consumer.get(address).status_code == 200


def test_a_plan_that_the_server_forgot_is_made_anew(cast: Cast, address: str) -> None:
    assert cast.consumer.get(address).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert cast.consumer.get(address).status_code == 200


def test_what_cannot_be_run_is_left_to_the_view(cast: Cast, address: str) -> None:
    run, failures = Statement._run, [psycopg.OperationalError("no")]

    def fail_once(statement: Statement, *given: Any) -> Any:
        if failures:
            raise failures.pop()
        return run(statement, *given)

    with patch.object(Statement, "_run", fail_once):
        assert cast.consumer.get(address).status_code == 200
    assert not failures
    assert Decision.objects.count() == 2
