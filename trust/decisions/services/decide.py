"""Answers questions: may this consumer use this data product, and is it fit? Every answer is in the log before it leaves.

What is stale is judged first; then policies and facts decide, the answer is put into words, and one statement writes all rows,
each only if what it rests on still holds. What no longer holds is decided again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from catalog.queries.policies import policies_by_id
from catalog.rules.errors import UnavailableError
from catalog.rules.ruling import PolicyInForce
from catalog.rules.vocabulary import Lifecycle
from trust.decisions.queries.policy_history import as_it_was
from trust.decisions.queries.resolved_question import ResolvedQuestion, resolve_questions
from trust.decisions.rules.question import Answered, Asker, Conclusion, Question
from trust.decisions.services.decision_cache import remember
from trust.decisions.services.decision_log import Draft, demand_power, write
from trust.decisions.services.evaluate import Evaluation, asked_for, evaluate
from trust.decisions.services.product_status import product_statuses
from trust.verdicts.rules.answer import worded
from trust.verdicts.services.judging import ensure_current
from trust.vocabulary import DecisionChannel, VerdictStatus

_ATTEMPTS = 3

Word = Callable[[Conclusion], Mapping[str, Any]]


def answer(
    *,
    asker: Asker,
    subject: str,
    channel: DecisionChannel,
    questions: Sequence[Question],
    word: Word,
    now: datetime,
    last_decision: bool | None = None,
) -> list[Answered]:
    """The logged answers, in the order of the questions. `word` puts a finding into words, with `DECISION_ID_MARK` where the
    decision's id goes, first of all that may hold it.

    last_decision: the first answer with this decision is the last; what comes behind it is neither answered nor logged. What is
    not known (subject, product, purpose, use case) is answered with no. Raises `ForbiddenError` where the asker's power was
    taken back meanwhile, `UnavailableError` where what is asked about keeps changing, and, for questions about the past,
    `InvalidError` and `NotFoundError` as `verdict_as_of` does.
    """
    waiting = dict(enumerate(questions))
    answered: dict[int, Answered] = {}
    for _ in range(_ATTEMPTS):
        found = list(zip(waiting, evaluate_all(asker, subject, channel, list(waiting.values()), now), strict=True))
        drafts = _up_to(last_decision, [_draft(evaluation, word) for _, evaluation in found])
        for position, (decision_id, text) in write(asker, channel, drafts).items():
            n, evaluation = found[position]
            answered[n] = Answered(decision_id, evaluation.conclusion.decision, text)
            if _is_repeatable(evaluation):
                remember(asker, channel, questions[n], drafts[position])
        end = min((n for n, one in answered.items() if one.decision is last_decision), default=len(questions) - 1)
        waiting = {n: questions[n] for n in range(end + 1) if n not in answered}
        if not waiting:
            return [answered[n] for n in range(end + 1)]
        demand_power(asker)
    raise UnavailableError(
        "The data behind the answer changed during the request, three times in a row, so no answer was given.",
        remedy="Retry; if this persists, check whether the key, the product or its policies are changed continuously.",
        code="changing_too_fast",
    )


def _up_to(last_decision: bool | None, drafts: list[Draft]) -> list[Draft]:
    """The drafts up to and including the first with this decision; all of them without one."""
    ends = (position for position, draft in enumerate(drafts, 1) if draft.decision is last_decision)
    return drafts[: next(ends, len(drafts))]


def evaluate_all(
    asker: Asker, subject: str, channel: DecisionChannel, questions: Sequence[Question], now: datetime
) -> list[Evaluation]:
    """What is found about each question, in order. Nothing is logged: it is no answer."""
    resolved_questions = _resolve_current(asker, subject, questions)
    statuses = product_statuses(resolved_questions, now)
    as_asked = [as_it_was(resolved) for resolved in resolved_questions]
    policies = _policies_of(as_asked)
    evaluations = [
        evaluate(then, found, asker=asker, subject=then.question.subject or subject, channel=channel, policies=policies)
        for then, found in zip(as_asked, statuses, strict=True)
    ]
    return [replace(one, resolved=resolved) for one, resolved in zip(evaluations, resolved_questions, strict=True)]


def _resolve_current(asker: Asker, subject: str, questions: Sequence[Question]) -> list[ResolvedQuestion]:
    """What is known, read again where something had to be judged first."""
    resolved_questions = resolve_questions(asker, subject, questions)
    stale = {resolved.product.id for resolved in resolved_questions if resolved.product and resolved.product.is_stale}
    if not stale:
        return resolved_questions
    ensure_current(stale, resolved_questions[0].at)
    return resolve_questions(asker, subject, questions)


_policies: dict[int, PolicyInForce] = {}
"""Policies by id, as they were published. What is published never changes; which are in force is read for every answer."""
_MOST_POLICIES = 10_000


def _policies_of(resolved_questions: Sequence[ResolvedQuestion]) -> Mapping[int, PolicyInForce]:
    """The policies in force by their ids; no query for those that were met before."""
    wanted = {number for resolved in resolved_questions for number in resolved.policies}
    met = {number: policy for number in wanted if (policy := _policies.get(number)) is not None}
    if missing := wanted - met.keys():
        read = policies_by_id(missing)
        if len(_policies) > _MOST_POLICIES:  # other threads may read meanwhile: what this one needs it holds in `met`
            _policies.clear()
        _policies.update(read)
        met |= read
    return met


def _is_repeatable(evaluation: Evaluation) -> bool:
    """Whether the answer rests on nothing but what the statement that writes it compares."""
    status, resolved = evaluation.status, evaluation.resolved
    is_shown_to_all = resolved.product is not None and resolved.product.resource.lifecycle != Lifecycle.DRAFT
    return is_shown_to_all and not evaluation.is_refused and status is not None and status.is_current


def _draft(evaluation: Evaluation, word: Word) -> Draft:
    resolved, conclusion, status, ruling = evaluation.resolved, evaluation.conclusion, evaluation.status, evaluation.ruling
    question, subject, product = resolved.question, resolved.subject, resolved.product if evaluation.status else None
    # An answer about the past rests on what no longer changes: nothing has to hold until it is written.
    is_ruled_now = ruling is not None and question.as_of is None
    is_yes_for_purpose = conclusion.decision and is_ruled_now
    rests_on_use_case = is_ruled_now or (question.as_of is None and not evaluation.is_refused)
    is_asked_by_another = "subject_not_asker" in evaluation.reason_codes  # the consumer neither got nor asked for it
    text = worded(word(conclusion))
    return Draft(
        asker_facts=resolved.asker_facts,
        consumer_id=subject.id if subject and not is_asked_by_another else None,
        consumer_facts=subject.facts if subject and is_ruled_now else None,
        subject=conclusion.subject,
        product_id=product.id if product else None,
        product_slug=question.product,
        lifecycle=product.resource.lifecycle if product and question.as_of is None else None,
        product_facts=product.facts if product and is_ruled_now else None,
        action=question.action,
        purpose=question.purpose,
        use_case=question.use_case,
        decision=conclusion.decision,
        production_grade=status is not None and status.verdict is VerdictStatus.PRODUCTION_GRADE,
        verdict=status.verdict if status else VerdictStatus.UNKNOWN,
        score=status.score if status else None,
        verdict_row_id=status.verdict_row_id if status else None,
        is_current=status is not None and status.is_current,
        valid_until=status.valid_until if status else None,
        reason_codes=evaluation.reason_codes,
        question=asked_for(question) or None,
        basis=status.basis if status else None,
        ruling=conclusion.ruling,
        policies=resolved.policies if is_ruled_now else None,
        relies_on=[policy.id for policy in ruling.determining if policy.id] if ruling and is_yes_for_purpose else (),
        part_in_use_case=resolved.part_in_use_case if rests_on_use_case else None,
        agreement=resolved.agreement if is_ruled_now else None,
        obligations=conclusion.obligations,
        answer=None if product and product.body == text and status and status.is_current else text,
    )
