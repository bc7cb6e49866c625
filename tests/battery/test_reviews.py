"""A review speaks for what was reviewed: whatever asks for less afterwards waits for governance."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.rules.errors import ForbiddenError
from catalog.rules.vocabulary import Sensitivity
from catalog.services.ports import claims_of_port, put_output_port
from catalog.services.products import claims_of, update_product
from tests.battery.bench import AMOUNT, HAS_ROWS, ID, Bench, as_csv, expectation, messages, open_gates, rows_of
from tests.factories import make_governance, make_owner, make_port, make_product
from trust.evidence.services.source_resolution import suite_spec
from trust.evidence.services.suites import put_suite
from trust.verdicts.queries.product_facts import review_status
from trust.verdicts.services.judging import judge_product
from trust.verdicts.services.reviews import review_product

RANGE = expectation("expect_column_values_to_be_between", column="amount", min_value=0, max_value=5000, mostly=0.99)
LISTED = expectation("expect_column_values_to_be_in_set", column="kind", value_set=["a", "b"])
REFUSED = expectation("expect_column_values_to_not_be_in_set", column="kind", value_set=["x", "y"])
NO_MINUS_ONE = expectation("expect_column_values_to_not_be_in_set", column="id", value_set=[-1])
KIND = {"name": "kind", "logicalType": "string", "required": True, "classification": "internal"}
PERSONAL = {"property": "touchstone.personal", "value": True}
DAY = {"name": "day", "logicalType": "timestamp"}
LATENCY = {"property": "latency", "value": 7, "unit": "d", "element": "rows.day"}


def rows(**columns: Any) -> bytes:
    return as_csv(rows_of(**{"kind": "a", "day": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}", **columns}))


def prepared(bench: Bench) -> Bench:
    """Production-grade, with rules of several kinds, an input and a service level."""
    make_upstream()
    bench.fields = [ID, AMOUNT, KIND, DAY]
    bench.extra = {"slaProperties": [LATENCY]}
    bench.rules = [HAS_ROWS, RANGE, LISTED, REFUSED]
    bench.properties = {"cadence": "scheduled", "inputPorts": [{"product": "upstream", "required": False}]}
    outcome = bench.judged(rows())
    assert not open_gates(outcome)
    return bench


def make_upstream() -> None:
    make_product("upstream")


def changed(rule: dict[str, Any], severity: str | None = None, dimension: str | None = None, **kwargs: Any) -> dict[str, Any]:
    """The rule with other arguments; None takes one out."""
    implementation = rule["implementation"]
    arguments = {name: value for name, value in {**implementation["kwargs"], **kwargs}.items() if value is not None}
    return {
        **rule,
        "severity": severity or rule["severity"],
        "dimension": dimension or rule["dimension"],
        "implementation": {**implementation, "kwargs": arguments},
    }


def with_rules(*rules: dict[str, Any]) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        bench.rules = list(rules)

    return change


def with_fields(*fields: dict[str, Any]) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        bench.fields = [*fields, DAY]

    return change


def with_properties(**properties: Any) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        bench.properties = {**bench.properties, **properties}

    return change


def with_table(**table: Any) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        bench.table = table

    return change


def with_extra(**parts: Any) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        bench.extra = parts

    return change


def another_file(bench: Bench) -> None:
    bench.location = "other.csv"
    bench.write(rows())


LOOSENED: dict[str, Callable[[Bench], None]] = {
    "rule removed": with_rules(HAS_ROWS, LISTED, REFUSED),
    "all rules of a column removed": with_rules(HAS_ROWS, RANGE),
    "upper bound raised": with_rules(HAS_ROWS, changed(RANGE, max_value=5001), LISTED, REFUSED),
    "lower bound lowered": with_rules(HAS_ROWS, changed(RANGE, min_value=-1), LISTED, REFUSED),
    "bound removed": with_rules(HAS_ROWS, changed(RANGE, max_value=None), LISTED, REFUSED),
    "mostly lowered": with_rules(HAS_ROWS, changed(RANGE, mostly=0.98), LISTED, REFUSED),
    "condition added": with_rules(
        HAS_ROWS, changed(RANGE, row_condition='col("amount") > 0', condition_parser="great_expectations"), LISTED, REFUSED
    ),
    "severity lowered to warning": with_rules(HAS_ROWS, changed(RANGE, severity="warning"), LISTED, REFUSED),
    "severity lowered to info": with_rules(HAS_ROWS, changed(RANGE, severity="info"), LISTED, REFUSED),
    "set grown": with_rules(HAS_ROWS, RANGE, changed(LISTED, value_set=["a", "b", "c"]), REFUSED),
    "refused set shrunk": with_rules(HAS_ROWS, RANGE, LISTED, changed(REFUSED, value_set=["x"])),
    "another column checked": with_rules(HAS_ROWS, changed(RANGE, column="id"), LISTED, REFUSED),
    "field not critical": with_fields(ID, {**AMOUNT, "criticalDataElement": False}, KIND),
    "field declassified": with_fields(ID, AMOUNT, {**KIND, "classification": "public"}),
    "field called less sensitive than its product": with_fields(ID, {**AMOUNT, "classification": "public"}, KIND),
    "field without a class": with_fields(ID, AMOUNT, {k: v for k, v in KIND.items() if k != "classification"}),
    "field not required": with_fields(ID, {**AMOUNT, "required": False}, KIND),
    "key not unique": with_fields({**ID, "unique": False}, AMOUNT, KIND),
    "type removed": with_fields(ID, AMOUNT, {k: v for k, v in KIND.items() if k != "logicalType"}),
    "type changed": with_fields(ID, AMOUNT, {**KIND, "logicalType": "integer"}),
    "contract's range widened": with_fields(ID, {**AMOUNT, "logicalTypeOptions": {"minimum": -5, "maximum": 10_000}}, KIND),
    "another file": another_file,
    "values declared missing": with_table(nullValues=["-7"]),
    "service level longer": with_extra(slaProperties=[{**LATENCY, "value": 8}]),
    "service level of a century": with_extra(slaProperties=[{**LATENCY, "value": 36500}]),
    "no service level": with_extra(slaProperties=[]),
    "static": with_properties(cadence="static"),
    "empty allowed": with_table(allowEmpty=True),
    "input dropped": with_properties(inputPorts=None),
}


@pytest.mark.parametrize("what", LOOSENED)
def test_what_asks_for_less_waits_for_governance(bench: Bench, what: str) -> None:
    prepared(bench)
    LOOSENED[what](bench)
    bench.register()
    outcome = bench.run()
    assert open_gates(outcome).get("review") == "changed_since_review", open_gates(outcome)
    [gate] = [gate for gate in outcome.open_gates if gate.gate == "review"]
    assert "→" in gate.message
    assert "GET /api/v1/products/battery/review" in gate.remedy
    shown = [one for one in review_status(bench.product.pk, timezone.now()).differences if one.is_looser]
    assert shown
    assert all(one.before and one.after and one.before != one.after for one in shown)

    bench.approve()
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    assert "review" not in open_gates(bench.outcome())


def no_change(bench: Bench) -> None:
    pass


TIGHTENED: dict[str, Callable[[Bench], None]] = {
    "nothing": no_change,
    "rule added": with_rules(
        HAS_ROWS, RANGE, LISTED, REFUSED, expectation("expect_column_values_to_not_be_in_set", column="id", value_set=[-1])
    ),
    "upper bound lowered": with_rules(HAS_ROWS, changed(RANGE, max_value=4000), LISTED, REFUSED),
    "lower bound raised": with_rules(HAS_ROWS, changed(RANGE, min_value=1), LISTED, REFUSED),
    "mostly raised": with_rules(HAS_ROWS, changed(RANGE, mostly=1), LISTED, REFUSED),
    "mostly removed": with_rules(HAS_ROWS, changed(RANGE, mostly=None), LISTED, REFUSED),
    "order changed": with_rules(REFUSED, LISTED, RANGE, HAS_ROWS),
    "set shrunk": with_rules(HAS_ROWS, RANGE, changed(LISTED, value_set=["a"]), REFUSED),
    "refused set grown": with_rules(HAS_ROWS, RANGE, LISTED, changed(REFUSED, value_set=["x", "y", "z"])),
    "field critical": with_fields(ID, AMOUNT, {**KIND, "criticalDataElement": True}),
    "field classified higher": with_fields(ID, {**AMOUNT, "classification": "internal"}, KIND),
    "personal data declared": with_fields(ID, AMOUNT, {**KIND, "customProperties": [PERSONAL]}),
    "service level shorter": with_extra(slaProperties=[{**LATENCY, "value": 6}]),
    "input required": with_properties(inputPorts=[{"product": "upstream", "required": True}]),
}


@pytest.mark.parametrize("what", TIGHTENED)
def test_what_asks_for_more_needs_no_other_review(bench: Bench, what: str) -> None:
    prepared(bench)
    TIGHTENED[what](bench)
    bench.register()
    outcome = bench.run()
    assert "review" not in open_gates(outcome), messages(outcome)
    shown = review_status(bench.product.pk, timezone.now()).differences
    assert bool(shown) is (what not in {"nothing", "order changed"})
    assert not any(one.is_looser for one in shown)


def test_a_field_that_is_no_longer_personal_waits_for_governance(bench: Bench) -> None:
    make_upstream()
    bench.fields = [ID, AMOUNT, {**KIND, "customProperties": [PERSONAL]}, DAY]
    assert "review" not in open_gates(bench.judged(rows()))
    with_fields(ID, AMOUNT, KIND)(bench)
    bench.register()
    assert open_gates(bench.run())["review"] == "changed_since_review"


def test_a_port_that_nobody_reviewed_waits_for_governance(bench: Bench) -> None:
    prepared(bench)
    make_port(bench.product, "second")
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    assert open_gates(bench.outcome())["review"] == "changed_since_review"


@pytest.mark.parametrize("is_governance", [False, True])
@pytest.mark.parametrize("change", [{"sensitivity": "public"}, {"domain": "Elsewhere"}])
def test_lower_sensitivity_or_another_domain_needs_another_review(
    bench: Bench, change: dict[str, Any], *, is_governance: bool
) -> None:
    prepared(bench)
    actor = make_governance() if is_governance else bench.owner
    value: dict[str, Any] = {name: Sensitivity(word) if name == "sensitivity" else word for name, word in change.items()}
    update_product(product=bench.product, claims=replace(claims_of(bench.product), **value), actor=actor)
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    assert open_gates(bench.outcome())["review"] == "changed_since_review"


@pytest.mark.parametrize("rounds", [1, 2])
def test_an_acknowledgement_holds_for_the_tenure_in_which_it_was_given(bench: Bench, rounds: int) -> None:
    prepared(bench)
    other = make_owner("battery.other")
    for _ in range(rounds):
        for owner in (other, bench.owner):
            claims = replace(claims_of(bench.product), owner=owner.username)
            update_product(product=bench.product, claims=claims, actor=None)
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    assert open_gates(bench.outcome())["acknowledgement"] == "never_acknowledged"


def test_the_review_is_of_what_is_there_when_it_is_made(bench: Bench) -> None:
    prepared(bench)
    LOOSENED["rule removed"](bench)
    bench.register()
    product = review_product(product=bench.product, actor=bench.reviewer, now=timezone.now())
    assert product.reviewed_claims is not None
    assert "review" not in open_gates(bench.run())


@pytest.mark.django_db(transaction=True)  # the history keeps the moment of the transaction
@pytest.mark.parametrize("other_account", [False, True])
@pytest.mark.parametrize("change", ["claims", "suite", "port"])
def test_who_loosened_a_product_does_not_review_it(bench: Bench, change: str, *, other_account: bool) -> None:
    prepared(bench)
    judge = bench.reviewer
    if change == "claims":
        update_product(product=bench.product, claims=replace(claims_of(bench.product), domain="Elsewhere"), actor=judge)
    elif change == "suite":
        suite = bench.port.suites.get(is_current=True)
        kept = tuple(one for one in suite_spec(suite).expectations if one.type != "expect_column_values_to_be_in_set")
        put_suite(port=bench.port, expectations=kept, schedule=suite.schedule, actor=judge, now=timezone.now())
    else:
        put_output_port(product=bench.product, claims=replace(claims_of_port(bench.port), allow_empty=True), actor=judge)
    reviewer = make_governance("judge-2") if other_account else judge
    if other_account:
        type(reviewer).objects.filter(pk=reviewer.pk).update(email=judge.email)
        reviewer.refresh_from_db()
    product = type(bench.product).objects.get(pk=bench.product.pk)
    with pytest.raises(ForbiddenError) as refusal:
        review_product(product=product, actor=reviewer, now=timezone.now())
    assert refusal.value.code in {"four_eyes", "account_changed_lately"}
    review_product(product=product, actor=make_governance("gaby"), now=timezone.now())


def test_who_tightened_a_product_may_review_it(bench: Bench) -> None:
    prepared(bench)
    claims = claims_of_port(bench.port)
    tighter = replace(claims, service_level=timedelta(days=6))
    put_output_port(product=bench.product, claims=tighter, actor=bench.reviewer)
    product = type(bench.product).objects.get(pk=bench.product.pk)
    review_product(product=product, actor=bench.reviewer, now=timezone.now())
