"""Exceptions of AI outputs: recorded against the answer that the output rested on, routed to a person, closed in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.callers import machine
from catalog.models import Person, UseCase
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.moments import shown
from catalog.rules.vocabulary import Severity
from catalog.services.permissions import actor_name, answers_for, is_governance
from catalog.services.recording import recorded
from trust.decisions.models.decision import Decision
from trust.use_cases.models.use_case import OutputException
from trust.use_cases.queries.output_exceptions import exceptions_as_shown
from trust.use_cases.services.exception_notices import closed_notice, handed_on_notice, recorded_notice
from trust.use_cases.services.reporters import (
    Reporter,
    find_answer,
    has_taken_part,
    is_named,
    not_a_consumer,
    takes_part,
    unknown_answer,
)

EXCEPTION_TIME = timedelta(days=7)
"""By when an exception must be closed where the use case does not say; our choice."""


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """What was wrong with an output. reference: what its own system calls the output; tells two of the same answer apart."""

    title: str
    description: str = ""
    severity: Severity = Severity.WARNING
    reference: str = ""


def record_exception(
    *, use_case: UseCase, decision_id: int, trouble: ReportedProblem, reporter: Reporter, now: datetime
) -> tuple[OutputException, bool]:
    """The exception and whether it is new: the same trouble with the same answer, sent again, is the one that there is.

    It goes to whoever the use case names for exceptions, else for outputs, else its business owner, as far as they are active.
    For consumers of the use case with their own keys, those whom it names, and governance. Raises `ForbiddenError`, and
    `InvalidError` without a title or for an answer that was not given in this use case.
    """
    _demand_may_record(reporter, use_case)
    title = _said(trouble.title, "An exception", "title", "Describe in a few words what was wrong with the output.")
    answer = _answer_of(use_case, decision_id, reporter)
    with recorded("record_exception", reporter.person):
        UseCase.objects.select_for_update(no_key=True).get(pk=use_case.pk)  # two retries come one after the other
        said = {
            "decision_id": decision_id,
            "reference": trouble.reference.strip(),
            "title": title[:200],
            "description": trouble.description.strip(),
            "severity": trouble.severity,
        }
        same = {**said, "opened_by": reporter.person, "caller__consumer": caller.consumer_id if (caller := machine()) else None}
        known = exceptions_as_shown().filter(use_case=use_case, **same).order_by("id").first()
        if known is not None:
            return known, False
        row = OutputException.objects.create(
            **said,
            use_case=use_case,
            consumer=answer.consumer,
            opened_at=now,
            opened_by=reporter.person,
            assigned_to=_handler(use_case),
            due_at=now + (EXCEPTION_TIME if use_case.exceptions_within is None else use_case.exceptions_within),
        )
        recorded_notice(row, by=reporter).give(now)
    return row, True


def close_exception(*, exception: OutputException, resolution: str, actor: Person | None, now: datetime) -> OutputException:
    """The exception, closed. For whoever it is assigned to, whoever answers for the outputs, and governance.

    Raises `ForbiddenError`, `InvalidError` where nothing says how, `ConflictError` where it was closed before.
    """
    _demand_may_handle(exception, actor, "close", exception.use_case.outputs_owner_id)
    said = _said(resolution, "A closed exception", "resolution", "Describe what was done about it.")
    with recorded("close_exception", actor):
        row = _open_row(exception)
        row.closed_at, row.closed_by, row.resolution = now, actor, said
        row.save(update_fields=["closed_at", "closed_by", "resolution"])
        closed_notice(row, actor=actor).give(now)
    return row


def hand_on_exception(
    *, exception: OutputException, to: Person, actor: Person | None, now: datetime, reason: str = ""
) -> OutputException:
    """The exception, assigned to `to`; it is due when it was. To the same person as before: nothing happens.

    For whoever it is assigned to, whoever answers for the outputs, the business owner and governance. Raises `ForbiddenError`,
    `InvalidError` for an inactive person, `ConflictError` for a closed exception.
    """
    use_case = exception.use_case
    _demand_may_handle(exception, actor, "hand on", use_case.outputs_owner_id, use_case.business_owner_id)
    if not to.is_active:
        raise InvalidError(
            f"{to.username} has an inactive account and cannot handle an exception.",
            remedy="Assign it to an active person.",
            code="person_inactive",
            field="assigned_to",
        )
    with recorded("hand_on_exception", actor, reason):
        row = _open_row(exception)
        if row.assigned_to_id == to.pk:
            return row
        row.assigned_to = to
        row.save(update_fields=["assigned_to"])
        handed_on_notice(row, actor=actor, now=now, reason=reason.strip()).give(now)
    return row


def _demand_may_record(reporter: Reporter, use_case: UseCase) -> None:
    if reporter.consumer is not None:
        if not takes_part(use_case, reporter.consumer):
            raise not_a_consumer(use_case, reporter.consumer)
    elif not (is_named(reporter.person, use_case) or is_governance(reporter.person)):
        raise ForbiddenError(
            f"{reporter.person.username} may not record exceptions of use case {use_case.slug}.",
            remedy="That is for its consumers with their own keys, for those whom it names, and for governance.",
        )


def _demand_may_handle(exception: OutputException, actor: Person | None, action: str, *people: int | None) -> None:
    if is_governance(actor) or answers_for(actor, exception.assigned_to_id, *people):
        return
    assigned = exception.assigned_to.username if exception.assigned_to else "nobody"
    raise ForbiddenError(
        f"{actor_name(actor)} may not {action} exception {exception.pk}: it is assigned to {assigned}.",
        remedy=f"Ask {assigned if exception.assigned_to else 'governance'}, or the owner of the outputs of use case "
        f"{exception.use_case.slug}.",
    )


def _answer_of(use_case: UseCase, decision_id: int, reporter: Reporter) -> Decision:
    """An answer that was given to a consumer of the use case for it; without naming any, where it is the reporter's own."""
    answer = find_answer(decision_id)
    is_given = answer is not None and (answer.use_case == use_case.slug or _is_theirs(answer, reporter))
    if answer is None or not is_given or not has_taken_part(use_case, answer.consumer_id):
        raise unknown_answer(decision_id, f"that was given in use case {use_case.slug}")
    return answer


def _is_theirs(answer: Decision, reporter: Reporter) -> bool:
    """Whether an answer that names no use case is the reporter's to bring up: whoever sees an exception sees its answer, and
    everybody may name any consumer in a use case of their own.
    """
    if answer.use_case is not None or answer.consumer is None:
        return False
    governs = reporter.consumer is None and is_governance(reporter.person)
    return governs or reporter.speaks_for(answer.consumer)


def _handler(use_case: UseCase) -> Person | None:
    """Who is there to handle an exception; None: nobody whom the use case names, of which governance is notified."""
    people = (use_case.exceptions_owner, use_case.outputs_owner, use_case.business_owner)
    return next((person for person in people if person is not None and person.is_active), None)


def _open_row(exception: OutputException) -> OutputException:
    row = exceptions_as_shown().select_for_update(of=("self",), no_key=True).get(pk=exception.pk)
    if row.closed_at is not None:
        raise ConflictError(
            f"Exception {row.pk} '{row.title}' was closed at {shown(row.closed_at)}.",
            remedy="Record a new exception if the output is wrong again.",
            code="exception_resolved",
        )
    return row


def _said(text: str, what: str, field: str, remedy: str) -> str:
    said = text.strip()
    if not said:
        raise InvalidError(f"{what} must have a {field}.", remedy=remedy, field=field)
    return said
