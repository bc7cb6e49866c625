"""SQL of a contract on a PostgreSQL table: the same answers as on files, and nothing but the port's own table."""

import os
from typing import Any

import psycopg
import pytest
from django.conf import settings

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from tests.databases import sources_database
from trust.evidence.engines.gx import Access, GxEngine, sql_checks
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.evidence.rules.sql_rules import query_digest
from trust.vocabulary import CheckStatus

RULE = "expect_sql_result_to_be_within_limits"
PASSED, FAILED, ERROR = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR
HOST = str(settings.DATABASES["default"]["HOST"])
TABLES = """
    DROP TABLE IF EXISTS sql_rules, sql_secrets;
    CREATE TABLE sql_rules (id int, "Amount" numeric, code text);
    INSERT INTO sql_rules VALUES (1, 10, 'a'), (2, -5, 'b'), (3, NULL, 'c');
    CREATE TABLE sql_secrets (salary int);
    INSERT INTO sql_secrets VALUES (7);
"""


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> str:
    with psycopg.connect(sources_database(), autocommit=True) as connection:
        connection.execute(TABLES)
    monkeypatch.setenv("WAREHOUSE", sources_database())
    return "env:WAREHOUSE"


def run(warehouse: str, *queries: str, **operators: Any) -> list[CheckEvidence]:
    checks = tuple(Expectation(RULE, {"query": query, "column": "Amount", "tables": ["x"], **operators}) for query in queries)
    source = Source(
        SourceKind.POSTGRES,
        "public.sql_rules",
        connection=warehouse,
        approved_queries=frozenset(map(query_digest, queries)),
    )
    evidence = GxEngine(Access(database_hosts=(HOST,))).run(SuiteSpec("rules", checks), source)
    assert evidence.failure is None
    return list(evidence.results)


@pytest.mark.parametrize(
    ("query", "operators", "status"),
    [
        ("SELECT COUNT(*) FROM {object} WHERE {property} < 0", {"mustBe": 1}, PASSED),
        ("SELECT COUNT(*) FROM sql_rules", {"mustBe": 3}, PASSED),
        ("SELECT COUNT(*) FROM public.sql_rules r WHERE r.code LIKE 'a%'", {"mustBe": 1}, PASSED),
        ('SELECT SUM("Amount") FROM {table}', {"mustBeBetween": [5, 9]}, FAILED),
        ("SELECT COUNT(*) = 3 FROM {object}", {"mustBe": 1}, PASSED),
        ("WITH bad AS (SELECT * FROM {object} WHERE id > 1) SELECT COUNT(*) FROM bad", {"mustBe": 2}, PASSED),
    ],
    ids=str,
)
def test_an_approved_query_is_run_on_the_table(
    warehouse: str, query: str, operators: dict[str, Any], status: CheckStatus
) -> None:
    (result,) = run(warehouse, query, **operators)
    assert result.status is status, result.message


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM {object}, sql_secrets",
        "SELECT COUNT(*) FROM {object} WHERE (SELECT MAX(salary) FROM public.sql_secrets) > 5",
        "SELECT COUNT(*) FROM {object}, pg_catalog.pg_authid",
        "SELECT (SELECT MAX(salary) FROM sql_secrets) FROM (WITH sql_secrets AS (TABLE {object}) SELECT 1 FROM sql_secrets) t",
        "SELECT length(pg_read_file('/etc/passwd')) FROM {object}",
        "SELECT COUNT(*) FROM {object} WHERE pg_sleep(60) IS NULL",
        "SELECT COUNT(*) FROM {object} WHERE set_config('a.b', 'c', false) = 'c'",
        "SELECT COUNT(*) FROM {object} WHERE query_to_xml('SELECT 1', true, false, '') IS NULL",
        "SELECT 1; DELETE FROM sql_rules",
        "SELECT COUNT(*) FROM {object}) t; DELETE FROM sql_rules; SELECT * FROM (SELECT 1",
        "WITH gone AS (DELETE FROM sql_rules RETURNING 1) SELECT COUNT(*) FROM gone",
        "DELETE FROM {object}",
        "SELECT COUNT(*) FROM {object} WHERE id = 'sql_secrets'::regclass",
        "SELECT code FROM {object}",
        "SELECT id FROM {object}",
    ],
    ids=lambda query: query[:70],
)
def test_nothing_else_is_reached(warehouse: str, query: str) -> None:
    result, after = run(warehouse, query, "SELECT COUNT(*) FROM {object}", mustBe=3)
    assert result.status is ERROR, query
    assert after.status is PASSED
    assert os.environ["WAREHOUSE"] not in result.message


def test_a_query_that_takes_too_long_is_ended_and_the_others_go_on(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_checks, "SECONDS", 1)
    many = ", ".join(f"{{object}} t{n}" for n in range(24))
    slow, quick = run(
        warehouse, f"SELECT COUNT(*) FROM {many} WHERE sqrt(t1.id + t23.id) < t2.id", "SELECT COUNT(*) FROM {object}", mustBe=3
    )
    assert (slow.status, quick.status) == (ERROR, PASSED)
    assert "took longer" in slow.message
