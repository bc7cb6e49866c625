"""Exceptions of outputs in the admin: a queue for whoever handles them, read by others, recorded nowhere here."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from catalog.models import Consumer
from tests.admin.cast import Cast, World
from tests.factories import NOW, make_consumer, make_use_case
from tests.trust.logged import log_decision
from tests.trust.reporting import make_due
from trust.models import OutputException
from trust.use_cases.services.output_exceptions import ReportedProblem, record_exception
from trust.use_cases.services.reporters import Reporter

pytestmark = pytest.mark.django_db

LIST, PAGE, ADD = "trust_outputexception_changelist", "trust_outputexception_change", "trust_outputexception_add"


@pytest.fixture
def agent(world: World) -> Consumer:
    return make_consumer("agent")


@pytest.fixture
def exception(world: World, cast: Cast, agent: Consumer) -> OutputException:
    """Of a use case of olga, handled by stan: about an answer that rests on the product of `world`."""
    return record(world, cast, agent)


def record(world: World, cast: Cast, agent: Consumer, **parts: Any) -> OutputException:
    use_case = make_use_case(
        business_owner=cast.owner.person, exceptions_owner=cast.steward.person.username, consumers=[agent], **parts
    )
    answer = log_decision(
        world.product,
        agent,
        NOW,
        use_case=use_case.slug,
        verdict_row=world.verdict,
        basis={"evidence": [str(world.run.pk)]},
    )
    trouble = ReportedProblem("Wrong advice", "It had been cancelled.")
    return record_exception(
        use_case=use_case, decision_id=answer.pk, trouble=trouble, reporter=Reporter(agent.owner, agent), now=NOW
    )[0]


def shown(response: Any) -> list[OutputException]:
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_those_see_it_whom_it_concerns(cast: Cast, exception: OutputException) -> None:
    for visitor in (cast.owner, cast.steward, cast.governance, cast.auditor, cast.superuser):
        assert shown(visitor.get(LIST)) == [exception]
    assert shown(cast.other.get(LIST)) == []
    assert cast.other.get(PAGE, exception.pk).status_code == 302
    assert cast.stranger.get(LIST).status_code == 403


def test_the_queue_of_whoever_looks_and_what_is_overdue(cast: Cast, exception: OutputException) -> None:
    assert shown(cast.steward.get(LIST, assigned="me")) == [exception]
    assert shown(cast.owner.get(LIST, assigned="me")) == []
    assert shown(cast.owner.get(LIST, standing="open")) == [exception]
    assert shown(cast.owner.get(LIST, standing="overdue")) == []
    make_due(NOW + timedelta(hours=1))
    assert shown(cast.owner.get(LIST, standing="overdue")) == [exception]
    assert "overdue" in cast.owner.sees(LIST)
    assert shown(cast.owner.get(LIST, standing="closed")) == []
    assert shown(cast.governance.get(LIST, assigned="nobody")) == []


def test_the_page_leads_to_the_answer_the_verdict_and_the_run(cast: Cast, exception: OutputException, world: World) -> None:
    page = cast.steward.sees(PAGE, exception.pk)
    for name, key in (("decision", exception.decision_id), ("verdict", world.verdict.pk), ("run", world.run.pk)):
        address = reverse(f"admin:trust_{name}_change", args=[key])
        assert f'href="{address}"' in page
        assert cast.owner.client.get(address).status_code == 200


def test_whoever_handles_it_without_reaching_the_product_reads_the_same_as_json(
    cast: Cast, exception: OutputException, world: World
) -> None:
    OutputException.objects.update(assigned_to=cast.other.person)
    page = cast.other.sees(PAGE, exception.pk)
    for address in (f"/api/v1/decisions/{exception.decision_id}", f"/api/v1/runs/{world.run.pk}"):
        assert f'href="{address}"' in page
        assert cast.other.client.get(address).status_code == 200


def test_whoever_it_is_assigned_to_closes_it_with_a_word(cast: Cast, exception: OutputException) -> None:
    person = cast.steward.person
    refused = cast.steward.post(PAGE, exception.pk, assigned_to=str(person.pk), reason="", resolution="")
    assert "must have a resolution" in refused.content.decode()
    done = cast.steward.post(PAGE, exception.pk, assigned_to=str(person.pk), reason="", resolution="Rebooked.")
    assert done.status_code == 302
    exception.refresh_from_db()
    assert (exception.closed_by, exception.resolution) == (person, "Rebooked.")
    assert 'name="_save"' not in cast.steward.sees(PAGE, exception.pk)


def test_it_is_handed_on(cast: Cast, exception: OutputException) -> None:
    to = cast.other.person
    done = cast.steward.post(PAGE, exception.pk, assigned_to=str(to.pk), reason="He knows.", resolution="")
    assert done.status_code == 302
    exception.refresh_from_db()
    assert (exception.assigned_to, exception.closed_at) == (to, None)
    assert shown(cast.other.get(LIST, assigned="me")) == [exception]


def test_governance_may_handle_it_and_an_auditor_may_not(cast: Cast, exception: OutputException) -> None:
    assert 'name="_save"' in cast.governance.sees(PAGE, exception.pk)
    assert 'name="_save"' not in cast.auditor.sees(PAGE, exception.pk)
    given = {"assigned_to": str(cast.auditor.person.pk), "reason": "", "resolution": "Done."}
    assert cast.auditor.post(PAGE, exception.pk, **given).status_code in {302, 403}
    exception.refresh_from_db()
    assert (exception.assigned_to, exception.closed_at) == (cast.steward.person, None)


def test_nobody_records_one_here(cast: Cast, exception: OutputException) -> None:
    for visitor in (cast.owner, cast.governance, cast.superuser):
        assert visitor.get(ADD).status_code == 403


def test_the_list_costs_the_same_for_one_and_for_many(
    cast: Cast, world: World, agent: Consumer, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for _ in range(3):
        record(world, cast, agent)
        cast.governance.get(LIST)
        with django_assert_max_num_queries(12) as context:
            cast.governance.get(LIST)
        counts.append(len(context.captured_queries))
    assert len(set(counts)) == 1, counts
