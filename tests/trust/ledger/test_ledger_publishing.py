"""Batches outside of the database: each once in the file, each at the address until it is taken."""

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.conf import settings
from pydantic import ValidationError

from catalog.rules.errors import InvalidError
from config.environment import Environment
from tests.trust.ledger_rows import make_decision, make_sealed_rows, seal_now
from trust.ledger.services.ledger_publishing import publish, read_published
from trust.models import LedgerBatch
from trust.tasks import seal_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signing_key: str) -> Path:
    path = tmp_path / "published.jsonl"
    monkeypatch.setattr(settings.TOUCHSTONE, "ledger_publish_file", path)
    make_sealed_rows()
    return path


class Witness:
    """A server that keeps what is posted to it, and refuses as long as it is told to."""

    def __init__(self) -> None:
        witness = self
        self.taken: list[int] = []
        self.status = 200

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if witness.status == 200:
                    witness.taken.append(body["number"])
                self.send_response(witness.status)
                if witness.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    found = Witness()
    monkeypatch.setattr(settings.TOUCHSTONE, "ledger_publish_url", f"http://127.0.0.1:{found.server.server_port}/")
    yield found
    found.server.shutdown()
    found.server.server_close()


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["number"] for line in path.read_text().splitlines()]


def test_nothing_is_published_where_no_place_is_set(signing_key: str) -> None:
    make_sealed_rows()
    assert publish() == 0
    assert LedgerBatch.objects.filter(published_at=None).count() == 3


def test_each_batch_is_a_line_of_the_file_once(file: Path) -> None:
    assert (publish(), publish()) == (3, 0)
    assert numbers(file) == [1, 2, 3]
    make_decision()
    seal_now()
    assert publish() == 1
    assert numbers(file) == [1, 2, 3, 4]
    assert read_published(file) == dict(LedgerBatch.objects.values_list("number", "statement"))


def test_sealing_publishes(file: Path) -> None:
    seal_ledger()
    assert numbers(file)[:3] == [1, 2, 3]


def test_a_process_that_died_between_file_and_database_writes_no_line_twice(file: Path) -> None:
    publish()
    LedgerBatch.objects.filter(number__gte=2).update(published_at=None)
    assert publish() == 2
    assert numbers(file) == [1, 2, 3]


def test_a_line_that_broke_off_is_written_again_whole(file: Path) -> None:
    publish()
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    LedgerBatch.objects.filter(number=3).update(published_at=None)
    publish()
    assert file.read_bytes() == whole


def test_the_address_gets_each_batch_in_order(file: Path, witness: Witness) -> None:
    assert publish() == 3
    assert witness.taken == [1, 2, 3] == numbers(file)


@pytest.mark.parametrize("status", [302, 401, 503])
def test_an_address_that_refuses_is_asked_again_and_the_file_is_written_meanwhile(
    status: int, file: Path, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    witness.status = status
    with caplog.at_level(logging.ERROR):
        assert publish() == 0
    assert "Batch 1 cannot be published" in caplog.text
    assert numbers(file) == [1, 2, 3]
    witness.status = 200
    assert publish() == 3
    assert (witness.taken, numbers(file)) == ([1, 2, 3], [1, 2, 3])


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "nonsense", "file:///etc/passwd"])
def test_an_address_that_cannot_be_reached_is_told_and_sealing_goes_on(
    address: str, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "ledger_publish_url", address)
    make_decision()
    seal_ledger()
    assert "cannot be published" in caplog.text
    assert LedgerBatch.objects.filter(published_at=None).exists()


@pytest.mark.parametrize("setting", ["ledger_publish_url", "public_url"])
def test_an_address_that_is_not_of_the_web_stops_the_start(setting: str) -> None:
    with pytest.raises(ValidationError, match="must begin with http"):
        Environment.model_validate({setting: "file:///etc/passwd"})


def test_a_file_that_cannot_be_written_is_told(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.mkdir()
    assert publish() == 0
    assert "cannot be published in" in caplog.text


@pytest.mark.parametrize("line", ["nonsense", "{}", "[]", '{"number": "x", "statement": ""}'])
def test_a_file_of_something_else_is_refused(line: str, tmp_path: Path, db: None) -> None:
    path = tmp_path / "other.txt"
    path.write_text(line + "\n")
    with pytest.raises(InvalidError, match=r"Line 1 of .* is no published batch"):
        read_published(path)


def test_two_statements_of_one_batch_in_the_file_are_told(file: Path) -> None:
    publish()
    first = json.loads(file.read_text().splitlines()[0])
    with file.open("a") as end:
        end.write(json.dumps(first | {"statement": "another"}) + "\n")
    with pytest.raises(InvalidError, match="two different statements of batch 1"):
        read_published(file)
