from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct, Domain, InputPort, OutputPort, Person
from catalog.rules.vocabulary import Severity
from tests.factories import NOW, make_governance, make_governed_product, make_policy, make_product
from tests.trust.builders import claim_new_run, evidence_for, make_ready_port, make_suite, make_waiver, run_badly, run_well
from tests.trust.nets import close_circle
from trust.models import CurrentVerdict, Run, Verdict
from trust.verdicts.queries.product_facts import facts_of
from trust.verdicts.rules.codec import digest, dump_facts, load_facts, load_outcome
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.trust_policy import policy_from_dict
from trust.verdicts.services.incidents import open_incident, resolve_incident
from trust.verdicts.services.judging import ensure_current, judge_product, judge_stale
from trust.verdicts.services.run_conclusion import complete_run
from trust.verdicts.services.trust_policies import publish_trust_policy
from trust.verdicts.services.waivers import revoke_waiver
from trust.vocabulary import CheckStatus, GateName, GateStatus

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def port() -> OutputPort:
    return make_ready_port()


def current(port_or_product: OutputPort | DataProduct) -> CurrentVerdict:
    product = port_or_product.product if isinstance(port_or_product, OutputPort) else port_or_product
    return CurrentVerdict.objects.get(product=product)


def built_from(*upstreams: OutputPort) -> OutputPort:
    """A port of a product that is built from the products of `upstreams`."""
    port = make_ready_port()
    for upstream in upstreams:
        InputPort.objects.create(product=port.product, upstream=upstream.product)
    return port


def test_good_evidence_and_complete_claims_make_a_product_production_grade(port: OutputPort) -> None:
    verdict = run_well(port)

    assert (verdict.verdict, verdict.failing_gates, verdict.grade) == ("production_grade", [], "B")
    row = current(port)
    assert (row.verdict, row.invalidated, row.evidence_at, row.valid_until) == (
        "production_grade",
        False,
        NOW,
        verdict.valid_until,
    )


def test_a_failed_critical_check_makes_it_not_production_grade(port: OutputPort) -> None:
    verdict = run_well(port, failed=1)

    assert verdict.verdict == "not_production_grade"
    assert "critical_checks" in verdict.failing_gates
    assert verdict.score <= 59


@pytest.mark.parametrize("status", [CheckStatus.ERROR, CheckStatus.SKIPPED])
def test_a_check_that_could_not_be_made_leaves_its_gate_unknown(port: OutputPort, status: CheckStatus) -> None:
    verdict = run_well(port, failed=1, status=status)

    assert load_outcome(verdict.outcome).gate(GateName.CRITICAL_CHECKS).status is GateStatus.UNKNOWN
    assert verdict.verdict != "production_grade"


def test_a_run_that_could_not_look_turns_a_green_product_unknown_at_once(port: OutputPort) -> None:
    run_well(port)

    run_badly(port, NOW + MINUTE)

    assert current(port).verdict == "unknown"
    assert current(port).invalidated is False


def test_every_finished_run_leads_to_exactly_one_verdict_that_names_it(port: OutputPort) -> None:
    for minutes in range(3):
        run_well(port, NOW + minutes * MINUTE)
    run_badly(port, NOW + 3 * MINUTE)

    assert [run.verdicts.count() for run in Run.objects.all()] == [1, 1, 1, 1]
    assert Verdict.objects.count() == 4


def test_judging_again_what_has_not_changed_writes_no_second_row(port: OutputPort) -> None:
    first = run_well(port)

    again = judge_product(product_id=port.product_id, now=NOW + MINUTE, cause="asked")

    assert again == first
    assert Verdict.objects.count() == 1


def test_a_changed_fact_leads_to_a_new_row_with_its_cause(port: OutputPort) -> None:
    run_well(port)
    DataProduct.objects.filter(id=port.product_id).update(limitations="")

    ensure_current([port.product_id], NOW + MINUTE)

    row = current(port)
    assert row.verdict_row is not None
    assert (row.verdict, row.verdict_row.cause, row.failing_gates) == (
        "not_production_grade",
        "product or policy changed",
        ["explainability"],
    )


def test_time_alone_turns_evidence_stale_and_the_verdict_unknown(port: OutputPort) -> None:
    run_well(port)

    ensure_current([port.product_id], NOW + timedelta(hours=36))
    assert current(port).verdict == "production_grade"
    ensure_current([port.product_id], NOW + timedelta(hours=37))

    row = current(port)
    assert row.verdict_row is not None
    assert (row.verdict, row.verdict_row.cause) == ("unknown", "time passed")
    assert row.valid_until is not None
    assert row.valid_until > NOW + timedelta(hours=37)


