"""A folder or a pattern of files is one port: every file keeps the rules of a single one, and the run says what it read."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings as django_settings

from catalog.models import OutputPort
from catalog.rules.claims import FieldClaims, PortClaims
from catalog.rules.errors import ForbiddenError, InvalidError
from catalog.rules.reading import Reading
from catalog.rules.vocabulary import LogicalType, Sensitivity, SourceKind
from tests.factories import make_governed_product, make_owner, make_port, make_product
from tests.trust.builders import make_suite
from trust.evidence.engines.gx import Access, GxEngine
from trust.evidence.rules.evidence import RunEvidence, SourceProblemError
from trust.evidence.services import ports
from trust.evidence.services.port_locations import ports_on_same_data
from trust.evidence.services.source_resolution import resolve_engine_input
from trust.evidence.sources import folders
from trust.evidence.sources.folders import newest_of, pattern_of, resolve_files

pytestmark = pytest.mark.django_db
CSV, PARQUET, JSON_LINES = SourceKind.CSV, SourceKind.PARQUET, SourceKind.JSON_LINES
N = FieldClaims("n", LogicalType.INTEGER, sensitivity=Sensitivity.PUBLIC)
DT = FieldClaims("dt", LogicalType.DATE, sensitivity=Sensitivity.PUBLIC)
SSN = FieldClaims("ssn", LogicalType.INTEGER, sensitivity=Sensitivity.RESTRICTED, personal=True)
DAYS = ("2026-11-27", "2026-11-28", "2026-11-29")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> Path:
    found = tmp_path / "root"
    found.mkdir()
    settings.TOUCHSTONE = django_settings.TOUCHSTONE.model_copy(update={"data_roots": [str(found)]})
    return found


def write_csv(path: Path, values: list[int]) -> None:
    path.write_text("n\n" + "".join(f"{value}\n" for value in values))


def write_json(path: Path, values: list[int]) -> None:
    path.write_text("".join(json.dumps({"n": value}) + "\n" for value in values))


def write_parquet(path: Path, values: list[int]) -> None:
    pq.write_table(pa.table({"n": values}), path)


FORMATS: list[tuple[SourceKind, str, Callable[[Path, list[int]], None]]] = [
    (CSV, "csv", write_csv),
    (JSON_LINES, "jsonl", write_json),
    (PARQUET, "parquet", write_parquet),
]
by_format = pytest.mark.parametrize(("kind", "ending", "write"), FORMATS, ids=[ending for _, ending, _ in FORMATS])


def look(port: OutputPort, *more: dict[str, Any]) -> RunEvidence:
    checks: list[Any] = [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}, "severity": "critical"},
        *more,
    ]
    given = resolve_engine_input(port=port, suite=make_suite(port, tuple(checks)))
    roots = tuple(str(one) for one in django_settings.TOUCHSTONE.data_roots)
    return GxEngine(Access(roots=roots)).run(given.suite, given.source)


def partitioned(root: Path, ending: str, write: Callable[[Path, list[int]], None]) -> None:
    for number, day in enumerate(DAYS):
        folder = root / "orders" / f"dt={day}"
        folder.mkdir(parents=True)
        write(folder / f"part-0.{ending}", [10 * number, 10 * number + 1])
    (root / "orders" / "_SUCCESS").write_text("")
    (root / "orders" / "dt=2026-11-29" / f".part-0.{ending}.crc").write_text("x")
    (root / "orders" / "readme.txt").write_text("no data")


@by_format
def test_a_folder_is_one_table_with_its_partitions_as_columns(
    root: Path, kind: SourceKind, ending: str, write: Callable[[Path, list[int]], None]
) -> None:
    partitioned(root, ending, write)
    port = make_port(location="orders/", source_kind=kind, fields=(N, DT), time_column="dt")
    newest = {
        "type": "expect_column_max_to_be_between",
        "kwargs": {"column": "dt", "min_value": DAYS[-1]},
        "severity": "critical",
    }
    evidence = look(port, newest)
    assert evidence.failure is None
    assert (evidence.rows, [one.message for one in evidence.results]) == (6, ["", ""])
    assert evidence.data_time is not None
    assert evidence.data_time.date().isoformat() == DAYS[-1]
    types = {column.name: column.logical_types for column in evidence.columns}
    assert LogicalType.DATE in types["dt"]
    assert (evidence.reading["files"], evidence.reading["first file"]) == ("3", f"dt={DAYS[0]}/part-0.{ending}")
    assert evidence.reading["last file"] == f"dt={DAYS[-1]}/part-0.{ending}"
    assert len(evidence.reading["fingerprint"]) == 64


@by_format
def test_the_newest_partition_is_looked_at_alone(
    root: Path, kind: SourceKind, ending: str, write: Callable[[Path, list[int]], None]
) -> None:
    partitioned(root, ending, write)
    reading = Reading(partition="dt", slice="newest")
    evidence = look(make_port(location="orders/", source_kind=kind, fields=(N, DT), reading=reading))
    assert (evidence.rows, evidence.reading["slice"], evidence.reading["files"]) == (2, f"dt = {DAYS[-1]}", "1 of 3")


def test_no_value_of_a_redacted_partition_is_shown(root: Path) -> None:
    partitioned(root, "csv", write_csv)
    secret = FieldClaims("dt", LogicalType.DATE, sensitivity=Sensitivity.RESTRICTED)
    for reading in (Reading(), Reading(partition="dt", slice="newest")):
        shown = look(make_port(location="orders/", source_kind=CSV, fields=(N, secret), reading=reading)).reading
        assert "2026" not in " ".join(text for name, text in shown.items() if name != "fingerprint")
    (root / "rows.csv").write_text("n,dt\n1,2026-11-29\n")
    shown = look(make_port(location="rows.csv", source_kind=CSV, fields=(N, secret), reading=reading)).reading
    assert shown["slice"] == "dt: the newest"


@by_format
def test_the_newest_day_of_a_time_field_is_looked_at_alone(
    root: Path, kind: SourceKind, ending: str, write: Callable[[Path, list[int]], None]
) -> None:
    write(root / f"rows.{ending}", [1, 2, 7, 7])
    reading = Reading(partition="n", slice="newest")
    evidence = look(make_port(location=f"rows.{ending}", source_kind=kind, fields=(N,), reading=reading))
    assert (evidence.rows, evidence.reading["slice"]) == (2, "n = 7")
    assert evidence.results[0].unexpected_count == 2


def test_the_newest_day_of_timestamps_in_text(root: Path) -> None:
    (root / "rows.csv").write_text("n,at\n1,2026-01-01T10:00:00Z\n2,2026-01-02T00:00:00Z\n3,2026-01-02T23:00:00Z\n")
    at = FieldClaims("at", LogicalType.TIMESTAMP, sensitivity=Sensitivity.PUBLIC)
    reading = Reading(partition="at", slice="newest")
    evidence = look(make_port(location="rows.csv", source_kind=CSV, fields=(N, at), reading=reading))
    assert (evidence.rows, evidence.reading["slice"]) == (2, "at = 2026-01-02")


@by_format
def test_a_pattern_names_files(root: Path, kind: SourceKind, ending: str, write: Callable[[Path, list[int]], None]) -> None:
    (root / "deep" / "er").mkdir(parents=True)
    for name, value in (("a1", 1), ("a2", 2), ("b1", 3), ("deep/a3", 4), ("deep/er/a4", 5)):
        write(root / f"{name}.{ending}", [value])
    for pattern, rows in (
        (f"a*.{ending}", 2),
        (f"?1.{ending}", 2),
        (f"**/a*.{ending}", 4),
        (f"deep/*/*.{ending}", 1),
        ("deep/", 2),
    ):
        assert look(make_port(location=pattern, source_kind=kind, fields=(N,))).rows == rows, pattern


def test_columns_go_by_name_over_all_files(root: Path) -> None:
    (root / "o").mkdir()
    (root / "o" / "1.csv").write_text("n,a\n1,x\n")
    (root / "o" / "2.csv").write_text("b,n\ny,2\n")
    evidence = look(make_port(location="o/", source_kind=CSV, fields=(N,)))
    assert ([column.name for column in evidence.columns], evidence.rows) == (["n", "a", "b"], 2)
    (root / "p").mkdir()
    pq.write_table(pa.table({"n": [1], "a": ["x"]}), root / "p" / "1.parquet")
    pq.write_table(pa.table({"b": ["y"], "n": [2]}), root / "p" / "2.parquet")
    evidence = look(make_port(location="p/", source_kind=PARQUET, fields=(N,)))
    assert ([column.name for column in evidence.columns], evidence.rows) == (["n", "a", "b"], 2)


def test_one_bad_file_fails_the_run_and_is_named(root: Path) -> None:
    (root / "o").mkdir()
    write_parquet(root / "o" / "1.parquet", [1])
    (root / "o" / "2.parquet").write_bytes(b"no parquet")
    failure = look(make_port(location="o/", source_kind=PARQUET, fields=(N,))).failure
    assert failure is not None
    assert "o/ (2.parquet)" in failure.message
    (root / "o" / "2.parquet").write_bytes(b"")
    with pytest.raises(SourceProblemError, match="is empty"):
        look(make_port(location="o/", source_kind=PARQUET, fields=(N,)))


def test_the_fingerprint_changes_with_any_file(root: Path) -> None:
    (root / "o").mkdir()
    for name in ("1.csv", "2.csv"):
        write_csv(root / "o" / name, [1])
    first = resolve_files("o/", CSV, [root]).fingerprint()
    assert resolve_files("o/", CSV, [root]).fingerprint() == first
    os.utime(root / "o" / "2.csv", ns=(1, 1))
    assert resolve_files("o/", CSV, [root]).fingerprint() != first


@pytest.mark.parametrize("location", ["../", "/etc/", "o/../../", "../*.csv", "o/../*.csv"])
def test_a_folder_outside_of_the_roots_is_refused(root: Path, location: str) -> None:
    (root / "o").mkdir()
    with pytest.raises(SourceProblemError) as problem:
        resolve_files(location, CSV, [root])
    assert problem.value.failure.code == "source_location_refused"


def test_a_link_that_leads_out_refuses_the_whole_folder(root: Path, tmp_path: Path) -> None:
    (root / "o").mkdir()
    write_csv(root / "o" / "1.csv", [1])
    write_csv(tmp_path / "secret.csv", [2])
    link = root / "o" / "2.csv"
    link.symlink_to(tmp_path / "secret.csv")
    with pytest.raises(SourceProblemError, match="lies outside the allowed data roots"):
        resolve_files("o/", CSV, [root])
    link.unlink()
    link.symlink_to(root / "o" / "1.csv")
    assert len(resolve_files("o/", CSV, [root]).paths) == 2
    (root / "o" / "again").symlink_to(root / "o")
    with pytest.raises(SourceProblemError, match="is a link to a folder"):
        resolve_files("o/", CSV, [root])
    (root / "linked").symlink_to(tmp_path)
    with pytest.raises(SourceProblemError, match="lies outside the allowed data roots"):
        resolve_files("linked/", CSV, [root])


def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(root: Path) -> None:
    (root / "o").mkdir()
    os.mkfifo(root / "o" / "1.csv")
    with pytest.raises(SourceProblemError, match="is a device, pipe or socket"):
        resolve_files("o/", CSV, [root])


def test_the_number_of_files_is_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 2)
    (root / "o").mkdir()
    for number in range(3):
        write_csv(root / "o" / f"{number}.csv", [1])
    with pytest.raises(SourceProblemError, match="more than 2 files"):
        resolve_files("o/", CSV, [root])
    monkeypatch.setattr(folders, "MOST_ENTRIES", 1)
    with pytest.raises(SourceProblemError, match="more than 1 entries"):
        resolve_files("o/", CSV, [root])
    with pytest.raises(SourceProblemError, match="more than 3 times"):
        resolve_files("**/a/**/b/**/c/**/d", CSV, [root])


def test_partitions_must_be_the_same_for_all_files(root: Path) -> None:
    for name in ("o/dt=1", "o/day=2"):
        (root / name).mkdir(parents=True)
        write_csv(root / name / "1.csv", [1])
    with pytest.raises(SourceProblemError, match="different partitions"):
        resolve_files("o/", CSV, [root])


@pytest.mark.parametrize(
    ("values", "newest"),
    [(["9", "10"], "10"), (["2026-01", "2025-12"], "2026-01"), (["2026-01-01", "__HIVE_DEFAULT_PARTITION__"], "2026-01-01")],
)
def test_the_newest_is_told_by_numbers_or_dates(root: Path, values: list[str], newest: str) -> None:
    for value in values:
        (root / "o" / f"dt={value}").mkdir(parents=True)
        write_csv(root / "o" / f"dt={value}" / "1.csv", [1])
    assert newest_of(resolve_files("o/", CSV, [root]), "dt")[1] == newest


@pytest.mark.parametrize("values", [["eu", "us"], ["31.12.2025", "01.01.2026"], ["__HIVE_DEFAULT_PARTITION__"]])
def test_what_has_no_newest_is_refused(root: Path, values: list[str]) -> None:
    for value in values:
        (root / "o" / f"dt={value}").mkdir(parents=True)
        write_csv(root / "o" / f"dt={value}" / "1.csv", [1])
    with pytest.raises(SourceProblemError):
        newest_of(resolve_files("o/", CSV, [root]), "dt")


def test_a_pattern_covers_what_it_would_find() -> None:
    assert pattern_of("/data/o/").covers("/data/o/a/b.csv")
    assert not pattern_of("/data/o/").covers("/data/other.csv")
    assert pattern_of("/data/o/*.csv").covers("/data/o/b.csv")
    assert not pattern_of("/data/o/*.csv").covers("/data/o/a/b.csv")
    assert pattern_of("/data/**/b.csv").covers("/data/b.csv")


@pytest.mark.parametrize("location", ["hr/", "hr/*.csv", "hr/pay.cs[v]", "**/pay.csv", "hr/pay*"])
def test_a_folder_around_what_another_keeps_is_refused(root: Path, location: str) -> None:
    (root / "hr").mkdir()
    (root / "hr" / "pay.csv").write_text("ssn,n\n1,2\n")
    pay = make_governed_product("pay", owner=make_owner("victor"), sensitivity=Sensitivity.RESTRICTED)
    kept = make_port(pay, location="hr/pay.csv", fields=(SSN, N))
    mallory = make_owner("mallory")
    product = make_product(owner=mallory, sensitivity=Sensitivity.PUBLIC)
    claims = PortClaims(name="mine", source_kind=CSV, location=location, fields=(N,))
    with pytest.raises(ForbiddenError, match="another owner's product"):
        ports.put_output_port(product=product, claims=claims, actor=mallory)
    assert kept in ports_on_same_data(CSV, location)


@pytest.mark.parametrize("location", ["hr/", "hr/*.csv"])
def test_a_file_of_the_folder_of_another_is_refused(root: Path, location: str) -> None:
    (root / "hr").mkdir()
    (root / "hr" / "pay.csv").write_text("ssn,n\n1,2\n")
    pay = make_governed_product("pay", owner=make_owner("victor"), sensitivity=Sensitivity.RESTRICTED)
    make_port(pay, location=location, fields=(SSN, N))
    mallory = make_owner("mallory")
    product = make_product(owner=mallory, sensitivity=Sensitivity.PUBLIC)
    for written in ("hr/pay.csv", "hr/later.csv"):
        claims = PortClaims(name="mine", source_kind=CSV, location=written, fields=(N,))
        with pytest.raises(ForbiddenError, match="another owner's product"):
            ports.put_output_port(product=product, claims=claims, actor=mallory)
    beside = PortClaims(name="mine", source_kind=CSV, location="other.csv", fields=(N,))
    assert ports.put_output_port(product=product, claims=beside, actor=mallory)[0].location == "other.csv"


def test_a_folder_without_its_slash_is_told_how_to_write_it(root: Path) -> None:
    (root / "o").mkdir()
    product = make_product()
    claims = PortClaims(name="mine", source_kind=CSV, location="o", fields=(N,))
    with pytest.raises(InvalidError) as refused:
        ports.put_output_port(product=product, claims=claims, actor=None)
    assert "End the location with /" in refused.value.remedy


def test_a_file_with_a_star_in_its_name_is_that_file(root: Path) -> None:
    write_csv(root / "a*.csv", [1, 2])
    write_csv(root / "ab.csv", [3])
    assert look(make_port(location="a*.csv", source_kind=CSV, fields=(N,))).rows == 2
