"""The functions and triggers in the database: equal to their sources, and brought in line with them by `migrate`."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import ProgrammingError, connection
from pgtrigger import registry

from catalog import triggers
from catalog.triggers import SqlFileError, read_source

pytestmark = pytest.mark.django_db

SQL_FILES = sorted(path for app in ("catalog", "trust") for path in Path(app, "sql").glob("*.sql"))
FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)\(.*?\$\$(.*?)\$\$;$", re.MULTILINE | re.DOTALL)
TRIGGER = re.compile(r"^CREATE[A-Z ]* TRIGGER (\w+) [^;]* ON (\w+)\s[^;]*EXECUTE FUNCTION (\w+)\(([^)]*)\);$", re.MULTILINE)
OF_PACKAGES = {"_pgh_attach_context", "_pgtrigger_should_ignore"}


def rows(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def versions() -> list[tuple[Any, ...]]:
    """Changes with every function or trigger that is made again, even if it is made the same."""
    return rows("SELECT oid, xmin::text FROM pg_proc UNION ALL SELECT oid, xmin::text FROM pg_trigger ORDER BY 1")


def body_of(function: str) -> str:
    return str(rows("SELECT prosrc FROM pg_proc WHERE proname = %s", function)[0][0])


def names(statement: str) -> set[str]:
    return {str(row[0]) for row in rows(statement)}


@pytest.fixture
def trust_sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `trust/sql` that `migrate` reads instead."""
    folder = Path(shutil.copytree("trust/sql", tmp_path / "sql"))
    monkeypatch.setattr(apps.get_app_config("trust"), "path", str(tmp_path))
    return folder


def migrate() -> None:
    call_command("migrate", verbosity=0)


