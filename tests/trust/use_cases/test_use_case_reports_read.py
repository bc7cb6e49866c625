"""Of a use case is read what its consumers asked, what came of the answers, and what was reported."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct, UseCase
from catalog.rules.vocabulary import ConsumerKind
from catalog.services.use_cases import claims_of, update_use_case
from tests.factories import NOW, make_consumer, make_person
from tests.trust.logged import log_decision, make_agent
from tests.trust.use_cases.facts import DAY, facts_of, only_grant
from tests.trust.use_cases.rows import LATER, make_approvable, make_good_product, use_in_earnest
from trust.models import CurrentVerdict, DecisionUse, OutputException, Recall, RecalledConsumer

pytestmark = pytest.mark.django_db


# -- what was asked and what came of it


def ask(use_case: UseCase, ago: timedelta, /, **columns: Any) -> Any:
    product = DataProduct.objects.get(used_by__use_case=use_case)
    agent = use_case.consumers.get()
    return log_decision(product, agent, LATER - ago, **{"use_case": use_case.slug, **columns})


def fall_back(decision: Any, use_case: UseCase, ago: timedelta, action: str = "fell_back", **columns: Any) -> None:
    DecisionUse.objects.create(
        use_case=use_case,
        consumer=decision.consumer,
        decision_id=decision.id,
        product_id=decision.product_id,
        action=action,
        at=LATER - ago,
        asked_at=decision.asked_at,
        reported_at=LATER,
        reported_by=decision.consumer.owner,
        **columns,
    )


def test_only_what_named_this_use_case_within_the_window_was_asked() -> None:
    use_case = make_approvable()
    ask(use_case, DAY)
    ask(use_case, 2 * DAY)
    ask(use_case, 31 * DAY)
    ask(use_case, DAY, use_case="another")
    ask(use_case, DAY, use_case=None)
    log_decision(make_good_product(), use_case.consumers.get(), LATER - DAY, use_case=use_case.slug)
    grant = only_grant(use_case)
    assert (grant.asked, grant.last_asked_at, grant.denied) == (2, LATER - DAY, 0)


def test_a_denial_is_answered_by_a_fallback_within_its_time() -> None:
    use_case = make_approvable()
    oldest = ask(use_case, 5 * DAY, decision=False)
    ask(use_case, 3 * DAY, decision=False)
    covering = ask(use_case, 2.5 * DAY, decision=False)
    ask(use_case, DAY)
    fall_back(covering, use_case, 2.2 * DAY)
    grant = only_grant(use_case)
    assert (grant.asked, grant.denied, grant.unanswered_denials) == (4, 3, 1)
    assert (grant.oldest_unanswered_denial_at, grant.denied_decision_id) == (oldest.asked_at, oldest.id)


def test_a_late_fallback_answers_the_denial_that_it_names_and_no_other() -> None:
    use_case = make_approvable()
    late, other = ask(use_case, 9 * DAY, decision=False), ask(use_case, 8 * DAY, decision=False)
    fall_back(late, use_case, 4 * DAY)
    grant = only_grant(use_case)
    assert (grant.unanswered_denials, grant.denied_decision_id) == (1, other.id)


def test_a_use_is_no_fallback() -> None:
    use_case = make_approvable()
    fall_back(ask(use_case, DAY, decision=False), use_case, DAY, action="used", misuse="denied")
    assert only_grant(use_case).unanswered_denials == 1


def test_uses_are_counted_and_misuses_named() -> None:
    use_case = make_approvable()
    use_in_earnest(use_case)
    denied = ask(use_case, DAY, decision=False)
    fall_back(denied, use_case, DAY, action="used", misuse="denied")
    fall_back(denied, use_case, 40 * DAY, action="used", misuse="denied")
    facts = facts_of(use_case)
    (misuse,) = facts.misuses
    assert facts.uses == 2
    assert (misuse.decision_id, misuse.consumer, misuse.why) == (denied.id, use_case.consumers.get().slug, "denied")


def test_the_newest_value_of_each_measure_is_read() -> None:
    use_case = make_approvable()
    use_in_earnest(use_case, NOW - 3 * DAY)
    use_in_earnest(use_case, NOW)
    (measure,) = facts_of(use_case).measures
    assert (measure.value, measure.observed_at) == (4.0, NOW)
    (measure,) = facts_of(use_case, NOW - DAY).measures
    assert measure.observed_at == NOW - 3 * DAY


def test_a_measure_that_is_retired_is_not_asked_for() -> None:
    use_case = make_approvable()
    use_in_earnest(use_case)

    update_use_case(
        use_case=use_case, claims=replace(claims_of(use_case), measures=()), actor=None, now=NOW, reason="Measured elsewhere."
    )
    assert facts_of(use_case).measures == ()


def test_exceptions_are_those_that_are_open_or_of_the_window() -> None:
    use_case, person = make_approvable(), make_person()

    def exception(opened: timedelta, closed: timedelta | None = None) -> int:
        row = OutputException.objects.create(
            use_case=use_case,
            decision_id=1,
            title="Wrong",
            opened_at=LATER - opened,
            opened_by=person,
            due_at=LATER - opened + DAY,
            closed_at=None if closed is None else LATER - closed,
            closed_by=None if closed is None else person,
            resolution="" if closed is None else "Mended.",
        )
        return row.pk

    expected = {exception(200 * DAY), exception(3 * DAY, 2 * DAY), exception(100 * DAY, 5 * DAY)}
    exception(200 * DAY, 150 * DAY)
    exception(-DAY)  # of the future
    assert {one.id for one in facts_of(use_case).exceptions} == expected


def test_recalls_are_those_that_named_a_consumer_of_a_product_of_the_use_case() -> None:
    use_case, other = make_approvable(), make_agent()
    product, agent = DataProduct.objects.get(used_by__use_case=use_case), use_case.consumers.get()
    verdict = CurrentVerdict.objects.get(product=product).verdict_row
    assert verdict is not None

    def recall(sent: timedelta | None, *, consumer: Any = agent, acknowledged: bool = False) -> Recall:
        at = None if sent is None else LATER - sent
        row = Recall.objects.create(
            product=product,
            status="recovered",
            fallen_at=NOW,
            changed_at=NOW,
            fallen_verdict=verdict,
            sent_at=at,
            closed_at=NOW,
        )
        RecalledConsumer.objects.create(
            recall=row, consumer=consumer, decision_ids=[1], decision_count=1, acknowledged_at=at if acknowledged else None
        )
        return row

    told, old = recall(DAY, acknowledged=True), recall(200 * DAY)
    recall(200 * DAY, acknowledged=True)
    recall(None)
    recall(DAY, consumer=other)
    recalls = {one.id: one for one in facts_of(use_case).recalls}
    assert set(recalls) == {told.pk, old.pk}
    assert (recalls[told.pk].product, recalls[told.pk].consumer) == (product.slug, agent.slug)
    assert recalls[old.pk].acknowledged_at is None


def test_denials_cost_one_query_more() -> None:
    use_case = make_approvable()
    ask(use_case, DAY, decision=False)
    with CaptureQueriesContext(connection) as queries:
        facts_of(use_case)
    assert len(queries) == 15


def test_what_somebody_elses_key_asked_about_an_agent_shows_nothing_of_it() -> None:
    use_case = make_approvable("delays")
    agent = use_case.consumers.get()
    product = use_case.products.get().product
    owner = make_consumer("carl", owner=agent.owner, kind=ConsumerKind.PERSON)
    gateway = make_consumer("gateway", kind=ConsumerKind.SERVICE, is_enforcement_point=True)
    make_consumer("mallory", kind=ConsumerKind.PERSON)
    make_consumer("service", owner=agent.owner, kind=ConsumerKind.SERVICE)
    for asker in ("mallory", "service", owner.slug):
        for decision in (True, False):
            log_decision(product, agent, use_case="delays", asker=asker, decision=decision)
    grant = only_grant(use_case)
    assert (grant.asked, grant.denied, grant.unanswered_denials, grant.last_asked_at) == (0, 0, 0, None)
    for asker in (agent.slug, gateway.slug):
        log_decision(product, agent, use_case="delays", asker=asker, decision=False)
    grant = only_grant(use_case)
    assert (grant.asked, grant.denied, grant.unanswered_denials) == (2, 2, 2)
