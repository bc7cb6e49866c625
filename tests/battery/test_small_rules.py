"""Small contracts whose rules were once read wrongly, or not run at all: registered and run, with their one right answer."""

from pathlib import Path

import pytest
from django.utils import timezone

from catalog.models import Contract, DataProduct
from tests.battery.test_small_cases import failed, root, run_case  # noqa: F401  # `root` is a fixture
from tests.factories import make_governance
from trust.evidence.queries.sql_rules import sql_rules
from trust.evidence.services.sql_approvals import approve_sql
from trust.vocabulary import CheckStatus

pytestmark = pytest.mark.django_db
SQL = "expect_sql_result_to_be_within_limits"


def test_between_leaves_out_its_ends(root: Path) -> None:  # noqa: F811
    """Two rows do not lie between 2 and 5: the standard calls it the same as more than 2 and less than 5."""
    run, gates = run_case("between", root)
    assert "critical_checks" in gates
    assert failed(run) == ["expect_table_row_count_to_be_between"]


def test_sql_is_run_once_it_is_approved_and_a_number_of_rows_is_counted(root: Path) -> None:  # noqa: F811
    run, gates = run_case("sqlrule", root)
    assert failed(run) == [SQL]
    assert run.check_results.get(type=SQL).status == CheckStatus.ERROR
    assert "critical_checks" in gates
    product = DataProduct.objects.get(contracts__contract_id="case-sqlrule")
    (entry,) = Contract.objects.get(product=product, is_current=True).not_executable
    assert "until governance approved this SQL" in entry["reason"]

    (rule,) = sql_rules(product)
    approve_sql(product=product, digest=rule.digest, actor=make_governance("gina"), now=timezone.now())
    run, _ = run_case("sqlrule", root)
    found = run.check_results.get(type=SQL)
    assert (found.status, found.observed_value) == (CheckStatus.FAILED, 1)

    (root / "orders.csv").write_text("order_id,amount,state\n1,10,paid\n2,4,paid\n3,7,lost\n3,7,paid\n")
    run, _ = run_case("sqlrule", root)
    assert failed(run) == []
    (root / "orders.csv").write_text("order_id,amount,state\n1,10,paid\n2,4,paid\n3,7,lost\n3,7,paid\n3,7,paid\n")
    run, _ = run_case("sqlrule", root)
    assert failed(run) == ["expect_duplicate_values_to_be_within_limits"]
