"""Locations and connections: what is allowed through, what is refused, and that no message holds a secret."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from tests.databases import sources_database
from tests.trust.evidence.engines.parity_data import ROWS, make_table
from trust.evidence.engines.gx import Access, EngineLimits, GxEngine
from trust.evidence.rules.evidence import RunEvidence, Source, SourceProblemError
from trust.evidence.sources.files import file_kind, resolve_file, without_roots
from trust.evidence.sources.postgres import (
    checked_settings,
    connection_settings,
    parse_connection_reference,
    read_connection,
    split_table,
)

PASSWORD = "s3cr3t-passw0rd"


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """A root `data` with a file and links, and a secret beside it."""
    root = tmp_path / "data"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "good.csv").write_text("a\n1\n")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (root / "out.csv").symlink_to(tmp_path / "secret.csv")
    (root / "inside.csv").symlink_to(root / "sub" / "good.csv")
    (root / "outdir").symlink_to(tmp_path)
    (root / "loop.csv").symlink_to(root / "loop.csv")
    return root


@pytest.mark.parametrize("location", ["sub/good.csv", "inside.csv", "./sub/good.csv"])
def test_a_file_under_a_root_is_resolved_to_its_real_path(location: str, roots: Path) -> None:
    assert resolve_file(location, [roots]) == str(roots / "sub" / "good.csv")
    assert resolve_file(str(roots / location), ["/nowhere", roots]) == str(roots / "sub" / "good.csv")


@pytest.mark.parametrize(
    "location",
    [
        "../secret.csv", "sub/../../secret.csv", "sub/../sub/good.csv", "out.csv", "outdir/secret.csv", "/etc/passwd", "", " ",
        "sub/good.csv\0.csv", "https://example.org/a.csv", "s3://bucket/a.csv", "file:///etc/passwd", "loop.csv",
    ],
)  # fmt: skip
def test_a_location_that_leads_out_is_refused(location: str, roots: Path) -> None:
    with pytest.raises(SourceProblemError) as problem:
        resolve_file(location, [roots])

    assert problem.value.failure.code in {"source_location_refused", "source_unreadable"}


def test_whether_a_file_outside_exists_is_not_told(roots: Path) -> None:
    codes = set()
    for location in (str(roots.parent / "secret.csv"), str(roots.parent / "no-such.csv")):
        with pytest.raises(SourceProblemError) as problem:
            resolve_file(location, [roots])
        codes.add(problem.value.failure.code)

    assert codes == {"source_location_refused"}


def test_a_missing_file_is_told_as_its_owner_wrote_it_and_not_where_the_roots_lie(roots: Path, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    with pytest.raises(SourceProblemError) as caught:
        resolve_file("sub/none.csv", [tmp_path / "demo", roots])
    assert caught.value.failure.code == "source_missing"
    assert caught.value.failure.message == "There is no file 'sub/none.csv'."


def test_a_link_that_leads_out_is_refused_although_another_root_could_hold_the_name(roots: Path, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (roots / "sub" / "out.csv").symlink_to("/etc/passwd")
    for order in ([tmp_path / "demo", roots], [roots, tmp_path / "demo"]):
        with pytest.raises(SourceProblemError) as caught:
            resolve_file("sub/out.csv", order)
        assert caught.value.failure.code == "source_location_refused"
        assert "passwd" not in str(caught.value)


@pytest.mark.parametrize("name", ["none.csv", "sub", "empty.csv", "pipe.csv", "loop.csv"])
def test_no_message_tells_where_the_roots_lie(roots: Path, name: str) -> None:
    (roots / "empty.csv").touch()
    os.mkfifo(roots / "pipe.csv")
    with pytest.raises(SourceProblemError) as caught:
        resolve_file(name, [roots])
    assert str(roots) not in str(caught.value)
    assert name in str(caught.value)


def test_what_an_engine_says_of_a_file_is_told_without_the_root(roots: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(roots)
    text = f"'{roots}/sub/good.csv' has 2,001 columns."
    assert without_roots(text, [roots]) == without_roots(text, [tmp_path / "linked"]) == "'sub/good.csv' has 2,001 columns."


def test_every_connection_that_cannot_be_used_is_answered_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_ELSE", "just a text")
    monkeypatch.setenv("OTHER_HOST", f"postgresql://u:{PASSWORD}@other.example.org/d")
    (tmp_path / "notes").write_text("secret=1 more=2")
    named = [
        "env:SOMETHING_ELSE",
        "env:OTHER_HOST",
        "env:NOT_THERE",
        f"file:{tmp_path}/notes",
        f"file:{tmp_path}/none",
        "file:/etc/passwd",
    ]
    seen = set()
    for text in named:
        with pytest.raises(SourceProblemError) as problem:
            connection_settings(text, ["db.example.org"])
        failure = problem.value.failure
        seen.add((failure.code, failure.message.replace(text, "REFERENCE"), failure.remedy))
    assert len(seen) == 1


def test_no_roots_means_no_files() -> None:
    with pytest.raises(SourceProblemError, match="no data root"):
        resolve_file("a.csv", [])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.parquet", SourceKind.PARQUET),
        ("A.CSV", SourceKind.CSV),
        ("a.b.csv.gz", SourceKind.CSV),
        ("a.tsv", SourceKind.CSV),
        ("a.ndjson", SourceKind.JSON_LINES),
        ("a.jsonl.gz", SourceKind.JSON_LINES),
    ],
)
def test_the_name_tells_the_kind(name: str, kind: SourceKind) -> None:
    assert file_kind(name) is kind


@pytest.mark.parametrize("name", ["a", "a.txt", "a.parquet.gz", "a.json", ".csv.exe", "a.gz"])
def test_a_name_that_tells_nothing_is_refused(name: str) -> None:
    with pytest.raises(SourceProblemError, match="is not supported"):
        file_kind(name)


@pytest.mark.parametrize(
    "text", ["postgresql://u:" + PASSWORD + "@h/d", "env:", "env:A B", "file:relative", "file:/a/../b", ""]
)
def test_a_connection_must_be_a_reference_and_is_not_repeated(text: str) -> None:
    with pytest.raises(SourceProblemError) as problem:
        parse_connection_reference(text)

    assert PASSWORD not in str(problem.value)


def test_references_are_read_at_the_last_moment(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("host=a\n")

    assert read_connection(parse_connection_reference(f"file:{tmp_path}/dsn")) == "host=a"
    assert read_connection(parse_connection_reference("env:X"), {"X": "host=b"}) == "host=b"
    for missing in ("env:X", f"file:{tmp_path}/none"):
        with pytest.raises(SourceProblemError, match="empty, missing or cannot be read"):
            read_connection(parse_connection_reference(missing), {})


def test_a_secret_is_a_regular_file_and_nothing_waits_for_another(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"host=a " * 4096)
    (tmp_path / "linked").symlink_to(tmp_path / "dsn")
    (tmp_path / "dsn").write_text("host=a")

    assert read_connection(parse_connection_reference(f"file:{tmp_path}/linked")) == "host=a"
    for path in (tmp_path / "pipe", tmp_path / "large", tmp_path, "/dev/zero", "/proc/self/environ"):
        with pytest.raises(SourceProblemError, match="empty, missing or cannot be read"):
            read_connection(parse_connection_reference(f"file:{path}"))


@pytest.mark.parametrize(
    "connection",
    [
        f"postgresql://u:{PASSWORD}@db.example.org/d",
        f"postgresql+psycopg://u:{PASSWORD}@db.example.org:5432/d",
        f"host=DB.example.org user=u password={PASSWORD} dbname=d",
        f"postgresql://u:{PASSWORD}@db.example.org/d?sslmode=verify-full",
        f"postgresql://u:{PASSWORD}@other:6543/d",
    ],
)
def test_a_connection_to_an_allowed_host_passes(connection: str) -> None:
    assert checked_settings(connection, ["db.example.org", "other:6543"])["password"] == PASSWORD


@pytest.mark.parametrize(
    "connection",
    [
        f"postgresql://u:{PASSWORD}@evil/d",
        f"postgresql://u:{PASSWORD}@other:5432/d",
        f"postgresql://u:{PASSWORD}@db.example.org,evil/d",
        f"postgresql://u:{PASSWORD}@db.example.org/d?hostaddr=10.0.0.1",
        f"postgresql://u:{PASSWORD}@db.example.org/d?host=evil",
        f"postgresql://u:{PASSWORD}@db.example.org/d?host=/var/run/postgresql",
        f"postgresql:///d?user=u&password={PASSWORD}",
        f"postgresql://u:{PASSWORD}@db.example.org/d?service=prod",
        f"postgresql://u:{PASSWORD}@db.example.org/d?options=-c%20statement_timeout%3D0",
        f"postgresql://u:{PASSWORD}@db.example.org/d?passfile=/etc/passwd",
        f"host=db.example.org password={PASSWORD} dbname='host=evil'",
        f"postgresql://u:{PASSWORD}@db.example.org:0/d",
        f"postgresql://u:{PASSWORD}@db.example.org:5432,6543/d",
        f"host=db.example.org password={PASSWORD} nonsense",
        f"mysql://u:{PASSWORD}@db.example.org/d",
    ],
)
def test_a_connection_that_leads_elsewhere_is_refused_without_repeating_it(connection: str) -> None:
    with pytest.raises(SourceProblemError) as problem:
        checked_settings(connection, ["db.example.org", "other:6543"])

    assert PASSWORD not in str(problem.value)
    assert problem.value.failure.code == "connection_refused_by_policy"


@pytest.mark.parametrize(
    ("location", "parts"),
    [
        ("public.orders", ("public", "orders")),
        ("orders", ("public", "orders")),
        ('"my schema"."a.b"', ("my schema", "a.b")),
        ('s."say ""hi"""', ("s", 'say "hi"')),
        ("Sales.Größe", ("Sales", "Größe")),
    ],
)
def test_a_table_is_named_by_schema_and_name(location: str, parts: tuple[str, str]) -> None:
    assert split_table(location) == parts


