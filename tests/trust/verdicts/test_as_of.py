from datetime import datetime, timedelta

import pytest

from catalog.models import DataProduct, InputPort, OutputPort, Person
from catalog.rules.errors import InvalidError, NotFoundError
from tests.factories import NOW, make_governance
from tests.trust.builders import loosen_trust_policy, make_ready_port, run_well
from trust.clock import database_now
from trust.models import CurrentVerdict, Incident, Verdict
from trust.verdicts.queries.as_of import answer_of, verdict_as_of
from trust.verdicts.rules.answer import short_answer
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.services.judging import ensure_current
from trust.verdicts.services.trust_policies import publish_trust_policy
from trust.vocabulary import GateName

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MUCH_LATER = NOW + timedelta(days=40)


@pytest.fixture
def port() -> OutputPort:
    return make_ready_port()


def changed_at(product_id: int, moment: datetime) -> None:
    """As if the triggers had seen the change at `moment`, which they date by the real clock."""
    CurrentVerdict.objects.filter(product_id=product_id).update(invalidated_at=moment)


def test_a_past_moment_is_answered_with_what_was_said_then(port: OutputPort) -> None:
    good = run_well(port, NOW)
    bad = run_well(port, NOW + 2 * HOUR, failed=1)

    slug = port.product.slug
    assert verdict_as_of(slug, NOW + HOUR, now=MUCH_LATER) == load_outcome(good.outcome)
    assert verdict_as_of(slug, NOW + 2 * HOUR, now=MUCH_LATER) == load_outcome(bad.outcome)


def test_facts_that_were_recorded_later_do_not_leak_into_the_past(port: OutputPort) -> None:
    run_well(port, NOW)
    DataProduct.objects.filter(id=port.product_id).update(purpose="")
    ensure_current([port.product_id], NOW + 2 * HOUR)

    assert verdict_as_of(port.product.slug, NOW + HOUR, now=MUCH_LATER).is_production_grade
    assert not verdict_as_of(port.product.slug, NOW + 2 * HOUR, now=MUCH_LATER).is_production_grade


def test_a_verdict_whose_time_was_over_is_judged_again_for_the_moment_and_nothing_is_written(port: OutputPort) -> None:
    run_well(port, NOW)

    outcome = verdict_as_of(port.product.slug, NOW + 37 * HOUR, now=MUCH_LATER)

    assert (outcome.verdict, outcome.judged_at) == ("unknown", NOW + 37 * HOUR)
    assert Verdict.objects.count() == 1


def test_a_past_moment_is_judged_by_the_policy_of_its_time(port: OutputPort) -> None:
    run_well(port, NOW)
    loosen_trust_policy({"default_ttl": "P10D"}, NOW + 50 * HOUR)
    changed_at(port.product_id, NOW + 50 * HOUR)
    ensure_current([port.product_id], NOW + 50 * HOUR)

    assert verdict_as_of(port.product.slug, NOW + 49 * HOUR, now=MUCH_LATER).verdict == "unknown"
    assert verdict_as_of(port.product.slug, NOW + 50 * HOUR, now=MUCH_LATER).is_production_grade


def test_upstreams_are_asked_about_the_same_moment() -> None:
    upstream = make_ready_port(schedule="PT1H")
    downstream = make_ready_port()
    InputPort.objects.create(product=downstream.product, upstream=upstream.product)
    run_well(upstream, NOW)
    run_well(downstream, NOW)

    then = verdict_as_of(downstream.product.slug, NOW + HOUR, now=MUCH_LATER)
    later = verdict_as_of(downstream.product.slug, NOW + 3 * HOUR, now=MUCH_LATER)

    assert then.is_production_grade
    assert (later.verdict, later.failing_path) == ("unknown", (downstream.product.slug, upstream.product.slug))


def test_the_future_is_not_known(port: OutputPort) -> None:
    run_well(port, NOW)

    with pytest.raises(InvalidError, match="is in the future"):
        verdict_as_of(port.product.slug, NOW + HOUR, now=NOW)


def test_before_the_first_verdict_there_is_none(port: OutputPort) -> None:
    run_well(port, NOW)

    with pytest.raises(NotFoundError) as refusal:
        verdict_as_of(port.product.slug, NOW - HOUR, now=NOW)
    assert refusal.value.code == "no_verdict_yet"


def test_an_unknown_product_has_no_answer() -> None:
    with pytest.raises(NotFoundError, match="no-such-thing"):
        verdict_as_of("no-such-thing", NOW, now=NOW)
    with pytest.raises(NotFoundError, match="no-such-thing"):
        answer_of("no-such-thing", NOW)


@pytest.mark.parametrize("failed", [0, 3])
def test_the_stored_answer_is_what_would_be_said_at_the_moment_of_asking(port: OutputPort, failed: int) -> None:
    verdict = run_well(port, NOW, failed=failed)

    answer = answer_of(port.product.slug, NOW + HOUR)

    assert answer == short_answer(load_outcome(verdict.outcome), NOW + HOUR)
    assert answer["evidence"] == {"run": str(verdict.run_id), "age_seconds": 3600}


