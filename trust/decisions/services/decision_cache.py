"""Remembers how a question was answered, and answers it so again in one statement while nothing has changed that it rested on.

A cached answer decides nothing: the database compares every input of the ruling with its current value, under the locks of
every other answer (`trust.decisions.queries.decision_cache`). A revoked key, a fallen verdict, a withdrawn policy or an ended
agreement is a cache miss, and the question is decided in full.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import Any

import msgspec

from trust.decisions.queries.decision_cache import STATEMENT
from trust.decisions.queries.prepared import Row
from trust.decisions.rules.question import Answered, Question
from trust.decisions.services.decide import Word
from trust.decisions.services.evaluate import Evaluation, asked_for
from trust.verdicts.rules.answer import AGE_MARK, AS_OF_MARK, worded

MOST_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An earlier decision, as arguments of the statement: what it rested on, what it said, its text with all marks in it."""

    rested_on: tuple[str | None, ...]
    said: tuple[str | None, ...]
    ruled: tuple[str | None, ...]
    text: str


_remembered: OrderedDict[Hashable, CachedAnswer] = OrderedDict()


def key_of(digest: str, question: Question) -> Hashable:
    """What must be the same for the same answer; what else was sent along is only logged."""
    return (
        digest,
        question.subject,
        question.subject_kind,
        question.product,
        question.action,
        question.purpose,
        question.use_case,
    )


def is_ordinary(question: Question) -> bool:
    """Whether only what the statement compares decides about it."""
    asks_for_more = (question.minimum_score, question.maximum_evidence_age, question.as_of, question.refusal)
    return all(demand is None for demand in asks_for_more) and question.detail == "short"


def answer_again(*, digest: str, question: Question, request_id: str, arrived_ns: int) -> Row | None:
    """The text of the logged answer, the key's id, whether its use is to be noted, and its limit; None where nothing stands."""
    key = key_of(digest, question)
    remembered = _remembered.get(key) if is_ordinary(question) else None
    if remembered is None:
        return None
    asked = asked_for(question)
    rows = STATEMENT.rows_if_connected(
        digest,
        *remembered.rested_on,
        *remembered.said,
        msgspec.json.encode(asked).decode() if asked else None,
        *remembered.ruled,
        request_id,
        str((perf_counter_ns() - arrived_ns) // 1000),
        remembered.text,
    )
    if not rows:
        _remembered.pop(key, None)
        return None
    return rows[0]


def remember(digest: str, _: Answered, evaluation: Evaluation, word: Word) -> None:
    """Keep what the answer rested on, unless something else than that decided."""
    resolved, ruling, status, conclusion = evaluation.resolved, evaluation.ruling, evaluation.status, evaluation.conclusion
    if ruling is None or status is None or not status.is_current or resolved.product is None or resolved.subject is None:
        return
    if not is_ordinary(resolved.question):
        return
    product = resolved.product.resource
    relies_on = sorted(policy.id for policy in ruling.determining if policy.id) if conclusion.decision else []
    rested_on = (
        str(resolved.subject.id),
        conclusion.subject,
        resolved.subject.facts,
        str(resolved.product.id),
        product.slug,
        f"{product.lifecycle} {product.sensitivity or ''} {product.domain} {product.owner}",
        resolved.question.purpose,
        str(status.verdict_row_id),
        _array(resolved.policies),
        _array(relies_on),
        None if resolved.agreement is None else str(resolved.agreement),
    )
    said = (
        resolved.question.action,
        resolved.question.use_case,
        str(conclusion.decision).lower(),
        _array(evaluation.reason_codes),
    )
    ruled = (_text(conclusion.ruling), _text(conclusion.obligations))
    text = worded(word(replace(conclusion, trust=_marked(status.trust))))
    while len(_remembered) >= MOST_REMEMBERED:
        _remembered.popitem(last=False)
    _remembered[key_of(digest, resolved.question)] = CachedAnswer(rested_on, said, ruled, text)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _marked(trust: Mapping[str, Any]) -> dict[str, Any]:
    """The trust answer with marks for what is different each time."""
    evidence = trust["evidence"] and {**trust["evidence"], "age_seconds": AGE_MARK}
    return {**trust, "as_of": AS_OF_MARK, "evidence": evidence}


def _array(numbers: Any) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