@pytest.mark.parametrize("location", ["", ".", "a.", ".a", "a.b.c", 'a."b', "a\0.b", "a." + "x" * 64])
def test_what_names_no_table_is_refused(location: str) -> None:
    with pytest.raises(SourceProblemError, match="does not name a table"):
        split_table(location)


@pytest.mark.parametrize(
    "location", ["pg_catalog.pg_authid", '"pg_catalog".pg_stats', "information_schema.tables", "pg_toast.pg_toast_1"]
)
def test_tables_of_postgresql_itself_are_refused(location: str) -> None:
    with pytest.raises(SourceProblemError, match="PostgreSQL's own") as problem:
        split_table(location)
    assert problem.value.failure.code == "source_location_refused"


def _look(location: str, connection: str, *, hosts: tuple[str, ...] = (), timeout: int = 30) -> RunEvidence:
    limits = EngineLimits(statement_timeout_seconds=timeout, connect_timeout_seconds=2)
    suite = SuiteSpec("any", (Expectation("expect_column_values_to_not_be_null", {"column": "id"}),))
    return GxEngine(Access(database_hosts=hosts, limits=limits)).run(
        suite, Source(SourceKind.POSTGRES, location, connection=connection)
    )


HOST = str(settings.DATABASES["default"]["HOST"])


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> str:
    make_table(sources_database(), "touchstone_sources", ROWS)
    monkeypatch.setenv("WAREHOUSE", sources_database())
    return "env:WAREHOUSE"


