"""Use cases through the services: who may claim what, what voids an acknowledgement, what is told and what is kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.models import Consumer, DataProduct, Notification, ObligationConfirmation, OutputPort, Person, UseCase
from catalog.queries import visible_use_cases
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.obligation import Obligation
from catalog.rules.use_case import UseCaseClaims, UsedProduct
from catalog.rules.vocabulary import Lifecycle, UseCaseStage
from catalog.services.use_cases import acknowledge_use_case, claims_of, confirm_obligation, register_use_case, update_use_case
from tests.factories import (
    NOW,
    make_auditor,
    make_consumer,
    make_governance,
    make_owner,
    make_person,
    make_port,
    make_product,
    make_use_case,
    measure_claims,
    use_case_claims,
)
from tests.trust.stages import put_at
from trust.models import OutcomeReport

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


def full(owner: Person, product: DataProduct, agent: Consumer) -> UseCaseClaims:
    """Claims in which nothing is left out."""
    return use_case_claims(
        "delays",
        owner.username,
        description="For airports.",
        explainability_required=True,
        explainability_requirement="Why.",
        explainability_met="Reasons are shown.",
        products=(UsedProduct(product.slug), UsedProduct(product.slug, "rows")),
        consumers=(agent.slug,),
        measures=(measure_claims("error", owner=owner.username), measure_claims("uptake", owner=owner.username, unit="share")),
    )


def change(use_case: UseCase, actor: Person | None, *, reason: str = "", **changed: Any) -> list[str]:
    claims = replace(claims_of(use_case), **changed)
    return update_use_case(use_case=use_case, claims=claims, actor=actor, now=LATER, reason=reason)


def contexts(use_case: UseCase) -> list[dict[str, str]]:
    events = UseCase.pgh_event_model.objects.filter(pgh_obj_id=use_case.pk)  # type: ignore[attr-defined]  # set by pghistory
    return [row.pgh_context.metadata for row in events.select_related("pgh_context").order_by("pgh_id")]


def test_what_is_claimed_is_what_is_kept() -> None:
    owner, product = make_owner("olga"), make_product("orders", lifecycle=Lifecycle.PUBLISHED)
    make_port(product)
    claims = full(owner, product, make_consumer("agent"))
    use_case = register_use_case(claims=claims, actor=owner, now=NOW, reason="A pilot.")
    assert claims_of(use_case) == claims
    assert (use_case.stage, use_case.stage_since, use_case.claims_changed_at) == ("idea", NOW, NOW)
    assert use_case.acknowledged_at is None
    assert contexts(use_case) == [{"action": "register_use_case", "actor": "olga", "reason": "A pilot."}]


def test_another_order_is_no_change() -> None:
    product = make_product()
    make_port(product)
    use_case = make_use_case(
        products=[product, UsedProduct(product.slug, "rows")], consumers=[make_consumer(), make_consumer()]
    )
    claims = claims_of(use_case)
    turned = replace(claims, products=claims.products[::-1], consumers=claims.consumers[::-1])
    assert update_use_case(use_case=use_case, claims=turned, actor=None, now=LATER) == []
    assert len(contexts(use_case)) == 1


@pytest.mark.parametrize(
    ("maker", "business_owner", "is_allowed"),
    [
        (make_owner, "", True),
        (make_auditor, "", False),
        (make_governance, "olga", True),
        (make_owner, "olga", False),
        (make_person, "", False),
    ],
)
def test_who_registers_for_whom(maker: Callable[[], Person], business_owner: str, is_allowed: bool) -> None:
    make_owner("olga")
    actor, claims = maker(), use_case_claims("delays", business_owner)
    claims = replace(claims, outputs_owner=None, exceptions_owner=None)
    if is_allowed:
        use_case = register_use_case(claims=claims, actor=actor, now=NOW)
        assert use_case.business_owner.username == (business_owner or actor.username)
    else:
        with pytest.raises(ForbiddenError):
            register_use_case(claims=claims, actor=actor, now=NOW)
        assert not UseCase.objects.exists()


@pytest.mark.parametrize("part", ["products", "consumers", "measures"])
def test_a_part_that_cannot_be_leaves_nothing_behind(part: str) -> None:
    owner, product = make_owner("olga"), make_product("secret")
    wrong: dict[str, Any] = {
        "products": (UsedProduct(product.slug),),
        "consumers": ("nobody",),
        "measures": (measure_claims(owner="nobody"),),
    }
    with pytest.raises(InvalidError) as refusal:
        register_use_case(claims=use_case_claims("delays", "olga", **{part: wrong[part]}), actor=owner, now=NOW)
    assert refusal.value.field == part
    assert not UseCase.objects.exists()
    assert not Notification.objects.exists()


def test_what_was_named_stays_though_it_is_hidden_removed_or_has_left() -> None:
    owner, leaver = make_owner("olga"), make_owner("leo")
    product = make_product("orders", lifecycle=Lifecycle.PUBLISHED)
    port, agent = make_port(product), make_consumer()
    use_case = make_use_case(
        business_owner=owner,
        products=[UsedProduct("orders", "rows")],
        consumers=[agent],
        outputs_owner="leo",
        measures=[measure_claims(owner="leo")],
    )
    DataProduct.objects.update(lifecycle=Lifecycle.DRAFT)
    OutputPort.objects.filter(pk=port.pk).update(removed_at=NOW)
    Consumer.objects.update(status="retired")
    leaver.is_active = False
    leaver.save()
    assert change(use_case, owner, fallback="Another.") == [
        "fallback: The duty manager decides by last week's numbers. -> Another."
    ]
    with pytest.raises(InvalidError, match="leo"):
        change(use_case, owner, exceptions_owner="leo")


def test_material_changes_void_the_acknowledgement_and_others_do_not() -> None:
    use_case = make_use_case(is_acknowledged=True)
    assert change(use_case, None, name="Another name", description="More.")
    use_case.refresh_from_db()
    assert use_case.is_acknowledged
    assert change(use_case, None, step="In the morning")
    use_case.refresh_from_db()
    assert not use_case.is_acknowledged
    assert use_case.claims_changed_at == LATER


def test_a_change_that_waited_for_the_acknowledgement_voids_it_all_the_same() -> None:
    """Its moment is older than that of the acknowledgement, which was given before the change was there to be seen."""
    use_case = make_use_case()
    acknowledge_use_case(use_case=use_case, actor=use_case.business_owner, now=LATER + timedelta(minutes=1))
    change(use_case, None, step="In the morning")
    use_case.refresh_from_db()
    assert use_case.acknowledged_at is not None
    assert use_case.claims_changed_at > use_case.acknowledged_at
    assert not use_case.is_acknowledged


def test_what_changed_in_the_meantime_is_not_acknowledged() -> None:
    use_case = make_use_case()
    change(use_case, None, step="In the morning")
    with pytest.raises(ConflictError) as refusal:
        acknowledge_use_case(use_case=use_case, actor=use_case.business_owner, now=NOW)
    assert refusal.value.code == "changed_meanwhile"
    use_case.refresh_from_db()
    assert use_case.acknowledged_at is None


def test_handed_over_it_is_not_acknowledged_by_the_new_owner() -> None:
    use_case, olga = make_use_case(is_acknowledged=True), make_owner("olga")
    change(use_case, use_case.business_owner, business_owner="olga")
    use_case.refresh_from_db()
    assert (use_case.business_owner, use_case.is_acknowledged) == (olga, False)
    with pytest.raises(ForbiddenError):
        change(use_case, use_case.acknowledged_by, step="x")


@pytest.mark.parametrize("maker", [make_governance, make_auditor, make_owner, lambda: None])
def test_nobody_acknowledges_for_the_business_owner(maker: Callable[[], Person | None]) -> None:
    use_case = make_use_case()
    with pytest.raises(ForbiddenError):
        acknowledge_use_case(use_case=use_case, actor=maker(), now=LATER)
    use_case.business_owner.is_active = False
    use_case.business_owner.save()
    with pytest.raises(ForbiddenError):
        acknowledge_use_case(use_case=use_case, actor=use_case.business_owner, now=LATER)
    use_case.refresh_from_db()
    assert use_case.acknowledged_at is None
    assert len(contexts(use_case)) == 1


@pytest.mark.parametrize(("maker", "is_allowed"), [(make_governance, True), (make_auditor, False), (make_owner, False)])
def test_who_changes_it_besides_the_business_owner(maker: Callable[[], Person], is_allowed: bool) -> None:
    use_case, actor = make_use_case(), maker()
    if is_allowed:
        assert change(use_case, actor, step="x")
        return
    with pytest.raises(ForbiddenError):
        change(use_case, actor, step="x")
    assert len(contexts(use_case)) == 1


def test_a_refused_part_takes_the_rest_of_the_change_with_it() -> None:
    use_case = make_use_case(consumers=[make_consumer("agent")])
    with pytest.raises(InvalidError):
        change(use_case, None, step="x", consumers=(), measures=(measure_claims(owner="nobody"),))
    use_case.refresh_from_db()
    assert (use_case.step, use_case.consumers.count()) == ("The evening before", 1)


def test_a_retired_one_changes_in_nothing() -> None:
    agent, product = make_consumer(), make_product()
    use_case = make_use_case(products=[product], consumers=[agent])
    put_at(use_case, UseCaseStage.RETIRED)
    deeds: list[Callable[[], object]] = [
        lambda: change(use_case, None, name="x"),
        lambda: acknowledge_use_case(use_case=use_case, actor=use_case.business_owner, now=LATER),
        lambda: confirm_obligation(
            use_case=use_case,
            consumer=agent,
            product=product,
            obligation=Obligation("x"),
            how="x",
            actor=agent.owner,
            now=LATER,
        ),
    ]
    for deed in deeds:
        with pytest.raises(DomainError) as refusal:
            deed()
        assert refusal.value.code == "use_case_retired"


def test_a_measure_keeps_its_row_whatever_changes_about_it() -> None:
    use_case = make_use_case(measures=[measure_claims(owner=make_owner("olga").username)])
    before = use_case.measures.get()
    change(use_case, None, measures=(measure_claims(owner="olga", target=1.0, interval=timedelta(days=90)),))
    after = use_case.measures.get()
    assert (after.pk, after.created_at, after.target) == (before.pk, before.created_at, 1.0)


def test_a_measure_without_a_value_goes_and_the_history_keeps_it() -> None:
    use_case = make_use_case(measures=[measure_claims(owner=make_owner("olga").username)])
    change(use_case, None, measures=())
    assert not use_case.measures.exists()
    events = use_case.measures.model.pgh_event_model.objects  # type: ignore[attr-defined]  # set by pghistory
    assert list(events.order_by("pgh_id").values_list("pgh_label", flat=True)) == ["insert", "delete"]


def test_no_bad_measure_is_hidden_by_taking_it_away() -> None:
    use_case = make_use_case(measures=[measure_claims(owner=make_owner("olga").username)], is_acknowledged=True)
    measure = use_case.measures.get()
    OutcomeReport.objects.create(
        use_case=use_case, measure=measure, value=1.0, observed_at=NOW, reported_at=NOW, reported_by=use_case.business_owner
    )
    with pytest.raises(InvalidError) as refusal:
        change(use_case, None, measures=(), reason="  ")
    assert refusal.value.code == "reason_needed"
    assert change(use_case, None, measures=(), reason="We count otherwise.") == ["measure mean-error: removed"]
    measure.refresh_from_db()
    use_case.refresh_from_db()
    assert (measure.retired_at, measure.reports.count(), use_case.is_acknowledged) == (LATER, 1, False)
    assert claims_of(use_case).measures == ()
    assert contexts(use_case)[-1]["reason"] == "We count otherwise."
    change(use_case, None, measures=(measure_claims(owner="olga"),))
    measure.refresh_from_db()
    assert measure.retired_at is None


def test_owners_of_newly_named_consumers_are_told_each_time_and_once() -> None:
    agent, own = make_consumer("agent"), make_consumer("own", owner=make_owner("olga"))
    use_case = make_use_case(business_owner=own.owner, consumers=[agent])
    change(use_case, own.owner, consumers=("agent", "own"))
    change(use_case, own.owner, step="x")
    assert list(Notification.objects.values_list("consumer__slug", flat=True)) == ["agent"]
    change(use_case, own.owner, consumers=())
    update_use_case(
        use_case=use_case, claims=replace(claims_of(use_case), consumers=("agent",)), actor=own.owner, now=LATER + timedelta(1)
    )
    assert Notification.objects.filter(consumer=agent).count() == 2


@pytest.mark.parametrize(("stage", "told"), [(UseCaseStage.PILOT, 0), (UseCaseStage.APPROVED, 2), (UseCaseStage.PRODUCTION, 2)])
def test_a_material_change_of_what_was_approved_is_told_to_governance_and_the_owner(stage: UseCaseStage, told: int) -> None:
    use_case, gina, other = make_use_case(), make_governance("gina"), make_governance("grete")
    put_at(use_case, stage, approver=other)
    change(use_case, gina, name="Only words")
    change(use_case, gina, step="In the morning", reason="The rota moved.")
    notices = Notification.objects.filter(kind="use_case.changed")
    assert {notice.person for notice in notices} == ({other, use_case.business_owner} if told else set())
    assert all("step: The evening before -> In the morning" in notice.text for notice in notices)
    assert all("The rota moved." in notice.text for notice in notices)


def test_the_consumers_owner_confirms_and_renews() -> None:
    agent, product = make_consumer("agent"), make_product()
    use_case = make_use_case(products=[product], consumers=[agent])
    said: dict[str, Any] = {"use_case": use_case, "consumer": agent, "product": product, "actor": agent.owner}
    confirm_obligation(**said, obligation=Obligation("delete_after", days=30), how="A job.", now=NOW)
    confirm_obligation(**said, obligation=Obligation("delete_after", days=30), how=" Two jobs. ", now=LATER)
    confirm_obligation(**said, obligation=Obligation("delete_after", days=31), how="A job.", now=LATER)
    kept = ObligationConfirmation.objects.order_by("id").values_list("obligation", "how", "confirmed_at")
    assert list(kept) == [
        ('{"days":30,"type":"delete_after"}', "Two jobs.", LATER),
        ('{"days":31,"type":"delete_after"}', "A job.", LATER),
    ]


def test_a_confirmation_goes_with_its_consumer_or_product() -> None:
    agent, bot, product, other = make_consumer("agent"), make_consumer("bot"), make_product("a"), make_product("b")
    use_case = make_use_case(products=[product, other], consumers=[agent, bot])
    for consumer in (agent, bot):
        for one in (product, other):
            confirm_obligation(
                use_case=use_case,
                consumer=consumer,
                product=one,
                obligation=Obligation("x"),
                how="x",
                actor=consumer.owner,
                now=NOW,
            )
    change(use_case, None, products=(UsedProduct("a"),))
    change(use_case, None, consumers=("bot",))
    kept = ObligationConfirmation.objects.get()
    assert (kept.consumer, kept.product) == (bot, product)


def test_who_sees_which_use_case() -> None:
    product, agent, steward, measurer = make_product(), make_consumer(), make_person(), make_person("mia")
    outputs, exceptions = make_person("outi"), make_person("exi")
    product.stewards.add(steward)
    use_case = make_use_case(
        products=[product],
        consumers=[agent],
        outputs_owner="outi",
        exceptions_owner="exi",
        measures=[measure_claims(owner="mia")],
    )
    concerned = [use_case.business_owner, product.owner, agent.owner, steward, measurer, outputs, exceptions]
    for person in (*concerned, make_governance(), make_auditor()):
        assert list(visible_use_cases(person)) == [use_case], person
    for person in (make_owner(), make_person()):
        assert not visible_use_cases(person).exists()
    for person in concerned:
        person.is_active = False
        assert not visible_use_cases(person).exists(), "an account that is closed sees nothing"
