"""Rate limits: within one process, across two with a real Valkey, and with Valkey gone."""

import os
import subprocess
import sys
import time
from secrets import token_hex
from typing import Any

import pytest
import redis
from django.conf import settings

from api import throttling
from catalog.models import ApiKey, Consumer
from catalog.services.api_keys import create_key_of, limit_key
from tests.api.callers import Caller, Cast, assert_problem

LIST = "/api/v1/products"
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day as `admit` sees it, 10 seconds into a minute that no other test counts in; nothing known from before."""
    now = [60.0 * int.from_bytes(os.urandom(4), "big") + 10.0]
    monkeypatch.setattr(throttling, "_allowances", throttling._Allowances())
    monkeypatch.setattr(throttling, "_shared", throttling._SharedCount())
    monkeypatch.setattr("api.throttling.time.time", lambda: now[0])
    return now


@pytest.fixture
def without_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling._SharedCount, "take", lambda *_: None)


def admitted(digest: str, attempts: int) -> int:
    return sum(throttling.admit(digest) is None for _ in range(attempts))


def test_a_key_goes_on_up_to_its_limit_and_then_is_told_how_long_to_wait(clock: list[float]) -> None:
    digest = token_hex(32)
    throttling.learn(digest, 5, is_charged=False)
    assert admitted(digest, 20) == 5
    assert throttling.admit(digest) == 50.0
    clock[0] += 50
    assert admitted(digest, 20) == 5


def test_without_a_number_of_its_own_a_key_has_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    told = settings.TOUCHSTONE.model_copy(update={"key_requests_per_minute": 3})
    monkeypatch.setattr(settings, "TOUCHSTONE", told)
    digest = token_hex(32)
    throttling.learn(digest, None, is_charged=False)
    assert admitted(digest, 10) == 3


def test_a_request_that_went_on_before_its_key_was_known_is_counted_when_it_is() -> None:
    digest = token_hex(32)
    assert throttling.admit(digest) is None
    assert not throttling.is_learned(digest)
    throttling.learn(digest, 3)
    throttling.learn(digest, 3)
    assert admitted(digest, 10) == 2


def test_a_changed_limit_holds_at_once_where_it_is_learned() -> None:
    digest = token_hex(32)
    throttling.learn(digest, 2, is_charged=False)
    assert admitted(digest, 5) == 2
    throttling.learn(digest, 6, is_charged=False)
    assert 1 <= admitted(digest, 20) <= 4
    throttling.learn(digest, 1, is_charged=False)
    assert admitted(digest, 5) == 0


def test_keys_that_nobody_knows_cost_no_memory_and_known_ones_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(1000):
        throttling.admit(token_hex(32))
    assert len(throttling._allowances) == 0
    monkeypatch.setattr(throttling, "MOST_KEYS", 10)
    used = token_hex(32)
    throttling.learn(used, 5, is_charged=False)
    for _ in range(50):
        throttling.learn(token_hex(32), 5, is_charged=False)
        assert throttling.is_learned(used), "the one that is used stays"
    assert len(throttling._allowances) == 10


def test_with_valkey_gone_a_process_limits_by_itself(without_valkey: None) -> None:
    digest = token_hex(32)
    throttling.learn(digest, 100, is_charged=False)
    assert admitted(digest, 300) == 100


def test_valkey_that_goes_away_in_mid_minute_gives_nobody_a_second_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = token_hex(32)
    throttling.learn(digest, 100, is_charged=False)
    assert admitted(digest, 60) == 60
    monkeypatch.setattr(throttling._SharedCount, "take", lambda *_: None)
    assert admitted(digest, 300) == 40


def test_an_unreachable_valkey_is_asked_once_in_some_seconds(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"redis_url": type(settings.TOUCHSTONE.redis_url)(NOWHERE)})
    attempts = []
    connected = throttling._SharedCount._connected

    def attempt(count: throttling._SharedCount) -> Any:
        attempts.append(count)
        return connected(count)

    monkeypatch.setattr(throttling._SharedCount, "_connected", attempt)
    for _ in range(10):
        digest = token_hex(32)
        throttling.learn(digest, 3, is_charged=False)
        assert admitted(digest, 10) == 3
    assert len(attempts) == 1


def probe(digest: str, limit: int, attempts: int, **environment: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.api.rate_probe", digest, str(limit), str(attempts)]
    url = settings.TOUCHSTONE.redis_url.get_secret_value()
    told = {**os.environ, "REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "TOUCHSTONE_DEBUG": "1"}
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env={**told, **environment}, stdout=subprocess.PIPE, text=True)


def results(processes: "list[subprocess.Popen[str]]") -> list[tuple[int, int]]:
    found = []
    for process in processes:
        out, _ = process.communicate(timeout=60)
        admitted_there, words = out.split()
        found.append((int(admitted_there), int(words)))
    return found


def within_one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the next minute where this one ends soon: the probes look at the real clock."""
    monkeypatch.undo()
    left = 60 - time.time() % 60
    if left < 15:
        time.sleep(left + 0.1)


