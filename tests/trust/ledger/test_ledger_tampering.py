"""Whoever changes, removes or inserts any one row, as somebody who may switch triggers off, is found and the row is named."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection

from tests.trust.ledger_rows import make_decision, make_sealed_rows, nth_decision, seal_now, tamper
from trust.ledger.queries import ledger_rows
from trust.ledger.services import ledger_publishing
from trust.ledger.services.ledger import hash_of_statement
from trust.ledger.services.ledger_verification import Against, BrokenLedgerError, verify
from trust.ledger.signing import canonical_json, public_jwks, rotate_key, sign
from trust.ledger.signing.keys import public_jwk
from trust.models import LedgerBatch, SigningKey, Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sealed(signing_key: str) -> None:
    make_sealed_rows()


def found(**against: object) -> str:
    """What a verification says is broken first."""
    with pytest.raises(BrokenLedgerError) as caught:
        list(verify(against=Against(**against)))  # type: ignore[arg-type]
    return caught.value.message


def first_history_row(table: str = "catalog_dataproductevent") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(pgh_id) FROM {table}")
        row: tuple[int] = cursor.fetchone()
    return row[0]


COLUMNS = {
    "answer": "answer || ' '",
    "asked_at": "asked_at + interval '1 microsecond'",
    "subject": "'mallory'",
    "decision": "true, production_grade = true",
    "latency_us": "latency_us + 1",
    "score": "score + 1e-9",
    "purpose": "''",
    "obligations": "'[1]'",
    "question": "CASE WHEN question IS NULL THEN 'null'::jsonb END",
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("position", [0, 6, 11])
def test_a_changed_decision_is_named(column: str, position: int) -> None:
    row = nth_decision(position)
    tamper("trust_decision", f"UPDATE trust_decision SET {column} = {COLUMNS[column]} WHERE id = %s", (row,))
    assert found() == (
        f"Batch {1 + position // 4} does not fit the rows. trust_decision: row {row} was changed after it was sealed."
    )


def test_a_decision_that_is_moved_to_another_month_is_named() -> None:
    row = nth_decision(2)
    tamper("trust_decision", "UPDATE trust_decision SET asked_at = asked_at + interval '40 days' WHERE id = %s", (row,))
    assert f"trust_decision: row {row} was changed" in found()


@pytest.mark.parametrize("column", ["outcome", "facts"])
def test_a_changed_verdict_is_named(column: str) -> None:
    row = Verdict.objects.order_by("id").values_list("id", flat=True)[0]
    tamper("trust_verdict", f"UPDATE trust_verdict SET {column} = {column} || ' ' WHERE id = %s", (row,))
    assert f"trust_verdict: row {row} was changed" in found()


def test_a_changed_history_row_is_named() -> None:
    row = first_history_row()
    tamper("catalog_dataproductevent", "UPDATE catalog_dataproductevent SET name = 'other' WHERE pgh_id = %s", (row,))
    assert f"catalog_dataproductevent: row {row} was changed" in found()


def test_history_that_is_laid_at_the_door_of_somebody_else_is_named() -> None:
    row = first_history_row()
    tamper(
        "pghistory_context",
        'UPDATE pghistory_context SET metadata = metadata || \'{"actor": "mallory"}\''
        " WHERE id = (SELECT pgh_context_id FROM catalog_dataproductevent WHERE pgh_id = %s)",
        (row,),
    )
    assert "event: row " in found()


@pytest.mark.parametrize("position", [0, 3, 5, 11])
def test_a_removed_decision_is_named(position: int) -> None:
    row = nth_decision(position)
    tamper("trust_decision", "DELETE FROM trust_decision WHERE id = %s", (row,))
    assert f"trust_decision: row {row} was removed" in found()


@pytest.mark.parametrize("table", ["trust_verdict", "catalog_dataproductevent", "trust_signingkey"])
def test_a_removed_row_of_another_table_is_named(table: str) -> None:
    column = "pgh_id" if table.endswith("event") else "id"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min({column}) FROM {table}")
        row = cursor.fetchone()[0]
    if table == "trust_verdict":
        tamper("trust_currentverdict", "UPDATE trust_currentverdict SET verdict_row_id = NULL")
    tamper(table, f"DELETE FROM {table} WHERE {column} = %s", (row,))
    told = found()
    assert f"{table}: row {row} was removed" in told or (table == "trust_signingkey" and "none of those believed" in told)


@pytest.mark.parametrize("new", ["a second one", "below all others", "in a gap"])
def test_a_row_that_is_inserted_into_a_sealed_range_is_named(new: str) -> None:
    row = {"a second one": nth_decision(1), "below all others": -5, "in a gap": nth_decision(11) + 1}[new]
    with connection.cursor() as cursor:
        if new == "in a gap":  # an id that was taken and never committed, behind which the log went on
            cursor.execute("SELECT nextval('trust_decision_id_seq')")
            make_decision()
            seal_now()
        cursor.execute(
            "CREATE TEMP TABLE forged ON COMMIT DROP AS SELECT * FROM trust_decision WHERE id = %s", [nth_decision(1)]
        )
        cursor.execute("UPDATE forged SET id = %s, asked_at = asked_at - interval '1 second'", [row])
        cursor.execute("INSERT INTO trust_decision SELECT * FROM forged")
    assert re.search(rf"trust_decision: row {row} was (inserted|changed)", found())


BATCH_COLUMNS = {
    "leaves": ("set_byte(leaves, 40, get_byte(leaves, 40) # 1)", "The column leaves of batch 2 was changed"),
    "row_ids": ("row_ids[1:1] || (row_ids[2] + 1000)::bigint || row_ids[3:]", "the batch's column row_ids was changed"),
    "root": ("repeat('0', 64)", "The column root of batch 2 was changed"),
    "previous": ("repeat('0', 64)", "The column previous of batch 2 was changed"),
    "size": ("size + 1", "The column size of batch 2 was changed"),
    "sealed_at": ("sealed_at - interval '1 day'", "The column sealed_at of batch 2 was changed"),
    "segments": ("jsonb_set(segments, '{0,to}', '1')", "The column segments of batch 2 was changed"),
    "statement": ("replace(statement, '\"size\":4', '\"size\":3')", "The statement of batch 2 was changed"),
    "signature": ("left(signature, -3) || 'AAA'", "The signature of batch 2 was changed"),
}


@pytest.mark.parametrize("column", BATCH_COLUMNS)
def test_a_changed_batch_is_named_with_the_column(column: str) -> None:
    value, expected = BATCH_COLUMNS[column]
    tamper("trust_ledgerbatch", f"UPDATE trust_ledgerbatch SET {column} = {value} WHERE number = 2")
    assert expected in found()


def test_a_row_and_its_leaf_that_are_changed_together_are_found_by_the_root() -> None:
    row = nth_decision(4)
    tamper("trust_decision", "UPDATE trust_decision SET subject = 'mallory' WHERE id = %s", (row,))
    batch = LedgerBatch.objects.get(number=2)
    source = next(source for source in ledger_rows.sources() if source.table == "trust_decision")
    columns = next(found["columns"] for found in batch.segments if found["source"] == source.table)
    leaves = ledger_rows.leaves_between(source, columns, row - 1, row)
    tamper(
        "trust_ledgerbatch",
        "UPDATE trust_ledgerbatch SET leaves = overlay(leaves placing %s from 1) WHERE number = 2",
        (leaves.hashes,),
    )
    assert "Neither the leaves of batch 2 nor the rows lead to the signed root" in found()


@pytest.mark.parametrize("number", [1, 2])
def test_a_removed_batch_is_named(number: int) -> None:
    tamper("trust_ledgerbatch", "DELETE FROM trust_ledgerbatch WHERE number = %s", (number,))
    assert found() == f"Batch {number} was removed: batch {number + 1} is the next that is there."


def test_the_removed_last_batch_leaves_rows_that_nothing_seals() -> None:
    tamper("trust_ledgerbatch", "DELETE FROM trust_ledgerbatch WHERE number = 3")
    assert found().startswith(f"4 rows of trust_decision, from {nth_decision(8)} on, are in no batch")


def test_rows_of_a_moment_ago_may_still_wait_for_their_batch() -> None:
    make_decision(minutes_ago=0)
    assert len(list(verify(against=Against(grace=timedelta(minutes=1))))) == 3


def test_a_swapped_signing_key_is_named() -> None:
    key = SigningKey.objects.get()
    other = json.dumps(public_jwk(Ed25519PrivateKey.generate().public_key()))
    tamper("trust_signingkey", "UPDATE trust_signingkey SET jwk = %s::jsonb", (other,))
    assert found() == f"Row {key.pk} of trust_signingkey was changed: its key is not the one of kid {key.kid}."


def test_a_signing_key_that_is_no_key_any_more_is_named() -> None:
    tamper("trust_signingkey", "UPDATE trust_signingkey SET jwk = '{}'")
    assert "it holds no key" in found()


@pytest.fixture
def forge_last_batch() -> Callable[[], None]:
    """Somebody with a key of their own, and the rights to write everything, replaces the last batch by another."""

    def forge() -> None:
        rotate_key()
        batch = LedgerBatch.objects.get(number=3)
        sealed_at = "2026-01-01T00:00:00.000000Z"
        statement = canonical_json(json.loads(batch.statement) | {"sealed_at": sealed_at}).decode()
        signature = sign(statement.encode(), content_type="touchstone-ledger+jws")
        tamper(
            "trust_ledgerbatch",
            "UPDATE trust_ledgerbatch SET statement = %s, signature = %s, sealed_at = %s WHERE number = 3",
            (statement, signature, sealed_at),
        )

    return forge


def test_a_batch_that_another_key_signed_is_found_where_keys_are_pinned(
    forge_last_batch: Callable[[], None], tmp_path: Path
) -> None:
    pinned = tmp_path / "jwks.json"
    pinned.write_text(json.dumps(public_jwks()))
    assert "The ledger is intact: 3 batches" in run("verify", "--jwks", str(pinned))
    forge_last_batch()
    with pytest.raises(CommandError, match=r"signature of batch 3 is by the key .*, which is none of those believed"):
        run("verify", "--jwks", str(pinned))


def test_a_key_that_is_slipped_into_the_database_signs_no_batch(forge_last_batch: Callable[[], None], key_folder: Path) -> None:
    forge_last_batch()
    (key_folder / "000002.pem").unlink()  # the forger's key was never in the folder
    assert len(list(verify(against=Against()))) == 3  # the database alone does not show it
    with pytest.raises(CommandError, match=r"signature of batch 3 is by the key .*, which is none of those believed"):
        run("verify")


def test_where_there_is_no_folder_the_database_is_believed_and_that_is_told(key_folder: Path) -> None:
    (key_folder / "000001.pem").unlink()
    assert "Believed were the keys of this database, which an intruder with write access could change too" in run("verify")


def test_what_was_published_proves_a_batch_that_was_written_anew(forge_last_batch: Callable[[], None], published: Path) -> None:
    assert ledger_publishing.publish() == 3
    assert "The ledger is intact" in run("verify", "--published", str(published))
    forge_last_batch()
    with pytest.raises(CommandError, match="The statement of batch 3 is not the one that was published"):
        run("verify", "--published", str(published))


def test_a_cut_off_end_that_was_sealed_anew_is_found_by_what_was_published(published: Path) -> None:
    ledger_publishing.publish()
    tamper("trust_decision", "DELETE FROM trust_decision WHERE id = %s", (nth_decision(11),))
    tamper("trust_ledgerbatch", "DELETE FROM trust_ledgerbatch WHERE number = 3")
    seal_now()
    assert len(list(verify(against=Against()))) == 3  # inside the database nothing is to be seen of it
    with pytest.raises(CommandError, match="batch 3 is not the one that was published"):
        run("verify", "--published", str(published))


def test_a_published_batch_that_is_gone_is_named(published: Path) -> None:
    ledger_publishing.publish()
    tamper("trust_ledgerbatch", "DELETE FROM trust_ledgerbatch WHERE number = 3")
    with pytest.raises(CommandError, match="Batch 3 was published and is gone"):
        run("verify", "--published", str(published))


def test_a_batch_that_is_chained_to_another_past_is_named() -> None:
    batch = LedgerBatch.objects.get(number=3)
    statement = batch.statement.replace(batch.previous, "1" * 64)
    tamper(
        "trust_ledgerbatch",
        "UPDATE trust_ledgerbatch SET statement = %s, signature = %s, previous = %s WHERE number = 3",
        (statement, sign(statement.encode(), content_type="touchstone-ledger+jws"), "1" * 64),
    )
    assert hash_of_statement(LedgerBatch.objects.get(number=2).statement) != "1" * 64
    assert found() == "Batch 3 is not chained to the batch before it that is there."


def test_a_signature_over_another_kind_of_document_is_no_seal() -> None:
    batch = LedgerBatch.objects.get(number=3)
    tamper(
        "trust_ledgerbatch", "UPDATE trust_ledgerbatch SET signature = %s WHERE number = 3", (sign(batch.statement.encode()),)
    )
    assert found() == "The statement of batch 3 was changed: it is not what was signed."


@pytest.fixture
def published(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "published.jsonl"
    monkeypatch.setattr(settings.TOUCHSTONE, "ledger_publish_file", path)  # type: ignore[attr-defined]
    return path


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("ledger", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()
