"""A policy that names a use case never permits a consumer that does not act in it, whatever name the question borrows."""

from datetime import timedelta
from time import perf_counter_ns
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Consumer, DataProduct, UseCase
from catalog.rules.vocabulary import Effect
from tests.factories import make_consumer, make_governance, make_governed_product, make_owner, make_policy, make_use_case
from tests.trust.builders import make_ready_port, run_well
from trust.decisions.queries.resolved_question import resolve_questions
from trust.decisions.rules.question import Asker, Conclusion, PartInUseCase, Question
from trust.decisions.services.decide import answer
from trust.models import Decision
from trust.verdicts.rules.answer import DECISION_ID_MARK
from trust.vocabulary import DecisionChannel

pytestmark = pytest.mark.django_db

NAMED = """
{effect} (principal, action == Touchstone::Action::"consume", resource == Touchstone::DataProduct::"orders")
when {{ context has use_case && context.use_case {test} }};
"""


@pytest.fixture
def product() -> DataProduct:
    product = make_governed_product("orders")
    run_well(make_ready_port(product))
    return product


@pytest.fixture
def agent() -> Consumer:
    return make_consumer("agent")


def publish(test: str = '== "u4"', *, effect: str = "permit", **claims: Any) -> None:
    product = DataProduct.objects.get(slug="orders")
    cedar = NAMED.format(effect=effect, test=test)
    make_policy(product, f"in-{effect}", effect=Effect(effect), consumer_kinds=(), purposes=(), cedar=cedar, **claims)


def ask(agent: Consumer, use_case: str | None = "u4", purpose: str = "ai.decision-support", **more: Any) -> Decision:
    person = make_owner()
    asker = Asker(person.pk, agent.pk, agent.slug, None, "request", perf_counter_ns())
    question = Question("orders", purpose=purpose, use_case=use_case, **more)

    def word(found: Conclusion) -> dict[str, Any]:
        return {"id": DECISION_ID_MARK, "decision": found.decision}

    [found] = answer(
        asker=asker,
        subject=agent.slug,
        channel=DecisionChannel.EVALUATION,
        questions=[question],
        word=word,
        now=timezone.now(),
    )
    return Decision.objects.get(pk=found.decision_id)


def test_a_member_is_permitted(product: DataProduct, agent: Consumer) -> None:
    make_use_case("u4", consumers=[agent])
    publish()
    assert ask(agent).decision


@pytest.mark.parametrize("test", ['== "u4"', '== "u4" && context.purpose == "ai.decision-support"', 'like "u*"', '!= "u9"'])
@pytest.mark.parametrize("others", [(), ("other",)])
def test_a_borrowed_use_case_never_permits(product: DataProduct, agent: Consumer, test: str, others: tuple[str, ...]) -> None:
    make_use_case("u4", consumers=[make_consumer(name) for name in others])
    make_use_case("u5", consumers=[agent])
    publish(test)
    row = ask(agent)
    assert not row.decision
    assert "not_in_use_case" in row.reason_codes
    assert "use_case" not in row.ruling["request"]["context"]  # type: ignore[index]


@pytest.mark.parametrize("name", ["u4", "U4", "u4 ", "nobody-knows", "\u200bu4", "u" * 200])
def test_an_unknown_use_case_is_a_denial_with_its_own_reason(product: DataProduct, agent: Consumer, name: str) -> None:
    make_use_case("u5", consumers=[agent])
    publish('like "*"')
    row = ask(agent, name)
    assert (row.decision, "use_case_unknown" in row.reason_codes) == (False, True)


def test_who_left_the_use_case_is_not_permitted(product: DataProduct, agent: Consumer) -> None:
    use_case = make_use_case("u4", consumers=[agent])
    publish()
    assert ask(agent).decision
    use_case.consumers.remove(agent)
    assert not ask(agent).decision


def test_without_a_use_case_nothing_is_borrowed(product: DataProduct, agent: Consumer) -> None:
    make_use_case("u4", consumers=[agent])
    publish()
    row = ask(agent, None)
    assert (row.decision, row.reason_codes) == (False, ["purpose_not_permitted"])


@pytest.mark.parametrize("named", [None, "u4", "u5"])
def test_a_policy_that_names_none_permits_whichever_is_named(product: DataProduct, agent: Consumer, named: str | None) -> None:
    make_use_case("u4", consumers=[agent])
    make_use_case("u5")
    assert ask(agent, named, "analytics").decision


@pytest.mark.parametrize("is_member", [True, False])
def test_a_forbid_sees_every_name(product: DataProduct, agent: Consumer, is_member: bool) -> None:
    make_use_case("u4", consumers=[agent] if is_member else [])
    publish(effect="forbid")
    row = ask(agent, "u4", "analytics")
    assert (row.decision, row.reason_codes) == (False, ["forbidden_by_policy"])


@pytest.mark.parametrize("has_left", [False, True])
def test_a_past_answer_goes_by_who_acted_in_it_then(product: DataProduct, agent: Consumer, has_left: bool) -> None:
    use_case = make_use_case("u4", consumers=[agent])
    UseCase.objects.filter(pk=use_case.pk).update(created_at=timezone.now() - timedelta(days=1))
    publish()
    if has_left:
        use_case.consumers.remove(agent)
    assert ask(agent, as_of=timezone.now()).decision is not has_left


@pytest.mark.parametrize(
    ("named", "part"),
    [(None, None), ("u4", PartInUseCase.MEMBER), ("u5", PartInUseCase.STRANGER), ("u6", PartInUseCase.UNKNOWN)],
)
def test_what_an_answer_rests_on_says_the_part(
    product: DataProduct, agent: Consumer, named: str | None, part: PartInUseCase | None
) -> None:
    make_use_case("u4", consumers=[agent])
    make_use_case("u5")
    governance = make_governance()
    asker = Asker(governance.pk, agent.pk, agent.slug, None, "request", perf_counter_ns())
    [resolved] = resolve_questions(asker, agent.slug, [Question("orders", purpose="analytics", use_case=named)])
    assert resolved.part_in_use_case is part
