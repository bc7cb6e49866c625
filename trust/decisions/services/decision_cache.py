"""The one shortcut: an answer that was given before is written again in one statement, while all that it rests on is the same.

A remembered answer decides nothing. It is the draft that was written, and `decision_log` compares every part of it with what
the database holds now, under the locks of every other answer. A revoked key, a fallen verdict, a withdrawn policy or an ended
agreement is a cache miss, and the question is decided in full.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from trust.decisions.rules.question import Asker, Question
from trust.decisions.services.decision_log import Draft, Encoded, encoded, write_all
from trust.decisions.services.evaluate import asked_for
from trust.vocabulary import DecisionChannel

MOST_REMEMBERED = 10_000
REPEATED = frozenset({DecisionChannel.TRUST, DecisionChannel.CHECK, DecisionChannel.EVALUATION})

_remembered: OrderedDict[Hashable, tuple[Asker, Question, Draft, Encoded]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Repeated:
    """Logged answers, in the order of the questions. requests_per_minute, is_use_due: of the key, as the statement read it."""

    texts: Sequence[str]
    key_id: int
    requests_per_minute: int | None
    is_use_due: bool


def _key_of(digest: str, channel: DecisionChannel, question: Question) -> Hashable:
    """What must be the same for the same answer; what else was sent along (`Question.properties`) is only logged."""
    kind, action = question.subject_kind, question.action
    return digest, channel, question.subject, kind, question.product, action, question.purpose, question.use_case


def _is_ordinary(question: Question) -> bool:
    """Whether the question sets no conditions of its own."""
    is_of_now = question.as_of is None and question.refusal is None and question.detail == "short"
    return is_of_now and question.minimum_score is None and question.maximum_evidence_age is None


def remember(asker: Asker, channel: DecisionChannel, question: Question, draft: Draft) -> None:
    """Keep a draft that was written and rests on nothing but what its statement compares."""
    if not asker.digest or channel not in REPEATED or not _is_ordinary(question):
        return
    while len(_remembered) >= MOST_REMEMBERED:
        _remembered.popitem(last=False)
    _remembered[_key_of(asker.digest, channel, question)] = asker, question, draft, encoded(draft)


def answer_again(
    digest: str, channel: DecisionChannel, questions: Sequence[Question], *, request_id: str, arrived_ns: int
) -> Repeated | None:
    """The answers, where every question was answered before and every answer still holds; else None, and nothing is logged."""
    keys = [_key_of(digest, channel, question) for question in questions if _is_ordinary(question)]
    remembered = [found for key in keys if (found := _remembered.get(key)) is not None]
    if not remembered or len(remembered) != len(questions):
        return None
    asker = replace(remembered[-1][0], request_id=request_id, arrived_ns=arrived_ns)
    drafts = [_draft_of(question, *found[1:]) for question, found in zip(questions, remembered, strict=True)]
    rows = write_all(asker, channel, drafts)
    if not rows:
        for key in keys:
            _remembered.pop(key, None)
        return None
    is_use_due, limit = rows[0][3:]
    return Repeated([row[2] or "" for row in rows], asker.key_id or 0, int(limit) if limit else None, is_use_due == "true")


def _draft_of(question: Question, known: Question, draft: Draft, content: Encoded) -> Encoded:
    """The remembered draft, with what is only logged of this question."""
    return content if question == known else encoded(replace(draft, question=asked_for(question) or None))
