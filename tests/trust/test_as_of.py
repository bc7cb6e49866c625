from datetime import timedelta

import pytest

from catalog.models import DataProduct, InputPort, OutputPort, Person
from catalog.rules.errors import InvalidError, NotFoundError
from tests.factories import NOW, make_governance
from tests.trust.builders import make_ready_port, run_well
from trust.models import Verdict
from trust.queries.answers import answer_of, verdict_as_of
from trust.rules.answer import short_answer
from trust.rules.codec import load_outcome
from trust.services.judging import ensure_current
from trust.services.trust_policies import publish_trust_policy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MUCH_LATER = NOW + timedelta(days=40)


@pytest.fixture
def port() -> OutputPort:
    return make_ready_port()


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
    publish_trust_policy(changes={"default_ttl": "P10D"}, note="Slower.", actor=make_governance(), now=NOW + 50 * HOUR)
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

    with pytest.raises(InvalidError, match="lies in the future"):
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
def test_the_ready_made_answer_is_what_would_be_said_at_the_moment_of_asking(port: OutputPort, failed: int) -> None:
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