def test_a_table_is_looked_at_by_push_down(warehouse: str) -> None:
    evidence = _look("public.touchstone_sources", warehouse, hosts=(HOST,))

    assert (evidence.failure, evidence.rows, evidence.status) == (None, len(ROWS), "passed")


def test_a_missing_table_is_a_failure(warehouse: str) -> None:
    failure = _look("public.touchstone_nowhere", warehouse, hosts=(HOST,)).failure

    assert failure is not None
    assert (failure.code, failure.retryable) == ("source_missing", False)


def test_a_host_that_is_not_allowed_is_never_asked(warehouse: str) -> None:
    failure = _look("public.touchstone_sources", warehouse, hosts=("elsewhere",)).failure

    assert failure is not None
    assert failure.code == "connection_unusable"


def test_a_server_that_does_not_answer_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE", f"postgresql://u:{PASSWORD}@127.0.0.1:1/d")

    failure = _look("public.t", "env:WAREHOUSE", hosts=("127.0.0.1",)).failure

    assert failure is not None
    assert (failure.code, failure.retryable) == ("source_unreachable", True)
    assert PASSWORD not in failure.message + failure.remedy


def test_a_connection_only_reads(warehouse: str) -> None:
    from trust.evidence.engines.gx.sources import Opening  # noqa: PLC0415

    source = Source(SourceKind.POSTGRES, "public.touchstone_sources", connection=warehouse)
    with Opening(source, Access(database_hosts=(HOST,))) as opened, pytest.raises(Exception, match="read-only"):
        opened.table.backend.connection.exec_driver_sql("DELETE FROM public.touchstone_sources")


def test_tables_of_one_connection_are_looked_up_in_each_other(warehouse: str) -> None:
    own = Source(SourceKind.POSTGRES, "public.touchstone_sources", connection=warehouse)
    elsewhere = Source(SourceKind.CSV, os.devnull)
    lookup = {"column": "a", "reference": "self", "reference_column": "id"}
    checks = (
        Expectation("expect_column_values_to_exist_in_reference", lookup),
        Expectation("expect_column_values_to_exist_in_reference", {**lookup, "reference": "file"}),
    )
    source = Source(own.kind, own.location, connection=warehouse, references={"self": own, "file": elsewhere})

    first, second = GxEngine(Access(database_hosts=(HOST,))).run(SuiteSpec("any", checks), source).results

    assert (first.status, first.unexpected_count, first.samples) == ("failed", 1, (0,))
    assert second.status == "error"
    assert "cannot be reached from here" in second.message


def test_no_name_leads_to_the_database_of_touchstone_itself(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = settings.DATABASES["default"]
    for host in {HOST, "localhost", "127.0.0.1"}:
        names = {"port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
        parameters = {"host": host, **{key: str(entry[name]) for key, name in names.items() if entry[name]}}
        monkeypatch.setenv("HARMLESS", make_conninfo(**parameters))
        failure = _look("public.catalog_person", "env:HARMLESS", hosts=(HOST, "localhost", "127.0.0.1")).failure
        assert failure is not None
        assert failure.code in {"own_database_refused", "source_unreachable"}
        if host == HOST:
            assert failure.code == "own_database_refused"
