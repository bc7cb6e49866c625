"""Sealing: everything once, in order, chained, signed; nothing lost to writers that commit late or to processes that die."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pghistory
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from catalog.models import Domain
from tests.trust.ledger_rows import make_decision, make_sealed_rows, nth_decision, seal_now
from trust.decisions.services.proofs import InclusionProof, proof_of
from trust.ledger.queries import ledger_rows
from trust.ledger.rules.merkle import is_included, leaf_hash, root_of, split_hashes
from trust.ledger.services import ledger
from trust.ledger.services.ledger_verification import Against, verify
from trust.ledger.signing import KeyUnavailableError, rotate_key
from trust.models import Decision, LedgerBatch, Verdict
from trust.tasks import seal_ledger

Start = Callable[[Callable[[], Any]], Future[Any]]


def prove() -> int:
    """How many rows the ledger is proved to hold."""
    return sum(proved.rows for proved in verify(against=Against(grace=timedelta(0))))


def segment(batch: LedgerBatch, table: str) -> dict[str, object]:
    return next(dict(found) for found in batch.segments if found["source"] == table)


@pytest.mark.django_db
class TestSealing:
    def test_every_row_is_in_one_batch_and_the_whole_is_proved(self, signing_key: str) -> None:
        make_sealed_rows()
        history = sum(
            model._default_manager.count()
            for model in apps.get_models()
            if issubclass(model, pghistory.models.Event) and model._meta.managed
        )
        assert LedgerBatch.objects.count() == 3
        assert prove() == Decision.objects.count() + Verdict.objects.count() + history + 1  # and the signing key

    def test_every_table_of_the_history_is_sealed(self) -> None:
        tables = {source.table for source in ledger_rows.sources()}
        assert {
            "trust_decision",
            "trust_verdict",
            "trust_signingkey",
            "catalog_dataproductevent",
            "catalog_apikeyevent",
        } <= tables
        events = {table for table in connection.introspection.table_names() if table.endswith("event")}
        assert events == {table for table in tables if table.endswith("event")}

    def test_numbers_have_no_gaps_and_each_statement_names_the_one_before(self, signing_key: str) -> None:
        make_sealed_rows()
        first, second, third = LedgerBatch.objects.order_by("number")
        assert [first.number, second.number, third.number] == [1, 2, 3]
        assert first.previous == "0" * 64
        assert second.previous == sha256(first.statement.encode()).hexdigest()
        assert third.previous == sha256(second.statement.encode()).hexdigest()
        assert root_of(split_hashes(bytes(third.leaves))).hex() == third.root == json.loads(third.statement)["root"]

    def test_a_large_backlog_is_sealed_in_several_batches(self, signing_key: str) -> None:
        for _ in range(10):
            make_decision()
        seal_now()
        for _ in range(10):
            make_decision()
        assert [batch.size for batch in seal_now(largest_batch=4)] == [4, 4, 2]
        assert seal_now() == []
        prove()

    def test_nothing_new_makes_no_batch(self, signing_key: str) -> None:
        seal_now()
        assert seal_now() == []

    def test_a_leaf_is_the_hash_of_the_table_and_the_row_as_jsonb(self, signing_key: str) -> None:
        decision = make_decision(subject="zoë", answer='{"a":"\\u2028 \\" \\\\ é"}')
        proof = self._proof(decision)
        table, _, row = proof.leaf_input.partition(":")
        assert table == "trust_decision"
        assert json.loads(row)["subject"] == "zoë"
        assert json.loads(json.loads(row)["answer"]) == {"a": '\u2028 " \\ é'}
        assert leaf_hash(proof.leaf_input.encode()).hex() == proof.leaf_hash

    def _proof(self, decision: int) -> InclusionProof:
        seal_now()
        return proof_of(decision_id=decision)

    def test_the_form_of_a_leaf_does_not_depend_on_the_settings_of_the_connection(self, signing_key: str) -> None:
        make_sealed_rows()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL extra_float_digits = -3")
            cursor.execute("SET LOCAL IntervalStyle = 'iso_8601'")
            cursor.execute("SET LOCAL bytea_output = 'escape'")
        prove()

    def test_a_column_that_is_added_later_leaves_old_batches_whole(self, signing_key: str) -> None:
        make_sealed_rows()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE trust_decision ADD COLUMN later text DEFAULT 'x'")
        make_decision()
        (batch,) = seal_now()
        assert "later" in segment(batch, "trust_decision")["columns"]  # type: ignore[operator]
        prove()

    def test_history_waits_until_the_request_that_writes_it_is_over(self, signing_key: str) -> None:
        seal_now()
        with pghistory.context(actor="ada"):
            Domain.objects.create(slug="seller", name="Seller")
        assert list(ledger.seal()) == []
        (batch,) = seal_now()
        assert segment(batch, "catalog_domainevent")["count"] == 1

    def test_without_a_key_nothing_is_sealed_and_the_log_says_so(self, caplog: pytest.LogCaptureFixture) -> None:
        make_decision()
        with pytest.raises(KeyUnavailableError):
            seal_now()
        with caplog.at_level(logging.ERROR):
            seal_ledger()
        assert not LedgerBatch.objects.exists()
        assert "The ledger is not sealed" in caplog.text
        assert "signing_key --ensure" in caplog.text

    def test_batches_of_older_keys_hold_after_a_rotation(self, signing_key: str) -> None:
        make_sealed_rows()
        rotate_key()
        make_decision()
        seal_now()
        prove()

    @pytest.mark.parametrize("statement", ["UPDATE trust_ledgerbatch SET root = ''", "DELETE FROM trust_ledgerbatch"])
    def test_a_batch_cannot_be_changed_with_plain_sql(self, statement: str, signing_key: str) -> None:
        make_sealed_rows()
        with pytest.raises(Exception, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
class TestProofs:
    @pytest.mark.parametrize("position", [0, 3, 4, 11])
    def test_a_decision_is_proved_to_be_in_its_batch(self, position: int, signing_key: str) -> None:
        make_sealed_rows()
        proof = proof_of(decision_id=nth_decision(position))
        path = [bytes.fromhex(node) for node in proof.path]
        leaf = leaf_hash(proof.leaf_input.encode())
        assert is_included(leaf, proof.leaf_index, proof.tree_size, path, bytes.fromhex(proof.root))
        assert proof.batch == 1 + position // 4

    def test_the_command_shows_the_proof(self, signing_key: str) -> None:
        make_sealed_rows()
        told = json.loads(run("proof", str(nth_decision(5))))
        assert (told["decision_id"], told["batch"]) == (nth_decision(5), 2)

    def test_a_decision_of_a_moment_ago_is_not_proved_yet(self, signing_key: str) -> None:
        make_sealed_rows()
        with pytest.raises(CommandError, match="is not sealed yet"):
            run("proof", str(make_decision()))

    def test_there_is_no_proof_of_what_was_never_asked(self, signing_key: str) -> None:
        with pytest.raises(CommandError, match="There is no decision 987654321"):
            run("proof", "987654321")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("ledger", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.django_db
class TestCommand:
    def test_seal_status_and_verify_say_what_they_found(self, signing_key: str) -> None:
        make_decision()
        assert "Nothing is sealed yet" in run("status")
        assert "1 rows of trust_decision wait" in run("status")
        assert "Sealed batch 1" in run("seal")
        assert "The last is batch 1" in run("status")
        assert "The ledger is intact: 1 batches" in run("verify")

    def test_verifying_can_begin_in_the_middle(self, signing_key: str) -> None:
        make_sealed_rows()
        assert "2 batches with 8 rows, the last is 3" in run("verify", "--from", "2")
        with pytest.raises(CommandError, match="Batch 8 is not there"):
            run("verify", "--from", "9")

    @pytest.mark.parametrize("content", [None, "nonsense", "{}", '{"keys":[{"kty":"OKP"}]}'])
    def test_a_key_file_that_cannot_be_used_is_told(self, content: str | None, tmp_path: Path, db: None) -> None:
        path = tmp_path / "jwks.json"
        if content is not None:
            path.write_text(content)
        with pytest.raises(CommandError, match=r"jwks\.json"):
            run("verify", "--jwks", str(path))


@pytest.fixture
def in_a_thread() -> Iterator[Start]:
    """Runs deeds at the same time as the test, each on a connection of its own."""
    with ThreadPoolExecutor(4) as pool:

        def start(deed: Callable[[], Any]) -> Future[Any]:
            def act() -> Any:
                try:
                    return deed()
                finally:
                    connection.close()

            return pool.submit(act)

        yield start


@pytest.mark.django_db(transaction=True)
class TestWritersAndSealers:
    def test_a_row_that_is_committed_after_a_later_one_is_not_lost(self, signing_key: str, in_a_thread: Start) -> None:
        taken, sealed = threading.Event(), threading.Event()

        def write_slowly() -> int:
            with transaction.atomic():
                row = make_decision()
                taken.set()
                sealed.wait(20)
            return row

        slow = in_a_thread(write_slowly)
        assert taken.wait(10)
        later = make_decision()
        seal_now(is_patient=False)  # the table is left out: somebody is still writing
        assert later not in {
            row for batch in LedgerBatch.objects.all() for row in batch.row_ids if segment(batch, "trust_decision")["count"]
        }
        sealed.set()
        early = slow.result(20)
        assert early < later
        (batch,) = seal_now()
        assert batch.row_ids[:2] == [early, later]
        prove()

    def test_a_long_writer_holds_up_its_own_table_only(
        self,
        signing_key: str,
        in_a_thread: Start,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        taken, over = threading.Event(), threading.Event()

        def write_slowly() -> None:
            with transaction.atomic():
                Domain.objects.create(slug="slow", name="Slow")
                taken.set()
                over.wait(20)

        slow = in_a_thread(write_slowly)
        assert taken.wait(10)
        decision = make_decision()
        seal_now(is_patient=False)
        proof_of(decision_id=decision)
        assert "catalog_domainevent is in use for so long" in caplog.text
        over.set()
        slow.result(20)
        assert seal_now()
        prove()

    def test_many_writers_and_two_sealers_at_once_lose_nothing_and_seal_nothing_twice(
        self,
        signing_key: str,
        in_a_thread: Start,
    ) -> None:
        done = threading.Event()

        def write() -> int:
            for number in range(150):
                with transaction.atomic():
                    make_decision()
                    if number % 3 == 0:
                        make_decision()
                    if number % 10 == 0:
                        transaction.set_rollback(True)
            return 0

        def keep_sealing() -> None:
            while not done.is_set():
                seal_now(largest_batch=40, is_patient=False)

        sealers = [in_a_thread(keep_sealing) for _ in range(2)]
        writers = [in_a_thread(write) for _ in range(2)]
        for writer in writers:
            writer.result(60)
        done.set()
        for sealer in sealers:
            sealer.result(60)
        seal_now()
        batches = list(LedgerBatch.objects.order_by("number"))
        assert [batch.number for batch in batches] == list(range(1, len(batches) + 1))
        assert sum(segment(batch, "trust_decision")["count"] for batch in batches) == Decision.objects.count()  # type: ignore[misc]
        prove()

    def test_a_sealer_that_dies_in_the_middle_leaves_nothing_half_done(
        self, signing_key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(8):
            make_decision()
        sealing = ledger.seal(largest_batch=3, quiet=timedelta(0))
        assert next(sealing) == 1

        def die(*_: object, **__: object) -> str:
            raise RuntimeError("killed")

        with monkeypatch.context() as broken:
            broken.setattr(ledger, "sign", die)
            with pytest.raises(RuntimeError, match="killed"):
                next(sealing)
        assert LedgerBatch.objects.count() == 1
        seal_now()
        prove()

    def test_a_sealer_that_is_killed_leaves_whole_batches_only(self, signing_key: str, key_folder: Path) -> None:
        with transaction.atomic():
            for _ in range(400):
                make_decision()
        words = "import django; django.setup(); from trust.ledger.services.ledger import seal; list(seal(largest_batch=1))"
        environment = os.environ | {
            "DATABASE_URL": database_url(),
            "TOUCHSTONE_DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "TOUCHSTONE_SIGNING_KEYS": str(key_folder),
        }
        sealer = subprocess.Popen([sys.executable, "-c", words], env=environment, cwd=settings.BASE_DIR)
        try:
            deadline = time.monotonic() + 60
            while LedgerBatch.objects.count() < 5 and time.monotonic() < deadline:
                time.sleep(0.01)
        finally:
            sealer.kill()
            sealer.wait(10)
        assert 5 <= LedgerBatch.objects.count() < 400
        seal_now()
        prove()


def database_url() -> str:
    """The test's own database."""
    parameters = connection.get_connection_params()
    names = ("user", "password", "host", "port", "dbname")
    return make_conninfo(**{name: parameters[name] for name in names if parameters.get(name)})
