"""POST /access/v1/evaluation and /access/v1/evaluations: decisions, one or a batch (AuthZEN 1.0, sections 6 and 7).

A deny is an answer (200), and so is the error of one item of a batch: a deny that says what went wrong. Every answer is in
the log before it leaves.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from msgspec.structs import replace

from api.authzen.callers import Caller, answers_callers
from api.authzen.entities import LONGEST_RESOURCE, LONGEST_SUBJECT, LONGEST_TYPE, Batch, Evaluation, Semantic
from api.authzen.messages import MalformedRequestError, read_message, structured
from api.authzen.questions import question_of
from api.authzen.rendering import FAILED, MALFORMED, decision_of
from api.bodies import json_answer
from catalog.rules.errors import DomainError
from catalog.rules.ruling import RulingReason
from trust.decisions.rules.question import Answered, Question
from trust.decisions.services.decide import answer
from trust.vocabulary import DecisionChannel

log = logging.getLogger(__name__)
PATH = "/access/v1/evaluation"
MOST_EVALUATIONS = 500
ENTITIES = ("subject", "action", "resource", "context")
EVALUATION_FAILED = RulingReason(
    FAILED,
    "Internal error during evaluation; access is denied.",
    "Retry later; if this persists, give the decision_id to the operator.",
)


@answers_callers
def evaluate(request: HttpRequest, caller: Caller) -> HttpResponse:
    """May this subject do this with this resource?"""
    return _one(read_message(request), caller, DecisionChannel.EVALUATION)


@answers_callers
def evaluate_batch(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The same for up to 500 questions at once, in their order. Without `evaluations` it is one question."""
    message = read_message(request)
    batch = structured(message, Batch)
    if not batch.evaluations:
        return _one(message, caller, DecisionChannel.EVALUATIONS)
    if len(batch.evaluations) > MOST_EVALUATIONS:
        text = f"`evaluations` has {len(batch.evaluations)} items; at most {MOST_EVALUATIONS} are decided at once."
        raise MalformedRequestError(text, field="evaluations", code="too_many_evaluations")
    defaults = {name: message[name] for name in ENTITIES if name in message}
    questions = [_question_of_item(item, defaults) for item in batch.evaluations]
    semantic = (batch.options and batch.options.evaluations_semantic) or Semantic.EXECUTE_ALL
    answers = _answered(caller, questions, semantic.last_decision)
    return json_answer('{"evaluations":[' + ",".join(answered.body for answered in answers) + "]}")


def _one(message: Mapping[str, Any], caller: Caller, channel: DecisionChannel) -> HttpResponse:
    question = question_of(structured(message, Evaluation))
    (answered,) = _ask(caller, channel, [question])
    return json_answer(answered.body)


def question_in(request: HttpRequest) -> Question:
    """What a request to `PATH` asks. Raises `MalformedRequestError`, `PayloadTooLarge`, `LengthRequired`."""
    return question_of(structured(read_message(request), Evaluation))


def _question_of_item(item: Any, defaults: Mapping[str, Any]) -> Question:
    """What an item asks; one that cannot be read is a question that is refused, so that its deny is logged as well."""
    try:
        if not isinstance(item, dict):
            raise MalformedRequestError("An item of `evaluations` must be an object.")
        return question_of(structured(with_defaults(item, defaults), Evaluation))
    except MalformedRequestError as error:
        refusal = RulingReason(MALFORMED, error.message, error.remedy)
        named = with_defaults(item, defaults) if isinstance(item, dict) else {}
        return Question(
            product=_word(named, "resource", "id", LONGEST_RESOURCE),
            subject=_word(named, "subject", "id", LONGEST_SUBJECT),
            action=_word(named, "action", "name", LONGEST_TYPE),
            refusal=refusal,
        )


def with_defaults(item: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The item, with what it leaves out from the defaults.

    An entity of the item replaces the default as a whole. Only its `type` may be left to the default: an id or a name that an
    item lost must not become that of something else.
    """
    whole = {**defaults, **{name: item[name] for name in ENTITIES if name in item}}
    for name in ("subject", "resource"):
        own, default = item.get(name), defaults.get(name)
        if isinstance(own, dict) and isinstance(default, dict) and "type" in default:
            whole[name] = {"type": default["type"], **own}
    return whole


def _word(message: Mapping[str, Any], entity: str, name: str, longest: int) -> str:
    """What the log is to say of an item that cannot be read, as far as there is anything and as the log can keep it."""
    value = message.get(entity)
    word = value.get(name) if isinstance(value, dict) else None
    return word[:longest] if isinstance(word, str) else ""


def _answered(caller: Caller, questions: Sequence[Question], last_decision: bool | None) -> list[Answered]:
    """The answers up to the first with `last_decision`. What fails for one item is a deny of that item only."""
    try:
        return _ask(caller, DecisionChannel.EVALUATIONS, questions, last_decision)
    except (DomainError, OperationalError, InterfaceError):  # about the whole batch: no answer at all
        raise
    except Exception:
        log.exception(
            "A batch of %s evaluations failed; it is decided one by one, request %s.", len(questions), caller.asker.request_id
        )
    answers: list[Answered] = []
    for question in questions:
        answers.append(_answered_alone(caller, question))
        if answers[-1].decision is last_decision:
            break
    return answers


def _answered_alone(caller: Caller, question: Question) -> Answered:
    try:
        return _ask(caller, DecisionChannel.EVALUATIONS, [question])[0]
    except (DomainError, OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("An evaluation about %s failed and is denied, request %s.", question.product, caller.asker.request_id)
        return _ask(caller, DecisionChannel.EVALUATIONS, [replace(question, refusal=EVALUATION_FAILED)])[0]


def _ask(
    caller: Caller, channel: DecisionChannel, questions: Sequence[Question], last_decision: bool | None = None
) -> list[Answered]:
    return answer(
        asker=caller.asker,
        subject="",  # every question names its own, and an empty one must not become that of another item
        channel=channel,
        questions=questions,
        word=decision_of,
        now=caller.now,
        last_decision=last_decision,
    )
