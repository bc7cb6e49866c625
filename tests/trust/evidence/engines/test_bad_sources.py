"""A source that cannot be looked at gives a failure with a stable code, a sentence and a remedy; never a result."""

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx import Access, GxEngine
from trust.evidence.rules.evidence import RunEvidence, Source, SourceProblemError
from trust.evidence.sources.files import check_file
from trust.vocabulary import EvidenceStatus

SUITE = SuiteSpec("any", (Expectation("expect_column_values_to_not_be_null", {"column": "a"}),))
SECRET = "hunter2-in-the-data"


def look(path: Path, kind: SourceKind) -> RunEvidence:
    return GxEngine().run(SUITE, Source(kind, str(path)))


def _write(text: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text)


def _endless(path: Path) -> None:
    """Good rows, then all the others in one line without an end: DuckDB would drop it and find the rest in order."""
    text = b"a,b\n" + b"1,2\n" * 3 + b"3," + b"4" * (33 * 1024 * 1024)
    path.write_bytes(gzip.compress(text, 1) if path.suffix == ".gz" else text)


def _truncated(path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(10_000))}), path)
    path.write_bytes(path.read_bytes()[:-200])


def _damaged(path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(10_000))}), path)
    content = bytearray(path.read_bytes())
    content[-8:-4] = b"\xff\xff\xff\x7f"
    path.write_bytes(bytes(content))


BAD = [
    ("missing.csv", SourceKind.CSV, lambda _path: None, "source_missing"),
    ("folder.csv", SourceKind.CSV, Path.mkdir, "source_is_directory"),
    ("pipe.csv", SourceKind.CSV, os.mkfifo, "source_not_a_file"),
    ("empty.csv", SourceKind.CSV, _write(b""), "source_empty"),
    ("empty.parquet", SourceKind.PARQUET, _write(b""), "source_empty"),
    ("open-quote.csv", SourceKind.CSV, _write(b'a,b\n"hunter2-in-the-data,1\n2,3\n'), "source_malformed"),
    ("quote-inside.csv", SourceKind.CSV, _write(b'a,b\n"x"hunter2-in-the-data,1\n'), "source_malformed"),
    ("too-many.csv", SourceKind.CSV, _write(b"a,b\n1,2,hunter2-in-the-data\n"), "source_malformed"),
    ("too-few.csv", SourceKind.CSV, _write(b"a,b\nhunter2-in-the-data\n"), "source_malformed"),
    ("twice.csv", SourceKind.CSV, _write(b"a,a\n1,2\n"), "source_malformed"),
    ("blank.csv", SourceKind.CSV, _write(b"\n\n"), "source_malformed"),
    ("latin.csv", SourceKind.CSV, _write("a,b\nhunter2-in-the-data é,1\n".encode("latin-1")), "source_encoding"),
    ("latin-late.csv", SourceKind.CSV, _write(b"a,b\n" + b"x,1\n" * 90_000 + b"\xe9,1\n"), "source_encoding"),
    ("utf16-unmarked.csv", SourceKind.CSV, _write("é,b\n1,2\n".encode("utf-16-le")), "source_encoding"),
    ("cut.csv.gz", SourceKind.CSV, _write(gzip.compress(b"a,b\n1,2\n" * 9_000)[:-20]), "source_malformed"),
    ("endless.csv", SourceKind.CSV, _endless, "source_malformed"),
    ("endless.csv.gz", SourceKind.CSV, _endless, "source_malformed"),
    ("truncated.parquet", SourceKind.PARQUET, _truncated, "source_truncated"),
    ("damaged.parquet", SourceKind.PARQUET, _damaged, "source_malformed"),
    ("text.parquet", SourceKind.PARQUET, _write(b"this is no parquet file"), "source_malformed"),
    ("tiny.parquet", SourceKind.PARQUET, _write(b"PA"), "source_malformed"),
    ("broken.jsonl", SourceKind.JSON_LINES, _write(b'{"a": 1}\n{"a": hunter2-in-the-data\n'), "source_malformed"),
    ("list.jsonl", SourceKind.JSON_LINES, _write(b"[1, 2]\n"), "source_malformed"),
    ("nothing.jsonl", SourceKind.JSON_LINES, _write(b"{}\n{}\n"), "source_malformed"),
    ("wide.csv", SourceKind.CSV, _write(b",".join(b"c%d" % i for i in range(3_000)) + b"\n"), "source_too_wide"),
]


