"""Ten thousand answers while web, worker and database are killed: whatever was answered is in the log, byte for byte.

Everything is real and of the test's own: a durable PostgreSQL and Valkey, granian, a worker, the runtime role, the demo.
Clients keep every body that came with status 200; what was cut off or refused is asked again and proves nothing either way.
"""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from celery import Celery

from runtime.caller import NO, YES, question_about
from runtime.embedded import EmbeddedPostgres, EmbeddedValkey, throwaway_directory
from tests.e2e.conftest import Stage

pytestmark = pytest.mark.slow

ANSWERS = 10_000
CLIENTS = 8
RETRY_SECONDS = 0.05
OUTAGE_SECONDS = 0.3
LONGEST_SILENCE_SECONDS = 60.0


@dataclass
class Installation:
    """One of everything, each of which can be killed and started again."""

    stage: Stage
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    port: int
    web: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]

    def kill_web(self) -> None:
        self.stage.kill(self.web)
        time.sleep(OUTAGE_SECONDS)
        self.web = self.stage.start_web(self.port)

    def kill_worker(self) -> None:
        self.stage.kill(self.worker)
        self.worker = self.stage.start_worker()

    def kill_database(self) -> None:
        assert self.postgres.process
        os.kill(self.postgres.process.pid, signal.SIGKILL)
        time.sleep(OUTAGE_SECONDS)
        self.postgres.stop()  # it is gone already; this waits for its children
        self.postgres.start()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """As `bin/up` makes it: tables by their owner, everything else by the runtime role; judged demo."""
    folder = tmp_path_factory.mktemp("installation")
    with (
        throwaway_directory() as directory,
        EmbeddedPostgres(directory / "postgres") as postgres,
        EmbeddedValkey(directory / "valkey") as valkey,
        socket.socket() as free,
    ):
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = os.environ | {
            "DATABASE_URL": postgres.runtime_url,
            "REDIS_URL": valkey.url,
            "TOUCHSTONE_SECRET_KEY": secrets.token_hex(32),
            "TOUCHSTONE_DEBUG": "false",
            "TOUCHSTONE_SIGNING_KEYS": str(folder / "signing"),
            "TOUCHSTONE_KEY_REQUESTS_PER_MINUTE": "1000000",
        }
        owner = Stage({**environment, "TOUCHSTONE_OWNER_DATABASE_URL": postgres.url}, folder)
        owner.manage("migrate", "--no-input")
        owner.manage("grant_runtime_role")
        stage = Stage(environment, folder)
        try:
            stage.manage("signing_key", "--ensure")
            worker = stage.start_worker()
            stage.manage("load_demo")
            web = stage.start_web(port)
            stage.manage("show_verdicts", "--wait", "100")
            yield Installation(stage, postgres, valkey, port, web, worker)
        finally:
            stage.stop_all()


@dataclass
class Collected:
    """What the clients were told, and how it went in between. They pause once there are as many answers as `allowed`."""

    allowed: int = 0
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    setbacks: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    last_at: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_done(self) -> bool:
        return len(self.bodies) >= ANSWERS or bool(self.unexpected)

    def wait_for_leave(self) -> None:
        """Returns when another answer is allowed, or none is wanted any more."""
        while len(self.bodies) >= self.allowed and not self.is_done():
            time.sleep(0.01)

    def add(self, kind: str, body: bytes) -> None:
        with self.lock:
            self.bodies.append((kind, body))
            self.last_at = time.monotonic()

    def wait_for(self, count: int) -> None:
        """Returns once that many answers are there; fails the test when none comes for a minute."""
        while len(self.bodies) < count and not self.unexpected:
            silence = time.monotonic() - self.last_at
            assert silence < LONGEST_SILENCE_SECONDS, f"No answer for {silence:.0f} s after {len(self.bodies)}: {self.setbacks}"
            time.sleep(0.02)


def requests() -> Iterator[tuple[str, str, str | None]]:
    """GET trust with and without a purpose, and AuthZEN's question, in turn, about what is fit and what is not."""
    while True:
        for product in (YES, NO):
            yield "trust", f"/api/v1/products/{product}/trust", None
            yield "evaluation", "/access/v1/evaluation", question_about(product)
            yield "trust", f"/api/v1/products/{product}/trust?purpose=ai.decision-support", None
            yield "evaluation", "/access/v1/evaluation", question_about(product)


