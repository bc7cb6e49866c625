"""Use cases over HTTP: registered, listed, changed, acknowledged; each refusal, and nothing done."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Consumer, DataProduct, Delivery, Measure, Notification, UseCase
from catalog.rules.vocabulary import UseCaseStage
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import NOW, make_consumer, make_owner, make_person, make_product, make_use_case
from tests.trust.stages import keep_readiness, put_at
from trust.models import OutcomeReport
from trust.vocabulary import Gap, ReadinessLevel

LIST = "/api/v1/use-cases"
ONE = f"{LIST}/delays"
REQUEST: dict[str, Any] = {
    "slug": "delays",
    "name": "Departure delays",
    "business_decision": "Whether to put another crew on standby.",
    "purpose": "ai.decision-support",
}
FULL: dict[str, Any] = {
    **REQUEST,
    "description": "For the airports of New York.",
    "autonomy": "proposes",
    "consumers": ["scout"],
    "products": [{"product": "orders"}, {"product": "orders", "port": "rows"}],
    "workflow": "Staffing",
    "system": "Rota",
    "step": "The evening before",
    "outputs_owner": "olga",
    "exceptions_owner": "sven",
    "exceptions_within": "P2D",
    "fallback": "Last week's numbers.",
    "is_explainability_required": True,
    "explainability_requirement": "Why this crew, to the duty manager.",
    "explainability_met": "The three weightiest reasons are shown.",
    "measures": [{"name": "mean-error", "target": 15, "interval": "P7D", "better": "at_most", "unit": "minutes"}],
}


def events_of(use_case: UseCase) -> list[dict[str, Any]]:
    events = UseCase.pgh_event_model.objects.filter(pgh_obj_id=use_case.pk)  # type: ignore[attr-defined]  # set by pghistory
    return list(events.order_by("pgh_id").values_list("pgh_context__metadata", flat=True))


def test_whoever_has_a_role_registers_under_their_own_name(cast: Cast, product: DataProduct, scout: Consumer) -> None:
    response = cast.owner.post(LIST, FULL)
    assert response.status_code == 201, response.content
    assert response["Location"] == ONE
    answer = response.json()
    assert answer == cast.owner.get(ONE).json()
    told = {name: answer[name] for name in FULL if name not in {"measures", "products", "exceptions_within"}}
    assert told == {name: FULL[name] for name in told}
    assert answer["products"] == [{"product": "orders", "port": None}, {"product": "orders", "port": "rows"}]
    assert (answer["business_owner"], answer["stage"], answer["exceptions_within"]) == ("olga", "idea", "P2D")
    assert (answer["readiness"], answer["overrides"], answer["stage_approved_by"]) == (None, [], None)
    assert (answer["is_acknowledged"], answer["is_changed_since_approval"]) == (False, False)
    measure = answer["measures"][0]
    assert (measure["owner"], measure["interval"], measure["target"]) == ("olga", "P7D", 15.0)
    assert measure["retired_at"] is None


def test_the_least_that_can_be_said_is_a_use_case(cast: Cast) -> None:
    answer = cast.owner.post(LIST, REQUEST).json()
    assert (answer["business_owner"], answer["autonomy"], answer["is_explainability_required"]) == ("olga", "advises", None)
    assert (answer["products"], answer["consumers"], answer["measures"], answer["exceptions_within"]) == ([], [], [], None)


def test_governance_registers_for_somebody_else_and_nobody_else_does(cast: Cast) -> None:
    assert_problem(cast.owner.post(LIST, {**REQUEST, "business_owner": "sven"}), 403, "forbidden")
    assert_problem(Caller(cast.consumer.person).post(LIST, REQUEST), 403, "forbidden")
    assert_problem(cast.consumer.post(LIST, REQUEST), 403, "scope_missing")
    assert_problem(cast.nobody.post(LIST, REQUEST), 401, "not_authenticated")
    assert not UseCase.objects.exists()
    assert cast.governance.post(LIST, {**REQUEST, "business_owner": "sven"}).json()["business_owner"] == "sven"


def test_a_slug_is_taken_once(cast: Cast, delays: UseCase) -> None:
    problem = assert_problem(cast.stranger.post(LIST, REQUEST), 409, "slug_exists")
    assert problem["errors"][0]["field"] == "slug"
    assert UseCase.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"slug": "Delays"}, "slug", "invalid"),
        ({"name": ""}, "name", "invalid"),
        ({"name": "  "}, "name", "invalid"),
        ({"business_decision": ""}, "business_decision", "invalid"),
        ({"business_decision": "a\0b"}, None, "bad_text"),
        ({"purpose": "world domination"}, "purpose", "purpose_unknown"),
        ({"autonomy": "rules"}, "autonomy", "invalid"),
        ({"business_owner": "nobody"}, "business_owner", "person_unknown"),
        ({"outputs_owner": "nobody"}, "outputs_owner", "person_unknown"),
        ({"exceptions_owner": "gone"}, "exceptions_owner", "person_inactive"),
        ({"exceptions_within": "PT1S"}, "exceptions_within", "invalid"),
        ({"exceptions_within": -1}, "exceptions_within", "invalid"),
        ({"exceptions_within": "P5Y"}, "exceptions_within", "invalid"),
        ({"products": ["orders"]}, "products.0", "invalid"),
        ({"products": [{}]}, "products.0.product", "invalid"),
        ({"products": [{"product": "nothing"}]}, "products", "product_unknown"),
        ({"products": [{"product": "secret"}]}, "products", "product_unknown"),
        ({"products": [{"product": "orders", "port": "gone"}]}, "products", "port_unknown"),
        ({"products": [{"product": "orders"}, {"product": "orders", "port": None}]}, "products", "invalid"),
        ({"products": [{"product": "orders"}] * 101}, "products", "invalid"),
        ({"consumers": ["nobody"]}, "consumers", "consumer_unknown"),
        ({"consumers": ["retired"]}, "consumers", "consumer_unknown"),
        ({"consumers": ["sven"]}, "consumers", "consumer_is_a_person"),
        ({"consumers": ["scout", "scout"]}, "consumers", "invalid"),
        ({"consumers": "scout"}, "consumers", "invalid"),
        ({"measures": [{"name": "x"}]}, "measures.0.target", "invalid"),
        ({"measures": [{"name": "x", "target": "1e999", "interval": "P1D"}]}, "measures.0.target", "invalid"),
        ({"measures": [{"name": "x", "target": 10**400, "interval": "P1D"}]}, "measures.0.target", "invalid"),
        ({"measures": [{"name": "x", "target": 1, "interval": 0}]}, "measures.0.interval", "invalid"),
        ({"measures": [{"name": "x", "target": 1, "interval": "PT1S"}]}, "measures", "invalid"),
        ({"measures": [{"name": "a b", "target": 1, "interval": "P1D"}]}, "measures.0.name", "invalid"),
        ({"measures": [{"name": "x", "target": 1, "interval": "P1D"}] * 2}, "measures", "invalid"),
        ({"measures": [{"name": "x", "target": 1, "interval": "P1D", "owner": "nobody"}]}, "measures", "person_unknown"),
        ({"measures": [{"name": "x", "target": 1, "interval": "P1D", "value": 7}]}, "measures.0.value", "invalid"),
        ({"stage": "production"}, "stage", "invalid"),
        ({"acknowledged_at": "2026-01-01T00:00:00Z"}, "acknowledged_at", "invalid"),
    ],
)
def test_a_bad_registration_names_the_part_and_makes_nothing(
    cast: Cast, product: DataProduct, scout: Consumer, change: dict[str, Any], field: str | None, code: str
) -> None:
    make_product("secret", owner=cast.stranger.person)
    make_consumer("retired", status="retired")
    make_person("gone", is_active=False)
    caller = cast.governance if "business_owner" in change else cast.owner
    problem = assert_problem(caller.post(LIST, {**REQUEST, **change}), 400, code)
    assert field in [fault["field"] for fault in problem["errors"]] or field is None
    assert not UseCase.objects.exists()
    assert not Measure.objects.exists()


def test_a_draft_is_named_by_whoever_sees_it(cast: Cast) -> None:
    make_product("secret", owner=cast.owner.person)
    request = {**REQUEST, "products": [{"product": "secret"}]}
    assert_problem(cast.stranger.post(LIST, request), 400, "product_unknown")
    assert cast.owner.post(LIST, request).status_code == 201


def test_who_is_named_in_a_use_case_sees_it_and_strangers_do_not(cast: Cast, delays: UseCase) -> None:
    otto = Caller(delays.consumers.get().owner)
    steward = Caller(make_person())
    delays.products.get().product.stewards.add(steward.person)  # type: ignore[arg-type]
    for caller in (cast.owner, cast.stranger, otto, steward, cast.governance, cast.auditor):
        assert caller.get(ONE).status_code == 200
        assert [row["slug"] for row in caller.get(LIST).json()["results"]] == ["delays"]
    assert_problem(cast.consumer.get(ONE), 404, "use_case_unknown")
    assert cast.consumer.get(LIST).json()["results"] == []
    assert_problem(Caller(cast.consumer.person).patch(ONE, {"name": "x"}), 404, "use_case_unknown")
    assert_problem(Caller(cast.consumer.person).post(f"{ONE}/acknowledge"), 404, "use_case_unknown")
    assert_problem(cast.nobody.get(LIST), 401, "not_authenticated")


def test_lists_are_filtered_paged_and_leave_out_what_is_retired(cast: Cast, delays: UseCase) -> None:
    make_use_case("churn", business_owner=cast.stranger.person, decision="Whom to call 100%_sure.")
    put_at(make_use_case("old"), UseCaseStage.RETIRED)

    def slugs(query: str) -> list[str]:
        return [row["slug"] for row in cast.governance.get(f"{LIST}{query}").json()["results"]]

    assert slugs("") == ["churn", "delays"]
    assert slugs("?stage=retired") == ["old"]
    assert slugs("?stage=idea&business_owner=olga") == ["delays"]
    assert slugs("?q=CALL whom") == ["churn"]
    assert slugs("?q=%25_s") == ["churn"]
    assert slugs("?q=call delays") == []
    page = cast.governance.get(f"{LIST}?limit=1").json()
    assert [row["slug"] for row in page["results"]] == ["churn"]
    assert [row["slug"] for row in cast.governance.get(page["next"]).json()["results"]] == ["delays"]
    assert_problem(cast.governance.get(f"{LIST}?stage=gone"), 400, "invalid")
    assert_problem(cast.governance.get(f"{LIST}?owner=olga"), 400, "invalid")
    assert_problem(cast.governance.get(f"{LIST}?cursor=nonsense"), 400, "invalid")


def test_what_the_business_owner_changes_voids_the_acknowledgement(cast: Cast, delays: UseCase) -> None:
    assert cast.owner.get(ONE).json()["is_acknowledged"]
    answer = cast.owner.patch(ONE, {"name": "Delays tomorrow", "description": "Reads better."}).json()
    assert (answer["name"], answer["is_acknowledged"]) == ("Delays tomorrow", True)
    changed = cast.owner.patch(ONE, {"autonomy": "decides_alone", "reason": "The pilot went well."}).json()
    assert (changed["autonomy"], changed["is_acknowledged"]) == ("decides_alone", False)
    assert changed["claims_changed_at"] > changed["acknowledged_at"]
    said = events_of(delays)[-1]
    assert said.pop("request_id")
    assert said == {
        "action": "update_use_case",
        "actor": "olga",
        "caller": "olga",
        "key": cast.owner.key_row.prefix,
        "reason": "The pilot went well.",
        "url": ONE,
        "user": cast.owner.person.pk,  # type: ignore[union-attr]
    }
    assert cast.owner.post(f"{ONE}/acknowledge").json()["is_acknowledged"]


def test_left_out_stays_and_given_replaces(cast: Cast, delays: UseCase, product: DataProduct) -> None:
    before = cast.owner.get(ONE).json()
    answer = cast.owner.patch(ONE, {"products": [{"product": "orders", "port": "rows"}]}).json()
    assert answer["products"] == [{"product": "orders", "port": "rows"}]
    same = {"products", "claims_changed_at", "updated_at", "is_acknowledged"}
    assert {name for name in answer if answer[name] != before[name]} <= same
    assert cast.owner.patch(ONE, {"measures": [], "consumers": [], "outputs_owner": None}).json()["measures"] == []
    assert not delays.consumers.exists()


def test_nothing_changed_writes_nothing(cast: Cast, delays: UseCase) -> None:
    before, events = cast.owner.get(ONE).json(), len(events_of(delays))
    assert cast.owner.patch(ONE, {"name": before["name"], "consumers": before["consumers"]}).json() == before
    assert cast.owner.patch(ONE, {}).json() == before
    assert len(events_of(delays)) == events


@pytest.mark.parametrize("change", [{"products": [{}]}, {"measures": [{"name": "x"}]}, {"slug": "other"}, {"stage": "pilot"}])
def test_half_a_part_is_refused_in_a_change_too(cast: Cast, delays: UseCase, change: dict[str, Any]) -> None:
    assert_problem(cast.owner.patch(ONE, change), 400, "invalid")
    assert delays.products.count() == delays.measures.count() == 1


def test_only_the_business_owner_and_governance_change_it(cast: Cast, delays: UseCase) -> None:
    problem = assert_problem(cast.stranger.patch(ONE, {"fallback": "None."}), 403, "forbidden")
    assert "olga" in problem["remedy"]
    assert_problem(cast.auditor.patch(ONE, {"fallback": "None."}), 403, "forbidden")
    assert_problem(Caller(cast.owner.person, ["trust:read"]).patch(ONE, {"fallback": "None."}), 403, "scope_missing")
    assert cast.governance.patch(ONE, {"business_owner": "sven"}).json()["business_owner"] == "sven"
    assert_problem(cast.owner.patch(ONE, {"fallback": "None."}), 403, "forbidden")
    assert cast.stranger.patch(ONE, {"business_owner": "olga"}).status_code == 200


def test_acknowledging_is_for_the_business_owner_in_person(cast: Cast, delays: UseCase) -> None:
    for caller in (cast.governance, cast.auditor, cast.stranger):
        assert_problem(caller.post(f"{ONE}/acknowledge"), 403, "forbidden")
    assert_problem(Caller(cast.owner.person, ["catalog:write"]).post(f"{ONE}/acknowledge"), 403, "scope_missing")
    answer = cast.owner.post(f"{ONE}/acknowledge").json()
    assert answer["acknowledged_by"] == "olga"
    assert events_of(delays)[-1]["action"] == "acknowledge_use_case"


def test_a_retired_use_case_does_not_change(cast: Cast, delays: UseCase) -> None:
    put_at(delays, UseCaseStage.RETIRED)
    assert_problem(cast.owner.patch(ONE, {"fallback": "None."}), 409, "use_case_retired")
    assert_problem(cast.owner.post(f"{ONE}/acknowledge"), 409, "use_case_retired")
    confirmation = {"consumer": "agent", "product": "flights", "obligation": {"type": "cite-source"}, "how": "It does."}
    otto = Caller(delays.consumers.get().owner)
    assert_problem(otto.post(f"{ONE}/confirmations", confirmation), 409, "use_case_retired")


def test_a_change_after_the_approval_shows_and_is_told(cast: Cast, delays: UseCase) -> None:
    put_at(delays, UseCaseStage.APPROVED, approver=cast.governance.person)
    before = cast.owner.get(ONE).json()
    assert (before["stage_approved_by"], before["is_changed_since_approval"]) == ("gina", False)
    assert cast.owner.patch(ONE, {"fallback": "None.", "reason": "Not needed."}).json()["is_changed_since_approval"]
    notice = Notification.objects.get(kind="use_case.changed", person=cast.governance.person)
    assert "fallback" in notice.text
    assert "Not needed." in notice.text
    assert notice.payload["use_case"] == "delays"
    assert not Notification.objects.filter(person=cast.owner.person, kind="use_case.changed").exists(), "who did it knows"


def test_overrides_in_force_are_in_every_answer_and_ended_ones_in_none(cast: Cast, delays: UseCase) -> None:
    missing = [{"gap": "workflow", "question": "asked_from_there", "answer": "no", "message": "", "remedy": "", "who": ""}]
    ends_at = timezone.now() + timedelta(days=3)
    move = put_at(
        delays,
        UseCaseStage.APPROVED,
        approver=cast.governance.person,
        is_override=True,
        override_expires_at=ends_at,
        reason="The season begins.",
        missing=missing,
    )
    for answer in (cast.owner.get(ONE).json(), cast.owner.get(LIST).json()["results"][0], cast.owner.patch(ONE, {}).json()):
        override = answer["overrides"][0]
        assert (override["stage"], override["reason"], override["missing"]) == (
            "approved",
            "The season begins.",
            ["asked_from_there"],
        )
        assert (override["approved_by"], override["requested_by"]) == ("gina", "olga")
    move.override_ended_at = timezone.now()
    move.save()
    assert cast.owner.get(ONE).json()["overrides"] == []


def test_the_newest_assessment_shows_in_short_and_is_unknown_once_it_has_run_out(cast: Cast, delays: UseCase) -> None:
    keep_readiness(delays)
    keep_readiness(delays, ReadinessLevel.READY, now=NOW + timedelta(minutes=1))
    readiness = cast.owner.get(ONE).json()["readiness"]
    assert (readiness["level"], readiness["weakest"], readiness["open_gaps"]) == ("ready", "workflow", [])
    until = NOW + timedelta(minutes=3)
    keep_readiness(delays, ReadinessLevel.READY, now=NOW + timedelta(minutes=2), valid_until=until, weakest=Gap.TRUST)
    for answer in (cast.owner.get(ONE).json(), cast.owner.get(LIST).json()["results"][0]):
        assert (answer["readiness"]["level"], answer["readiness"]["weakest"]) == ("unknown", "trust")


def test_somebody_elses_consumer_may_be_named_and_its_owner_is_told(cast: Cast) -> None:
    agent = make_consumer("agent", owner=make_owner("otto"), contact_email="team@example.org")
    assert cast.owner.post(LIST, {**REQUEST, "consumers": ["agent"]}).status_code == 201
    notice = Notification.objects.get(consumer=agent)
    assert (notice.kind, notice.payload) == ("use_case.names_consumer", {"use_case": "delays", "consumer": "agent"})
    assert Delivery.objects.filter(notification=notice, target="team@example.org").exists()
    assert Caller(agent.owner).get(ONE).status_code == 200
    assert_problem(Caller(agent.owner).patch(ONE, {"consumers": []}), 403, "forbidden")


def test_naming_ones_own_consumer_tells_nobody(cast: Cast, scout: Consumer) -> None:
    cast.owner.post(LIST, {**REQUEST, "consumers": ["scout"]})
    assert not Notification.objects.exists()


def test_a_measure_with_values_is_retired_with_a_reason_and_comes_back_by_its_name(cast: Cast, delays: UseCase) -> None:
    measure = delays.measures.get()
    OutcomeReport.objects.create(
        use_case=delays, measure=measure, value=90.0, observed_at=NOW, reported_at=NOW, reported_by=delays.business_owner
    )
    problem = assert_problem(cast.owner.patch(ONE, {"measures": []}), 400, "reason_needed")
    assert problem["errors"][0]["field"] == "reason"
    answer = cast.owner.patch(ONE, {"measures": [], "reason": "We measure the median."}).json()
    assert [(one["name"], one["retired_at"] is None) for one in answer["measures"]] == [("mean-error", False)]
    assert not answer["is_acknowledged"]
    assert OutcomeReport.objects.count() == 1
    again = {"name": "mean-error", "target": 20, "interval": "P7D"}
    answer = cast.owner.patch(ONE, {"measures": [again]}).json()
    assert [(one["name"], one["retired_at"]) for one in answer["measures"]] == [("mean-error", None)]
    assert delays.measures.get().pk == measure.pk


@pytest.mark.parametrize(("path", "queries"), [(LIST, 6), (ONE, 12), (f"{ONE}/confirmations", 4)])
def test_reading_costs_the_same_for_one_and_for_three(
    cast: Cast, delays: UseCase, path: str, queries: int, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        use_case = make_use_case(f"case-{number}", business_owner=cast.owner.person)
        for one in (use_case, delays):
            put_at(one, UseCaseStage.PILOT) if one.stage == "idea" else keep_readiness(one)
        consumer, product = make_consumer(owner=make_owner()), make_product()
        delays.consumers.add(consumer)
        delays.products.create(product=product)
        delays.measures.create(name=f"m-{number}", target=1, interval=timedelta(days=1), owner=make_owner(), created_at=NOW)
        delays.confirmations.create(
            consumer=consumer,
            product=product,
            obligation='{"type":"x"}',
            how="x",
            confirmed_by=consumer.owner,
            confirmed_at=NOW,
        )
        assert cast.governance.get(path).status_code == 200  # keeps the last use of the key
        with django_assert_num_queries(queries):
            cast.governance.get(path)