def test_what_is_current_costs_its_reader_one_query(port: OutputPort) -> None:
    run_well(port)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        ensure_current([port.product_id], NOW + MINUTE)

    assert len(queries) == 1


def test_a_product_without_ports_is_unknown_from_its_first_judgement() -> None:
    product = make_governed_product()

    ensure_current([product.id], NOW)

    assert (current(product).verdict, current(product).invalidated) == ("unknown", False)


def test_an_upstream_that_falls_takes_its_downstream_with_it() -> None:
    upstream = make_ready_port()
    downstream = built_from(upstream)
    run_well(upstream)
    assert run_well(downstream).verdict == "production_grade"

    run_well(upstream, NOW + MINUTE, failed=1)
    assert current(downstream).invalidated is True
    ensure_current([downstream.product_id], NOW + MINUTE)

    row = current(downstream)
    assert (row.verdict, row.failing_gates) == ("not_production_grade", ["upstream"])
    assert load_outcome(row.verdict_row.outcome).failing_path == (downstream.product.slug, upstream.product.slug)  # type: ignore[union-attr]


def test_upstreams_are_judged_before_what_is_built_from_them() -> None:
    first = make_ready_port()
    second = built_from(first)
    third = built_from(second)
    for port in (first, second, third):
        run_well(port)
    Person.objects.filter(id=first.product.owner_id).update(is_active=False)

    ensure_current([third.product_id], NOW + MINUTE)

    assert [current(port).verdict for port in (first, second, third)] == ["not_production_grade"] * 3
    assert not CurrentVerdict.objects.filter(invalidated=True).exists()


def test_an_answer_that_leans_on_an_unjudged_upstream_is_withheld() -> None:
    upstream = make_ready_port()
    downstream = built_from(upstream)
    run_well(upstream)
    run_well(downstream)
    DataProduct.objects.filter(id=upstream.product_id).update(purpose="")

    judge_product(product_id=downstream.product_id, now=NOW + MINUTE, cause="asked")

    assert current(downstream).invalidated is True


def test_a_circle_of_inputs_is_judged_and_never_green() -> None:
    one = make_ready_port()
    other = built_from(one)
    close_circle(one.product, other.product)
    run_well(one)
    run_well(other)

    ensure_current([one.product_id, other.product_id], NOW + MINUTE)

    assert "production_grade" not in {current(one).verdict, current(other).verdict}
    ensure_current([one.product_id, other.product_id], NOW + MINUTE)
    assert not CurrentVerdict.objects.filter(invalidated=True).exists()


def test_a_product_that_nothing_is_built_from_does_not_touch_the_others(port: OutputPort) -> None:
    run_well(port)
    other = make_ready_port()

    run_well(other)

    assert current(port).invalidated is False


@pytest.mark.parametrize("claim", ["field", "port", "policy", "owner", "suite", "input", "incident"])
def test_every_change_of_a_claim_withholds_the_answer_until_it_is_judged_again(port: OutputPort, claim: str) -> None:
    run_well(port)
    product = port.product
    changes: dict[str, Callable[[], object]] = {
        "field": lambda: port.fields.update(sensitivity="restricted"),
        "port": lambda: OutputPort.objects.filter(id=port.id).update(location="elsewhere.csv"),
        "policy": lambda: product.access_policies.update(status="withdrawn"),
        "owner": lambda: Person.objects.filter(id=product.owner_id).update(is_active=False),
        "suite": lambda: make_suite(port, ()),
        "input": lambda: InputPort.objects.create(product=product, upstream=make_product()),
        "incident": lambda: open_incident(
            product=product, title="Wrong currency", severity=Severity.CRITICAL, actor=None, now=NOW
        ),
    }

    changes[claim]()

    assert current(port).invalidated is True
    ensure_current([product.id], NOW + MINUTE)
    assert (current(port).invalidated, current(port).verdict != "production_grade") == (False, True)


def test_other_places_or_suites_make_the_old_evidence_worthless(port: OutputPort) -> None:
    run_well(port)
    OutputPort.objects.filter(id=port.id).update(location="elsewhere.csv")

    ensure_current([port.product_id], NOW + MINUTE)

    outcome = load_outcome(current(port).verdict_row.outcome)  # type: ignore[union-attr]
    assert (outcome.verdict, outcome.ports[0].problem) == ("unknown", "source_changed")


