"""SQL of a contract: run as it was approved, on the port's own table alone, and nothing else of the machine or the database."""

from pathlib import Path
from typing import Any

import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx import GxEngine, sql_checks
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.evidence.rules.sql_rules import query_digest
from trust.vocabulary import CheckStatus

RULE = "expect_sql_result_to_be_within_limits"
PASSED, FAILED, ERROR = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR


def run(path: Path, query: str, *, approved: str | None = None, redacted: str = "", **kwargs: Any) -> CheckEvidence:
    path.write_text("id,amount,code\n1,10,a\n2,-5,b\n3,,c\n")
    digests = frozenset({query_digest(query if approved is None else approved)})
    source = Source(SourceKind.CSV, str(path), approved_queries=digests, redacted_columns=frozenset({redacted} - {""}))
    check = Expectation(RULE, {"query": query, "tables": ["orders"], **kwargs})
    (result,) = GxEngine().run(SuiteSpec("orders", (check,)), source).results
    return result


@pytest.mark.parametrize(
    ("query", "operators", "status", "observed"),
    [
        ("SELECT COUNT(*) FROM {object}", {"mustBe": 3}, PASSED, 3),
        ("SELECT COUNT(*) FROM ${table} WHERE ${column} IS NOT NULL", {"mustBeLessThan": 2}, FAILED, 2),
        ("SELECT COUNT(*) FROM orders WHERE {property} < 0;", {"mustBe": 0}, FAILED, 1),
        ("SELECT COUNT(*) FROM ORDERS o WHERE o.amount < 0\n", {"mustBe": 1}, PASSED, 1),
        ("SELECT SUM(amount) FROM {model}", {"mustBeBetween": [4, 6]}, PASSED, 5),
        ("SELECT SUM(amount) FROM {model}", {"mustBeBetween": [5, 6]}, FAILED, 5),
        ("SELECT MIN(amount) FROM {model}", {"mustBe": -5}, PASSED, -5),
        ("SELECT AVG(amount) FROM {object}", {"mustBe": 2.5}, PASSED, 2.5),
        ("SELECT COUNT(*) = 3 FROM {object}", {"mustBe": 1}, PASSED, 1),
        ("WITH bad AS (SELECT id FROM {object} WHERE amount < 0) SELECT COUNT(*) FROM bad", {"mustBe": 1}, PASSED, 1),
        ("SELECT COUNT(*) FROM (SELECT code FROM {object} GROUP BY code HAVING COUNT(*) > 1) d", {"mustBe": 0}, PASSED, 0),
        (
            "SELECT SUM(CASE WHEN code LIKE 'a%' THEN 1 ELSE 0 END) * 100.0 / COUNT(*) FROM {object}",
            {"mustBeLessThan": 50},
            PASSED,
            None,
        ),
    ],
    ids=str,
)
def test_what_was_approved_is_run_and_its_result_compared(
    tmp_path: Path, query: str, operators: dict[str, Any], status: CheckStatus, observed: Any
) -> None:
    result = run(tmp_path / "orders.csv", query, column="amount", **operators)
    assert result.status is status, result.message
    if observed is not None:
        assert result.observed_value == observed


def test_a_failure_says_what_came_back_and_what_is_allowed(tmp_path: Path) -> None:
    assert run(tmp_path / "o.csv", "SELECT COUNT(*) FROM {object}", mustBe=0).message == "Observed 3; expected exactly 0."


