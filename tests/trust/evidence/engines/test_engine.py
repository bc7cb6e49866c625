"""What a run tells besides its counts: samples, redaction, references, types, times; and what it must never do."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import Dimension, LogicalType, SourceKind
from trust.evidence.engines.gx import EngineLimits, GxEngine
from trust.evidence.engines.gx.sources import FileDatabase
from trust.evidence.rules.evidence import CheckEvidence, RunEvidence, Source
from trust.vocabulary import CheckStatus, EvidenceStatus

SECRETS = ["alice@example.org", "bob@example.org", "alice@example.org", None]


def check(kind: str, **kwargs: Any) -> Expectation:
    return Expectation(f"expect_{kind}", kwargs)


def look(source: Source, *expectations: Expectation) -> RunEvidence:
    return GxEngine().run(SuiteSpec("suite", expectations), source)


def csv_source(folder: Path, text: str, **settings: Any) -> Source:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return Source(SourceKind.CSV, str(path), **settings)


def parquet_source(folder: Path, columns: dict[str, Any], **settings: Any) -> Source:
    path = folder / "data.parquet"
    pq.write_table(pa.table(columns), path)
    return Source(SourceKind.PARQUET, str(path), **settings)


def only(evidence: RunEvidence) -> CheckEvidence:
    assert evidence.failure is None, evidence.failure
    (result,) = evidence.results
    return result


def test_samples_are_distinct_and_at_most_twenty(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"a": [value for value in range(100) for _ in range(3)]})

    result = only(look(source, check("column_values_to_be_between", column="a", max_value=-1)))

    assert result.unexpected_count == 300
    assert len(result.samples) == len(set(map(str, result.samples))) == 20


def test_samples_of_repeated_keys_name_their_columns(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"a": [1, 1, 2], "b": [None, None, "x"]})

    result = only(look(source, check("compound_columns_to_be_unique", column_list=["a", "b"])))

    assert (result.unexpected_count, result.samples) == (2, ({"a": 1, "b": None},))


REDACTED_CHECKS = [
    check("column_values_to_be_unique", column="mail"),
    check("column_values_to_match_regex", column="mail", regex=r"^\d+$"),
    check("column_values_to_match_regex", column="mail", regex=r"(?:x$|\d)"),
    check("column_values_to_be_in_set", column="mail", value_set=["nobody"]),
    check("column_distinct_values_to_be_in_set", column="mail", value_set=["nobody"]),
    check("column_max_to_be_between", column="mail", max_value="a"),
    check("column_most_common_value_to_be_in_set", column="mail", value_set=["nobody"]),
    check("column_mean_to_be_between", column="mail", max_value=1),
    check("compound_columns_to_be_unique", column_list=["id", "mail"]),
    check("column_pair_values_to_be_equal", column_A="id", column_B="mail"),
    check("column_values_to_be_between", column="mail", min_value=3, max_value=4),
    check("column_values_to_match_strftime_format", column="mail", strftime_format="%Y"),
]


@pytest.mark.parametrize("expectation", REDACTED_CHECKS, ids=lambda expectation: expectation.type)
def test_nothing_of_a_redacted_column_leaves_the_engine(expectation: Expectation, tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"id": [1, 2, 1, 4], "mail": SECRETS}, redacted_columns=frozenset({"mail"}))

    result = only(look(source, expectation))

    told = json.dumps([result.observed_value, list(result.samples), result.message])
    assert not any(part in told for part in ("alice", "bob", "example.org"))
    assert result.status in {CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.PASSED}


def test_counts_of_a_redacted_column_are_told(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"mail": SECRETS}, redacted_columns=frozenset({"mail"}))

    result = only(look(source, check("column_unique_value_count_to_be_between", column="mail", max_value=1)))

    assert (result.status, result.observed_value) == (CheckStatus.FAILED, 2)


def test_observed_values_are_plain_json(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"x": [1.0, math.inf, math.nan], "t": [datetime(2024, 1, 2, tzinfo=UTC)] * 3})

    evidence = look(
        source,
        check("column_max_to_be_between", column="x", max_value=5),
        check("column_stdev_to_be_between", column="x", max_value=5),
        check("column_max_to_be_between", column="t", min_value="2025-01-01"),
        check("column_quantile_values_to_be_between", column="x", quantile_ranges={"quantiles": [0], "value_ranges": [[2, 3]]}),
    )

    observed = [result.observed_value for result in evidence.results]
    assert observed[:3] == ["Infinity", None, "2024-01-02T00:00:00"]
    json.dumps(observed, allow_nan=False)


def test_every_result_has_a_dimension(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"a": [1]})

    evidence = look(source, check("column_values_to_be_unique", column="a"), Expectation("expect_nonsense"))

    assert [r.expectation.dimension for r in evidence.results] == [Dimension.UNIQUENESS, Dimension.VALIDITY]


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (check("column_values_to_not_be_null", column="nmae"), ["'nmae' does not exist", "'name'"]),
        (check("column_values_to_not_be_null", column="NAME"), ["'NAME' does not exist", "'name'"]),
        (check("column_values_to_be_uniqe", column="name"), ["no expectation type", "expect_column_values_to_be_unique"]),
        (check("column_values_to_be_unique", column="name", mostyl=1), ["mostyl", "not an argument"]),
        (check("column_values_to_be_unique"), ["column", "required"]),
        (check("column_values_to_be_unique", column="name", mostly=1.5), ["mostly"]),
        (check("column_mean_to_be_between", column="name", min_value=0), ["'name'", "VARCHAR", "needs numbers"]),
        (check("column_values_to_be_between", column="name", min_value=0), ["text", "cannot be compared"]),
        (check("column_values_to_match_regex", column="name", regex="("), ["The pattern in regex", "not a regular expression"]),
        (check("column_values_to_be_of_type", column="name", type_="strng"), ["'strng'", "not a type"]),
        (check("column_values_to_be_unique", column="name", result_format="COMPLETE"), ["result_format"]),
        (check("column_values_to_be_unique", column="name", row_condition="1 = 1; DROP TABLE data"), ["row_condition"]),
        (check("compound_columns_to_be_unique", column_list=["name", "x"], ignore_row_if="sometimes"), ["ignore_row_if"]),
        (Expectation("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT 1"}), ["SQL", "not allowed"]),
        (Expectation("expect_query_results_to_match_comparison", {}), ["SQL", "not allowed"]),
        (check("column_values_to_exist_in_reference", column="name", reference="r", reference_column="a"), ["'r'", "none"]),
        (check("column_values_to_exist_in_reference", column="name", reference="r"), ["reference_column"]),
    ],
    ids=lambda value: value.type if isinstance(value, Expectation) else "",
)
def test_a_wrong_expectation_is_an_error_that_helps(expectation: Expectation, words: list[str], tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"name": ["a", "b"], "x": [1, 2]})

    evidence = look(source, expectation, check("column_values_to_not_be_null", column="name"))

    assert [result.status for result in evidence.results] == [CheckStatus.ERROR, CheckStatus.PASSED]
    assert evidence.status is EvidenceStatus.ERROR
    assert all(word in evidence.results[0].message for word in words), evidence.results[0].message


def _references(folder: Path) -> Source:
    (folder / "planes.csv").write_text("tail,maker\nN1,A\nN2,B\n,C\n", encoding="utf-8")
    planes = Source(SourceKind.CSV, str(folder / "planes.csv"))
    return csv_source(folder, "tail,maker,n\nN1,A,1\nN2,A,2\nN9,B,3\n,A,4\nN9,B,5\n", references={"planes": planes})


def test_values_that_no_reference_has_are_counted_and_missing_ones_passed_over(tmp_path: Path) -> None:
    lookup = check(
        "column_values_to_exist_in_reference", column="tail", reference="planes", reference_column="tail", mostly=0.6
    )

    result = only(look(_references(tmp_path), lookup))

    assert result.status is CheckStatus.FAILED
    assert (result.element_count, result.missing_count, result.unexpected_count) == (5, 1, 2)
    assert (result.unexpected_percent, result.samples) == (50.0, ("N9",))


def test_a_composite_key_is_looked_up_as_a_whole(tmp_path: Path) -> None:
    both = ["tail", "maker"]
    lookup = check("column_values_to_exist_in_reference", column_list=both, reference="planes", reference_column_list=both)

    result = only(look(_references(tmp_path), lookup))

    assert (result.unexpected_count, result.missing_count) == (3, 1)
    assert {"tail": "N2", "maker": "A"} in result.samples


def test_types_that_cannot_be_equal_are_an_error(tmp_path: Path) -> None:
    lookup = check("column_values_to_exist_in_reference", column="n", reference="planes", reference_column="tail")

    assert "types differ" in only(look(_references(tmp_path), lookup)).message


def test_a_schema_sees_which_logical_types_the_values_satisfy(tmp_path: Path) -> None:
    declared = {"day": LogicalType.DATE, "bad": LogicalType.DATE, "at": LogicalType.TIMESTAMP, "n": LogicalType.INTEGER}
    text = (
        "zip,day,bad,at,n,x,flag,none\n"
        "007,2024-02-29,2023-02-29,2024-01-01T10:00:00Z,1,1.5,True,\n12,2024-01-01,2024-01-01,2024-01-01 10:00:00,,2,False,\n"
    )
    source = csv_source(tmp_path, text, declared_types=declared)

    types = {column.name: column.logical_types for column in look(source, check("column_to_exist", column="n")).columns}

    assert types["zip"] == {LogicalType.STRING}
    assert types["day"] == {LogicalType.STRING, LogicalType.DATE}
    assert types["bad"] == {LogicalType.STRING}
    assert LogicalType.TIMESTAMP in types["at"]
    assert LogicalType.INTEGER in types["n"]
    assert types["x"] == {LogicalType.NUMBER, LogicalType.STRING}
    assert types["flag"] == {LogicalType.BOOLEAN, LogicalType.STRING}
    assert {LogicalType.DATE, LogicalType.INTEGER} <= types["none"]


def test_text_in_a_typed_source_never_satisfies_a_declared_integer(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"n": ["1", "2"]}, declared_types={"n": LogicalType.INTEGER})

    (column,) = look(source, check("column_to_exist", column="n")).columns

    assert column.logical_types == {LogicalType.STRING}


def test_whole_floats_satisfy_a_declared_integer(tmp_path: Path) -> None:
    source = parquet_source(
        tmp_path, {"n": [1.0, math.nan, 3.0], "x": [1.5, 2.0, 3.0]}, declared_types=dict.fromkeys("nx", LogicalType.INTEGER)
    )

    types = {column.name: column.logical_types for column in look(source, check("column_to_exist", column="n")).columns}

    assert LogicalType.INTEGER in types["n"]
    assert LogicalType.INTEGER not in types["x"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024-01-01", "2024-03-01"], datetime(2024, 3, 1, tzinfo=UTC)),
        (["2024-01-01T00:30:00+01:00"], datetime(2023, 12, 31, 23, 30, tzinfo=UTC)),
        (["no date", *["2024-01-01"] * 19], datetime(2024, 1, 1, tzinfo=UTC)),
        (["no date", *["2024-01-01"] * 18], None),
        (["no date", "2024-01-01"], None),
        (["2999-01-01"], datetime(2999, 1, 1, tzinfo=UTC)),
        (["no date"], None),
    ],
)
def test_the_newest_moment_is_told_in_utc(values: Sequence[str], expected: datetime | None, tmp_path: Path) -> None:
    source = csv_source(tmp_path, "at,b\n" + "".join(f"{value},1\n" for value in values), time_column="at")

    assert look(source, check("column_to_exist", column="at")).data_time == expected


def test_no_time_column_means_no_time(tmp_path: Path) -> None:
    assert look(csv_source(tmp_path, "a\n1\n", time_column="at"), check("column_to_exist", column="a")).data_time is None


def test_a_row_condition_is_never_ignored_where_great_expectations_ignores_it(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"a": [1, 2, 3], "b": [1, 2, 9], "k": ["x", "x", "y"]})
    pairs = {"column_A": "a", "column_B": "b", "value_pairs_set": [[1, 1], [2, 2]]}
    given = {"row_condition": 'col("k") == "x"', "condition_parser": "great_expectations"}

    result = only(look(source, check("column_pair_values_to_be_in_set", **pairs, **given)))

    assert (result.status, result.element_count, result.unexpected_count) == (CheckStatus.PASSED, 2, 0)


def test_names_that_differ_only_in_case_or_are_sql_are_columns_like_any_other(tmp_path: Path) -> None:
    names = ["a", "A", 'q"uote', "select", "a b", "x; DROP TABLE data", "ünï", "%s", ":x", "?"]
    source = parquet_source(tmp_path, {name: [index, index] for index, name in enumerate(names)})

    checks = [check("column_values_to_be_in_set", column=name, value_set=[index]) for index, name in enumerate(names)]
    evidence = look(source, *checks)

    assert [result.status for result in evidence.results] == [CheckStatus.PASSED] * len(names)
    assert [column.name for column in evidence.columns] == names


def test_null_texts_of_the_source_replace_the_usual_ones(tmp_path: Path) -> None:
    source = csv_source(tmp_path, "a,b\n-,1\nNA,2\n", null_values=("-",))

    assert only(look(source, check("column_values_to_not_be_null", column="a"))).unexpected_count == 1


def test_a_type_is_inferred_from_all_rows_and_not_from_the_first(tmp_path: Path) -> None:
    source = csv_source(tmp_path, "a\n" + "1\n" * 60_000 + "x\n")

    (column,) = look(source, check("column_to_exist", column="a")).columns

    assert column.physical_type == "VARCHAR"


def test_the_database_of_a_run_reads_its_own_file_and_nothing_else(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.csv", tmp_path / "other.csv"
    mine.write_text("a\n1\n")
    other.write_text("a\nsecret\n")
    with FileDatabase([Source(SourceKind.CSV, str(mine))], EngineLimits(temp_directory=str(tmp_path))) as database:
        database.load("data", Source(SourceKind.CSV, str(mine)))
        for statement in (
            f"SELECT * FROM read_csv('{other}')",
            "SELECT * FROM read_text('/etc/passwd')",
            f"COPY (SELECT 1) TO '{tmp_path}/written.csv'",
            f"ATTACH '{tmp_path}/other.duckdb'",
            "INSTALL httpfs",
            "SET enable_external_access=true",
            "SET allowed_paths=['/etc/passwd']",
        ):
            with pytest.raises(duckdb.Error):
                database.connection.execute(statement)


def test_a_type_with_metrics_that_we_have_not_takes_great_expectations_own_path(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"a": [1, 1, 2, 2], "s": ["x", "y", "x", "y"]})
    weights = {"values": ["x", "y"], "weights": [0.5, 0.5]}

    evidence = look(
        source,
        check("column_kl_divergence_to_be_less_than", column="s", partition_object=weights, threshold=0.1),
        check("column_kl_divergence_to_be_less_than", column="nope", partition_object=weights, threshold=0.1),
        check("table_row_count_to_equal_other_table", other_table_name="data"),
        check("column_values_to_be_unique", column="a"),
    )

    assert [result.status for result in evidence.results] == ["passed", "error", "error", "failed"]
    assert "may not be a port" in evidence.results[2].message


def test_quantiles_of_nothing_are_an_error_of_that_check_alone(tmp_path: Path) -> None:
    source = parquet_source(tmp_path, {"a": [1, 2]})
    nothing: dict[str, list[float]] = {"quantiles": [], "value_ranges": []}

    evidence = look(
        source,
        check("column_quantile_values_to_be_between", column="a", quantile_ranges=nothing),
        check("column_values_to_be_unique", column="a"),
    )

    assert [result.status for result in evidence.results] == ["error", "passed"]


@pytest.mark.parametrize("name", ["[a]", "*", "?", "[!b]"])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_name_that_looks_like_a_pattern_is_the_name_of_one_file(name: str, ending: str, tmp_path: Path) -> None:
    kind = {"csv": SourceKind.CSV, "jsonl": SourceKind.JSON_LINES, "parquet": SourceKind.PARQUET}[ending]
    for stem, value in ((name, 999), ("a", 1)):
        path = tmp_path / f"{stem}.{ending}"
        if kind is SourceKind.PARQUET:
            pq.write_table(pa.table({"x": [value]}), path)
        else:
            path.write_text(f"x\n{value}\n" if kind is SourceKind.CSV else f'{{"x": {value}}}\n')
    other = Source(kind, str(tmp_path / f"a.{ending}"))
    source = Source(kind, str(tmp_path / f"{name}.{ending}"), references={"a": other})

    evidence = look(
        source,
        check("column_values_to_exist_in_reference", column="x", reference="a", reference_column="x"),
        check("column_max_to_be_between", column="x", min_value=999),
    )

    assert [result.status for result in evidence.results] == ["failed", "passed"]


def test_a_run_leaves_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    from trust.evidence.engines.gx import Access  # noqa: PLC0415

    spill = tmp_path / "spill"
    spill.mkdir()
    source = csv_source(tmp_path, "a\n1\n")

    GxEngine(Access(limits=EngineLimits(temp_directory=str(spill)))).run(
        SuiteSpec("suite", (check("column_to_exist", column="a"),)), source
    )

    assert list(spill.iterdir()) == []
