"""Who hears of a move between stages, and in which words: who answers for a part of the use case, governance, its consumers."""

from datetime import datetime

from django.db.models import Q

from catalog.models import Person
from catalog.rules.moments import rfc_3339
from catalog.services.notifications import notify
from catalog.services.permissions import in_person
from trust.use_cases.models.use_case import StageMove
from trust.use_cases.queries.use_case_report import hidden_in
from trust.use_cases.rules.readiness.redaction import redact_requirements
from trust.vocabulary import StageMoveStatus


def move_of(move: StageMove) -> str:
    """What moves where: `use case delays moves from pilot to approved`."""
    return f"use case {move.use_case.slug} moves from {move.from_stage} to {move.to_stage}"


def tell(move: StageMove, event: str, headline: str, *, now: datetime, actor: Person | None) -> None:
    """Give those concerned the notice of `event` (`rejected`), once for each move and event. It does not name who did it.

    Consumers hear only of what is done: that their use case moved. A request tells those who may answer it.
    """
    use_case = move.use_case
    reason = move.decision_reason or move.reason
    said = f" Reason given: {reason}" if reason else ""
    # One text for all recipients: drafts are named to nobody, since most of them may not see them.
    lacking = redact_requirements(move.missing, hidden_in(None, [use_case.pk]) if move.missing else ())
    missing = "\n".join(f"- {one['question']}: {one['message']} {one['remedy']}" for one in lacking)
    notify(
        key=f"stage-move:{move.pk}:{event}",
        kind=f"stage_move.{event.replace('-', '_')}",
        subject=f"Use case {use_case.slug}: {headline}",
        text=(
            f"{use_case.slug} ({use_case.name}): {headline}.{said}\n\n"
            + (f"Missing for {move.to_stage if move.is_override else move.from_stage}:\n{missing}\n\n" if missing else "")
            + f"The moves: admin, Stage moves, number {move.pk}; or GET /api/v1/use-cases/{use_case.slug}/stage-moves"
        ),
        now=now,
        persons=_concerned(move, actor),
        consumers=list(use_case.consumers.select_related("owner")) if move.status == StageMoveStatus.DONE else [],
        payload={
            "stage_move": move.pk,
            "use_case": use_case.slug,
            "from_stage": move.from_stage,
            "to_stage": move.to_stage,
            "status": move.status,
            "is_override": move.is_override,
            "override_expires_at": rfc_3339(move.override_expires_at) if move.override_expires_at else None,
        },
    )


def _concerned(move: StageMove, actor: Person | None) -> list[Person]:
    use_case = move.use_case
    named = [use_case.business_owner_id, use_case.outputs_owner_id, use_case.exceptions_owner_id, move.requested_by_id]
    people = Person.objects.filter(Q(pk__in=Person.objects.governance()) | Q(pk__in=[pk for pk in named if pk]))
    return [person for person in people if person != in_person(actor)]