def keep_asking(port: int, key: str, collected: Collected) -> None:
    """One client: asks the same again until there is an answer, over a new connection after every failure."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for kind, path, body in requests():
        collected.wait_for_leave()
        while not collected.is_done():
            try:
                connection.request("GET" if body is None else "POST", path, body, headers)
                response = connection.getresponse()
                told = response.read()
            except (OSError, http.client.HTTPException) as error:
                collected.setbacks[type(error).__name__] += 1
            else:
                if response.status == 200:
                    collected.add(kind, told)
                    break
                if response.status < 500:
                    collected.unexpected.append(f"{path}: {response.status} {told[:500]!r}")
                collected.setbacks[str(response.status)] += 1
            connection.close()
            time.sleep(RETRY_SECONDS)
        if collected.is_done():
            connection.close()
            return


def keep_sealing(broker_url: str, collected: Collected) -> None:
    """Beat's part, more often: the worker seals while everything around it is killed."""
    sender = Celery(broker=broker_url)
    while not collected.is_done():
        sender.send_task("trust.seal_ledger", queue="housekeeping", retry=False)
        time.sleep(0.5)
    sender.close()


@pytest.fixture(scope="module")
def collected(installation: Installation) -> Collected:
    """All the answers, a part for each of the killed, which dies in the middle of it."""
    key = installation.stage.manage("create_demo_key").stdout.strip()
    collected = Collected()
    asking = [
        threading.Thread(target=keep_asking, args=(installation.port, key, collected), daemon=True) for _ in range(CLIENTS)
    ]
    sealing = threading.Thread(target=keep_sealing, args=(installation.valkey.url, collected), daemon=True)
    for thread in (*asking, sealing):
        thread.start()
    kills = (
        installation.kill_web,
        installation.kill_database,
        installation.kill_worker,
        installation.kill_web,
        installation.kill_database,
    )
    for number, kill in enumerate(kills):
        collected.allowed = (number + 1) * ANSWERS // len(kills)
        collected.wait_for(collected.allowed - ANSWERS // len(kills) // 2)
        kill()
        collected.wait_for(collected.allowed)
    for thread in (*asking, sealing):
        thread.join(timeout=60)
    return collected


def decision_id(kind: str, body: bytes) -> int:
    answer = json.loads(body)
    return int(answer["decision_id"] if kind == "trust" else answer["context"]["decision_id"])


def test_every_answered_decision_is_a_row_with_exactly_the_bytes_that_were_answered(
    installation: Installation, collected: Collected
) -> None:
    assert collected.unexpected == []
    # A dead web server shows as refused connections and cut-off answers, a dead database as 503: ask again later.
    assert any(word.endswith("Error") or word == "RemoteDisconnected" for word in collected.setbacks), collected.setbacks
    assert {word for word in collected.setbacks if word.isdecimal()} == {"503"}, collected.setbacks
    answered = {decision_id(kind, body): body for kind, body in collected.bodies}
    assert len(answered) == len(collected.bodies) >= ANSWERS
    with psycopg.connect(installation.postgres.runtime_url) as connection:
        kept = {number: text.encode() for number, text in connection.execute("SELECT id, answer FROM trust_decision")}
    assert [number for number in answered if number not in kept] == []
    assert [number for number, body in answered.items() if kept[number] != body] == []


def test_both_ways_of_asking_were_answered_with_yes_and_with_no(collected: Collected) -> None:
    told = Counter((kind, json.loads(body)["decision"]) for kind, body in collected.bodies)
    assert set(told) == {(kind, decision) for kind in ("trust", "evaluation") for decision in (True, False)}
    assert min(told.values()) > ANSWERS / 10


def test_the_ledger_proves_all_of_it_afterwards(installation: Installation, collected: Collected) -> None:
    # History of the last minute waits for a request that may still add to it. Here none runs any more.
    sealing = "from datetime import timedelta; from trust.ledger.services.ledger import seal; list(seal(quiet=timedelta(0)))"
    installation.stage.manage("shell", "-c", sealing)
    assert "wait to be sealed" not in installation.stage.manage("ledger", "status").stdout
    proved = installation.stage.manage("ledger", "verify").stdout
    assert proved.startswith("The ledger is intact: ")
    batches, rows, *_ = (int(word) for word in proved.split() if word.isdecimal())
    assert batches > 1
    assert rows > ANSWERS


def test_the_worker_that_was_started_again_still_works(installation: Installation, collected: Collected) -> None:
    installation.stage.manage("run_suite", "nyc-holidays", "--wait", "60")
    assert installation.worker.poll() is None
    answer = json.loads(installation.stage.manage("show_verdicts", "--json").stdout)
    assert {one["product"]: one["verdict"] for one in answer["products"]}["nyc-holidays"] == "production_grade"
