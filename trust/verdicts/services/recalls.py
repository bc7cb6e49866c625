"""Notes, in judging's own transaction, that verdicts crossed the line; `recall_notices` tells whom it concerns."""

from collections.abc import Iterable
from dataclasses import dataclass

from trust.verdicts.models.recall import Recall
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.rules.recall import RecallState, cross
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import RecallStatus
from trust.vocabulary import VerdictStatus as VerdictWord


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A product's new verdict, and the one that it follows; None where it is the first."""

    before: Verdict | None
    after: Verdict

    @property
    def is_good(self) -> bool:
        return self.after.verdict == VerdictWord.PRODUCTION_GRADE

    @property
    def has_crossed(self) -> bool:
        """Whether the new verdict is on another side of production-grade.

        Nobody has relied on a product that was never production-grade, so a first verdict crosses nothing.
        """
        return self.before is not None and (self.before.verdict == VerdictWord.PRODUCTION_GRADE) is not self.is_good


def note_verdict_changes(changes: Iterable[VerdictChange], policy: TrustPolicy) -> None:
    """Open, turn or close the recalls of the products whose verdicts crossed the line; none is asked for where none did.

    Three statements at most, however many. The caller holds the products' current rows, so that crossings are noted in their
    order.
    """
    crossed = {change.after.product_id: change for change in changes if change.has_crossed}
    if not crossed:
        return
    locked = Recall.objects.select_for_update().filter(product_id__in=crossed, closed_at=None).order_by("product_id")
    known = {recall.product_id: recall for recall in locked}
    opened, turned = [], []
    for product_id, change in crossed.items():
        recall, after = known.get(product_id), change.after
        # A judgement may come long after what brought the product back: it is back since then.
        at = min(after.judged_at, after.facts_changed_at or after.judged_at)
        state = cross(state_of(recall) if recall else None, is_good=change.is_good, at=at, damping=policy.recall_damping)
        if state is None:
            continue
        if recall is None:
            fallen = {"fallen_at": after.judged_at, "changed_at": state.changed_at, "fallen_verdict": after}
            opened.append(Recall(product_id=product_id, status=state.status, **fallen))
        else:
            recall.recovered_verdict = after if change.is_good else None
            take_state(recall, state)
            turned.append(recall)
    Recall.objects.bulk_create(opened)
    # They exist, and are held: this only updates, and costs less than `bulk_update`, which writes a CASE for every column.
    Recall.objects.bulk_create(turned, update_conflicts=True, unique_fields=["id"], update_fields=_STATE)


_STATE = ["status", "changed_at", "sent_at", "recovered_at", "closed_at", "recovered_verdict"]


def state_of(recall: Recall) -> RecallState:
    return RecallState(RecallStatus(recall.status), recall.changed_at, recall.sent_at)


def keep_state(recall: Recall, state: RecallState) -> None:
    """Write `state` to its row."""
    take_state(recall, state)
    recall.save()


def take_state(recall: Recall, state: RecallState) -> None:
    """Put `state` on the row, unsaved. A closed one has recovered when it last crossed the line."""
    recall.status, recall.changed_at, recall.sent_at = state.status, state.changed_at, state.notified_at
    if state.is_closed:
        recall.recovered_at = recall.closed_at = state.changed_at
