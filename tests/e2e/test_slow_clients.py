"""Two hundred connections that send or read slowly, of every known kind: the others are answered as if they were not there.

The server is the one of `bin/up`, with its two processes. No connection here holds more than a socket.
"""

import contextlib
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle, product
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.utils import timezone

from catalog.models import Person
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key
from config.web.limits import BODY_SECONDS
from runtime.ports import find_free_port
from runtime.web import HEADER_SECONDS
from tests.e2e.conftest import Stage, wait_until
from tests.factories import make_person
from tests.trust.builders import make_ready_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CONNECTIONS = 200
HOST = "127.0.0.1"


@dataclass
class Site:
    """A web server with one product and a key that may do everything its person may."""

    port: int
    key: str
    product: str
    password: str
    person: Person

    @property
    def authorization(self) -> str:
        return f"Authorization: Bearer {self.key}"

    def ask(self, path: str, *, key: str | None = None, timeout: float = 5) -> tuple[int, bytes]:
        """The answer to a GET over a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {key or self.key}"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection((HOST, self.port), timeout=60)

    def head(self, method: str, path: str, *headers: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{self.port}", *headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def csrf(self) -> str:
        """The cookie that the page of the login sets."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        connection.request("GET", "/admin/login/")
        response = connection.getresponse()
        response.read()
        connection.close()
        found = re.search(r"csrftoken=(\w+)", response.headers["Set-Cookie"])
        assert found
        return found[1]


@pytest.fixture
def site(stage: Stage) -> Site:
    person = make_person("stella", is_staff=True)
    person.is_superuser = True
    person.set_password("correct horse battery")
    person.save()
    port = make_ready_port()
    _, key = create_key(person=person, name="slow", scopes=[Scope.ADMIN], now=timezone.now())
    free = find_free_port(HOST)
    stage.start_web(free)
    return Site(free, key, port.product.slug, "correct horse battery", person)


YAML = "Content-Type: application/yaml"
JSON = "Content-Type: application/json"
LONG = "Content-Length: 5000"


def half_a_head(site: Site) -> bytes:
    return f"POST /api/v1/trust/check HTTP/1.1\r\nHost: {HOST}\r\nX-".encode()


def nothing_at_all(site: Site) -> bytes:
    return b""


def head_without_body_and_key(site: Site) -> bytes:
    return site.head("POST", "/api/v1/trust/check", JSON, LONG)


def first_byte_of_a_body_without_key(site: Site) -> bytes:
    return site.head("POST", "/api/v1/trust/check", JSON, LONG) + b"{"


def body_with_a_key_that_does_not_exist(site: Site) -> bytes:
    key = f"ts_{'0' * 10}_{'A' * 43}"
    return site.head("POST", "/api/v1/contracts", YAML, LONG, f"Authorization: Bearer {key}") + b"a"


def body_with_a_good_key(site: Site) -> bytes:
    return site.head("POST", "/api/v1/contracts", "Content-Type: application/yaml", LONG, site.authorization) + b"a"


def evaluation_with_a_good_key(site: Site) -> bytes:
    return site.head("POST", "/access/v1/evaluation", JSON, LONG, site.authorization) + b"{"


def body_with_a_cookie(site: Site) -> bytes:
    return site.head("POST", "/api/v1/contracts", JSON, LONG, f"Cookie: {settings.SESSION_COOKIE_NAME}=nonsense") + b"{"


def login(site: Site) -> bytes:
    form = "Content-Type: application/x-www-form-urlencoded"
    token = site.csrf()
    return site.head("POST", "/admin/login/", form, LONG, f"Cookie: csrftoken={token}") + b"csrfmiddlewaretoken="


def body_to_a_probe(site: Site) -> bytes:
    return site.head("POST", "/healthz", JSON, LONG)


def chunks_without_end(site: Site) -> bytes:
    return site.head("POST", "/api/v1/contracts", "Transfer-Encoding: chunked", site.authorization) + b"5\r\nhello\r\n"


def kept_connection(site: Site) -> bytes:
    return site.head("GET", "/healthz")


def reader_of_nothing(site: Site) -> bytes:
    """Asks for a large answer many times over and never reads."""
    return site.head("GET", "/api/schema") * 20


KINDS: dict[str, Callable[[Site], bytes]] = {
    kind.__name__: kind
    for kind in (
        half_a_head,
        nothing_at_all,
        head_without_body_and_key,
        first_byte_of_a_body_without_key,
        body_with_a_key_that_does_not_exist,
        body_with_a_good_key,
        evaluation_with_a_good_key,
        body_with_a_cookie,
        login,
        body_to_a_probe,
        chunks_without_end,
        kept_connection,
        reader_of_nothing,
    )
}


@contextlib.contextmanager
def slow_clients(site: Site, beginnings: list[bytes]) -> Iterator[None]:
    """Open connections, each of which sends its beginning and then a byte a second; one that was ended is opened again."""
    done = threading.Event()
    made = [(site.connect(), beginning) for beginning in beginnings]

    def drip() -> None:
        while not done.wait(1):
            for number, (connection, beginning) in enumerate(made):
                try:
                    connection.setblocking(False)
                    connection.send(b"a")
                except BlockingIOError:
                    continue
                except OSError:
                    connection.close()
                    with contextlib.suppress(OSError):
                        made[number] = (site.connect(), beginning)
                        made[number][0].sendall(beginning)

    for connection, beginning in made:
        connection.sendall(beginning)
    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    try:
        yield
    finally:
        done.set()
        dripping.join(10)
        for connection, _ in made:
            connection.close()


