"""PostgreSQL and Valkey frozen: their processes are stopped, and their kernel still acknowledges whatever is sent to them.

Connections neither break nor answer then, which no setting of TCP notices. Everything is of the test's own, as in
`test_nothing_answered_is_lost`.
"""

import contextlib
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest

from runtime.caller import YES, question_about
from runtime.embedded import EmbeddedPostgres, EmbeddedServer, EmbeddedValkey, throwaway_directory
from runtime.ports import find_free_port
from tests.e2e.conftest import Stage, wait_until

pytestmark = pytest.mark.slow

HOST = "127.0.0.1"
LONGEST_SECONDS = 5.5  # 5 s are promised; the rest is for a machine with other work
TRUST = f"/api/v1/products/{YES}/trust"
PASSWORD = secrets.token_urlsafe(16)


@dataclass
class Told:
    """An answer, and how long it took."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    @property
    def code(self) -> str:
        return str(json.loads(self.body).get("code", ""))


@dataclass
class Installation:
    """One of everything, and a person who is signed in."""

    stage: Stage
    web: subprocess.Popen[bytes]
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    port: int
    key: str
    admin_key: str
    cookie: str = ""

    def ask(self, path: str, body: str | None = None, *, key: str | None = None, is_person: bool = False) -> Told:
        begun = time.monotonic()
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        headers = {"Cookie": self.cookie} if is_person else {"Authorization": f"Bearer {key or self.key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request("GET" if body is None else "POST", path, body, headers)
            response = connection.getresponse()
            return Told(response.status, response.headers, response.read(), time.monotonic() - begun)
        finally:
            connection.close()

    def sign_in(self) -> None:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        connection.request("GET", "/admin/login/")
        response = connection.getresponse()
        response.read()
        token = re.search(r"csrftoken=(\w+)", response.headers["Set-Cookie"])
        assert token
        form = urlencode({"csrfmiddlewaretoken": token[1], "username": "frieda", "password": PASSWORD, "next": "/admin/"})
        headers = {"Cookie": f"csrftoken={token[1]}", "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/admin/login/", form, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 302
        found = re.search(r"(\w*sessionid=\w+)", ";".join(response.headers.get_all("Set-Cookie", [])))
        assert found
        self.cookie = found[1]
        connection.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("frozen")
    with (
        throwaway_directory() as directory,
        EmbeddedPostgres(directory / "postgres", durable=False) as postgres,
        EmbeddedValkey(directory / "valkey", durable=False) as valkey,
    ):
        environment = os.environ | {
            "DATABASE_URL": postgres.runtime_url,
            "REDIS_URL": valkey.url,
            "TOUCHSTONE_SECRET_KEY": secrets.token_hex(32),
            "TOUCHSTONE_DEBUG": "false",
            "TOUCHSTONE_SIGNING_KEYS": str(folder / "signing"),
        }
        owner = Stage({**environment, "TOUCHSTONE_OWNER_DATABASE_URL": postgres.url}, folder)
        owner.manage("migrate", "--no-input")
        owner.manage("grant_runtime_role")
        stage = Stage(environment, folder)
        port = find_free_port(HOST)
        try:
            stage.manage("signing_key", "--ensure")
            stage.start_worker()
            stage.manage("load_demo")
            web = stage.start_web(port)
            stage.manage("show_verdicts", "--wait", "100")
            made_by = f"Person.objects.create_superuser('frieda', password={PASSWORD!r})"
            stage.manage("shell", "--no-imports", "-c", f"from catalog.models import Person; {made_by}")
            key = stage.manage("create_demo_key").stdout.strip()
            admin_key = stage.manage("create_api_key", "frieda", "--name", "frozen", "--scope", "admin").stdout.split()[-1]
            made = Installation(stage, web, postgres, valkey, port, key, admin_key)
            made.sign_in()
            yield made
        finally:
            stage.stop_all()


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextlib.contextmanager
def frozen(server: EmbeddedServer) -> Iterator[None]:
    """All processes of the server are stopped meanwhile, its first one before the others: it would start new ones."""
    assert server.process
    first = server.process.pid
    os.kill(first, signal.SIGSTOP)
    stopped = [first, *children_of(first)]
    for pid in stopped[1:]:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)


@dataclass
class Asked:
    """What several threads were told."""

    told: list[tuple[str, Told]] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def ask(self, name: str, question: Callable[[], Told], times: int = 1) -> None:
        for _ in range(times):
            self.threads.append(threading.Thread(target=lambda: self.told.append((name, question())), daemon=True))
            self.threads[-1].start()

    def all(self) -> list[tuple[str, Told]]:
        for thread in self.threads:
            thread.join(60)
        assert len(self.told) == len(self.threads)
        return self.told


def demand_unavailable(name: str, told: Told) -> None:
    seen = f"{name}: {told.status} in {told.seconds:.1f} s {told.body[:300]!r}"
    assert (told.status, told.seconds < LONGEST_SECONDS) == (503, True), seen
    assert told.headers["Retry-After"] == "5", name


def wait_for_more(kept: list[bytes]) -> None:
    wanted = len(kept) + 50
    wait_until(lambda: len(kept) > wanted)


def everything_works(installation: Installation) -> bool:
    answers = [installation.ask("/readyz"), installation.ask(TRUST), installation.ask("/admin/", is_person=True)]
    return [told.status for told in answers] == [200, 200, 200]


def test_callers_of_a_frozen_database_are_told_so_in_time_and_everything_works_when_it_goes_on(
    installation: Installation,
) -> None:
    wait_until(lambda: everything_works(installation))
    asked = Asked()
    with frozen(installation.postgres):
        asked.ask("trust", lambda: installation.ask(TRUST), 12)
        asked.ask("purpose", lambda: installation.ask(f"{TRUST}?purpose=ai.decision-support"))
        asked.ask("evaluation", lambda: installation.ask("/access/v1/evaluation", question_about(YES)))
        asked.ask("page", lambda: installation.ask("/admin/", is_person=True))
        asked.ask("ready", lambda: installation.ask("/readyz"))
        time.sleep(1)
        alive = [installation.ask("/healthz") for _ in range(5)]
        told = asked.all()
        later = [installation.ask(TRUST) for _ in range(3)]  # while it is still frozen: known by now
    assert [answer.status for answer in alive] == [200] * 5
    assert max(answer.seconds for answer in alive) < 2
    for name, answer in told:
        demand_unavailable(name, answer)
    codes = {answer.code for name, answer in told if name in {"trust", "purpose", "evaluation"}}
    assert codes <= {"database_unavailable", "overloaded"}
    assert "database_unavailable" in codes
    for answer in later:
        demand_unavailable("later", answer)
    wait_until(lambda: everything_works(installation), 20)


def test_new_connections_to_a_frozen_database_end_in_time(installation: Installation) -> None:
    """The kernel accepts them, and nobody reads their first message."""
    stage, port = installation.stage, find_free_port(HOST)
    web = stage.start_web(port)
    fresh = replace(installation, web=web, port=port)
    asked = Asked()
    with frozen(installation.postgres):
        asked.ask("trust", lambda: fresh.ask(TRUST), 8)
        told = asked.all()
        assert fresh.ask("/healthz").status == 200
    for name, answer in told:
        demand_unavailable(name, answer)
    wait_until(lambda: fresh.ask(TRUST).status == 200, 20)
    stage.kill(web)


@pytest.mark.parametrize("locked", ["trust_decision", "catalog_apikey"])
def test_who_waits_behind_a_lock_is_told_so_in_time(installation: Installation, locked: str) -> None:
    wait_until(lambda: everything_works(installation))
    asked = Asked()
    with psycopg.connect(installation.postgres.url) as holder:
        holder.execute(f"LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE")
        asked.ask("trust", lambda: installation.ask(TRUST), 12)
        asked.ask("evaluation", lambda: installation.ask("/access/v1/evaluation", question_about(YES)), 2)
        told = asked.all()
        alive = installation.ask("/healthz")
        holder.rollback()
    assert alive.status == 200
    for name, answer in told:
        demand_unavailable(name, answer)
    wait_until(lambda: everything_works(installation), 20)


def test_answers_go_on_while_valkey_is_frozen_and_what_is_queued_meanwhile_is_done_later(installation: Installation) -> None:
    wait_until(lambda: everything_works(installation))
    with frozen(installation.valkey):
        answers = [installation.ask(TRUST) for _ in range(6)]
        ready = installation.ask("/readyz")
        requested = installation.ask("/api/v1/products/nyc-holidays/runs", "{}", key=installation.admin_key)
        page = installation.ask("/admin/", is_person=True)
    assert [answer.status for answer in answers] == [200] * 6
    assert max(answer.seconds for answer in answers) < 2
    assert (ready.status, ready.seconds < LONGEST_SECONDS) == (503, True)
    assert [fault["field"] for fault in json.loads(ready.body)["errors"]] == ["broker"]
    assert (requested.status, requested.seconds < LONGEST_SECONDS) == (202, True), requested
    assert (page.status, page.seconds < LONGEST_SECONDS) == (200, True)
    wait_until(lambda: everything_works(installation), 20)


def test_no_answer_of_a_frozen_minute_is_without_its_row(installation: Installation) -> None:
    """Asked all the while, through a freeze in the middle: every answer with 200 is in the log, byte for byte."""
    kept: list[bytes] = []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                told = installation.ask(TRUST)
                if told.status == 200:
                    kept.append(told.body)

    threads = [threading.Thread(target=keep_asking, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        wait_for_more(kept)
        with frozen(installation.postgres):
            time.sleep(6)
    wait_for_more(kept)
    done.set()
    for thread in threads:
        thread.join(20)
    with psycopg.connect(installation.postgres.runtime_url) as connection:
        rows = {number: text.encode() for number, text in connection.execute("SELECT id, answer FROM trust_decision")}
    assert [body for body in kept if rows.get(json.loads(body)["decision_id"]) != body] == []


def web_processes(installation: Installation) -> list[int]:
    """The processes that serve; granian itself only looks after them."""
    parent = installation.web.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in children if b"granian" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_a_frozen_web_process_is_replaced_by_its_siblings(installation: Installation) -> None:
    before = web_processes(installation)
    os.kill(before[0], signal.SIGSTOP)

    wait_until(lambda: has_replaced(installation, before), what="the frozen process is replaced")

    told = [installation.ask(path) for _ in range(10) for path in ("/healthz", TRUST)]
    assert {one.status for one in told} == {200}
    assert "did nothing for" in installation.stage.log("web1")


def test_a_killed_web_process_is_replaced(installation: Installation) -> None:
    time.sleep(4)  # granian takes two deaths of one process within 3.5 s for a crash that would come again
    before = web_processes(installation)
    os.kill(before[0], signal.SIGKILL)

    wait_until(lambda: has_replaced(installation, before), what="the killed process is replaced")

    told = [installation.ask(path) for _ in range(10) for path in ("/healthz", TRUST)]
    assert {one.status for one in told} == {200}


def has_replaced(installation: Installation, before: list[int]) -> bool:
    now = web_processes(installation)
    return before[0] not in now and len(now) == len(before) and installation.ask("/readyz").status == 200
