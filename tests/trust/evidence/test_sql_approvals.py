"""SQL of a contract is an error until a second person approved exactly its text, for exactly this product."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from tests.battery.bench import AMOUNT, HAS_ROWS, ID, Bench, as_csv, make_bench, open_gates, rows_of
from tests.factories import make_governance, make_product
from trust.evidence.queries.sql_rules import approved_queries, sql_rules
from trust.evidence.rules.sql_rules import query_digest
from trust.evidence.services.sql_approvals import approve_sql, withdraw_sql
from trust.models import SqlApproval

QUERY = "SELECT COUNT(*) FROM {object} WHERE amount < 0"
DIGEST = query_digest(QUERY)
GOOD = as_csv(rows_of())
BAD = as_csv(rows_of(amount=lambda n: -1 if n == 7 else n))


def sql(query: str = QUERY, **parts: Any) -> dict[str, Any]:
    return {"type": "sql", "query": query, "mustBe": 0, **parts}


@pytest.fixture
def bench(tmp_path: Path, settings: Settings, db: None) -> Bench:
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})
    made = make_bench(tmp_path)
    made.fields = [ID, {**AMOUNT, "logicalTypeOptions": {"maximum": 10_000}}]
    made.rules = [HAS_ROWS, sql()]
    made.write(GOOD)
    made.register()
    made.approve()
    return made


def approve(bench: Bench, actor: Person | None = None, digest: str = DIGEST) -> SqlApproval:
    return approve_sql(product=bench.product, digest=digest, actor=actor or bench.reviewer, now=timezone.now())


def test_sql_that_is_not_approved_is_an_error_of_its_severity(bench: Bench) -> None:
    assert "critical_checks" in open_gates(bench.run())
    (entry,) = bench.product.contracts.get(is_current=True).not_executable
    assert "until governance approved this SQL" in entry["reason"]


def test_approved_sql_is_run_and_its_answer_counts(bench: Bench) -> None:
    approve(bench)
    assert not open_gates(bench.run())
    bench.write(BAD)
    assert "critical_checks" in open_gates(bench.run())


def test_another_text_needs_another_approval(bench: Bench) -> None:
    approve(bench)
    bench.rules = [HAS_ROWS, sql("SELECT COUNT(*) FROM {object} WHERE amount < -1")]
    bench.register()
    bench.approve()
    assert "critical_checks" in open_gates(bench.run())


def test_a_withdrawn_approval_counts_no_more(bench: Bench) -> None:
    approve(bench)
    withdraw_sql(product=bench.product, digest=DIGEST[:8], actor=bench.reviewer, now=timezone.now())
    assert approved_queries(bench.product) == frozenset()
    assert "critical_checks" in open_gates(bench.run())
    approve(bench)
    assert approved_queries(bench.product) == {DIGEST}


def test_the_owner_never_approves(bench: Bench) -> None:
    with pytest.raises(ForbiddenError, match="for governance"):
        approve(bench, bench.owner)
    bench.owner.groups.add(*bench.reviewer.groups.all())
    with pytest.raises(ForbiddenError) as refused:
        approve(bench, bench.owner)
    assert refused.value.code == "four_eyes"
    assert not SqlApproval.objects.exists()


def test_neither_does_the_system(bench: Bench) -> None:
    with pytest.raises(ForbiddenError, match="The system may not"):
        approve_sql(product=bench.product, digest=DIGEST, actor=None, now=timezone.now())


def test_who_wrote_the_text_does_not_approve_it(bench: Bench) -> None:
    author = make_governance("author")
    bench.rules = [HAS_ROWS, sql("SELECT COUNT(*) FROM {object} WHERE amount IS NULL")]
    bench.register(author)
    digest = query_digest("SELECT COUNT(*) FROM {object} WHERE amount IS NULL")
    with pytest.raises(ForbiddenError, match="registered this text"):
        approve(bench, author, digest)
    approve(bench, digest=digest)


def test_the_database_refuses_the_owner_too(bench: Bench) -> None:
    given = SqlApproval(product=bench.product, digest=DIGEST, query=QUERY, approved_by=bench.owner, approved_at=timezone.now())
    with pytest.raises(IntegrityError, match="approved by the owner"), transaction.atomic():
        given.save()


def test_the_approval_of_who_owns_the_product_now_counts_no_more(bench: Bench) -> None:
    approve(bench)
    product = bench.product
    product.owner = bench.reviewer
    product.save()
    assert approved_queries(product) == frozenset()


def test_what_no_suite_asks_for_cannot_be_approved(bench: Bench) -> None:
    for digest in ("", "0" * 64):
        with pytest.raises(InvalidError) as refused:
            approve(bench, digest=digest)
        assert refused.value.code == "sql_unknown"
    approve(bench)
    with pytest.raises(ConflictError, match="approved already"):
        approve(bench)


def test_an_approval_of_one_product_says_nothing_of_another(bench: Bench) -> None:
    approve(bench)
    assert approved_queries(make_product("elsewhere", owner=bench.owner)) == frozenset()


def test_the_command_lists_and_approves(bench: Bench) -> None:
    def said(*arguments: str) -> str:
        out = StringIO()
        call_command("approve_sql", "battery", *arguments, stdout=out)
        return out.getvalue()

    assert f"{DIGEST}  rows: not approved" in said()
    assert QUERY in said()
    with pytest.raises(CommandError, match="for governance"):
        said("--digest", DIGEST, "--as", bench.owner.username)
    assert "the next run runs it" in said("--digest", DIGEST[:12], "--as", bench.reviewer.username)
    assert f"approved by {bench.reviewer.username}" in said()
    (rule,) = sql_rules(bench.product)
    assert (rule.ports, rule.approved_by) == (("rows",), bench.reviewer.username)
    assert "not run any more" in said("--withdraw", "--digest", DIGEST[:12], "--as", bench.reviewer.username)
