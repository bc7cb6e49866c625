"""POST /access/v1/evaluation and /access/v1/evaluations: decisions, one or a batch (AuthZEN 1.0, sections 6 and 7).

A deny is an answer (200), and so is the error of one item of a batch: a deny that says what went wrong. Every answer is in
the log before it leaves.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework.exceptions import APIException

from api.access.asking import admitted_digest, note_use
from api.authzen.callers import Caller, answers_callers
from api.authzen.entities import LONGEST_RESOURCE, LONGEST_SUBJECT, LONGEST_TYPE, Batch, Evaluation, Semantic
from api.authzen.messages import MalformedRequestError, read_message, structured
from api.authzen.questions import question_of
from api.authzen.rendering import FAILED, MALFORMED, decision_of
from api.problems import ARRIVED, REQUEST_ID
from api.v1.fast_path import json_answer
from catalog.rules.errors import DomainError
from catalog.rules.ruling import RulingReason
from trust.decisions.rules.question import Answered, Question
from trust.decisions.services.decide import answer
from trust.decisions.services.decision_cache import answer_again, remember
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
    message = read_message(request)
    return _one(message, caller, DecisionChannel.EVALUATION)


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
    return ok('{"evaluations":[' + ",".join(answered.body for answered in answers) + "]}")


def _one(message: Mapping[str, Any], caller: Caller, channel: DecisionChannel) -> HttpResponse:
    question = question_of(structured(message, Evaluation))
    (answered,) = _ask(caller, channel, [question])
    return ok(answered.body)


def evaluated_again(request: HttpRequest) -> HttpResponse | None:
    """The logged answer to a question that this process has answered, while nothing has changed; None for the ordinary way."""
    if request.method != "POST" or request.path_info != PATH:
        return None
    request.get_host()  # raises for a host that is not ours, as `CommonMiddleware` would
    digest = admitted_digest(request)
    if digest is None:
        return None
    try:
        question = question_of(structured(read_message(request), Evaluation))
    except (DomainError, APIException, RequestDataTooBig, UnreadablePostError):
        return None  # the ordinary way says so, after it has looked at the key
    meta = request.META
    row = answer_again(digest=digest, question=question, request_id=meta[REQUEST_ID], arrived_ns=meta[ARRIVED])
    if row is None:
        return None
    answer_text, key_id, is_use_due, limit = row
    note_use(digest, key_id, limit, is_use_due)
    return json_answer((answer_text or "").encode())


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
    note = None
    if channel is DecisionChannel.EVALUATION:
        note = partial(remember, caller.digest, word=decision_of)
    return answer(
        asker=caller.asker,
        subject="",  # every question names its own, and an empty one must not become that of another item
        channel=channel,
        questions=questions,
        word=decision_of,
        now=caller.now,
        last_decision=last_decision,
        note=note,
    )


def ok(body: str) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})
