"""No incident of the rule "critical check failed twice" is kept away, or doubled, by changing an argument each time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalog.models import OutputPort
from catalog.rules.errors import ConflictError
from catalog.rules.vocabulary import Dimension, Severity
from tests.factories import NOW, make_governance
from tests.trust.builders import EXPECTATIONS, make_ready_port, make_suite, run_well
from trust.models import Incident
from trust.verdicts.services.incidents import resolve_incident

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)

Check = dict[str, Any]


def check(type_: str, severity: Severity = Severity.CRITICAL, **kwargs: Any) -> Check:
    return {"type": type_, "kwargs": kwargs, "severity": severity.value, "dimension": Dimension.VALIDITY.value, "meta": {}}


VARIANTS: dict[str, Callable[[int], Check]] = {
    "a limit": lambda n: check("expect_column_values_to_be_between", column="id", min_value=1, max_value=10_000 + n),
    "a count": lambda n: check("expect_table_row_count_to_be_between", min_value=1_000 + n),
    "a tolerance": lambda n: check("expect_column_values_to_not_be_null", column="id", mostly=1 - n / 1000),
    "a row condition": lambda n: check("expect_column_values_to_be_unique", column="id", row_condition=f"n > {n}"),
    "a list": lambda n: check("expect_column_values_to_be_in_set", column="name", value_set=[f"a{n}"]),
    "two columns": lambda n: check(
        "expect_column_pair_values_to_be_equal", column_A="id", column_B="name", mostly=1 - n / 1000
    ),
    "many columns": lambda n: check("expect_compound_columns_to_be_unique", column_list=["id", "name"], note=f"{n}"),
}


def fail_with(port: OutputPort, asked: Check, number: int, *, failed: int = 1) -> None:
    make_suite(port, (asked, *EXPECTATIONS))
    run_well(port, NOW + number * HOUR, failed=failed)


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=VARIANTS)
def test_a_changed_argument_never_keeps_the_incident_away(asked: Callable[[int], Check]) -> None:
    port = make_ready_port()
    fail_with(port, asked(0), 0)
    assert not Incident.objects.exists()
    fail_with(port, asked(1), 1)
    assert Incident.objects.count() == 1
    fail_with(port, asked(2), 2)
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("asked", VARIANTS.values(), ids=VARIANTS)
def test_a_changed_argument_never_gets_rid_of_it(asked: Callable[[int], Check]) -> None:
    port = make_ready_port()
    fail_with(port, asked(0), 0)
    fail_with(port, asked(0), 1)
    incident = Incident.objects.get()
    fail_with(port, asked(5), 2, failed=0)
    incident.refresh_from_db()
    assert incident.resolved_at is None
    fail_with(port, asked(6), 3)
    with pytest.raises(ConflictError, match="its cause remains"):
        resolve_incident(incident=incident, resolution="Fine.", actor=make_governance(), now=NOW + 3 * HOUR)
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        check("expect_column_values_to_be_between", column="name", min_value=1),
        check("expect_column_values_to_not_match_regex", column="id", regex="x"),
        check("expect_column_pair_values_to_be_equal", column_A="id", column_B="name"),
        check("expect_column_values_to_be_between", Severity.WARNING, column="id", min_value=5),
    ],
)
def test_another_check_is_another_cause(other: Check) -> None:
    port = make_ready_port()
    fail_with(port, check("expect_column_values_to_be_between", column="id", min_value=5), 0)
    fail_with(port, other, 1)
    assert not Incident.objects.exists()


def test_two_checks_of_one_column_that_stand_side_by_side_stay_two() -> None:
    port = make_ready_port()
    pair = (check("expect_column_values_to_match_regex", column="id", regex="a"), EXPECTATIONS[0])
    pair = (pair[0], check("expect_column_values_to_match_regex", column="id", regex="b"))
    for number in range(2):
        make_suite(port, (*pair, *EXPECTATIONS))
        run_well(port, NOW + number * HOUR, failed=1 + number)
    assert Incident.objects.count() == 1
    run_well(port, NOW + 2 * HOUR, failed=2)
    assert Incident.objects.count() == 2
