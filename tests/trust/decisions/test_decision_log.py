"""What is answered to whom, what the log keeps of it, and that nobody changes it."""

from datetime import timedelta
from time import perf_counter_ns
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from msgspec.structs import replace

from catalog.models import OutputPort
from catalog.rules.errors import ForbiddenError
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from catalog.services.api_keys import revoke_key
from catalog.services.consumers import consumer_of_person, set_enforcement_point
from tests.api.callers import Caller, Cast, assert_problem, make_cast
from tests.factories import make_agreement, make_consumer, make_governed_product, make_policy, make_use_case
from tests.trust.builders import make_ready_port, run_well
from trust.decisions.queries.prepared import Statement
from trust.decisions.rules.question import Asker, Conclusion, Question
from trust.decisions.services.decide import answer
from trust.models import CurrentVerdict, Decision
from trust.verdicts.rules.answer import DECISION_ID_MARK
from trust.vocabulary import DecisionChannel

PURPOSE = "ai.decision-support"
pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db: None) -> Cast:
    cast = make_cast()
    cast.consumer.key_row.scopes = ["trust:read", "decide"]
    cast.consumer.key_row.save()
    set_enforcement_point(consumer=cast.consumer.key_row.consumer, is_enforcement_point=True, actor=None)
    return cast


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    """Of a production-grade product that AI agents may use for decision support, with a duty."""
    port = make_ready_port(make_governed_product("orders", owner=cast.owner.person))
    run_well(port, timezone.now() - timedelta(hours=1))
    make_policy(
        port.product, "agents", purposes=(PURPOSE,), consumer_kinds=(ConsumerKind.AI_AGENT,), obligations=("cite-source",)
    )
    return port


def word(finding: Conclusion) -> dict[str, Any]:
    return {"decision": finding.decision, "context": {"id": DECISION_ID_MARK, "use_case": finding.question.use_case}}


def asker_of(caller: Caller) -> Asker:
    consumer = caller.key_row.consumer
    return Asker(consumer.owner_id, consumer.pk, consumer.slug, caller.key_row.pk, "the-request", perf_counter_ns())


def ask(
    caller: Caller, subject: str, *questions: Question, channel: DecisionChannel = DecisionChannel.EVALUATION
) -> list[Decision]:
    found = answer(asker=asker_of(caller), subject=subject, channel=channel, questions=questions, word=word, now=timezone.now())
    rows = Decision.objects.in_bulk([one.decision_id for one in found])
    assert [rows[one.decision_id].answer for one in found] == [one.body for one in found]
    assert Decision.objects.count() == len(found)
    return [rows[one.decision_id] for one in found]


def test_a_permitted_agent_gets_a_yes_with_its_duty(cast: Cast, port: OutputPort) -> None:
    agent = make_consumer("agent")
    make_use_case("support", consumers=[agent])
    [row] = ask(cast.consumer, "agent", Question("orders", purpose=PURPOSE, use_case="support"))

    current = CurrentVerdict.objects.get()
    assert (row.decision, row.production_grade, row.verdict, row.score) == (True, True, "production_grade", current.score)
    assert (row.consumer_id, row.subject, row.asker, row.key_id) == (agent.pk, "agent", "carl", cast.consumer.key_row.pk)
    assert (row.channel, row.product_id, row.product_slug) == ("evaluation", port.product_id, "orders")
    assert (row.purpose, row.use_case, row.action, row.request_id) == (PURPOSE, "support", "consume", "the-request")
    assert (row.verdict_row_id, row.valid_until) == (current.verdict_row_id, current.valid_until)
    assert row.obligations == [{"type": "cite-source"}]
    assert row.basis == current.basis
    assert row.basis is not None
    assert set(row.basis) == {"product_version", "contracts", "evidence", "trust_policy", "facts_digest"}
    assert row.ruling is not None
    assert [policy["name"] for policy in row.ruling["policies"]] == ["readers", "agents"]
    assert [policy["name"] for policy in row.ruling["determining"]] == ["agents"]
    assert (row.ruling["is_permitted"], row.reason_codes, row.question) == (True, [], None)
    assert row.answer == f'{{"decision":true,"context":{{"id":{row.id},"use_case":"support"}}}}'
    assert row.latency_us > 0


def test_a_mark_in_what_is_asked_is_not_taken_for_ours(cast: Cast, port: OutputPort) -> None:
    make_consumer("agent")
    [row] = ask(cast.consumer, "agent", Question("orders", purpose=PURPOSE, use_case="\x01"))
    assert row.answer == f'{{"decision":false,"context":{{"id":{row.id},"use_case":"\\u0001"}}}}'


