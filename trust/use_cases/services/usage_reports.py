"""What consumers did with their answers: used the data, or took the declared fallback. Kept as evidence, whatever it shows.

Logged answers never change, so whether a use rested on a valid yes is decided once, when it is reported.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from catalog.models import Consumer, UseCase
from catalog.rules.errors import InvalidError
from catalog.rules.moments import rfc_3339
from trust.decisions.models.decision import Decision
from trust.use_cases.models.use_case import DecisionUse
from trust.use_cases.services.outcomes import demand_in_time
from trust.use_cases.services.reporters import Reporter, find_answer, not_a_consumer, takes_part, unknown_answer
from trust.verdicts.models.recall import Recall
from trust.verdicts.queries.policies import current_policy
from trust.vocabulary import Misuse, RecallStatus, UseAction


@dataclass(frozen=True, slots=True)
class AnswerUsed:
    """The logged answer. is_of_this_use_case: it was asked by this consumer and named this use case. valid_until None: it said
    no such moment. purpose: what it was asked for, purpose_of_use: what the use case is for. is_about_the_past: it was asked
    with `as_of` and allowed nothing. recalled_from: when the recall of its product counts from; None: none does."""

    is_of_this_use_case: bool
    decision: bool
    asked_at: datetime
    valid_until: datetime | None = None
    purpose: str | None = ""
    purpose_of_use: str = ""
    is_about_the_past: bool = False
    recalled_from: datetime | None = None


def misuse_of(answer: AnswerUsed, used_at: datetime, *, clock_skew: timedelta) -> Misuse | None:
    """Why a use at `used_at` did not rest on a valid yes; None where it did.

    clock_skew: how far the consumer's clock may be away from ours before it counts against it (that of the trust policy).
    """
    is_late = answer.valid_until is not None and used_at >= answer.valid_until + clock_skew
    is_recalled = answer.recalled_from is not None and used_at >= answer.recalled_from
    reasons = (
        (Misuse.OTHER_USE_CASE, not answer.is_of_this_use_case),
        (Misuse.DENIED, not answer.decision),
        (Misuse.ABOUT_THE_PAST, answer.is_about_the_past),
        (Misuse.NO_PURPOSE, answer.purpose is None),
        (Misuse.OTHER_PURPOSE, answer.purpose != answer.purpose_of_use),
        (Misuse.BEFORE_THE_ANSWER, used_at < answer.asked_at - clock_skew),
        (Misuse.ANSWER_EXPIRED, is_late),
        (Misuse.RECALLED, is_recalled),
    )
    return next((misuse for misuse, applies in reasons if applies), None)


@transaction.atomic
def report_use(
    *,
    use_case: UseCase,
    decision_id: int,
    action: UseAction,
    reporter: Reporter,
    now: datetime,
    at: datetime | None = None,
    note: str = "",
) -> tuple[DecisionUse, bool]:
    """The report and whether it is new. `at` None: just now, or, where that action was reported for the answer, that report.

    A use that did not rest on a valid yes is kept like any other: it is evidence, and refusing it would only hide it.
    For the consumer that the answer is about, with its own key, or the person who owns it.
    Raises `ForbiddenError`, and `InvalidError` for somebody else's answer, for a fallback that belongs to another use case or
    came before its answer, and for a moment that is not in the past year.
    """
    answer, consumer = _own_answer(decision_id, reporter)
    if not takes_part(use_case, consumer):
        raise not_a_consumer(use_case, consumer)
    if action is UseAction.FELL_BACK and answer.use_case != use_case.slug:
        raise InvalidError(
            f"Decision {decision_id} was not asked for use case {use_case.slug}, so nothing there fell back on it.",
            remedy="Report it for the use case that the question named, and name the use case whenever you ask.",
            code="other_use_case",
            field="decision_id",
        )
    if action is UseAction.FELL_BACK and at is not None and at < answer.asked_at - current_policy()[1].clock_skew:
        raise InvalidError(
            f"The fallback cannot have been taken at {rfc_3339(at)}: decision {decision_id} was asked after that, at "
            f"{rfc_3339(answer.asked_at)}.",
            remedy="Name the denial after which it was taken, and the moment at which it was.",
            code="before_the_answer",
            field="at",
        )
    # The log goes by the database's clock: a web server's that lags must not turn a use into one before its answer.
    now = max(now, answer.asked_at)
    if at is not None:
        demand_in_time(at, now, "at")
    Consumer.objects.select_for_update(no_key=True).get(pk=consumer.pk)  # two retries come one after the other
    known = DecisionUse.objects.filter(use_case=use_case, decision_id=decision_id, action=action)
    before = (known if at is None else known.filter(at=at)).order_by("id").first()
    if before is not None:
        return before, False
    report = DecisionUse.objects.create(
        use_case=use_case,
        consumer=consumer,
        decision_id=decision_id,
        product_id=answer.product_id,
        action=action,
        at=at or now,
        asked_at=answer.asked_at,
        misuse=_misuse(use_case, answer, action, at or now),
        note=note.strip(),
        reported_at=now,
        reported_by=reporter.person,
    )
    return report, True


def _own_answer(decision_id: int, reporter: Reporter) -> tuple[Decision, Consumer]:
    answer = find_answer(decision_id)
    if answer is None or answer.consumer is None or not reporter.speaks_for(answer.consumer):
        raise unknown_answer(decision_id, f"about a consumer that {reporter.name} speaks for")
    return answer, answer.consumer


def _misuse(use_case: UseCase, answer: Decision, action: UseAction, at: datetime) -> str:
    if action is UseAction.FELL_BACK:
        return ""
    policy = current_policy()[1]
    used = AnswerUsed(
        is_of_this_use_case=answer.use_case == use_case.slug,
        decision=answer.decision,
        asked_at=answer.asked_at,
        valid_until=answer.valid_until,
        purpose=answer.purpose,
        purpose_of_use=use_case.purpose,
        is_about_the_past=bool((answer.question or {}).get("as_of")),
        recalled_from=_recalled_from(answer, at, policy.recall_damping),
    )
    return misuse_of(used, at, clock_skew=policy.clock_skew) or ""


def _recalled_from(answer: Decision, at: datetime, damping: timedelta) -> datetime | None:
    """When the product fell after the answer, and the damping time later; None where it has not, or had recovered at `at`.

    The task that sends recalls may be late, and nothing waits for it. A fall that did not last recalls nothing.
    """
    falls = Recall.objects.filter(product=answer.product_id, fallen_at__gte=answer.asked_at, fallen_at__lte=at)
    lasting = falls.filter(Q(closed_at=None) | Q(closed_at__gt=at)).exclude(status=RecallStatus.DAMPED)
    fallen_at = lasting.order_by("fallen_at").values_list("fallen_at", flat=True).first()
    return None if fallen_at is None else fallen_at + damping
