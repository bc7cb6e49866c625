"""Text files are read by declared types, formats and signs; what is not declared is found out, named, and never forced."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.reading import FieldReading, Reading
from catalog.rules.vocabulary import LogicalType, SourceKind
from trust.evidence.engines.gx import GxEngine
from trust.evidence.rules.evidence import CheckEvidence, RunEvidence, Source
from trust.vocabulary import CheckStatus

ROWS = Expectation("expect_table_row_count_to_be_between", {"min_value": 1})
TYPES = {one.value: one for one in LogicalType}


def check(kind: str, **kwargs: Any) -> Expectation:
    return Expectation(f"expect_{kind}", kwargs)


def look(path: Path, *expectations: Expectation, types: Mapping[str, str] | None = None, **more: Any) -> RunEvidence:
    kind = SourceKind.JSON_LINES if path.suffix == ".jsonl" else SourceKind.CSV
    declared = {name: TYPES[word] for name, word in (types or {}).items()}
    return GxEngine().run(
        SuiteSpec("reading", expectations or (ROWS,)), Source(kind, str(path), declared_types=declared, **more)
    )


def write(tmp_path: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def satisfied(evidence: RunEvidence, name: str) -> set[str]:
    assert evidence.failure is None
    return {kind.value for column in evidence.columns if column.name == name for kind in column.logical_types}


def only(evidence: RunEvidence) -> CheckEvidence:
    assert evidence.failure is None
    assert len(evidence.results) == 1
    return evidence.results[0]


@pytest.mark.parametrize(
    "words", ["t f", "T F", "true false", "TRUE False", "yes no", "1 0", "t no", " true false"], ids=lambda text: text.strip()
)
def test_booleans_are_read_as_they_are_usually_spelled(tmp_path: Path, words: str) -> None:
    yes, no = words.rsplit(" ", 1)
    path = write(tmp_path, f"b\n{yes}\n{no}\n")
    is_true = check("column_values_to_be_in_set", column="b", value_set=[True])
    evidence = look(path, is_true, types={"b": "boolean"})
    assert "boolean" in satisfied(evidence, "b")
    assert only(evidence).unexpected_count == 1


@pytest.mark.parametrize("word", ["2", "maybe", "wahr", "truee"])
def test_a_word_that_is_no_boolean_makes_the_column_text(tmp_path: Path, word: str) -> None:
    assert satisfied(look(write(tmp_path, f"b\nt\n{word}\n"), types={"b": "boolean"}), "b") == {"string"}


@pytest.mark.parametrize(
    ("written", "format_", "kind", "moment"),
    [
        ("31.12.2025", "dd.MM.yyyy", "date", "2025-12-31"),
        ("1.2.2025", "d.M.yyyy", "date", "2025-02-01"),
        ("12/31/25", "MM/dd/yy", "date", "2025-12-31"),
        ("20251231", "yyyyMMdd", "date", "2025-12-31"),
        ("31 Dec 2025", "dd MMM yyyy", "date", "2025-12-31"),
        ("Wed, 31 December 2025", "EEE, d MMMM uuuu", "date", "2025-12-31"),
        ("31.12.2025 23:59:58", "dd.MM.yyyy HH:mm:ss", "timestamp", "2025-12-31T23:59:58"),
        ("2025-12-31T23:59:58.123", "yyyy-MM-dd'T'HH:mm:ss.SSS", "timestamp", "2025-12-31T23:59:58.123000"),
        ("2025-12-31T23:59:58+0200", "yyyy-MM-dd'T'HH:mm:ssZ", "timestamp", "2025-12-31T21:59:58"),
        ("2025-12-31T23:59:58Z", "yyyy-MM-dd'T'HH:mm:ssXXX", "timestamp", "2025-12-31T23:59:58"),
        ("12/31/2025 12:05 AM", "MM/dd/yyyy hh:mm a", "timestamp", "2025-12-31T00:05:00"),
        ("12/31/2025 1:05 pm", "MM/dd/yyyy h:mm a", "timestamp", "2025-12-31T13:05:00"),
        ("31.12.2025 10", "dd.MM.yyyy[ HH]", "timestamp", "2025-12-31T10:00:00"),
        ("31.12.2025", "dd.MM.yyyy[ HH]", "timestamp", "2025-12-31T00:00:00"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_dates_are_read_by_their_format(
    tmp_path: Path, written: str, format_: str, kind: str, moment: str, ending: str
) -> None:
    content = f"d|n\n{written}|1\n" if ending == "csv" else f'{{"d": "{written}", "n": 1}}\n'
    path = write(tmp_path, content, f"data.{ending}")
    newest = check("column_max_to_be_between", column="d", min_value="1900-01-01")
    evidence = look(path, newest, types={"d": kind}, reading=Reading(fields={"d": FieldReading(format=format_)}))
    assert kind in satisfied(evidence, "d")
    assert only(evidence).observed_value == moment


@pytest.mark.parametrize(
    ("written", "format_"),
    [
        ("31.12.25", "dd.MM.yyyy"),
        ("1.1.2025", "dd.MM.yyyy"),
        ("12.31.2025", "dd.MM.yyyy"),
        ("30.02.2025", "dd.MM.yyyy"),
        ("31.12.2025 ", "dd.MM.yyyy"),
        ("2025-12-31", "dd.MM.yyyy"),
        ("2025-12", ""),
        ("2025", ""),
        ("infinity", ""),
        ("today", ""),
        ("31.12.2025", ""),
    ],
)
def test_a_text_that_is_no_whole_date_of_the_format_is_none(tmp_path: Path, written: str, format_: str) -> None:
    path = write(tmp_path, f"d,n\n{written},1\n")
    reading = Reading(fields={"d": FieldReading(format=format_)})
    assert satisfied(look(path, types={"d": "date"}, reading=reading), "d") == {"string"}


def test_a_sample_shows_the_date_as_the_file_spells_it(tmp_path: Path) -> None:
    path = write(tmp_path, "d\n31.12.2025\n01.01.2024\n")
    late = check("column_values_to_be_between", column="d", max_value="2025-01-01")
    reading = Reading(fields={"d": FieldReading(format="dd.MM.yyyy")})
    assert only(look(path, late, types={"d": "date"}, reading=reading)).samples == ("31.12.2025",)


def test_a_pattern_is_asked_of_the_text_of_a_date(tmp_path: Path) -> None:
    path = write(tmp_path, "d\n31.12.2025\n01.01.2024\n")
    pattern = check("column_values_to_match_regex", column="d", regex=r"^\d\d\.\d\d\.\d{4}$")
    layout = check("column_values_to_match_strftime_format", column="d", strftime_format="%d.%m.%Y")
    reading = Reading(fields={"d": FieldReading(format="dd.MM.yyyy")})
    evidence = look(path, pattern, layout, types={"d": "date"}, reading=reading)
    assert [one.status for one in evidence.results] == [CheckStatus.PASSED, CheckStatus.PASSED]


def test_a_date_that_cannot_be_read_lies_between_no_bounds_and_spoils_the_maximum(tmp_path: Path) -> None:
    path = write(tmp_path, "d,n\n2025-01-01,1\nsoon,2\n")
    between = check("column_values_to_be_between", column="d", min_value="2000-01-01")
    newest = check("column_max_to_be_between", column="d", max_value="2030-01-01")
    found = look(path, between, newest, types={"d": "date"}).results
    assert (found[0].unexpected_count, found[0].samples) == (1, ("soon",))
    assert found[1].status is CheckStatus.ERROR
    assert "1 values of column 'd' are not written as the contract declares" in found[1].message


@pytest.mark.parametrize(("zone", "moment"), [("Asia/Tokyo", "2025-06-30T15:00:00"), ("", "2025-07-01T00:00:00")])
def test_a_timestamp_without_an_offset_is_in_its_default_time_zone(tmp_path: Path, zone: str, moment: str) -> None:
    path = write(tmp_path, "t,n\n2025-07-01 00:00:00,1\n2025-06-01T00:00:00Z,2\n")
    newest = check("column_max_to_be_between", column="t", min_value="1900-01-01")
    reading = Reading(fields={"t": FieldReading(time_zone=zone)})
    assert only(look(path, newest, types={"t": "timestamp"}, reading=reading)).observed_value == moment


def test_text_that_looks_like_dates_has_no_order_of_letters(tmp_path: Path) -> None:
    path = write(tmp_path, "d\n31.12.2025\n01.01.2026\n")
    found = only(look(path, check("column_max_to_be_between", column="d", max_value="2026-01-01")))
    assert found.status is CheckStatus.ERROR
    assert "order of its letters" in found.message


def test_iso_dates_compare_as_moments_though_nobody_declared_them(tmp_path: Path) -> None:
    path = write(tmp_path, "t\n2024-03-31T23:30:00-05:00\n2024-03-31T10:00:00Z\n")
    found = only(look(path, check("column_values_to_be_between", column="t", max_value="2024-04-01T00:00:00Z")))
    assert found.samples == ("2024-03-31T23:30:00-05:00",)


def test_a_row_condition_compares_moments(tmp_path: Path) -> None:
    path = write(tmp_path, "t,n\n2024-03-31T23:30:00-05:00,1\n2024-03-31T10:00:00Z,1\n")
    kept = {"row_condition": 't > "2024-04-01T00:00:00Z"', "condition_parser": "pandas"}
    unique = check("column_values_to_be_unique", column="n", **kept)
    for types in ({}, {"t": "timestamp"}):
        assert only(look(path, unique, types=types)).status is CheckStatus.PASSED


def test_times_of_the_day_have_bounds(tmp_path: Path) -> None:
    path = write(tmp_path, "t,n\n10:00,1\n11:30:15.5,2\n")
    checks = [
        check("column_values_to_be_between", column="t", min_value="10:00", max_value="11:30:15.500000"),
        check("column_values_to_be_between", column="t", max_value="11:30:15"),
        check("column_max_to_be_between", column="t", min_value="11:30", max_value="12:00:00"),
        check("column_min_to_be_between", column="t", min_value="10:00", strict_min=True),
    ]
    found = look(path, *checks, types={"t": "time"}).results
    assert [one.status for one in found] == ["passed", "failed", "passed", "failed"]
    assert found[1].samples == ("11:30:15.5",)


def test_dates_are_members_of_sets(tmp_path: Path) -> None:
    path = write(tmp_path, "d,n\n2024-01-01,1\n2024-01-01,2\n")
    for kind in ("column_most_common_value_to_be_in_set", "column_distinct_values_to_equal_set", "column_values_to_be_in_set"):
        for days, status in ((["2024-01-01"], "passed"), (["2024-01-02"], "failed")):
            assert only(look(path, check(kind, column="d", value_set=days), types={"d": "date"})).status == status


@pytest.mark.parametrize("code", ["01234", "+49", " 12", "12 ", "-07"])
def test_a_number_that_is_spelled_like_a_code_is_text(tmp_path: Path, code: str) -> None:
    evidence = look(write(tmp_path, f"c,n\n{code},1\n1234,2\n"), check("column_values_to_be_unique", column="c"))
    assert satisfied(evidence, "c") == {"string"}
    declared = look(write(tmp_path, f"c,n\n{code},1\n1234,2\n"), types={"c": "integer"})
    assert "integer" in satisfied(declared, "c")


@pytest.mark.parametrize(
    ("content", "delimiter", "sign"),
    [
        ("id;fee\n1;9,50\n2;3,00\n", ";", ","),
        ("id;fee\n1;9.50\n2;3.00\n", ";", "."),
        ("id\tfee\n1\t9,50\n2\t3\n", "tab", ","),
        ("id|fee\n1|1,5e3\n2|3\n", "|", ","),
        ('id,fee\n1,9.50\n2,"3.5"\n', ",", "."),
        ('"a;b",fee\n1,9.50\n2,3.5\n', ",", "."),
    ],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_what_is_not_declared_is_found_out_and_named(
    tmp_path: Path, content: str, delimiter: str, sign: str, is_declared: bool
) -> None:
    evidence = look(write(tmp_path, content), types={"fee": "number"} if is_declared else {})
    assert "number" in satisfied(evidence, "fee")
    assert (evidence.reading["delimiter"], evidence.reading["decimal sign"]) == (delimiter, sign)
    assert evidence.reading["sniffed"] == "delimiter, quote, encoding, decimal sign"


@pytest.mark.parametrize("content", ["id;n\n1;1,234\n2;5,678\n", "id;n;m\n1;1,5;1.5\n2;2,5;2.5\n"])
def test_a_comma_that_may_be_a_thousand_is_not_believed(tmp_path: Path, content: str) -> None:
    assert satisfied(look(write(tmp_path, content), types={"n": "number"}), "n") == {"string"}
    declared = Reading(decimal_sign=",")
    assert "number" in satisfied(look(write(tmp_path, content), types={"n": "number"}, reading=declared), "n")


def test_a_declared_point_refuses_commas(tmp_path: Path) -> None:
    path = write(tmp_path, "id;fee\n1;9,50\n")
    assert satisfied(look(path, types={"fee": "number"}, reading=Reading(delimiter=";", decimal_sign=".")), "fee") == {"string"}


def test_declared_quotes_are_the_only_ones(tmp_path: Path) -> None:
    path = write(tmp_path, "id;name\n1;'a;b'\n2;\"c\n")
    wanted = check("column_values_to_be_in_set", column="name", value_set=["a;b", '"c'])
    assert only(look(path, wanted, reading=Reading(delimiter=";", quote="'"))).status is CheckStatus.PASSED
    path = write(tmp_path, "id;name\n1;'a\n2;\"c\n")
    wanted = check("column_values_to_be_in_set", column="name", value_set=["'a", '"c'])
    assert only(look(path, wanted, reading=Reading(delimiter=";", quote="none"))).status is CheckStatus.PASSED


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-16", "utf-8", "UTF-16LE", "cp850"])
@pytest.mark.parametrize("name", ["data.csv", "data.jsonl"])
def test_a_declared_encoding_is_read(tmp_path: Path, encoding: str, name: str) -> None:
    content = "name,n\nMüller,1\n" if name == "data.csv" else '{"name": "Müller", "n": 1}\n'
    path = write(tmp_path, content.encode(encoding), name)
    wanted = check("column_values_to_be_in_set", column="name", value_set=["Müller"])
    evidence = look(path, wanted, reading=Reading(encoding=encoding))
    assert only(evidence).status is CheckStatus.PASSED
    assert evidence.reading["encoding"] == encoding


def test_a_mark_of_utf_16_is_believed_and_named(tmp_path: Path) -> None:
    evidence = look(write(tmp_path, "name,n\nMüller,1\n".encode("utf-16")))
    assert (evidence.failure, evidence.rows, evidence.reading["encoding"]) == (None, 1, "utf-16")
    assert "encoding" in evidence.reading["sniffed"]


def test_no_number_is_a_number_without_a_value(tmp_path: Path) -> None:
    path = write(tmp_path, "a,n\nNaN,1\n1.5,2\n")
    evidence = look(path, check("column_values_to_not_be_null", column="a"), types={"a": "number"}, null_values=("",))
    assert "number" in satisfied(evidence, "a")
    assert only(evidence).unexpected_count == 1


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-16"])
def test_a_file_in_another_encoding_than_declared_is_a_failure(tmp_path: Path, encoding: str) -> None:
    failure = look(write(tmp_path, "name\nMüller\n".encode("latin-1")), reading=Reading(encoding=encoding)).failure
    assert failure is not None
    assert failure.code in {"source_encoding", "source_malformed"}
    assert "touchstone.encoding" in failure.remedy or failure.code == "source_malformed"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("\n\na,b\n1,2\n", 1),
        ("\ufeffa,b\n1,2\n", 1),
        ('\ufeff"a","b"\r\n1,2\r\n\r\n3,4\r\n', 2),
        ("a,b\r1,2\r3,4", 2),
        ('a,"b"\n1,"x\ny"\n', 1),
        ('"a",b\n1,2', 1),
    ],
)
def test_header_and_rows_have_one_reader(tmp_path: Path, content: str, rows: int) -> None:
    evidence = look(write(tmp_path, content))
    assert evidence.failure is None
    assert ([column.name for column in evidence.columns], evidence.rows) == (["a", "b"], rows)


def test_a_name_of_two_lines_is_one_name(tmp_path: Path) -> None:
    evidence = look(write(tmp_path, '"a\nb",c\n1,2\n'))
    assert ([column.name for column in evidence.columns], evidence.rows) == (["a\nb", "c"], 1)


def test_only_what_is_listed_is_missing(tmp_path: Path) -> None:
    present = check("column_values_to_not_be_null", column="c")
    path = write(tmp_path, "c,n\nNA,1\n-,2\n,3\n")
    assert only(look(path, present, null_values=("",))).unexpected_count == 1
    assert only(look(path, present, null_values=("", "-"))).unexpected_count == 2
    of_field = Reading(fields={"c": FieldReading(null_values=("NA",))})
    assert only(look(path, present, null_values=("",), reading=of_field)).unexpected_count == 2
    lines = write(tmp_path, '{"c": "NA"}\n{"c": "-"}\n{"c": null}\n{"c": ""}\n', "data.jsonl")
    assert only(look(lines, present)).unexpected_count == 1
    assert only(look(lines, present, null_values=("-",))).unexpected_count == 2
