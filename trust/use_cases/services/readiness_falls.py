"""Notes that a use case lost what its stage asks for, or has it back, and tells those concerned once, when it has stayed so.

The states and the damping are those of a product's recall (`trust.verdicts.rules.recall`). Telling and the new state are one
transaction.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Q

from catalog.models import Person, UseCase
from catalog.rules.errors import DomainError
from catalog.rules.moments import rfc_3339, shown
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.notifications import notify
from trust.use_cases.models.use_case import Readiness, ReadinessWatch
from trust.use_cases.queries.use_case_report import hidden_in
from trust.use_cases.rules.readiness.codec import load_assessment
from trust.use_cases.rules.readiness.outcome import QuestionResult
from trust.use_cases.rules.readiness.redaction import redact_result
from trust.use_cases.rules.stages import line_of
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.recall import RecallState, Telling, cross, due, tell
from trust.vocabulary import RecallStatus

logger = logging.getLogger(__name__)


def note_change(watch: ReadinessWatch, *, before: Readiness | None, after: Readiness) -> None:
    """Open, turn or close the fall on `watch`, which the caller holds and saves. `before`: the row that stood until now.

    A use case that never had what its stage asks for has not fallen, and of a retired one nobody needs to hear any more.
    """
    if after is before:
        return
    state, is_good = _state_of(watch), not after.lacking
    if after.stage == UseCaseStage.RETIRED:
        _keep_state(watch, None)
    elif state is not None or (before is not None and not before.lacking and not is_good and not _went_down(before, after)):
        _, policy = current_policy()
        _keep_state(watch, cross(state, is_good=is_good, at=after.assessed_at, damping=policy.recall_damping))


def _went_down(before: Readiness, after: Readiness) -> bool:
    """Whether the use case was moved to an earlier stage, of which the move itself notifies everybody."""
    return UseCaseStage(after.stage).rank < UseCaseStage(before.stage).rank


def tell_of_falls(*, now: datetime, limit: int = 500) -> int:
    """Number of use cases of whose fall or recovery notices were given at `now`, those that wait longest first.

    Safe to run twice. One that fails is logged and passed over; it is tried again at the next turn.
    """
    waiting = ReadinessWatch.objects.exclude(fall="").order_by("changed_at").values_list("use_case_id", flat=True)
    notified = 0
    for use_case_id in list(waiting[:limit]):
        try:
            notified += _tell(use_case_id, now)
        except (DomainError, DatabaseError, ValueError):
            logger.exception("The fall of use case %s could not be sent; it is retried later.", use_case_id)
    return notified


@transaction.atomic
def _tell(use_case_id: int, now: datetime) -> bool:
    locked = ReadinessWatch.objects.select_for_update(of=("self",), skip_locked=True).exclude(fall="")
    watch = locked.select_related("row", "use_case").filter(use_case=use_case_id).first()
    state = None if watch is None else _state_of(watch)
    if watch is None or watch.row is None or state is None:
        return False
    _, policy = current_policy()
    telling = due(state, damping=policy.recall_damping, now=now)
    if telling is None:
        return False
    if telling is Telling.FALL:
        _tell_fall(watch, watch.row, now)
    elif telling is Telling.RECOVERY:
        _tell_recovery(watch, now)
    _keep_state(watch, tell(state, telling, now=now))
    watch.save()
    return telling is not Telling.RELAPSE  # nobody came in between who does not know of the fall


def _tell_fall(watch: ReadinessWatch, row: Readiness, now: datetime) -> None:
    use_case, fallen_at = watch.use_case, watch.fallen_at or now
    missing = [one for one in load_assessment(row.outcome).questions if one.question in row.lacking]
    hidden = hidden_in(None, [use_case.pk])  # one text for all recipients: drafts are named to nobody
    what = (
        "\n".join(f"- {line_of(redact_result(one, hidden))}" for one in missing)
        or "Nothing is missing any more at this moment."
    )
    notify(
        key=f"use-case:{use_case.pk}:fall:{fallen_at:%Y%m%dT%H%M%S.%f}",
        kind="use_case.readiness_fell",
        subject=f"Use case {use_case.slug} no longer meets the stage {use_case.stage}",
        text=(
            f"Since {shown(fallen_at)} use case {use_case.slug} ({use_case.name}) no longer meets all requirements of the "
            f"stage {use_case.stage}.\n\n{what}\n\n{_where(use_case)}"
        ),
        now=now,
        persons=_concerned(use_case, missing),
        payload={
            "use_case": use_case.slug,
            "stage": use_case.stage,
            "level": row.level,
            "lacking": list(row.lacking),
            "fallen_at": rfc_3339(fallen_at),
        },
    )


def _tell_recovery(watch: ReadinessWatch, now: datetime) -> None:
    use_case, fallen_at = watch.use_case, watch.fallen_at or now
    back_at = watch.changed_at or now
    notify(
        key=f"use-case:{use_case.pk}:recovery:{fallen_at:%Y%m%dT%H%M%S.%f}",
        kind="use_case.readiness_recovered",
        subject=f"Use case {use_case.slug} meets its stage again",
        text=(
            f"Use case {use_case.slug} ({use_case.name}) meets the stage {use_case.stage} again since "
            f"{shown(back_at)}; it had stopped at {shown(fallen_at)}.\n\n{_where(use_case)}"
        ),
        now=now,
        persons=_concerned(use_case, ()),
        payload={"use_case": use_case.slug, "stage": use_case.stage, "recovered_at": rfc_3339(back_at)},
    )


def _concerned(use_case: UseCase, missing: Sequence[QuestionResult]) -> list[Person]:
    """Governance, who answers for a part of the use case, and who has something to do."""
    names = {who.username for one in missing for who in one.responsible if who.username}
    named = [pk for pk in (use_case.business_owner_id, use_case.outputs_owner_id, use_case.exceptions_owner_id) if pk]
    governance = Person.objects.governance()
    people = [*governance, *Person.objects.filter(Q(pk__in=named) | Q(username__in=names))]
    return list({person.pk: person for person in people}.values())


def _where(use_case: UseCase) -> str:
    return f"Its readiness: GET /api/v1/use-cases/{use_case.slug}/readiness; the report: /use-cases/{use_case.slug}/report"


def _state_of(watch: ReadinessWatch) -> RecallState | None:
    if not watch.fall or watch.changed_at is None:
        return None
    return RecallState(RecallStatus(watch.fall), watch.changed_at, watch.told_at)


def _keep_state(watch: ReadinessWatch, state: RecallState | None) -> None:
    if state is None or state.is_closed:
        watch.fall, watch.fallen_at, watch.changed_at, watch.told_at = "", None, None, None
        return
    watch.fallen_at = watch.fallen_at or state.changed_at
    watch.fall, watch.changed_at, watch.told_at = state.status.value, state.changed_at, state.notified_at
