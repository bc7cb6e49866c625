"""What goes wrong around an answer: a full disk, a clock that jumps. No answer without its row, no time but the database's."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import DataProduct
from tests.api.callers import Cast, assert_problem, make_cast
from tests.factories import NOW
from tests.trust.builders import make_ready_port, run_well
from trust.models import CurrentVerdict, Decision

ASK = {
    "subject": {"type": "consumer", "id": "carl"},
    "action": {"name": "consume", "properties": {"purpose": "analytics"}},
    "resource": {"type": "data_product", "id": "orders"},
}


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def good(product: DataProduct) -> DataProduct:
    run_well(make_ready_port(product, "good"), NOW)
    return product


@pytest.fixture
def fail_to_log(transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Call it with the name of an error of PostgreSQL, which then is what the log of decisions answers."""

    def fail(error: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION fail_to_log() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{error}'; END $$"
            )
            cursor.execute("CREATE TRIGGER fail BEFORE INSERT ON trust_decision FOR EACH ROW EXECUTE FUNCTION fail_to_log()")

    yield fail
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS fail_to_log CASCADE")


ERRORS = ["disk_full", "out_of_memory", "too_many_connections", "io_error", "read_only_sql_transaction"]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("way", ["trust", "trust?purpose=analytics", "check", "evaluation"])
def test_a_log_that_cannot_be_written_means_no_answer(
    fail_to_log: Callable[[str], None], cast: Cast, good: DataProduct, error: str, way: str
) -> None:
    assert ask(cast, way).status_code == 200
    before = Decision.objects.count()
    fail_to_log(error)

    problem = assert_problem(ask(cast, way), 503, "database_unavailable")

    assert "nothing was answered" in problem["detail"]
    assert Decision.objects.count() == before


def ask(cast: Cast, way: str) -> Any:
    if way == "evaluation":
        return cast.governance.post("/access/v1/evaluation", json.dumps({**ASK, "subject": {"type": "consumer", "id": "gina"}}))
    if way == "check":
        return cast.governance.post("/api/v1/trust/check", json.dumps({"products": ["orders"]}))
    return cast.governance.get(f"/api/v1/products/orders/{way}")


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)], ids=["back", "ahead"])
def test_the_clock_of_a_web_process_decides_nothing(
    cast: Cast, good: DataProduct, jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = cast.governance.get("/api/v1/products/orders/trust?purpose=analytics").json()
    real = timezone.now
    monkeypatch.setattr("django.utils.timezone.now", lambda: real() + jump)

    told = cast.governance.get("/api/v1/products/orders/trust?purpose=analytics").json()

    for moving in ("decision_id", "as_of", "evidence"):
        right.pop(moving, None), told.pop(moving, None)
    assert told == right


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(0)], ids=["back", "right"])
def test_a_clock_that_is_set_back_serves_no_verdict_past_its_time(
    cast: Cast, good: DataProduct, jump: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    CurrentVerdict.objects.filter(product=good).update(valid_until=timezone.now() - timedelta(seconds=1))
    real = timezone.now
    monkeypatch.setattr("django.utils.timezone.now", lambda: real() + jump)

    told = cast.governance.get("/api/v1/products/orders/trust").json()

    assert told["valid_until"] is None or told["valid_until"] > real().isoformat()