def test_a_resolved_incident_and_a_waiver_lift_what_they_concern(port: OutputPort) -> None:
    run_well(port)
    governance = make_governance()
    incident = open_incident(product=port.product, title="Late", severity=Severity.CRITICAL, actor=governance, now=NOW)
    ensure_current([port.product_id], NOW)
    assert current(port).failing_gates == ["incidents"]

    waiver = make_waiver(port.product, gate="incidents", granted_by=governance)
    ensure_current([port.product_id], NOW)
    assert current(port).verdict == "production_grade"

    revoke_waiver(waiver=waiver, reason="No longer harmless.", actor=governance, now=NOW)
    ensure_current([port.product_id], NOW)
    assert current(port).verdict == "not_production_grade"

    resolve_incident(incident=incident, resolution="Fixed at the source.", actor=governance, now=NOW)
    ensure_current([port.product_id], NOW)
    assert current(port).verdict == "production_grade"


def test_a_new_trust_policy_judges_everything_again_and_is_named(port: OutputPort) -> None:
    run_well(port)

    published = publish_trust_policy(changes={"minimum_score": 100}, note="Stricter.", actor=make_governance(), now=NOW)
    ensure_current([port.product_id], NOW + MINUTE)

    row = current(port).verdict_row
    assert row is not None
    assert (row.policy, load_outcome(row.outcome).policy_version) == (published, 2)


def test_a_verdict_can_be_judged_again_from_what_it_keeps(port: OutputPort) -> None:
    verdict = run_well(port, failed=2)

    facts = load_facts(verdict.facts)

    assert verdict.facts_sha256 == digest(verdict.facts.encode())
    assert judge(facts, policy_from_dict(verdict.policy.body), verdict.judged_at) == load_outcome(verdict.outcome)


def test_a_judgement_is_never_dated_before_the_one_that_it_follows(port: OutputPort) -> None:
    late = run_well(port, NOW + MINUTE)

    verdict = judge_product(product_id=port.product_id, now=NOW, cause="asked")
    make_policy(port.product, "others")
    changed = judge_product(product_id=port.product_id, now=NOW, cause="asked")

    assert verdict == late
    assert changed.judged_at == late.judged_at
    assert changed.verdict == "production_grade"


def test_what_is_stale_is_judged_without_being_asked_for(port: OutputPort) -> None:
    run_well(port)
    Domain.objects.update(name="Another name")
    DataProduct.objects.filter(id=port.product_id).update(usage="")

    assert judge_stale(now=NOW + MINUTE) == 1
    assert judge_stale(now=NOW + MINUTE) == 0
    assert current(port).verdict == "not_production_grade"


def test_a_product_that_cannot_be_judged_does_not_hold_up_the_others(port: OutputPort) -> None:
    broken = make_ready_port()
    make_suite(broken, schedule="every full moon")

    assert judge_stale(now=NOW) == 1
    assert (current(port).invalidated, current(broken).invalidated) == (False, True)


def test_the_cost_of_reading_facts_does_not_grow_with_ports_fields_checks_and_runs() -> None:
    def cost(ports: int, runs: int) -> int:
        upstream = make_ready_port()
        product = make_governed_product()
        InputPort.objects.create(product=product, upstream=upstream.product)
        for number in range(ports):
            port = make_ready_port(product, f"port{number}")
            for minutes in range(runs):
                run_well(port, NOW + minutes * MINUTE)
        with CaptureQueriesContext(connection) as queries:
            facts = facts_of(product.id, NOW)
        assert [len(port.past_runs) for port in facts.ports] == [runs] * ports
        assert all(port.latest_run and len(port.latest_run.checks) == 5 for port in facts.ports)
        return len(queries)

    assert cost(1, 1) == cost(4, 3) <= 15


def test_the_run_that_started_last_speaks_for_its_port(port: OutputPort) -> None:
    slow = claim_new_run(port, NOW)
    run_well(port, NOW + MINUTE, failed=1)

    complete_run(claim=slow, evidence=evidence_for(Run.objects.get(id=slow.run_id)), now=NOW + 2 * MINUTE)

    assert current(port).verdict == "not_production_grade"


def test_the_same_facts_have_the_same_bytes(port: OutputPort) -> None:
    run_well(port)

    assert dump_facts(facts_of(port.product_id, NOW)) == dump_facts(facts_of(port.product_id, NOW))