@pytest.mark.parametrize(
    ("kind", "clearance", "purpose", "why"),
    [
        (ConsumerKind.AI_AGENT, Sensitivity.INTERNAL, "ai.training", "no_policy_permits"),
        (ConsumerKind.AI_MODEL, Sensitivity.INTERNAL, PURPOSE, "no_policy_permits"),
        (ConsumerKind.AI_AGENT, Sensitivity.PUBLIC, PURPOSE, "clearance"),
    ],
)
def test_whoever_is_not_permitted_gets_a_reasoned_no(
    cast: Cast, port: OutputPort, kind: ConsumerKind, clearance: Sensitivity, purpose: str, why: str
) -> None:
    make_consumer("agent", kind=kind, clearance=clearance)
    [row] = ask(cast.consumer, "agent", Question("orders", purpose=purpose))
    assert (row.decision, row.production_grade) == (False, True)
    assert row.ruling is not None
    assert row.ruling["is_permitted"] is False
    assert row.reason_codes == [reason["code"] for reason in row.ruling["reasons"]] != []


def test_an_unfit_product_is_a_no_even_where_it_is_permitted(cast: Cast, port: OutputPort) -> None:
    make_consumer("agent")
    run_well(port, timezone.now(), failed=1)
    [row] = ask(cast.consumer, "agent", Question("orders", purpose=PURPOSE))
    assert (row.decision, row.production_grade) == (False, False)
    assert row.ruling is not None
    assert row.ruling["is_permitted"] is True
    assert row.reason_codes == ["critical_check_failed", "dimension_uncovered"]


def test_what_is_not_known_is_a_no_in_the_log(cast: Cast, port: OutputPort) -> None:
    make_consumer("agent")
    make_consumer("asleep", status="suspended")
    rows = ask(
        cast.consumer,
        "agent",
        Question("none-such", purpose=PURPOSE),
        Question("orders", purpose="fun"),
        Question("orders"),
        Question("orders", purpose=PURPOSE, subject="nobody"),
        Question("orders", purpose=PURPOSE, subject="asleep"),
        Question("orders", purpose=PURPOSE, subject_kind=ConsumerKind.SERVICE),
        Question("orders", purpose=PURPOSE),
    )
    assert [row.reason_codes for row in rows] == [
        ["product_unknown"],
        ["purpose_unknown"],
        ["purpose_missing"],
        ["subject_unknown"],
        ["subject_inactive"],
        ["subject_unknown"],
        [],
    ]
    assert [row.decision for row in rows] == [False] * 6 + [True]
    assert [row.id for row in rows] == sorted(row.id for row in rows)


def test_an_agent_asks_about_itself_only(cast: Cast, port: OutputPort) -> None:
    agent = make_consumer("agent", owner=cast.consumer.person)
    make_consumer("other")
    cast.consumer.key_row.consumer = agent
    cast.consumer.key_row.save()
    own, foreign = ask(
        cast.consumer, "agent", Question("orders", purpose=PURPOSE), Question("orders", PURPOSE, subject="other")
    )
    assert (own.decision, foreign.decision, foreign.reason_codes) == (True, False, ["subject_not_asker"])


def test_an_agreement_that_a_policy_demands_makes_the_difference(cast: Cast, port: OutputPort) -> None:
    agent = make_consumer("agent")
    make_policy(port.product, "granted", purposes=("ai.training",), agreement_required=True)
    question = Question("orders", purpose="ai.training")
    [before] = ask(cast.consumer, "agent", question)
    assert before.decision is False
    agreement = make_agreement(agent, port.product, "ai.training", now=timezone.now())
    found = answer(
        asker=asker_of(cast.consumer),
        subject="agent",
        channel=DecisionChannel.EVALUATION,
        questions=[question],
        word=word,
        now=timezone.now(),
    )
    row = Decision.objects.get(pk=found[0].decision_id)
    assert row.ruling is not None
    assert (row.decision, row.ruling["agreement"]) == (True, agreement.pk)


def test_a_forbid_overrides_what_is_permitted(cast: Cast, port: OutputPort) -> None:
    make_consumer("agent")
    make_policy(port.product, "never", effect=Effect.FORBID, purposes=(PURPOSE,))
    [row] = ask(cast.consumer, "agent", Question("orders", purpose=PURPOSE))
    assert row.ruling is not None
    assert (row.decision, [policy["name"] for policy in row.ruling["determining"]]) == (False, ["never"])


