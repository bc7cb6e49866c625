"""Exports as they are written: formulas disarmed, nothing held in memory, and what broke off on record as such."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.models import Person
from catalog.rules.errors import ForbiddenError
from tests.factories import make_auditor
from trust.ledger.services.exports import begin_export, cell, stream
from trust.models import Export

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def begin(form: str, actor: Person | None = None) -> Export:
    return begin_export(what="things", form=form, filters={"a": "b"}, actor=actor or make_auditor(), now=NOW)


def text_of(export: Export, rows: list[dict[str, Any]]) -> str:
    return b"".join(stream(export, ["name", "at"], rows)).decode()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "=cmd|' /C calc'!A0"])
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "told"), [("a=b", "a=b"), (None, ""), (True, "yes"), (-1.5, -1.5), (["a", "b"], "a; b"), ([], "")]
)
def test_other_cells_stay_as_they_are(value: Any, told: Any) -> None:
    assert cell(value) == told


def test_csv_can_be_read_back_whatever_is_in_it() -> None:
    rows: list[dict[str, Any]] = [{"name": 'with "quotes", commas\nand lines', "at": NOW}, {"name": "=1", "at": None}]
    read = list(csv.reader(io.StringIO(text_of(begin("csv"), rows), newline="")))
    assert read == [["name", "at"], ['with "quotes", commas\nand lines', NOW.isoformat()], ["'=1", ""]]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_one_list(count: int) -> None:
    rows = [{"name": f"=<b>{n}", "at": NOW} for n in range(count)]
    assert json.loads(text_of(begin("json"), rows)) == [{"name": f"=<b>{n}", "at": NOW.isoformat()} for n in range(count)]


def test_the_first_bytes_come_before_any_row_is_read() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        raise AssertionError("read too early")
        yield {}

    for form, first in (("csv", b"name,at\r\n"), ("json", b"[")):
        assert next(stream(begin(form), ["name", "at"], rows())) == first


def test_the_record_says_how_many_rows_left_and_whether_it_came_to_its_end() -> None:
    whole = begin("csv")
    text_of(whole, [{"name": "a", "at": NOW}] * 3)
    whole.refresh_from_db()
    assert (whole.rows, whole.filters) == (3, {"a": "b"})
    assert whole.finished_at is not None
    broken = begin("json")
    pieces = stream(broken, ["name"], [{"name": "a"}] * 3)
    next(pieces), next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # a generator: as the server does when the reader has gone
    broken.refresh_from_db()
    assert (broken.rows, broken.finished_at) == (1, None)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_many_rows_take_no_more_memory_than_few(form: str) -> None:
    def most_memory(count: int) -> int:
        rows = ({"name": f"row {n} " + "x" * 200, "at": NOW} for n in range(count))
        tracemalloc.start()
        for _ in stream(export, ["name", "at"], rows):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    export = begin(form)
    most_memory(10)
    assert most_memory(20_000) < most_memory(1_000) + 100_000


def test_who_left_exports_nothing() -> None:
    gone = make_auditor()
    gone.is_active = False
    with pytest.raises(ForbiddenError):
        begin("csv", gone)
    assert not Export.objects.exists()