@pytest.mark.parametrize(("name", "kind", "make", "code"), BAD, ids=[row[0] for row in BAD])
def test_a_bad_file_is_a_failure(
    name: str, kind: SourceKind, make: Callable[[Path], object], code: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    make(path)

    evidence = look(path, kind)

    assert evidence.failure is not None
    assert evidence.failure.code == code
    assert evidence.status is EvidenceStatus.ERROR
    assert evidence.results == ()
    assert evidence.failure.remedy
    assert name in evidence.failure.message
    assert SECRET not in evidence.failure.message


def test_a_file_without_permission_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "locked.csv"
    path.write_text("a\n1\n")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read every file
    try:
        with pytest.raises(SourceProblemError) as problem:
            check_file(str(path))
    finally:
        os.seteuid(user)

    assert problem.value.failure.code == "source_unreadable"


def test_a_row_of_another_length_is_told_what_separates_values(tmp_path: Path) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("name,fee\nann,9,50\n")

    failure = look(path, SourceKind.CSV).failure

    assert failure is not None
    assert "another number of values than the header (line 2)" in failure.message
    assert failure.remedy.startswith("Separate all values by the same sign")


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "header.csv"
    path.write_text("a,b\n")

    evidence = look(path, SourceKind.CSV)

    assert evidence.rows == 0
    assert evidence.status is EvidenceStatus.ERROR
    assert evidence.failure is not None
    assert evidence.failure.code == "nothing_executed"


@pytest.mark.parametrize("bad", [1, 2, 3, 400])
@pytest.mark.parametrize("line", ['{"a":', "x", '{"a": 1}}'])
def test_the_line_that_is_not_json_is_named(tmp_path: Path, bad: int, line: str) -> None:
    path = tmp_path / "lines.jsonl"
    lines = ['{"a": 1}'] * 400
    lines[bad - 1] = line
    path.write_text("\n".join(lines) + "\n")
    failure = look(path, SourceKind.JSON_LINES).failure
    assert failure is not None
    assert f"a line is not JSON (line {bad})" in failure.message


@pytest.mark.parametrize("name", ["mark.jsonl", "mark.jsonl.gz"])
def test_a_byte_order_mark_is_named_in_json_lines(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = b"\xef\xbb\xbf" + b'{"a": 1}\n' * 3
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    failure = look(path, SourceKind.JSON_LINES).failure
    assert failure is not None
    assert failure.code == "source_malformed"
    assert "byte order mark" in failure.message


def test_an_empty_suite_is_an_error_and_the_file_is_not_even_opened(tmp_path: Path) -> None:
    evidence = GxEngine().run(SuiteSpec("empty", ()), Source(SourceKind.CSV, str(tmp_path / "missing.csv")))

    assert evidence.status is EvidenceStatus.ERROR
    assert evidence.failure is not None
    assert evidence.failure.code == "empty_suite"


def test_a_link_that_was_turned_around_since_registration_is_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text("a\n1\n")
    (root / "data.csv").symlink_to(outside / "secret.csv")

    evidence = GxEngine(Access(roots=(str(root),))).run(SUITE, Source(SourceKind.CSV, str(root / "data.csv")))

    assert evidence.failure is not None
    assert evidence.failure.code == "source_location_refused"


def test_a_bad_reference_is_an_error_of_its_check_alone(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a\n1\n")
    lookup = {"column": "a", "reference": "other", "reference_column": "a"}
    suite = SuiteSpec("any", (*SUITE.expectations, Expectation("expect_column_values_to_exist_in_reference", lookup)))
    missing = Source(SourceKind.CSV, str(tmp_path / "gone.csv"))

    evidence = GxEngine().run(suite, Source(SourceKind.CSV, str(path), references={"other": missing}))

    assert [result.status for result in evidence.results] == ["passed", "error"]
    assert "gone.csv" in evidence.results[1].message


def _unchecked_column(name: str, count: int = 5_000) -> pa.Array:
    return {
        "number": pa.array(range(count)),
        "text": pa.array([f"{SECRET} {n}" for n in range(count)]),
        "bytes": pa.array([f"{n}".encode() for n in range(count)]),
        "decimal": pa.array([Decimal(n) for n in range(count)], pa.decimal128(20, 2)),
        "moment": pa.array([datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(count)]),
        "list": pa.array([[n, n] for n in range(count)]),
        "object": pa.array([{"x": n, "y": f"{n}"} for n in range(count)]),
        "map": pa.array([[("x", n)] for n in range(count)], pa.map_(pa.string(), pa.int64())),
    }[name]


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("column", ["number", "text", "bytes", "decimal", "moment", "list", "object", "map"])
@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_damaged_page_fails_the_run_also_where_no_check_looks(
    column: str, compression: str, is_damaged: bool, tmp_path: Path
) -> None:
    path = tmp_path / "page.parquet"
    rows = _unchecked_column(column)
    table = pa.table({"a": range(len(rows)), "other": rows})
    pq.write_table(table, path, compression=compression, use_dictionary=False, row_group_size=1_000)
    if is_damaged:
        group = pq.ParquetFile(path).metadata.row_group(3)
        start = group.column(group.num_columns - 1).data_page_offset
        content = bytearray(path.read_bytes())
        content[start : start + 8] = b"\xff" * 8
        path.write_bytes(bytes(content))

    evidence = look(path, SourceKind.PARQUET)

    if not is_damaged:
        assert evidence.status is EvidenceStatus.PASSED
        return
    assert evidence.failure is not None
    assert evidence.failure.code == "source_malformed"
    assert "column 'other'" in evidence.failure.message
    assert SECRET not in evidence.failure.message
