"""AuthZEN's four entities as a question of ours, refused at once where there can be no yes. No database, no HTTP.

Subject: a consumer, by slug; its type is the kind of consumer, or `consumer` for any. Resource: a `data_product`, by slug.
Action: `consume`, for a purpose. What the caller says about them in `properties` is never believed: what is known decides.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from api.authzen.entities import Action, Evaluation
from api.authzen.messages import MalformedRequestError
from api.durations import WANTED, duration_of
from catalog.rules.ruling import RulingReason
from catalog.rules.vocabulary import ConsumerKind
from trust.decisions.rules.question import Question

ANY_CONSUMER = "consumer"
DATA_PRODUCT = "data_product"
CONSUME = "consume"
KINDS = frozenset(kind.value for kind in ConsumerKind)
UNDERSTOOD = frozenset({"purpose", "use_case", "min_score", "max_evidence_age"})
MOST_KEPT_BYTES = 2048
"""What else the context holds is kept in the log up to this size; it decides nothing."""
LONGEST_PURPOSE, LONGEST_USE_CASE = 80, 200

ACTION_UNKNOWN = RulingReason(
    "action_unknown", f"The only action is `{CONSUME}`.", f'Ask with {{"name": "{CONSUME}"}} and a purpose in its properties.'
)
RESOURCE_TYPE_UNKNOWN = RulingReason(
    "resource_type_unknown", f"The only type of resource is `{DATA_PRODUCT}`.", "Name a data product by its slug as the id."
)
SUBJECT_TYPE_UNKNOWN = RulingReason(
    "subject_unknown",
    f"The type of a subject is `{ANY_CONSUMER}` or one of {', '.join(ConsumerKind)}.",
    f"Ask with the slug of a consumer as the id and its kind as the type, or `{ANY_CONSUMER}`.",
)


def question_of(evaluation: Evaluation) -> Question:
    """What is asked. Raises `MalformedRequestError` for a purpose or a context that cannot be read."""
    context = evaluation.context or {}
    question = Question(
        product=evaluation.resource.id,
        subject=evaluation.subject.id,
        action=evaluation.action.name,
        purpose=purpose_in(evaluation.action, context),
        refusal=refusal_of(evaluation.subject.type, evaluation.resource.type, evaluation.action.name),
    )
    return with_context(with_kind(question, evaluation.subject.type), context)


def refusal_of(subject_type: str, resource_type: str, action: str) -> RulingReason | None:
    """Why the answer is no without looking: what the first wrong word is."""
    if not (subject_type == ANY_CONSUMER or subject_type in KINDS):
        return SUBJECT_TYPE_UNKNOWN
    if resource_type != DATA_PRODUCT:
        return RESOURCE_TYPE_UNKNOWN
    return None if action == CONSUME else ACTION_UNKNOWN


def with_kind(question: Question, subject_type: str) -> Question:
    """The same question about a consumer of this kind only."""
    return replace(question, subject_kind=ConsumerKind(subject_type)) if subject_type in KINDS else question


def with_context(question: Question, context: Mapping[str, Any]) -> Question:
    """The same question with what the context asks for. Raises `MalformedRequestError`."""
    return replace(
        question,
        use_case=_text(context, "use_case", LONGEST_USE_CASE),
        minimum_score=_score(context.get("min_score")),
        maximum_evidence_age=_age(context.get("max_evidence_age")),
        properties=_kept({name: value for name, value in context.items() if name not in UNDERSTOOD}),
    )


def purpose_in(action: Action | None, context: Mapping[str, Any]) -> str | None:
    """The purpose, from the action's properties or the context. Raises `MalformedRequestError` where they differ."""
    of_action = _text((action and action.properties) or {}, "purpose", LONGEST_PURPOSE, "action.properties")
    of_context = _text(context, "purpose", LONGEST_PURPOSE)
    if of_action is not None and of_context is not None and of_action != of_context:
        message = "`action.properties.purpose` and `context.purpose` differ; send one of them."
        raise MalformedRequestError(message, field="context.purpose")
    return of_context if of_action is None else of_action


def _text(values: Mapping[str, Any], name: str, longest: int, place: str = "context") -> str | None:
    value = values.get(name)
    if value is None or (isinstance(value, str) and 1 <= len(value) <= longest):
        return value
    raise MalformedRequestError(f"`{place}.{name}` must be a text of 1 to {longest} characters.", field=f"{place}.{name}")


def _score(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        return float(value)
    raise MalformedRequestError("`context.min_score` must be a number from 0 to 100.", field="context.min_score")


def _age(value: object) -> timedelta | None:
    if value is None:
        return None
    age = duration_of(value)
    if age is None:
        raise MalformedRequestError(f"`context.max_evidence_age` must be {WANTED}.", field="context.max_evidence_age")
    return age


def _kept(rest: Mapping[str, Any]) -> Mapping[str, Any]:
    size = len(json.dumps(rest)) if rest else 0
    return rest if size <= MOST_KEPT_BYTES else {"left_out_bytes": size}