@pytest.mark.parametrize(
    ("question", "decision", "asked"),
    [
        (Question("orders", minimum_score=0), True, {"min_score": 0}),
        (Question("orders", minimum_score=99), False, {"min_score": 99}),
        (Question("orders", maximum_evidence_age=timedelta(days=300)), True, {"max_evidence_age": "P300D"}),
        (Question("orders", maximum_evidence_age=timedelta(minutes=5)), False, {"max_evidence_age": "PT5M"}),
    ],
)
def test_a_condition_of_the_caller_decides_for_the_caller_alone(
    cast: Cast, port: OutputPort, question: Question, decision: bool, asked: dict[str, float]
) -> None:
    [row] = ask(cast.consumer, "carl", question, channel=DecisionChannel.TRUST)
    assert (row.decision, row.production_grade, row.question) == (decision, True, asked)


def test_a_key_that_was_revoked_meanwhile_gets_nothing(cast: Cast, port: OutputPort) -> None:
    asker = asker_of(cast.consumer)
    assert cast.consumer.person is not None
    revoke_key(person=cast.consumer.person, key_id=cast.consumer.key_row.pk, now=timezone.now())
    with pytest.raises(ForbiddenError, match="was revoked during the request"):
        answer(
            asker=asker,
            subject="carl",
            channel=DecisionChannel.TRUST,
            questions=[Question("orders")],
            word=word,
            now=timezone.now(),
        )
    assert not Decision.objects.exists()


def test_one_row_for_an_answer_and_none_for_a_refusal(cast: Cast, port: OutputPort) -> None:
    address = "/api/v1/products/orders/trust"
    for refused, status, code in (
        (cast.nobody.get(address), 401, "not_authenticated"),
        (cast.consumer.get("/api/v1/products/none-such/trust"), 404, "product_unknown"),
        (cast.consumer.get(f"{address}?purpose=fun"), 400, "purpose_unknown"),
    ):
        assert_problem(refused, status, code)
    assert not Decision.objects.exists()
    callers = (cast.owner, cast.consumer, cast.stranger, cast.governance)
    for query in ("", f"?purpose={PURPOSE}", "?detail=full", "?min_score=10"):
        for caller in callers:
            response = caller.get(address + query)
            row = Decision.objects.get(pk=response.json()["decision_id"])
            assert row.answer.encode() == response.content
            assert row.consumer_id == consumer_of_person(caller.person).pk  # type: ignore[arg-type]
            assert row.decision is response.json()["decision"]
    assert Decision.objects.count() == 16


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trust_decision SET decision = false",
        "DELETE FROM trust_decision",
        "TRUNCATE trust_decision",
        "UPDATE trust_decision_default SET answer = ''",
    ],
)
def test_nobody_changes_what_was_answered(cast: Cast, port: OutputPort, statement: str) -> None:
    cast.consumer.get("/api/v1/products/orders/trust")
    if "default" in statement:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM trust_decision")
            statement = statement.replace("trust_decision_default", cursor.fetchone()[0])
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Decision.objects.count() == 1


def test_the_database_refuses_a_yes_about_data_that_is_not_fit(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="decision_only_on_good_data"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trust_decision (channel, subject, asker, product_slug, decision, production_grade, verdict,"
            " request_id, latency_us, answer) VALUES ('trust', 'x', 'x', 'x', true, false, 'unknown', 'x', 1, '{}')"
        )


@pytest.mark.parametrize(
    "text", ['a "quoted" one', "back\\slash", "{a,b}", "NULL", "", "two\nlines", "%s und ß → 名", "it's; --"]
)
def test_one_question_and_many_keep_any_text_as_it_was_asked(cast: Cast, port: OutputPort, text: str) -> None:
    make_consumer("agent")
    question = Question("orders", purpose=PURPOSE, use_case=text, properties={"said": [text]})
    [alone] = ask(cast.consumer, "agent", question)
    rows = answer(
        asker=asker_of(cast.consumer),
        subject="agent",
        channel=DecisionChannel.EVALUATION,
        questions=[question, replace(question, use_case=None, product=text), question, replace(question, use_case=None)],
        word=word,
        now=timezone.now(),
    )
    first, other, last, ruled = (Decision.objects.get(pk=row.decision_id) for row in rows)
    for row in (alone, first, last):
        assert (row.use_case, row.question, row.reason_codes) == (text, {"properties": {"said": [text]}}, alone.reason_codes)
        assert row.answer == alone.answer.replace(str(alone.pk), str(row.pk))
    assert (other.use_case, other.product_slug, other.product_id) == (None, text, None)
    assert (ruled.decision, ruled.question) == (True, {"properties": {"said": [text]}})


def test_a_text_that_would_end_early_is_refused(transactional_db: None) -> None:
    with pytest.raises(DatabaseError, match="NUL"):
        Statement("nul", "SELECT %s::text").rows("a\0b")
