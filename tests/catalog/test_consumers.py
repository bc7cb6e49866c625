"""Consumers: who registers, changes, clears, suspends, retires and hands over; each refusal; and what the history keeps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from catalog.models import Consumer, Person
from catalog.rules.consumers import ConsumerClaims, ConsumerDetails
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Sensitivity
from catalog.services.consumers import (
    change_consumer,
    consumer_of_person,
    details_of,
    hand_over_consumer,
    reactivate_consumer,
    register_consumer,
    retire_consumer,
    set_clearance,
    suspend_consumer,
)
from tests.factories import make_auditor, make_governance, make_owner, make_person

pytestmark = pytest.mark.django_db
Action = Callable[[Consumer, Person], Any]

ACTIONS: dict[str, Action] = {
    "change": lambda c, who: change_consumer(consumer=c, details=ConsumerDetails(name="Other"), actor=who),
    "clear": lambda c, who: set_clearance(consumer=c, clearance=Sensitivity.RESTRICTED, actor=who),
    "suspend": lambda c, who: suspend_consumer(consumer=c, actor=who),
    "reactivate": lambda c, who: reactivate_consumer(consumer=c, actor=who),
    "retire": lambda c, who: retire_consumer(consumer=c, actor=who),
    "hand over": lambda c, who: hand_over_consumer(consumer=c, owner="sven", actor=who),
}


@dataclass(frozen=True)
class Cast:
    owner: Person
    stranger: Person
    governance: Person
    auditor: Person
    nobody: Person
    agent: Consumer


def claims(slug: str = "scout", kind: ConsumerKind = ConsumerKind.AI_AGENT, **said: Any) -> ConsumerClaims:
    details = {name: said.pop(name) for name in ("name", "description", "contact_email", "webhook_url") if name in said}
    return ConsumerClaims(slug=slug, kind=kind, details=ConsumerDetails(**{"name": "Scout", **details}), **said)


@pytest.fixture
def cast() -> Cast:
    owner = make_owner("olga")
    return Cast(
        owner=owner,
        stranger=make_owner("sven"),
        governance=make_governance("gina"),
        auditor=make_auditor("anna"),
        nobody=make_person("nils"),
        agent=register_consumer(claims=claims(), actor=owner),
    )


def last_entry(consumer: Consumer) -> tuple[str, dict[str, Any]]:
    event = Consumer.pgh_event_model.objects.filter(pgh_obj_id=consumer.pk).order_by("-pgh_id").first()  # type: ignore[attr-defined]
    return event.pgh_label, event.pgh_context.metadata


def test_whoever_registers_a_consumer_answers_for_it(cast: Cast) -> None:
    agent = cast.agent
    assert (agent.owner, agent.status, agent.clearance) == (cast.owner, ConsumerStatus.ACTIVE, Sensitivity.INTERNAL)
    assert last_entry(agent) == ("insert", {"action": "register_consumer", "actor": "olga"})


@pytest.mark.parametrize("kind", [ConsumerKind.SERVICE, ConsumerKind.AI_AGENT, ConsumerKind.AI_MODEL])
def test_owners_and_governance_register_consumers_of_every_kind_but_people(cast: Cast, kind: ConsumerKind) -> None:
    for person in (cast.owner, cast.governance):
        slug = f"{person.username}-{kind}".replace("_", "-")
        assert register_consumer(claims=claims(slug, kind), actor=person).owner == person
    with pytest.raises(InvalidError, match="first key"):
        register_consumer(claims=claims("me", ConsumerKind.PERSON), actor=cast.governance)


def test_an_auditor_changes_nothing_and_registers_nothing(cast: Cast) -> None:
    with pytest.raises(ForbiddenError):
        register_consumer(claims=claims("spy", ConsumerKind.SERVICE), actor=cast.auditor)


def test_without_a_role_or_an_active_account_nobody_registers(cast: Cast) -> None:
    gone = make_owner("gone")
    gone.is_active = False
    gone.save()
    for person in (cast.nobody, gone):
        with pytest.raises(ForbiddenError, match="needs a role"):
            register_consumer(claims=claims("more"), actor=person)
    assert not Consumer.objects.filter(slug="more").exists()


def test_governance_registers_for_others_and_owners_only_for_themselves(cast: Cast) -> None:
    assert register_consumer(claims=claims("for-sven", owner="sven"), actor=cast.governance).owner == cast.stranger
    with pytest.raises(ForbiddenError, match="for sven"):
        register_consumer(claims=claims("more", owner="sven"), actor=cast.owner)


def test_an_owner_who_is_missing_or_gone_cannot_answer_for_a_consumer(cast: Cast) -> None:
    make_person("gone", is_active=False)
    for owner, code in (("nobody-here", "person_unknown"), ("gone", "person_inactive")):
        with pytest.raises(InvalidError) as raised:
            register_consumer(claims=claims("more", owner=owner), actor=None)
        assert (raised.value.code, raised.value.field) == (code, "owner")


def test_only_governance_registers_with_a_clearance_above_internal(cast: Cast) -> None:
    with pytest.raises(ForbiddenError, match="clearance confidential"):
        register_consumer(claims=claims("more", clearance=Sensitivity.CONFIDENTIAL), actor=cast.owner)
    made = register_consumer(claims=claims("more", clearance=Sensitivity.CONFIDENTIAL), actor=cast.governance)
    assert made.clearance == Sensitivity.CONFIDENTIAL
    assert register_consumer(claims=claims("less", clearance=Sensitivity.PUBLIC), actor=cast.owner).clearance == "public"


@pytest.mark.parametrize("slug", ["", "Scout", "scout ", "-scout", "scout-", "sc//out", "sc--out", "schütz", "x" * 81])
def test_a_slug_that_cannot_be_one_is_refused(cast: Cast, slug: str) -> None:
    with pytest.raises(InvalidError) as raised:
        register_consumer(claims=claims(slug), actor=cast.governance)
    assert raised.value.field == "slug"


def test_a_slug_is_given_once_and_nobody_takes_the_name_of_a_person(cast: Cast) -> None:
    for slug in ("scout", "gina"):
        with pytest.raises(ConflictError) as raised:
            register_consumer(claims=claims(slug), actor=cast.stranger)
        assert (raised.value.code, raised.value.field) == ("slug_exists", "slug")
    with pytest.raises(ConflictError):
        register_consumer(claims=claims("scout", owner="sven"), actor=None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "  "), ("name", "x" * 201), ("contact_email", "nobody"), ("webhook_url", "http://example.org/")],
)
def test_details_that_cannot_hold_are_refused_and_change_nothing(cast: Cast, field: str, value: str) -> None:
    with pytest.raises(InvalidError) as raised:
        change_consumer(consumer=cast.agent, details=replace(details_of(cast.agent), **{field: value}), actor=cast.owner)
    assert raised.value.field == field
    cast.agent.refresh_from_db()
    assert details_of(cast.agent) == ConsumerDetails(name="Scout")


def test_a_webhook_on_this_machine_needs_the_environment_to_allow_it(cast: Cast, settings: Any) -> None:
    told = replace(details_of(cast.agent), webhook_url="http://127.0.0.1:9000/hook")
    with pytest.raises(InvalidError):
        change_consumer(consumer=cast.agent, details=told, actor=cast.owner)
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"webhook_loopback": True})
    assert change_consumer(consumer=cast.agent, details=told, actor=cast.owner).webhook_url == told.webhook_url


ALLOWED = {
    "change": {"owner", "governance"},
    "clear": {"governance"},
    "suspend": {"owner", "governance"},
    "reactivate": {"governance"},
    "retire": {"owner", "governance"},
    "hand over": {"owner", "governance"},
}


@pytest.mark.parametrize("role", ["owner", "stranger", "governance", "auditor", "nobody"])
@pytest.mark.parametrize("action", list(ACTIONS))
def test_each_action_is_done_by_whom_it_is_for_and_recorded_or_refused_and_not(cast: Cast, action: str, role: str) -> None:
    actor: Person = getattr(cast, role)
    if action == "reactivate":
        suspend_consumer(consumer=cast.agent, actor=cast.owner)
    before = Consumer.objects.filter(pk=cast.agent.pk).values().get()
    if role in ALLOWED[action]:
        ACTIONS[action](cast.agent, actor)
        assert Consumer.objects.filter(pk=cast.agent.pk).values().get() != before
        assert last_entry(cast.agent)[1]["actor"] == actor.username
    else:
        with pytest.raises(ForbiddenError):
            ACTIONS[action](cast.agent, actor)
        assert Consumer.objects.filter(pk=cast.agent.pk).values().get() == before


def test_who_owned_it_when_it_was_read_but_does_no_more_is_refused(cast: Cast) -> None:
    as_it_was = Consumer.objects.get(pk=cast.agent.pk)
    hand_over_consumer(consumer=cast.agent, owner="sven", actor=cast.governance)
    with pytest.raises(ForbiddenError):
        retire_consumer(consumer=as_it_was, actor=cast.owner)


def test_a_retired_consumer_never_comes_back_and_never_changes(cast: Cast) -> None:
    retired = retire_consumer(consumer=cast.agent, actor=cast.owner)
    assert retire_consumer(consumer=retired, actor=cast.owner).status == ConsumerStatus.RETIRED
    for name, action in ACTIONS.items():
        if name == "retire":
            continue
        with pytest.raises(ConflictError) as raised:
            action(retired, cast.governance)
        assert raised.value.code == "consumer_retired"
    with pytest.raises(ConflictError):
        register_consumer(claims=claims(), actor=cast.owner)


def test_doing_it_twice_writes_the_history_once(cast: Cast) -> None:
    events = Consumer.pgh_event_model.objects.filter(pgh_obj_id=cast.agent.pk)  # type: ignore[attr-defined]
    for _ in range(2):
        suspend_consumer(consumer=cast.agent, actor=cast.owner)
        change_consumer(consumer=cast.agent, details=details_of(cast.agent), actor=cast.owner)
    assert [event.pgh_label for event in events.order_by("pgh_id")] == ["insert", "update"]


def test_a_person_is_one_consumer_that_is_suspended_but_neither_retired_nor_handed_over(cast: Cast) -> None:
    own = consumer_of_person(cast.owner)
    assert consumer_of_person(cast.owner) == own
    assert (own.slug, own.kind, own.owner) == ("olga", "person", cast.owner)
    for action in ("retire", "hand over"):
        with pytest.raises(ConflictError) as raised:
            ACTIONS[action](own, cast.governance)
        assert raised.value.code == "consumer_is_a_person"
    assert suspend_consumer(consumer=own, actor=cast.governance).status == ConsumerStatus.SUSPENDED


def test_a_person_whose_name_a_consumer_bears_already_gets_another_slug(cast: Cast) -> None:
    register_consumer(claims=claims("later"), actor=cast.governance)
    assert consumer_of_person(make_owner("later")).slug == "later.person"


def test_a_consumer_goes_to_active_people_only(cast: Cast) -> None:
    make_person("gone", is_active=False)
    for owner in ("gone", "nobody-here", ""):
        with pytest.raises(DomainError) as raised:
            hand_over_consumer(consumer=cast.agent, owner=owner, actor=cast.governance)
        assert raised.value.field == "owner"
