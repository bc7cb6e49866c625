"""Who hears of an exception of an output, and in which words. The notices do not name who did it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from catalog.models import Person
from catalog.rules.moments import rfc_3339, shown
from catalog.services.permissions import actor_name, in_person
from trust.notices.services.notices import Notice
from trust.use_cases.models.use_case import OutputException
from trust.use_cases.services.reporters import Reporter


def recorded_notice(exception: OutputException, *, by: Reporter) -> Notice:
    """To the one who must handle it and whoever answers for the outputs; to governance where nobody is there to handle it."""
    handler = exception.assigned_to
    routed = f"It is assigned to {handler.username}" if handler else "The use case has no active owner of exceptions"
    return _notice(
        exception,
        "recorded",
        headline=f"is recorded, due at {shown(exception.due_at)}",
        text=f"{actor_name(by.person)} recorded: {exception.title}\n{exception.description}\n\n"
        f"{routed}, and it must be closed by {shown(exception.due_at)}.",
        people=[handler, exception.use_case.outputs_owner] if handler else list(Person.objects.governance()),
        besides=by.person,
    )


def handed_on_notice(exception: OutputException, *, actor: Person | None, now: datetime, reason: str) -> Notice:
    """To whoever it is assigned to now. Once for each time that it is handed on."""
    why = f"\nReason: {reason}" if reason else ""
    return _notice(
        exception,
        f"handed_on:{now:%Y%m%dT%H%M%S.%f}",
        headline=f"is yours now, due at {shown(exception.due_at)}",
        text=f"{actor_name(actor)} handed it on to you: {exception.title}{why}\n\nClose it by {shown(exception.due_at)}.",
        people=[exception.assigned_to],
        besides=actor,
    )


def closed_notice(exception: OutputException, *, actor: Person | None) -> Notice:
    """To who recorded it, whoever answers for the outputs, and the consumer whose output it was."""
    return _notice(
        exception,
        "closed",
        headline="is closed",
        text=f"{actor_name(actor)} closed it: {exception.resolution}",
        people=[exception.opened_by, exception.use_case.outputs_owner],
        besides=actor,
        to_consumer=True,
    )


def due_notice(exception: OutputException) -> Notice:
    """To whoever must handle it, that it falls due soon."""
    return _notice(
        exception,
        "due",
        headline=f"must be closed by {shown(exception.due_at)}",
        text=f"{exception.title}\n\nClose it with a description of what was done, or assign it to another person.",
        people=_handlers(exception),
    )


def overdue_notice(exception: OutputException) -> Notice:
    """To whoever must handle it, whoever answers for the outputs, and the business owner."""
    use_case = exception.use_case
    return _notice(
        exception,
        "overdue",
        headline=f"is overdue since {shown(exception.due_at)}",
        text=f"{exception.title}\n\nIt should have been closed by {shown(exception.due_at)}. Until it is, use case "
        f"{use_case.slug} does not close its exceptions in time.",
        people=[*_handlers(exception), use_case.outputs_owner, use_case.business_owner],
    )


def _handlers(exception: OutputException) -> list[Person]:
    """Who must handle it; governance where nobody is there to do it."""
    handler = exception.assigned_to
    return [handler] if handler is not None and handler.is_active else list(Person.objects.governance())


def _notice(
    exception: OutputException,
    event: str,
    *,
    headline: str,
    text: str,
    people: Sequence[Person | None],
    besides: Person | None = None,
    to_consumer: bool = False,
) -> Notice:
    use_case = exception.use_case.slug
    address = f"/api/v1/use-cases/{use_case}/exceptions/{exception.pk}"
    return Notice(
        key=f"exception:{exception.pk}:{event}",
        kind=f"exception.{event.partition(':')[0]}",
        subject=f"Exception {exception.pk} of use case {use_case} {headline}",
        text=f"{text}\n\nIt rests on decision {exception.decision_id}. The exception: GET {address}",
        people=[person for person in people if person is not None and person != in_person(besides)],
        consumers=[exception.consumer] if to_consumer and exception.consumer else [],
        payload=_payload(exception, address),
    )


def _payload(exception: OutputException, address: str) -> dict[str, Any]:
    return {
        "exception": exception.pk,
        "use_case": exception.use_case.slug,
        "decision_id": exception.decision_id,
        "reference": exception.reference,
        "severity": exception.severity,
        "due_at": rfc_3339(exception.due_at),
        "closed_at": rfc_3339(exception.closed_at) if exception.closed_at else None,
        "link": address,
    }
