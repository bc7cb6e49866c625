"""What an assessment may look at is read from the rows that there are, at one moment, in a fixed number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct, Person, UseCase
from catalog.rules.obligation import Obligation
from catalog.rules.use_case import UsedProduct
from catalog.rules.vocabulary import Effect, Sensitivity
from catalog.services.use_cases import confirm_obligation
from tests.factories import NOW, make_agreement, make_governed_product, make_owner, make_policy, make_product, make_use_case
from tests.trust.logged import make_agent
from tests.trust.use_cases.facts import DAY, facts_of, only_grant, only_product, with_product
from tests.trust.use_cases.rows import LATER, add_verdict, make_approvable, make_good_product, use_in_earnest
from trust.models import CurrentVerdict
from trust.verdicts.services.judging import ensure_current
from trust.vocabulary import GateName, VerdictStatus

pytestmark = pytest.mark.django_db


def test_the_claims_and_the_people_of_the_use_case_are_read() -> None:
    owner = make_owner("olga")
    facts = facts_of(make_approvable("delays", business_owner=owner))
    assert (facts.slug, facts.purpose, facts.step, facts.has_fallback) == ("delays", "analytics", "The evening before", True)
    assert facts.business_owner is not None
    assert facts.business_owner.username == "olga"
    assert facts.business_owner.last_seen_at == LATER  # the account was made after the moment of the test: never later than it
    assert (facts.acknowledged_by, facts.acknowledged_at) == ("olga", NOW)
    assert [measure.name for measure in facts.measures] == ["error"]
    assert len(facts.products) == len(facts.consumers) == len(facts.grants) == 1


def test_a_use_case_that_names_nothing_has_no_grants() -> None:
    facts = facts_of(make_use_case())
    assert not any((facts.products, facts.consumers, facts.grants, facts.recalls, facts.exceptions))
    assert facts.uses == 0


# -- how the products stand


def test_a_product_is_read_with_its_verdict_and_open_gates() -> None:
    product = make_governed_product("orders")
    good = make_good_product("flights")
    use_case = make_use_case(products=[product, good])

    ensure_current([product.pk], NOW)
    flights, orders = facts_of(use_case).products
    assert (flights.verdict, flights.open_gates, flights.cause) == (VerdictStatus.PRODUCTION_GRADE, (), "")
    assert orders.verdict is VerdictStatus.UNKNOWN
    assert GateName.EVIDENCE in orders.open_gates
    assert GateName.EVIDENCE not in orders.failed_gates
    assert orders.cause
    assert flights.owner is not None
    assert flights.owner.username == good.owner.username


def test_a_product_that_was_never_judged_has_no_verdict() -> None:
    facts = only_product(with_product(make_product()))
    assert (facts.verdict, facts.valid_until, facts.observed_since, facts.observed_for) == (None, None, None, timedelta(0))


def test_a_verdict_holds_no_longer_than_the_facts_that_it_was_judged_on() -> None:
    product = make_good_product()
    CurrentVerdict.objects.filter(product=product).update(invalidated=True, invalidated_at=NOW)
    assert only_product(with_product(product)).valid_until == NOW


def test_two_ports_of_a_product_are_one_product() -> None:

    product = make_good_product()
    use_case = make_use_case(products=[UsedProduct(product.slug), UsedProduct(product.slug, "rows")])
    assert only_product(use_case).slug == product.slug


# -- for what share of the window


def share_of(product: DataProduct) -> tuple[float, float]:
    """Days observed and days good, at NOW."""
    use_case = with_product(product)
    (facts,) = facts_of(use_case, NOW).products
    return facts.observed_for / DAY, facts.good_for / DAY


def test_a_verdict_counts_until_the_next_one() -> None:
    product = make_good_product(days=10)
    add_verdict(product, NOW - 4 * DAY, until=NOW + DAY, verdict="not_production_grade")
    assert share_of(product) == (10, 6)


def test_a_verdict_whose_time_is_over_counts_as_observed_and_not_good() -> None:
    product = make_good_product(days=5)
    add_verdict(product, NOW - 12 * DAY, until=NOW - 10 * DAY)
    assert share_of(product) == (12, 7)


def test_what_happened_before_the_window_counts_only_for_what_lasts_into_it() -> None:
    product = make_good_product(days=5)
    add_verdict(product, NOW - 200 * DAY, until=NOW - 80 * DAY)
    assert share_of(product) == (90, 15)


def test_a_verdict_counts_no_longer_than_until_its_facts_changed() -> None:
    product = make_good_product(days=10)
    add_verdict(product, NOW - 4 * DAY, until=NOW, verdict="unknown", facts_changed_at=NOW - 6 * DAY)
    assert share_of(product) == (10, 4)


def test_a_verdict_of_the_future_is_not_read() -> None:
    product = make_good_product(days=10)
    (facts,) = facts_of(with_product(product), NOW - DAY).products
    assert (facts.observed_for, facts.good_for) == (9 * DAY, 9 * DAY)


# -- what the policies say


def test_the_policies_in_force_permit_a_consumer_and_name_themselves() -> None:
    grant = only_grant(make_approvable())
    assert grant.is_permitted is True
    assert grant.policies == ("readers v1",)
    assert (grant.needs_agreement, grant.agreement_until, grant.obligations) == (False, None, ())


def test_another_purpose_is_not_permitted_and_says_why() -> None:
    grant = only_grant(make_approvable(purpose="ai.training"))
    assert grant.is_permitted is False
    assert grant.reasons == ("purpose not permitted",)


def test_a_purpose_that_is_unknown_by_now_cannot_be_ruled_on() -> None:
    use_case = make_approvable()
    UseCase.objects.filter(pk=use_case.pk).update(purpose="horoscopes")
    assert only_grant(use_case).is_permitted is None


def test_a_policy_that_asks_for_an_agreement_is_seen_before_and_after_there_is_one() -> None:
    product, agent = make_good_product(), make_agent()
    make_policy(product, "strict", purposes=("ai.evaluation",), agreement_required=True)
    use_case = make_approvable(product=product, agent=agent, purpose="ai.evaluation")
    grant = only_grant(use_case)
    assert (grant.is_permitted, grant.needs_agreement, grant.agreement_until, grant.agreement_waits) == (
        False,
        True,
        None,
        False,
    )
    assert grant.reasons == ("agreement required",)

    agreement = make_agreement(agent, product, "ai.evaluation", is_approved=False)
    assert only_grant(use_case).agreement_waits
    agreement.delete()
    agreement = make_agreement(agent, product, "ai.evaluation")
    grant = only_grant(use_case)
    assert (grant.is_permitted, grant.needs_agreement, grant.agreement_until) == (True, True, agreement.expires_at)


def test_an_agreement_that_ended_does_not_count() -> None:
    product, agent = make_good_product(), make_agent()
    make_policy(product, "strict", purposes=("ai.evaluation",), agreement_required=True)
    make_agreement(agent, product, "ai.evaluation", now=NOW - 90 * DAY, lives=30 * DAY)
    grant = only_grant(make_approvable(product=product, agent=agent, purpose="ai.evaluation"))
    assert (grant.is_permitted, grant.agreement_until) == (False, None)


def test_a_consumer_that_is_not_cleared_is_denied() -> None:
    grant = only_grant(make_approvable(product=make_good_product(sensitivity=Sensitivity.CONFIDENTIAL)))
    assert grant.is_permitted is False
    assert "clearance too low" in grant.reasons


def test_obligations_come_with_the_permission_and_are_met_by_their_confirmations() -> None:
    product, agent = make_good_product(), make_agent()
    make_policy(product, "masked", purposes=("ai.evaluation",), obligations=("human_review",))
    use_case = make_approvable(product=product, agent=agent, purpose="ai.evaluation")
    assert only_grant(use_case).obligations == ('{"type":"human_review"}',)

    confirm_obligation(
        use_case=use_case,
        consumer=agent,
        product=product,
        obligation=Obligation("human_review"),
        how="The duty manager looks.",
        actor=agent.owner,
        now=NOW,
    )
    grant = only_grant(use_case)
    (said,) = grant.confirmations
    assert (said.obligation, said.confirmed_by, said.confirmed_at) == (grant.obligations[0], agent.owner.username, NOW)


def test_a_forbid_overrides() -> None:
    product = make_good_product()
    make_policy(product, "never", effect=Effect.FORBID)
    grant = only_grant(make_approvable(product=product))
    assert (grant.is_permitted, grant.policies) == (False, ("never v1",))


# -- presence


def joined_long_ago() -> Person:
    person = make_owner()
    Person.objects.filter(pk=person.pk).update(date_joined=NOW - 300 * DAY)
    person.refresh_from_db()
    return person


@pytest.mark.parametrize("sign", ["none", "login", "acknowledgement", "product"])
def test_the_newest_sign_of_life_is_read(sign: str) -> None:
    person = joined_long_ago()
    use_case = make_use_case(business_owner=person, is_acknowledged=sign == "acknowledgement")
    if sign == "login":
        Person.objects.filter(pk=person.pk).update(last_login=NOW)
    if sign == "product":
        make_governed_product(owner=person)
    owner = facts_of(use_case).business_owner
    assert owner is not None
    assert owner.last_seen_at == (NOW - 300 * DAY if sign == "none" else NOW)


@pytest.mark.parametrize("by_key", [True, False])
def test_what_a_key_reports_is_no_sign_of_life(by_key: bool) -> None:
    person = joined_long_ago()
    use_case = make_approvable(business_owner=person)
    UseCase.objects.filter(pk=use_case.pk).update(acknowledged_at=None, acknowledged_by=None)
    use_in_earnest(use_case, reporter=use_case.consumers.get() if by_key else None)
    owner = facts_of(use_case).business_owner
    assert owner is not None
    assert owner.last_seen_at == (NOW - 300 * DAY if by_key else NOW)


# -- what it costs


def test_a_use_case_costs_as_many_queries_whatever_it_names() -> None:
    small = make_approvable()
    use_in_earnest(small)
    large = make_use_case(
        products=[make_good_product() for _ in range(3)], consumers=[make_agent() for _ in range(4)], purpose="analytics"
    )
    use_in_earnest(large)
    counts = []
    for use_case in (small, large):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            facts_of(use_case)
        counts.append(len(queries))
    assert counts == [14, 14]
    assert len(facts_of(large).grants) == 12