def test_the_full_answer_holds_the_short_one_at_full_length(port: OutputPort) -> None:
    run_well(port, NOW, failed=1)
    Person.objects.filter(id=port.product.owner_id).update(is_active=False)
    ensure_current([port.product_id], NOW + HOUR)

    short, full = (answer_of(port.product.slug, NOW + HOUR, is_full=is_full) for is_full in (False, True))

    assert {key: full[key] for key in ("verdict", "score", "gates", "valid_until")} == {
        key: short[key] for key in ("verdict", "score", "gates", "valid_until")
    }
    assert len(full["gate_results"]) == 15


def test_a_moment_between_a_change_and_its_judgement_is_answered_with_the_change(port: OutputPort) -> None:
    run_well(port, NOW)
    DataProduct.objects.filter(id=port.product_id).update(purpose="")
    changed_at(port.product_id, NOW + HOUR)
    ensure_current([port.product_id], NOW + 3 * HOUR)
    slug = port.product.slug

    before, after = (verdict_as_of(slug, NOW + hours * HOUR, now=MUCH_LATER) for hours in (0.5, 2))

    assert before.is_production_grade
    assert (after.verdict, after.judged_at) == ("not_production_grade", NOW + 2 * HOUR)
    assert after.gate(GateName.EXPLAINABILITY).status == "failed"
    assert Verdict.objects.get(judged_at=NOW + 3 * HOUR).facts_changed_at == NOW + HOUR
    assert CurrentVerdict.objects.get(product_id=port.product_id).invalidated_at is None


def test_the_triggers_date_a_change_by_the_real_clock_and_judging_keeps_that_date(port: OutputPort) -> None:
    run_well(port, database_now())
    before = database_now()
    Incident.objects.create(product=port.product, title="Broken", opened_at=before)
    after = database_now()
    ensure_current([port.product_id], database_now())

    verdict = Verdict.objects.get(product_id=port.product_id, verdict="not_production_grade")

    assert verdict.facts_changed_at is not None
    assert before < verdict.facts_changed_at < after < verdict.judged_at
    slug = port.product.slug
    assert verdict_as_of(slug, before, now=MUCH_LATER).is_production_grade
    assert not verdict_as_of(slug, after, now=MUCH_LATER).is_production_grade


def test_a_run_that_finished_after_a_change_says_nothing_about_the_time_before_it(port: OutputPort) -> None:
    run_well(port, NOW, failed=1)
    DataProduct.objects.filter(id=port.product_id).update(limitations="Now they are told.")
    changed_at(port.product_id, NOW + HOUR)
    run_well(port, NOW + 3 * HOUR)
    slug = port.product.slug
    assert Verdict.objects.get(judged_at=NOW + 3 * HOUR).facts_changed_at == NOW + HOUR

    between = verdict_as_of(slug, NOW + 2 * HOUR, now=MUCH_LATER)

    assert between.verdict == "not_production_grade"
    assert between.ports[0].started_at == NOW
    assert verdict_as_of(slug, NOW + 3 * HOUR, now=MUCH_LATER).is_production_grade


def test_a_new_trust_policy_counts_from_its_publication_on(port: OutputPort) -> None:
    run_well(port, NOW)
    publish_trust_policy(changes={"default_ttl": "PT30M"}, note="Faster.", actor=make_governance(), now=NOW + HOUR)
    changed_at(port.product_id, NOW + HOUR)
    ensure_current([port.product_id], NOW + 3 * HOUR)
    slug = port.product.slug

    assert verdict_as_of(slug, NOW + HOUR / 2, now=MUCH_LATER).policy_version == 1
    outcome = verdict_as_of(slug, NOW + 2 * HOUR, now=MUCH_LATER)

    assert (outcome.policy_version, outcome.verdict) == (2, "unknown")


def test_a_change_upstream_counts_downstream_from_the_same_moment() -> None:
    upstream, downstream = make_ready_port(), make_ready_port()
    InputPort.objects.create(product=downstream.product, upstream=upstream.product)
    run_well(upstream, NOW)
    run_well(downstream, NOW)
    ensure_current([downstream.product_id], NOW)
    DataProduct.objects.filter(id=upstream.product_id).update(purpose="")
    for product in (upstream.product_id, downstream.product_id):
        assert CurrentVerdict.objects.get(product_id=product).invalidated_at is not None
        changed_at(product, NOW + HOUR)
    ensure_current([downstream.product_id], NOW + 3 * HOUR)

    slug = downstream.product.slug
    assert verdict_as_of(slug, NOW + HOUR / 2, now=MUCH_LATER).is_production_grade
    between = verdict_as_of(slug, NOW + 2 * HOUR, now=MUCH_LATER)
    assert (between.verdict, between.failing_path) == ("not_production_grade", (slug, upstream.product.slug))


def test_a_change_that_changes_nothing_leaves_no_trace(port: OutputPort) -> None:
    run_well(port, NOW)
    DataProduct.objects.filter(id=port.product_id).update(tags=["other"])
    ensure_current([port.product_id], NOW + HOUR)

    assert Verdict.objects.count() == 1
    assert CurrentVerdict.objects.get(product_id=port.product_id).invalidated_at is None
