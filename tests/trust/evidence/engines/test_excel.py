"""Excel files: one sheet is read, by the types that are declared, and no file fills the memory or the disk."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.reading import FieldReading, Reading
from catalog.rules.vocabulary import LogicalType, SourceKind
from tests.trust.evidence.engines.test_reading import ROWS, check, only, satisfied
from trust.evidence.engines.gx import Access, EngineLimits, GxEngine, excel_files
from trust.evidence.rules.evidence import RunEvidence, Source
from trust.vocabulary import CheckStatus


def book(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made.save(path)
    return path


def look(path: Path, *expectations: Expectation, types: dict[str, LogicalType] | None = None, **more: Any) -> RunEvidence:
    source = Source(SourceKind.EXCEL, str(path), declared_types=types or {}, **more)
    return GxEngine(more.pop("access", None)).run(SuiteSpec("excel", expectations or (ROWS,)), source)


AT = datetime(2025, 12, 31, 23, 59)  # noqa: DTZ001  # Excel knows no time zones


def test_cells_have_their_own_types(tmp_path: Path) -> None:
    rows = [
        ("id", "zip", "fee", "day", "at", "clock", "ok", "note"),
        (1, "01234", 9.5, date(2025, 12, 31), AT, time(9, 30), True, 'a "b", c'),
        (2, "1234", 3, date(2025, 1, 1), AT.replace(hour=0, minute=0), time(10), False, None),
    ]
    types = {
        "id": LogicalType.INTEGER,
        "zip": LogicalType.STRING,
        "fee": LogicalType.NUMBER,
        "day": LogicalType.DATE,
        "at": LogicalType.TIMESTAMP,
        "clock": LogicalType.TIME,
        "ok": LogicalType.BOOLEAN,
        "note": LogicalType.STRING,
    }
    path = book(tmp_path / "a.xlsx", rows=rows)
    checks = [
        check("column_values_to_be_in_set", column="zip", value_set=["01234", "1234"]),
        check("column_values_to_be_in_set", column="note", value_set=['a "b", c']),
        check("column_max_to_be_between", column="day", min_value="2025-12-31", max_value="2025-12-31"),
        check("column_sum_to_be_between", column="fee", min_value=12.5, max_value=12.5),
    ]
    evidence = look(path, *checks, types=types)
    assert [one.message for one in evidence.results] == [""] * len(checks)
    assert (evidence.rows, evidence.reading) == (2, {"sheet": "rows"})
    for name, kind in types.items():
        assert kind.value in satisfied(evidence, name)


def test_the_declared_sheet_is_read_else_the_first(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", notes=[("x",), ("y",)], rows=[(), ("a", "b"), (), (1, 2), (3, None), ()])
    assert [column.name for column in look(path).columns] == ["x"]
    evidence = look(path, reading=Reading(sheet="rows"))
    assert ([column.name for column in evidence.columns], evidence.rows) == (["a", "b"], 2)
    failure = look(path, reading=Reading(sheet="Rows")).failure
    assert failure is not None
    assert "has no sheet 'Rows'; its sheets are 'notes', 'rows'" in failure.message


def test_dates_are_dates_whether_they_are_cells_or_texts(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", rows=[("day",), (date(2025, 12, 31),), ("30.12.2025",)])
    reading = Reading(fields={"day": FieldReading(format="dd.MM.yyyy")})
    newest = check("column_min_to_be_between", column="day", min_value="2025-12-30")
    evidence = look(path, newest, types={"day": LogicalType.DATE}, reading=reading)
    assert "date" in satisfied(evidence, "day")
    assert only(evidence).status is CheckStatus.PASSED


def test_a_file_that_is_none_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    for content in (b"a,b\n1,2\n", bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, b"PK\x03\x04 cut"):
        path.write_bytes(content)
        failure = look(path).failure
        assert failure is not None
        assert failure.code == "source_malformed"
    good = book(path, rows=[("a",), (1,)]).read_bytes()
    path.write_bytes(good[: len(good) // 2])
    assert look(path).failure is not None
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "no workbook")
    assert look(path).failure is not None


def test_an_empty_sheet_and_a_header_alone(tmp_path: Path) -> None:
    failure = look(book(tmp_path / "a.xlsx", rows=[()])).failure
    assert failure is not None
    assert "its sheet is empty" in failure.message
    assert look(book(tmp_path / "b.xlsx", rows=[("a", "b")])).rows == 0


def test_a_row_longer_than_the_header_is_a_failure(tmp_path: Path) -> None:
    failure = look(book(tmp_path / "a.xlsx", rows=[("a",), (1, 2)])).failure
    assert failure is not None
    assert "more values than the header" in failure.message


def test_what_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "a.xlsx", rows=[("a",)])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/blank.bin", bytes(5_000_000))
    monkeypatch.setattr(excel_files, "MOST_UNPACKED_BYTES", 4_000_000)
    failure = look(path).failure
    assert failure is not None
    assert "unpacks to more than" in failure.message


def test_a_size_that_is_a_lie_is_found_out(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", rows=[("a",)])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/blank.bin", bytes(1_000_000))
    content = path.read_bytes()
    path.write_bytes(content.replace((1_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")))
    failure = look(path).failure
    assert failure is not None
    assert failure.code == "source_malformed"


def test_a_sheet_that_would_fill_the_disk_is_stopped(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", rows=[("a",), *[("x" * 30_000,)] * 100])
    source = Source(SourceKind.EXCEL, str(path))
    limits = EngineLimits(temp_mb=1, temp_directory=str(tmp_path))
    failure = GxEngine(Access(limits=limits)).run(SuiteSpec("excel", (ROWS,)), source).failure
    assert failure is not None
    assert failure.code == "engine_out_of_disk"
    assert list(tmp_path.glob("touchstone-*")) == []
