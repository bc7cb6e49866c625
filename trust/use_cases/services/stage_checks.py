"""What is demanded of a move between stages and of whoever decides on one, and the words of each refusal."""

from collections.abc import Sequence
from datetime import datetime

from catalog.models import Person, UseCase
from catalog.queries.ownership import decision_owners_since, has_owned_decision_since, is_same_person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.moments import shown
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.permissions import answers_for, is_governance, require_independence
from trust.evidence.rules import formatting
from trust.use_cases.models.use_case import StageMove
from trust.use_cases.queries.use_case_report import hidden_from
from trust.use_cases.rules.readiness.outcome import QuestionResult
from trust.use_cases.rules.readiness.redaction import redact_result
from trust.use_cases.rules.stages import Way, line_of, way, ways_from
from trust.verdicts.rules.trust_policy import TrustPolicy


def demand_may_move(actor: Person, use_case: UseCase) -> None:
    """Raise `ForbiddenError` unless `actor` is the business owner or acts for governance."""
    owner = use_case.business_owner
    if not (is_governance(actor) or answers_for(actor, owner.pk)):
        raise ForbiddenError(
            f"{actor.username} may not move use case {use_case.slug}: {owner.username} owns its decision.",
            remedy=f"Ask {owner.username} or a member of the group 'governance' to do it.",
        )


def demand_way(use_case: UseCase, to_stage: UseCaseStage) -> Way:
    """How the use case gets to `to_stage`. Raises `ConflictError` where it does not."""
    stage = UseCaseStage(use_case.stage)
    how = way(stage, to_stage)
    if how is Way.NONE:
        possible = ways_from(stage)
        raise ConflictError(
            f"Use case {use_case.slug} is at the stage {stage} and cannot move to {to_stage}.",
            remedy=f"From there it can move to {', '.join(possible)}." if possible else "Register a new use case.",
            code="stage_transition",
            field="to_stage",
        )
    return how


def demand_override_end(expires_at: datetime, now: datetime, policy: TrustPolicy) -> None:
    """Raise `InvalidError` for an end in the past, or further away than the trust policy allows for a waiver."""
    if expires_at <= now:
        fault = f"The end {shown(expires_at)} of the override is not in the future."
    elif expires_at > now + policy.maximum_waiver:
        fault = f"The end {shown(expires_at)} of the override is more than {formatting.span(policy.maximum_waiver)} away."
    else:
        return
    remedy = f"Choose an end within {formatting.span(policy.maximum_waiver)} from now."
    raise InvalidError(fault, remedy=remedy, field="override_expires_at")


def demand_approver(actor: Person, move: StageMove, use_case: UseCase) -> None:
    """Raise `ForbiddenError` for whoever is not governance, made the request, or owns the decision of the use case, or did so
    at any moment since it came to the stage that it leaves. Another account of the same person is no second person.
    """
    if not is_governance(actor):
        raise ForbiddenError(
            f"{actor.username} may not approve the move of use case {use_case.slug}: that is for governance.",
            remedy="Ask a member of the group 'governance' to do it.",
        )
    if move.requested_by is not None and is_same_person(actor, move.requested_by):
        what = "made this request"
    elif is_same_person(actor, use_case.business_owner):
        what = f"is the business owner of use case {use_case.slug}"
    elif has_owned_decision_since(actor, use_case, use_case.stage_since):
        what = f"was the business owner of use case {use_case.slug} while it stood at {use_case.stage}"
    else:
        others = {move.requested_by_id, *decision_owners_since(use_case, use_case.stage_since)}
        require_independence(actor, others, f"approve the move of use case {use_case.slug}")
        return
    raise ForbiddenError(
        f"{actor.username} {what}, so another person must approve it.",
        remedy="Ask another member of the group 'governance' to approve it.",
        code="four_eyes",
    )


def not_ready(
    use_case: UseCase, to_stage: UseCaseStage, missing: Sequence[QuestionResult], action: str, reader: Person
) -> ConflictError:
    """The error that lists for `reader` what keeps the use case from `to_stage`. `action`: what the move cannot be."""
    return ConflictError(
        f"The move of use case {use_case.slug} to {to_stage} cannot be {action}: not answered with yes "
        f"{'is' if len(missing) == 1 else 'are'} {formatting.count(len(missing), 'question')} of its readiness.",
        remedy="Resolve what `errors` names, or request an override with `override_expires_at` and a reason.",
        code="not_ready",
        details=_lines(missing, reader, use_case),
    )


def was_overridden(
    use_case: UseCase, to_stage: UseCaseStage, missing: Sequence[QuestionResult], reader: Person
) -> ConflictError:
    """The error, for `reader`, for a step back to a stage that only an override, which is over, let the use case come to."""
    return ConflictError(
        f"Use case {use_case.slug} reached the stage {to_stage} under an override that has ended, and still lacks "
        f"{formatting.count(len(missing), 'answer')} that the stage requires.",
        remedy=f"Move it to {UseCaseStage.PILOT}; from there {to_stage} can be requested.",
        code="stage_was_overridden",
        details=_lines(missing, reader, use_case),
    )


def not_the_requester(move: StageMove, actor: Person) -> ForbiddenError:
    name = move.requested_by.username if move.requested_by else "the system"
    return ForbiddenError(
        f"{actor.username} may not withdraw the request of {name}.",
        remedy=f"Ask {name} to withdraw it, or governance to reject it.",
    )


def _lines(missing: Sequence[QuestionResult], reader: Person, use_case: UseCase) -> list[str]:
    hidden = hidden_from(reader, use_case)
    return [line_of(redact_result(one, hidden)) for one in missing]