@pytest.mark.slow
def test_two_processes_together_stay_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with redis.Redis.from_url(settings.TOUCHSTONE.redis_url.get_secret_value()) as valkey:
        valkey.ping()
    within_one_minute(monkeypatch)
    digest = token_hex(32)
    found = results([probe(digest, 6400, 20_000), probe(digest, 6400, 20_000)])
    together = sum(admitted_there for admitted_there, _ in found)
    assert 6400 - 2 * 100 <= together <= 6400, found
    assert sum(words for _, words in found) <= 64 + 2, "a hundred requests for one word to Valkey"


@pytest.mark.slow
def test_two_processes_without_valkey_each_keep_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    within_one_minute(monkeypatch)
    digest = token_hex(32)
    found = results([probe(digest, 500, 2000, REDIS_URL=NOWHERE) for _ in range(2)])
    assert [admitted_there for admitted_there, _ in found] == [500, 500]


@pytest.fixture
def slow_key(cast: Cast) -> tuple[ApiKey, str]:
    """A key of the cast's owner with three requests a minute."""
    return create_key_of(
        consumer=Consumer.objects.get(slug="olga"),
        actor=cast.owner.person,
        name="slow",
        scopes=["trust:read"],
        now=cast.owner.key_row.created_at,
        requests_per_minute=3,
    )


def with_key(cast: Cast, text: str) -> Caller:
    caller = Caller(None)
    caller.key = text
    return caller


def test_over_http_the_limit_is_a_problem_that_says_when_to_come_back(cast: Cast, slow_key: tuple[ApiKey, str]) -> None:
    caller = with_key(cast, slow_key[1])
    for _ in range(3):
        assert caller.get(LIST).status_code == 200
    response = caller.get(LIST)
    assert_problem(response, 429, "too_many_requests")
    assert response["Retry-After"] == "50"
    assert cast.owner.get(LIST).status_code == 200, "another key of the same person has its own limit"


def test_refused_requests_count_too(cast: Cast, slow_key: tuple[ApiKey, str]) -> None:
    caller = with_key(cast, slow_key[1])
    for _ in range(3):
        assert_problem(caller.post(LIST, {}), 403, "scope_missing")
    assert_problem(caller.post(LIST, {}), 429, "too_many_requests")


def test_a_refusal_costs_no_query(cast: Cast, slow_key: tuple[ApiKey, str], django_assert_num_queries: Any) -> None:
    caller = with_key(cast, slow_key[1])
    for _ in range(4):
        caller.get(LIST)
    with django_assert_num_queries(0):
        assert caller.get(LIST).status_code == 429


def test_a_new_limit_holds_from_the_next_minute_at_the_latest(
    cast: Cast, slow_key: tuple[ApiKey, str], clock: list[float]
) -> None:
    key, text = slow_key
    caller = with_key(cast, text)
    for _ in range(4):
        caller.get(LIST)
    limit_key(consumer=key.consumer, key_id=key.pk, requests_per_minute=5, actor=cast.owner.person)
    assert caller.get(LIST).status_code == 429
    clock[0] += 60
    assert [caller.get(LIST).status_code for _ in range(6)] == [200] * 5 + [429]


def test_a_request_that_the_hot_path_has_counted_is_not_counted_again(cast: Cast, slow_key: tuple[ApiKey, str]) -> None:
    key, text = slow_key
    caller = with_key(cast, text)
    caller.get(LIST)
    extra: dict[str, Any] = {throttling.ADMITTED: key.digest}
    for _ in range(5):
        assert caller.client.get(LIST, headers={"Authorization": f"Bearer {text}"}, **extra).status_code == 200
    assert [caller.get(LIST).status_code for _ in range(3)] == [200, 200, 429]