def test_the_functions_in_the_database_are_those_of_the_files_and_of_the_models() -> None:
    written = dict(FUNCTION.findall("\n".join(path.read_text() for path in SQL_FILES)))
    of_models = {trigger.get_pgid(model) for model, trigger in registry.registered()}
    installed = dict(rows("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
    assert len(written) > 15
    assert set(installed) == set(written) | of_models | OF_PACKAGES
    assert {name: installed[name] for name in written} == written


def test_the_triggers_in_the_database_are_those_of_the_files_and_of_the_models() -> None:
    written = {
        (table, name, function, tuple(re.findall(r"'(\w+)'", arguments)))
        for path in SQL_FILES
        for name, table, function, arguments in TRIGGER.findall(path.read_text())
    }
    of_models = {(model._meta.db_table, pgid, pgid, ()) for model, t in registry.registered() for pgid in [t.get_pgid(model)]}
    installed = {
        (table, name, function, tuple(argument for argument in bytes(arguments).decode().split("\0") if argument))
        for table, name, function, arguments in rows(
            "SELECT c.relname, t.tgname, p.proname, t.tgargs FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled = 'O'"
        )
    }
    assert len(written) > 40
    assert installed == written | of_models


def test_a_second_migrate_makes_nothing_again() -> None:
    before = versions()
    migrate()
    assert versions() == before


def test_an_edited_file_is_installed_by_migrate_and_nothing_else_is_made_again(trust_sql: Path) -> None:
    path = trust_sql / "trust_policy_changed.sql"
    path.write_text(path.read_text().replace("BEGIN\n", "BEGIN\n    RAISE NOTICE 'edited';\n"))
    before = versions()
    migrate()
    assert "RAISE NOTICE 'edited'" in body_of("trust_policy_changed")
    changed = {oid for oid, _ in set(versions()) - set(before)}
    named = names(f"SELECT proname FROM pg_proc WHERE oid IN ({', '.join(map(str, changed))})")
    named |= names(f"SELECT tgname FROM pg_trigger WHERE oid IN ({', '.join(map(str, changed))})")
    assert named == {"trust_policy_changed", "trust_invalidates_policy"}
    migrate()
    assert triggers.is_up_to_date()


def test_the_functions_and_triggers_of_a_file_that_is_gone_are_dropped(trust_sql: Path) -> None:
    (trust_sql / "inputs_close_no_circle.sql").unlink()
    migrate()
    assert not names("SELECT proname FROM pg_proc WHERE proname LIKE 'trust_inputs%'")
    assert not names("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'input_port%'")
    assert names("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'trust_invalidates%'")


def test_a_function_with_other_arguments_or_another_result_replaces_the_one_before(trust_sql: Path) -> None:
    path = trust_sql / "invalidation.sql"
    text = path.read_text().replace("trust_lock_closure(products bigint[])", "trust_lock_closure(products bigint[], note text)")
    path.write_text(
        text.replace("trust_invalidate(products bigint[]) RETURNS void", "trust_invalidate(products bigint[]) RETURNS text")
    )
    migrate()
    signatures = rows(
        "SELECT pg_get_function_identity_arguments(oid), pg_get_function_result(oid) FROM pg_proc "
        "WHERE proname IN ('trust_lock_closure', 'trust_invalidate') ORDER BY proname"
    )
    assert signatures == [("products bigint[]", "text"), ("products bigint[], note text", "void")]


def test_a_new_file_is_installed(trust_sql: Path) -> None:
    (trust_sql / "new.sql").write_text(
        "CREATE OR REPLACE FUNCTION trust_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
        "CREATE TRIGGER new_one BEFORE INSERT ON trust_recall FOR EACH ROW EXECUTE FUNCTION trust_new();\n"
    )
    migrate()
    assert names("SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'new_one'") == {"trust_recall"}


def test_one_file_that_cannot_be_installed_leaves_everything_as_it_was(trust_sql: Path) -> None:
    edited, broken = trust_sql / "closure.sql", trust_sql / "run_finished.sql"
    edited.write_text(edited.read_text().replace("OFFSET 0", "OFFSET 1"))
    broken.write_text(broken.read_text().replace("ON trust_run ", "ON trust_walk "))
    before = versions()
    with pytest.raises(ProgrammingError, match="trust_walk"):
        migrate()
    assert versions() == before


@pytest.mark.parametrize(
    "statement",
    ["CREATE INDEX one ON trust_run (id);", "CREATE FUNCTION one() RETURNS void LANGUAGE sql AS $$ SELECT 1 $$;", "SELECT 1;"],
)
def test_a_file_with_any_other_statement_is_refused(statement: str) -> None:
    with pytest.raises(SqlFileError, match=r"^trust/sql/one\.sql has a statement"):
        read_source("trust/sql/one.sql", statement)


def test_a_trigger_that_was_dropped_by_hand_is_installed_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER decision_is_kept ON trust_decision")
        cursor.execute("DROP TRIGGER pgtrigger_append_only_976ff ON catalog_apikeyevent")
    assert triggers.install() == ["catalog.ApiKeyEvent:append_only", "trust/sql/decision_is_final.sql"]
    assert triggers.is_up_to_date()


def test_the_trigger_of_a_model_that_no_longer_declares_it_is_dropped() -> None:
    registered = registry.registered()
    kept = [(model, trigger) for model, trigger in registered if trigger.name != "waiver_is_kept"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "registered", lambda: kept)
        triggers.install()
    assert not names("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_waiver_is_kept%'")
    assert not names("SELECT proname FROM pg_proc WHERE proname LIKE 'pgtrigger_waiver_is_kept%'")


def test_no_session_can_have_triggers_skipped() -> None:
    trigger = names("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_waiver_is_kept%'").pop()
    assert rows("SELECT _pgtrigger_should_ignore(%s)", trigger) == [(False,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", ["{" + trigger + "}"])
        cursor.execute(f"DROP TRIGGER {trigger} ON trust_waiver")
    assert triggers.install() == ["trust.Waiver:waiver_is_kept"]
    assert rows("SELECT _pgtrigger_should_ignore(%s)", trigger) == [(False,)]
