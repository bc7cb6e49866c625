"""Notes, in judging's own transaction, that a verdict crossed the line; `recall_notices` tells whom it concerns."""

from trust.models import Recall, Verdict
from trust.queries.policies import current_policy
from trust.rules.recall import RecallState, cross
from trust.rules.vocabulary import RecallStatus
from trust.rules.vocabulary import Verdict as VerdictWord


def note_verdict_change(*, product_id: int, before: Verdict | None, after: Verdict) -> None:
    """Open, turn or close the product's recall where `after` is on another side of production-grade than `before`.

    Nobody has relied on a product that was never production-grade, so a first verdict opens nothing. No query where the side
    is the same. The caller holds the product's current row, so that crossings are noted in their order.
    """
    is_good = after.verdict == VerdictWord.PRODUCTION_GRADE
    if before is None or (before.verdict == VerdictWord.PRODUCTION_GRADE) == is_good:
        return
    recall = Recall.objects.select_for_update().filter(product_id=product_id, closed_at=None).first()
    _, policy = current_policy()
    before_it = state_of(recall) if recall else None
    # A judgement may come long after what brought the product back: it is back since then.
    at = min(after.judged_at, after.facts_changed_at or after.judged_at)
    state = cross(before_it, is_good=is_good, at=at, damping=policy.recall_damping)
    if recall is None:
        if state is not None:
            Recall.objects.create(
                product_id=product_id,
                status=state.status,
                fallen_at=after.judged_at,
                changed_at=state.changed_at,
                fallen_verdict=after,
            )
        return
    if state is not None:
        recall.recovered_verdict = after if is_good else None
        keep_state(recall, state)


def state_of(recall: Recall) -> RecallState:
    return RecallState(RecallStatus(recall.status), recall.changed_at, recall.sent_at)


def keep_state(recall: Recall, state: RecallState) -> None:
    """Write `state` to its row. A closed one has recovered when it last crossed the line."""
    recall.status, recall.changed_at, recall.sent_at = state.status, state.changed_at, state.told_at
    if state.is_closed:
        recall.recovered_at = recall.closed_at = state.changed_at
    recall.save()