def demand_answers(site: Site, seconds: float) -> None:
    """Health, readiness, trust and the login page, again and again; none may take five seconds."""
    until = time.monotonic() + seconds
    paths = cycle(("/healthz", "/readyz", f"/api/v1/products/{site.product}/trust", "/admin/login/"))
    for asked, path in zip(count(1), paths, strict=False):
        begun = time.monotonic()
        status, _ = site.ask(path)
        assert (status, time.monotonic() - begun < 5) == (200, True), f"{path}: {status} after {time.monotonic() - begun:.1f} s"
        if time.monotonic() > until and asked >= 8:
            return
        time.sleep(0.2)


def test_two_hundred_slow_connections_of_one_kind_hold_up_nobody(site: Site) -> None:
    held_up = {}
    for kind, beginning in KINDS.items():
        with slow_clients(site, [beginning(site)] * CONNECTIONS):
            try:
                demand_answers(site, 3)
            except (AssertionError, OSError) as error:
                held_up[kind] = str(error)
    assert held_up == {}


def test_two_hundred_slow_connections_of_all_kinds_hold_up_nobody_for_longer_than_a_body_may_take(site: Site) -> None:
    kinds = [kind(site) for kind in KINDS.values()]
    with slow_clients(site, [kinds[number % len(kinds)] for number in range(CONNECTIONS)]):
        demand_answers(site, BODY_SECONDS + 5)


def answer_of(connection: socket.socket, seconds: float) -> tuple[int, bytes]:
    """Status and body of the answer, which must be there within so many seconds."""
    connection.settimeout(seconds)
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


STRANGERS = (
    (),
    ("Authorization: Basic YTpi",),
    ("Authorization: Bearer nonsense",),
    (f"Authorization: Bearer ts_{'0' * 10}_{'A' * 43}",),
    (f"Cookie: {settings.SESSION_COOKIE_NAME}=nonsense",),
)
ADDRESSES = ("/api/v1/trust/check", "/api/v1/contracts", "/access/v1/evaluation", "/access/v1/evaluations", "/api/v1/keys")


def test_who_is_not_known_is_refused_before_the_body(site: Site) -> None:
    for address, headers in product(ADDRESSES, STRANGERS):
        with site.connect() as connection:
            connection.sendall(site.head("POST", address, JSON, LONG, "Connection: close", *headers))
            begun = time.monotonic()
            status, body = answer_of(connection, 5)
        took = time.monotonic() - begun
        assert (status, json.loads(body)["status"], took < 5) == (401, 401, True), (address, headers, status, took)


def test_a_body_that_does_not_arrive_in_time_is_refused_with_408_and_the_connection_ends(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(body_with_a_good_key(site))
        begun = time.monotonic()
        status, body = answer_of(connection, BODY_SECONDS + 5)
    problem = json.loads(body)
    assert (status, problem["code"]) == (408, "body_too_slow")
    assert BODY_SECONDS - 1 < time.monotonic() - begun < BODY_SECONDS + 3


def test_a_body_that_takes_some_seconds_is_read_whole(site: Site) -> None:
    content = json.dumps({"products": [site.product]}).encode()
    with site.connect() as connection:
        connection.sendall(
            site.head(
                "POST", "/api/v1/trust/check", JSON, f"Content-Length: {len(content)}", site.authorization, "Connection: close"
            )
        )
        for byte in content:
            time.sleep(2 / len(content))
            connection.sendall(bytes([byte]))
        status, body = answer_of(connection, 5)
    assert (status, json.loads(body)["results"][0]["product"]) == (200, site.product)


def test_a_body_that_ends_early_reaches_no_view(site: Site) -> None:
    with site.connect() as connection:
        form = "Content-Type: application/x-www-form-urlencoded"
        content = urlencode({"csrfmiddlewaretoken": site.csrf(), "username": "stella", "password": site.password}).encode()
        connection.sendall(site.head("POST", "/admin/login/", form, f"Content-Length: {len(content) + 50}") + content)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        assert b" 302 " not in connection.recv(65536)


def test_a_body_that_is_declared_too_long_is_refused_unread(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(
            site.head(
                "POST",
                "/api/v1/contracts",
                JSON,
                "Content-Length: 3000000",
                site.authorization,
                "Connection: close",
            )
        )
        status, body = answer_of(connection, 5)
    assert (status, json.loads(body)["code"]) == (413, "body_too_large")


def test_connections_that_send_no_request_are_ended(site: Site) -> None:
    idle, half, kept = site.connect(), site.connect(), site.connect()
    half.sendall(half_a_head(site))
    kept.sendall(kept_connection(site))
    begun = time.monotonic()
    for connection in (idle, half, kept):
        connection.settimeout(HEADER_SECONDS + 10)
        with contextlib.suppress(ConnectionError):
            while connection.recv(65536):
                pass
        connection.close()
    assert time.monotonic() - begun < HEADER_SECONDS + 5


def test_what_a_header_with_an_underscore_says_is_not_believed(site: Site) -> None:
    connection = http.client.HTTPConnection(HOST, site.port, timeout=5)
    connection.request("GET", "/healthz", headers={"X_Request_ID": "forged", "X-Request-ID": "mine"})
    assert connection.getresponse().headers["X-Request-ID"] == "mine"
    connection.close()


def test_the_web_server_waits_for_what_it_is_doing_when_it_is_told_to_stop(site: Site, stage: Stage) -> None:
    """A request that the server has taken is answered, and its row is there."""
    answered: list[int] = []

    def keep_asking() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                answered.append(site.ask(f"/api/v1/products/{site.product}/trust")[0])

    asking = threading.Thread(target=keep_asking, daemon=True)
    asking.start()
    wait_until(lambda: len(answered) > 20)
    stage.processes[-1].terminate()
    asking.join(20)
    stage.processes[-1].wait(20)
    assert set(answered) == {200}