@pytest.mark.parametrize("approved", ["", "SELECT COUNT(*) FROM {object} ", "select count(*) from {object}"])
def test_another_text_than_the_approved_one_is_not_run(tmp_path: Path, approved: str) -> None:
    result = run(tmp_path / "o.csv", "SELECT COUNT(*) FROM {object}", approved=approved, mustBe=3)
    assert result.status is ERROR
    assert "governance has not approved this SQL" in result.message
    assert result.observed_value is None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM read_csv('/etc/passwd')",
        "SELECT COUNT(*) FROM '/etc/passwd'",
        "SELECT COUNT(*) FROM {object} JOIN reference_0 USING (id)",
        "SELECT COUNT(*) FROM {object}, information_schema.tables",
        "SELECT COUNT(*) FROM {object}, duckdb_settings()",
        "SELECT COUNT(*) FROM {object} WHERE getenv('HOME') = 'x'",
        "SELECT length(current_setting('temp_directory')) FROM {object}",
        "SELECT COUNT(*) FROM {object}, range(1000000000000)",
        "SELECT COUNT(*) FROM {object} WHERE length(repeat('x', 1000000000)) > 1",
        "SELECT COUNT(*) FROM query('SELECT 1')",
        "SELECT 1; SELECT COUNT(*) FROM {object}",
        "SELECT COUNT(*) FROM {object}; DROP TABLE data",
        "DROP TABLE data",
        "COPY data TO 'x.csv'",
        "ATTACH 'x.db'",
        "SET memory_limit='100GB'",
        "PRAGMA database_list",
        "INSTALL httpfs",
        "EXPLAIN SELECT COUNT(*) FROM {object}",
        "SUMMARIZE {object}",
        "SELECT COUNT(*) FROM (DESCRIBE {object})",
        "SELECT COUNT(*) FROM (SHOW TABLES)",
        "SELECT COUNT(*) FROM {object} -- and more",
        "SELECT 0",
        "SELECT 0 FROM (VALUES (1)) t",
        "WITH data AS (SELECT * FROM {object}) SELECT COUNT(*) FROM data",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t, {object}",
        "SELECT COUNT(*) FROM {object} WHERE (SELECT COUNT(*) FROM other) > 0",
        "SELECT * FROM {object}",
        "SELECT id FROM {object}",
        "SELECT code FROM {object} LIMIT 1",
        "SELECT SUM(amount) FROM {object} WHERE id > 99",
        "SELECT COUNT(*) FROM {object} WHERE nothing = 1",
        "SELECT COUNT(*) FROM {object} WHERE CAST(id AS oid) = 1",
        "SELECT MAX(x -> x + 1) FROM {object}",
        "not sql",
        " ",
        "SELECT COUNT(*) FROM {object} WHERE code = '" + "x" * 10_000 + "'",
    ],
    ids=lambda query: query[:60],
)
def test_what_is_more_than_a_select_of_the_own_table_is_an_error(tmp_path: Path, query: str) -> None:
    result = run(tmp_path / "o.csv", query, mustBeGreaterOrEqualTo=0)
    assert result.status is ERROR, query
    assert result.message


def test_a_query_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_checks, "SECONDS", 0.5)
    joined = ", ".join(f"{{object}} t{n}" for n in range(40))
    result = run(
        tmp_path / "o.csv", f"SELECT SUM(t0.id * t39.id) FROM {joined} WHERE sqrt(t1.id + t2.id) < t3.id + t38.id", mustBe=0
    )
    assert result.status is ERROR
    assert "took longer" in result.message


def test_other_checks_still_run_beside_a_query_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text("id\n1\n")
    query = "SELECT COUNT(*) FROM {object} WHERE nothing = 1"
    checks = (
        Expectation(RULE, {"query": query, "mustBe": 0}),
        Expectation("expect_column_values_to_be_unique", {"column": "id"}),
    )
    source = Source(SourceKind.CSV, str(path), approved_queries=frozenset({query_digest(query)}))
    assert [one.status for one in GxEngine().run(SuiteSpec("o", checks), source).results] == [ERROR, PASSED]


@pytest.mark.parametrize(
    "query", ["SELECT MAX(amount) FROM {object}", "SELECT MAX(v) FROM (SELECT COLUMNS(*) FROM {object}) t(a, v, c)"]
)
def test_values_of_a_redacted_column_are_not_shown(tmp_path: Path, query: str) -> None:
    result = run(tmp_path / "o.csv", query, redacted="amount", mustBe=0)
    assert "10" not in f"{result.message} {result.observed_value}"
