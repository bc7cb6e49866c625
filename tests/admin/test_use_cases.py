"""Use cases in the admin: registered and changed through the service, acknowledged by a button, told with their readiness."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Consumer, Measure, UseCase
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.use_cases import claims_of
from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_consumer, make_product, make_use_case, measure_claims
from tests.trust.stages import put_at
from trust.models import OutcomeReport
from trust.use_cases.services.stages import request_stage_move

LIST, ADD, CHANGE, ACKNOWLEDGE = (f"catalog_usecase_{page}" for page in ("changelist", "add", "change", "acknowledge"))


@pytest.fixture
def agent(cast: Cast) -> Consumer:
    return make_consumer("agent", owner=cast.other.person)


@pytest.fixture
def delays(cast: Cast, world: World, agent: Consumer) -> UseCase:
    """Of the owner of `sales`, with an agent of somebody else."""
    return make_use_case(
        "delays",
        business_owner=cast.owner.person,
        products=[world.product],
        consumers=[agent],
        measures=[measure_claims(owner="olga")],
        is_acknowledged=True,
    )


def measure_rows(*measures: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    sent: dict[str, Any] = {"measures-TOTAL_FORMS": len(measures), "measures-INITIAL_FORMS": initial}
    for number, measure in enumerate(measures):
        sent |= {f"measures-{number}-{name}": value for name, value in measure.items()}
    return sent


def measure_row(measure: Measure, **changed: Any) -> dict[str, Any]:
    columns = ("name", "better", "target", "unit", "description")
    row = {"id": measure.pk, "use_case": measure.use_case_id, "interval": "P7D", "owner": measure.owner_id}
    return {**row, **{name: getattr(measure, name) for name in columns}, **changed}


def form_of(use_case: UseCase, measures: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """What the browser would send for the page as it is."""
    claims = claims_of(use_case)
    words = ("name", "purpose", "autonomy", "description", "decision", "workflow", "system", "step", "fallback")
    explained = {"explainability_required": "false", "explainability_requirement": "", "explainability_met": ""}
    rows = [measure_row(measure) for measure in use_case.measures.all()]
    return {
        **{name: getattr(use_case, name) for name in words},
        **explained,
        "business_owner": use_case.business_owner_id,
        "outputs_owner": use_case.outputs_owner_id or "",
        "exceptions_owner": use_case.exceptions_owner_id or "",
        "exceptions_within": "P2D",
        "product_lines": "\r\n".join(map(str, claims.products)),
        "consumer_lines": "\r\n".join(claims.consumers),
        "why": "",
        **(measures if measures is not None else measure_rows(*rows, initial=len(rows))),
        **changed,
    }


def new_form(owner: Visitor, **changed: Any) -> dict[str, Any]:
    blank = ("description", "workflow", "system", "step", "fallback", "outputs_owner", "exceptions_owner", "exceptions_within")
    return {
        **dict.fromkeys(blank, ""),
        "slug": "churn",
        "name": "Churn",
        "purpose": "analytics",
        "autonomy": "advises",
        "decision": "Whom to call.",
        "business_owner": owner.person.pk,
        "explainability_required": "unknown",
        "explainability_requirement": "",
        "explainability_met": "",
        "product_lines": "",
        "consumer_lines": "",
        "why": "",
        **measure_rows(),
        **changed,
    }


def test_an_owner_registers_a_use_case_with_all_that_belongs_to_it(cast: Cast, world: World, agent: Consumer) -> None:
    assert cast.owner.get(ADD).status_code == 200
    measure = {"name": "calls", "better": "at_least", "target": "0.5", "unit": "share", "interval": "P7D", "description": ""}
    form = new_form(
        cast.owner,
        product_lines="sales\r\nsales/rows\r\n\r\n",
        consumer_lines="agent",
        exceptions_within="PT36H",
        why="Requested by sales.",
        **measure_rows({**measure, "owner": cast.owner.person.pk}),
    )
    response = cast.owner.post(ADD, **form)
    assert response.status_code == 302, response.context["adminform"].form.errors
    claims = claims_of(UseCase.objects.get(slug="churn"))
    assert [str(one) for one in claims.products] == ["sales", "sales/rows"]
    assert (claims.consumers, claims.explainability_required, claims.business_owner) == (("agent",), None, "olga")
    assert [(one.name, one.target, one.owner) for one in claims.measures] == [("calls", 0.5, "olga")]
    assert claims.exceptions_within is not None
    assert claims.exceptions_within.total_seconds() == 36 * 3600


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"product_lines": "nothing"}, "no data product"),
        ({"consumer_lines": "nobody"}, "no consumer"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"purpose": "world domination"}, "not one of the available choices"),
        ({"exceptions_within": "soon"}, "valid duration"),
        ({"decision": ""}, "required"),
    ],
)
def test_what_the_service_refuses_shows_on_the_page(cast: Cast, world: World, changed: dict[str, str], said: str) -> None:
    response = cast.owner.post(ADD, **new_form(cast.owner, **changed))
    assert response.status_code == 200
    assert said in response.content.decode()
    assert not UseCase.objects.exists()


def test_an_incomplete_measure_is_marked(cast: Cast, world: World) -> None:
    row = {"name": "calls", "better": "at_least", "target": "", "unit": "", "interval": "P7D", "description": "", "owner": ""}
    response = cast.owner.post(ADD, **new_form(cast.owner, **measure_rows(row)))
    assert response.status_code == 200
    assert "The measures are not complete" in response.content.decode()
    assert not UseCase.objects.exists()


def test_a_change_is_told_in_the_history_with_who_and_why(cast: Cast, delays: UseCase) -> None:
    form = form_of(delays, fallback="Ask the <manager>.", consumer_lines="", why="The agent is gone.")
    assert cast.owner.post(CHANGE, delays.pk, **form).status_code == 302
    delays.refresh_from_db()
    assert (delays.fallback, delays.consumers.count(), delays.is_acknowledged) == ("Ask the <manager>.", 0, False)
    html = cast.owner.sees(CHANGE, delays.pk)
    assert "olga · update use case · why: The agent is gone." in html
    assert "Ask the &lt;manager&gt;." in html
    assert "consumer agent removed" in html
    assert "Void: the claims or their owner changed" in html


def test_saving_without_a_change_writes_nothing(cast: Cast, delays: UseCase) -> None:
    events = UseCase.pgh_event_model.objects  # type: ignore[attr-defined]  # set by pghistory
    before = events.count(), Measure.pgh_event_model.objects.count()  # type: ignore[attr-defined]
    response = cast.owner.post(CHANGE, delays.pk, **form_of(delays))
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert (events.count(), Measure.pgh_event_model.objects.count()) == before  # type: ignore[attr-defined]
    delays.refresh_from_db()
    assert delays.is_acknowledged


def test_a_measure_with_values_goes_only_with_a_reason_and_stays_to_be_seen(cast: Cast, delays: UseCase) -> None:
    measure = delays.measures.get()
    OutcomeReport.objects.create(
        use_case=delays, measure=measure, value=9.0, observed_at=NOW, reported_at=NOW, reported_by=cast.owner.person
    )
    gone = measure_rows({**measure_row(measure), "DELETE": "on"}, initial=1)
    response = cast.owner.post(CHANGE, delays.pk, **form_of(delays, gone))
    assert "removing it needs a reason" in response.content.decode()
    assert cast.owner.post(CHANGE, delays.pk, **form_of(delays, gone, why="We count otherwise.")).status_code == 302
    measure.refresh_from_db()
    assert measure.retired_at is not None
    assert "Measured no longer" in cast.owner.sees(CHANGE, delays.pk)


def test_the_page_tells_stage_override_and_readiness(cast: Cast, delays: UseCase) -> None:
    put_at(
        delays,
        UseCaseStage.APPROVED,
        approver=cast.governance.person,
        is_override=True,
        override_expires_at=NOW.replace(year=NOW.year + 1),
        reason="The season begins.",
    )
    html = cast.owner.sees(CHANGE, delays.pk)
    assert "What keeps it from production" in html
    assert "Override until" in html
    assert "The season begins." in html
    assert "/use-cases/delays/report" in html
    move = delays.stage_moves.latest("id")
    for address in (f"/trust/stagemove/{move.pk}/change/", f"/catalog/dataproduct/{delays.products.get().product_id}/change/"):
        assert f'href="/admin{address}"' in html, address


def test_the_business_owner_acknowledges_with_a_button_and_nobody_else_does(cast: Cast, delays: UseCase) -> None:
    UseCase.objects.update(acknowledged_at=None, acknowledged_by=None)
    assert "Acknowledge</button>" in cast.owner.sees(CHANGE, delays.pk)
    assert "Acknowledge</button>" not in cast.governance.sees(CHANGE, delays.pk)
    assert cast.owner.get(ACKNOWLEDGE, delays.pk).status_code == 405
    for visitor in (cast.governance, cast.other, cast.auditor):
        visitor.post(ACKNOWLEDGE, delays.pk)
    delays.refresh_from_db()
    assert delays.acknowledged_at is None
    cast.owner.post(ACKNOWLEDGE, delays.pk)
    delays.refresh_from_db()
    assert delays.acknowledged_by == cast.owner.person


@pytest.mark.parametrize("role", ["other", "steward", "auditor"])
def test_who_sees_it_but_may_not_change_it_reads_it(cast: Cast, delays: UseCase, role: str) -> None:
    visitor: Visitor = getattr(cast, role)
    html = visitor.sees(CHANGE, delays.pk)
    assert 'name="_save"' not in html
    assert visitor.post(CHANGE, delays.pk, **form_of(delays, name="Mine")).status_code == 403
    delays.refresh_from_db()
    assert delays.name == "Delays"


def test_a_stranger_and_who_is_not_named_see_nothing(cast: Cast, delays: UseCase) -> None:
    delays.consumers.clear()
    assert "Delays" not in cast.other.sees(LIST)
    assert cast.other.get(CHANGE, delays.pk).status_code == 302
    assert cast.other.post(ACKNOWLEDGE, delays.pk).status_code == 404
    assert cast.stranger.get(LIST).status_code == 403


def test_a_retired_one_is_only_read(cast: Cast, delays: UseCase) -> None:
    put_at(delays, UseCaseStage.RETIRED)
    html = cast.owner.sees(CHANGE, delays.pk)
    assert 'name="_save"' not in html
    assert "Acknowledge</button>" not in html


def test_the_list_costs_the_same_for_one_and_for_three(cast: Cast, delays: UseCase, django_assert_num_queries: Any) -> None:
    cast.governance.get(LIST)
    with django_assert_num_queries(8):
        cast.governance.get(LIST)
    for number in range(3):
        put_at(make_use_case(f"case-{number}"), UseCaseStage.PILOT)
    with django_assert_num_queries(8):
        assert "case-2" in cast.governance.sees(LIST)


def test_a_draft_of_somebody_else_is_shown_on_no_page_and_stays_when_the_form_is_saved(cast: Cast, delays: UseCase) -> None:
    delays.products.create(product=make_product("merger-plans"))
    move = request_stage_move(use_case=delays, to_stage=UseCaseStage.PILOT, actor=cast.owner.person, now=timezone.now())
    late = timezone.now() + timedelta(days=1)
    move = request_stage_move(
        use_case=delays,
        to_stage=UseCaseStage.APPROVED,
        actor=cast.owner.person,
        now=timezone.now(),
        reason="So.",
        override_expires_at=late,
    )
    pages = ((CHANGE, delays.pk), ("trust_readiness_change", move.readiness_id), ("trust_stagemove_change", move.pk))
    for page, pk in pages:
        assert "merger-plans" not in cast.owner.sees(page, pk), page
        assert "merger-plans" in cast.governance.sees(page, pk), page
    sent = form_of(delays, name="Another name", product_lines="", why="Tidied up.")
    assert cast.owner.post(CHANGE, delays.pk, **sent).status_code == 302
    assert [one.product.slug for one in delays.products.select_related("product")] == ["merger-plans"]
