"""The role that the processes run with, tried with raw SQL: what was answered is not even its to change."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from runtime.embedded import EmbeddedPostgres, throwaway_directory
from tests.e2e.conftest import ROOT
from trust.ledger.services.runtime_role import append_only_tables, excess_rights

pytestmark = pytest.mark.slow

PARTITIONS = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname ~ '^trust_decision_[0-9]{4}'"


def manage(postgres: EmbeddedPostgres, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    urls = {"DATABASE_URL": postgres.runtime_url, "TOUCHSTONE_OWNER_DATABASE_URL": postgres.url, "TOUCHSTONE_DEBUG": "true"}
    command = [sys.executable, "manage.py", *words]
    surroundings = {**os.environ, **urls, **environment}
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server of its own, migrated by the owner, with its rights granted as `bin/up` does it."""
    with throwaway_directory() as directory, EmbeddedPostgres(directory / "postgres", durable=False) as server:
        for words in (["migrate", "--no-input"], ["grant_runtime_role"]):
            done = manage(server, *words)
            assert done.returncode == 0, done.stdout + done.stderr
        yield server


@pytest.fixture(scope="module")
def runtime(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.runtime_url, autocommit=True) as connection:
        yield connection


def refused(connection: psycopg.Connection, statement: str, table: str = "", column: str = "") -> str:
    """PostgreSQL's own words of refusal."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
        connection.execute(sql.SQL(statement).format(table=sql.Identifier(table), column=sql.Identifier(column)))
    return str(refusal.value)


def columns_of(connection: psycopg.Connection, table: str) -> list[str]:
    query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
    return [row[0] for row in connection.execute(query, [table]).fetchall()]


@pytest.mark.parametrize("table", sorted({*append_only_tables(), "trust_decision_default"}))
def test_what_is_append_only_can_be_read_and_added_to_and_nothing_else(runtime: psycopg.Connection, table: str) -> None:
    may = "SELECT has_table_privilege(%(table)s, 'SELECT') AND has_table_privilege(%(table)s, 'INSERT')"
    assert runtime.execute(may, {"table": table}).fetchone() == (True,)
    for statement in (
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} ADD COLUMN more text",
        "DROP TABLE {table} CASCADE",
        "CREATE TRIGGER away BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE away AS ON INSERT TO {table} DO INSTEAD NOTHING",
    ):
        refused(runtime, statement, table)
    fixed = set(columns_of(runtime, table)) - set(append_only_tables().get(table, ()))
    assert fixed
    for column in fixed:
        refused(runtime, "UPDATE {table} SET {column} = {column}", table, column)


def test_every_table_that_a_trigger_keeps_from_all_changes_is_kept_by_rights_as_well(runtime: psycopg.Connection) -> None:
    protected = runtime.execute(
        """
        SELECT DISTINCT root.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid)
        WHERE NOT t.tgisinternal AND t.tgname ~ '(append_only|is_kept|is_immutable|is_final)'
        """
    ).fetchall()
    # Of these, triggers keep some rows or columns only.
    catalog = {"catalog_accesspolicy", "catalog_dataproduct", "catalog_domain", "catalog_usecase"}
    trust = {"trust_incident", "trust_outputexception", "trust_run", "trust_stagemove", "trust_suite", "trust_waiver"}
    partly = catalog | trust
    assert {row[0] for row in protected} - partly <= set(append_only_tables())


def test_partitions_that_are_made_later_are_kept_as_well(runtime: psycopg.Connection) -> None:
    before = {row[0] for row in runtime.execute(PARTITIONS).fetchall()}
    runtime.execute("SELECT trust_make_decision_partitions(15)")
    made = sorted({row[0] for row in runtime.execute(PARTITIONS).fetchall()} - before)
    assert len(made) == 3
    for table in made:
        refused(runtime, "UPDATE {table} SET answer = answer", table)
        refused(runtime, "DELETE FROM {table}", table)
        refused(runtime, "TRUNCATE {table}", table)
        refused(runtime, "ALTER TABLE trust_decision DETACH PARTITION {table}", table)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id integer)",
        "CREATE TEMPORARY TABLE trust_decision (id integer)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION trust_decision_is_final() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET ROLE touchstone",
        "SET session_replication_role = replica",
        "ALTER ROLE touchstone_app CREATEROLE",
        "CREATE DATABASE mine",
        "UPDATE django_migrations SET name = name",
        "SELECT setval('trust_decision_id_seq', 1)",
    ],
)
def test_nothing_can_be_made_and_no_other_role_taken(runtime: psycopg.Connection, statement: str) -> None:
    assert "denied" in (words := refused(runtime, statement)) or "must be" in words


def test_the_history_cannot_be_passed_over(runtime: psycopg.Connection) -> None:
    names = runtime.execute(
        "SELECT array_agg(tgname::text) FROM pg_trigger WHERE tgrelid = 'catalog_purpose'::regclass AND NOT tgisinternal"
    ).fetchone()
    assert names
    with runtime.transaction():
        runtime.execute("SELECT set_config('pgtrigger.ignore', %s::text[]::text, true)", [names[0]])
        runtime.execute("INSERT INTO catalog_purpose (name, description) VALUES ('unseen', '')")
    assert runtime.execute("SELECT count(*) FROM catalog_purposeevent WHERE name = 'unseen'").fetchone() == (1,)


def test_a_table_of_a_later_migration_is_strict_until_its_rights_are_granted(
    postgres: EmbeddedPostgres, runtime: psycopg.Connection
) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as owner:
        owner.execute("CREATE TABLE later (id integer GENERATED BY DEFAULT AS IDENTITY, word text)")
        runtime.execute("INSERT INTO later (word) VALUES ('added')")
        refused(runtime, "UPDATE later SET word = word")
        assert manage(postgres, "grant_runtime_role").returncode == 0
        runtime.execute("UPDATE later SET word = word")
        refused(runtime, "TRUNCATE later")
        owner.execute("DROP TABLE later")


def test_the_rights_of_before_are_taken_back(postgres: EmbeddedPostgres, runtime: psycopg.Connection) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as owner:
        owner.execute("GRANT ALL ON trust_verdict TO touchstone_app")
        with owner.cursor() as cursor:
            assert excess_rights(cursor, "touchstone_app")
    assert manage(postgres, "grant_runtime_role").returncode == 0
    with runtime.cursor() as cursor:
        assert excess_rights(cursor, "touchstone_app") == []
    refused(runtime, "UPDATE trust_verdict SET verdict = verdict")


def test_the_owner_cannot_be_the_runtime_role(postgres: EmbeddedPostgres) -> None:
    told = manage(postgres, "grant_runtime_role", "--role", "touchstone")
    assert told.returncode == 1
    assert "cannot be the runtime role: it owns tables" in told.stderr


def test_a_role_that_is_missing_is_named_with_what_to_run(postgres: EmbeddedPostgres) -> None:
    told = manage(postgres, "grant_runtime_role", "--role", "nobody")
    assert told.returncode == 1
    assert "CREATE ROLE nobody LOGIN" in told.stderr


def test_a_role_that_is_missing_is_made_where_the_owner_may_make_roles(postgres: EmbeddedPostgres) -> None:
    superuser = postgres.superuser_url.removesuffix("postgres") + "touchstone"
    url = postgres.runtime_url.replace("touchstone_app:", "another_app:")  # under the same password
    told = manage(postgres, "grant_runtime_role", DATABASE_URL=url, TOUCHSTONE_OWNER_DATABASE_URL=superuser)
    assert told.returncode == 0, told.stderr
    assert "another_app was made" in told.stdout
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM trust_decision").fetchone() == (0,)
        refused(connection, "DELETE FROM trust_decision")


def test_the_check_warns_of_a_single_role_and_is_content_with_two(postgres: EmbeddedPostgres) -> None:
    words = ["check", "--deploy", "--database", "default"]
    assert "touchstone.W001" not in manage(postgres, *words).stderr
    told = manage(postgres, *words, DATABASE_URL=postgres.url, TOUCHSTONE_OWNER_DATABASE_URL="").stderr
    assert "touchstone.W001) The database role touchstone of the processes could change decisions" in told
    assert "docs/operations.md" in told


def test_the_check_tells_of_decisions_that_came_before_their_partition(postgres: EmbeddedPostgres) -> None:
    words = ["check", "--deploy", "--database", "default"]
    assert "touchstone.W002" not in manage(postgres, *words).stderr
    with psycopg.connect(postgres.runtime_url, autocommit=True) as runtime:
        runtime.execute(
            """
            INSERT INTO trust_decision (asked_at, channel, subject, asker, product_slug, decision, production_grade, verdict,
                request_id, latency_us, answer)
            VALUES (now() + interval '5 years', 'trust', 'a', 'a', 'p', false, false, 'unknown', 'r', 1, '{}')
            """
        )
    assert "touchstone.W002) 1 decisions lie in the default partition" in manage(postgres, *words).stderr


def test_the_ledger_is_sealed_published_and_proved_with_the_rights_of_the_processes(
    postgres: EmbeddedPostgres, runtime: psycopg.Connection, tmp_path: Path
) -> None:
    runtime.execute(
        "INSERT INTO trust_decision (channel, subject, asker, product_slug, decision, production_grade, verdict, request_id,"
        " latency_us, answer) VALUES ('trust', 'ada', 'ada', 'orders', false, false, 'unknown', 'r', 1, '{}')"
    )
    places = {
        "TOUCHSTONE_SIGNING_KEYS": str(tmp_path / "keys"),
        "TOUCHSTONE_LEDGER_PUBLISH_FILE": str(tmp_path / "published.jsonl"),
    }
    for words in (["signing_key", "--ensure"], ["ledger", "seal"], ["ledger", "verify"]):
        done = manage(postgres, *words, **places)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "The ledger is intact: 1 batches" in done.stdout
    assert (tmp_path / "published.jsonl").read_text().count("\n") == 1


def test_a_name_is_erased_by_the_owner_of_the_tables_alone(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    keys = {"TOUCHSTONE_SIGNING_KEYS": str(tmp_path / "keys")}
    for words in (
        ["signing_key", "--ensure"],
        ["create_admin"],
        ["add_person", "kim.lee", "--name", "Kim Lee", "--email", "kim@people.example"],
        ["close_account", "kim.lee", "--reason", "Left."],
        ["ledger", "seal"],
    ):
        done = manage(postgres, *words, **keys)
        assert done.returncode == 0, done.stdout + done.stderr
    erase = ["erase_person", "kim.lee", "--as", "admin", "--reason", "Asked for by Kim Lee."]
    alone = manage(postgres, *erase, TOUCHSTONE_OWNER_DATABASE_URL=postgres.runtime_url, **keys)
    assert alone.returncode != 0
    assert "must be owner of table" in alone.stderr
    done = manage(postgres, *erase, **keys)
    assert done.returncode == 0, done.stderr
    assert "The person is erased-" in done.stdout
    with psycopg.connect(postgres.url) as connection:
        row = connection.execute("SELECT count(*) FROM catalog_person WHERE username = 'kim.lee'").fetchone()
        assert row == (0,)
    # Another test sealed with a key of its own, so the keys of the database are believed.
    verified = manage(postgres, "ledger", "verify", TOUCHSTONE_SIGNING_KEYS=str(tmp_path / "none"))
    assert verified.returncode == 0, verified.stderr
