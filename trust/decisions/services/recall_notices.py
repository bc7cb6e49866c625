"""Carries out what recalls owe: names everybody who was given a yes, and tells them once of the fall and once of the recovery.

Naming, telling and the recall's new status are one transaction: killed anywhere in it, nothing of it happened, and it is done
at the next turn. Notices have keys, so that what is done twice gives one notice.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q

from catalog.callers import machine
from catalog.models import Consumer, Person
from catalog.rules.errors import DomainError, ForbiddenError
from catalog.rules.moments import rfc_3339, shown
from catalog.services.notifications import notify
from trust.decisions.queries.conditions import ASKED_BY_RIGHT
from trust.verdicts.models.recall import Recall, RecalledConsumer
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.rules.recall import Telling, due, tell
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.services.judging import ensure_current
from trust.verdicts.services.recalls import keep_state, state_of
from trust.vocabulary import RecallStatus

MOST_DECISION_IDS = 1000
"""How many decision ids a recall keeps for one consumer, the newest; the count counts all (our choice)."""

# A yes about a past moment (`as_of`) allowed nothing, nor did one that a consumer asked for which is no enforcement point. Both
# bounds of the time let the planner leave partitions out.
_WHO_RELIED = f"""
SELECT d.consumer_id, count(*), (array_agg(d.id ORDER BY d.id DESC))[1:%s],
       coalesce(array_agg(DISTINCT d.purpose ORDER BY d.purpose) FILTER (WHERE d.purpose IS NOT NULL), '{{}}')
FROM trust_decision d JOIN catalog_consumer c ON c.id = d.consumer_id
WHERE d.product_id = %s AND d.decision AND d.asked_at >= %s AND d.asked_at < %s AND d.question ->> 'as_of' IS NULL
  AND {ASKED_BY_RIGHT.format(asker="d.asker", subject="c.slug")}
GROUP BY d.consumer_id ORDER BY d.consumer_id
"""

logger = logging.getLogger(__name__)
_STAYS = Q(status__in=[RecallStatus.FALLEN, RecallStatus.RECOVERING]) | Q(
    Q(sent_at__lte=F("changed_at")) | Q(sent_at=None), status=RecallStatus.SENT
)
_OVERDUE = Q(status=RecallStatus.RECOVERING, sent_at=None)


@dataclass(frozen=True, slots=True)
class Reliance:
    """What one consumer was allowed. decision_ids: newest first, at most `MOST_DECISION_IDS` of `decision_count`."""

    consumer_id: int
    decision_count: int
    decision_ids: tuple[int, ...]
    purposes: tuple[str, ...]


def who_relied(product_id: int, *, since: datetime, until: datetime) -> Sequence[Reliance]:
    """The consumers that were given a yes for the product in `since <= asked_at < until`, each once. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WHO_RELIED, [MOST_DECISION_IDS, product_id, since, until])
        return [Reliance(consumer, count, tuple(ids), tuple(purposes)) for consumer, count, ids, purposes in cursor.fetchall()]


def carry_out_recalls(*, now: datetime, limit: int = 500) -> int:
    """Number of recalls of which notices were given at `now`, those that wait longest first. Safe to run twice.

    One that fails is logged and passed over, so that it does not hold up the others; it is tried again at the next turn.
    """
    _, policy = current_policy()
    is_due = _OVERDUE | (_STAYS & Q(changed_at__lte=now - policy.recall_damping))
    waiting = Recall.objects.filter(is_due, closed_at=None)
    notified = 0
    for recall_id, product_id in waiting.order_by("changed_at").values_list("id", "product_id")[:limit]:
        try:
            ensure_current([product_id], now)  # a change that nobody has judged yet may have brought it back already
            notified += _carry_out(recall_id, policy, now)
        except (DomainError, DatabaseError, ValueError):
            logger.exception("Recall %s failed; it is retried in a minute.", recall_id)
    return notified


@transaction.atomic
def _carry_out(recall_id: int, policy: TrustPolicy, now: datetime) -> bool:
    related = ("product__owner", "fallen_verdict", "recovered_verdict")
    locked = Recall.objects.select_for_update(of=("self",), skip_locked=True)
    recall = locked.select_related(*related).filter(id=recall_id, closed_at=None).first()
    if recall is None:  # somebody else is at it, or was
        return False
    state = state_of(recall)
    telling = due(state, damping=policy.recall_damping, now=now)
    if telling is None:
        return False
    if telling is Telling.RECOVERY:
        _tell_recovery(recall, now)
    else:
        _tell_fall(recall, _name(recall, policy, now), now)
    keep_state(recall, tell(state, telling, now=now))
    return True


def _name(recall: Recall, policy: TrustPolicy, now: datetime) -> Collection[RecalledConsumer]:
    """Name who relied on the product from the policy's window before its fall on; those who were not named before.

    After a relapse, who was named before is named with the decisions that came since.
    """
    resolved = set(recall.consumers.values_list("consumer_id", flat=True))
    relied = who_relied(recall.product_id, since=recall.fallen_at - policy.recall_window, until=now)
    rows = [_named(recall, reliance) for reliance in relied]
    RecalledConsumer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["recall", "consumer"],
        update_fields=["decision_ids", "decision_count", "purposes"],
        batch_size=1000,
    )
    return [row for row in rows if row.consumer_id not in resolved]


def _named(recall: Recall, reliance: Reliance) -> RecalledConsumer:
    return RecalledConsumer(
        recall=recall,
        consumer_id=reliance.consumer_id,
        decision_ids=list(reliance.decision_ids),
        decision_count=reliance.decision_count,
        purposes=list(reliance.purposes),
    )


def _tell_fall(recall: Recall, named: Collection[RecalledConsumer], now: datetime) -> None:
    slug = recall.product.slug
    outcome = load_outcome(recall.fallen_verdict.outcome)
    consumers = Consumer.objects.select_related("owner").in_bulk([row.consumer_id for row in named])
    for row in named:
        consumer = consumers[row.consumer_id]
        answers = "1 answer" if row.decision_count == 1 else f"{row.decision_count} answers"
        named_ids = ", ".join(map(str, row.decision_ids[:10])) + (", ..." if row.decision_count > 10 else "")
        notify(
            key=f"recall:{recall.pk}:fall",
            kind="recall.fallen",
            subject=f"Recall: {slug} is no longer production-grade",
            text=(
                f"Data product {slug} stopped being production-grade at {shown(recall.fallen_at)}. {outcome.cause}\n"
                f"Consumer {consumer.slug} was given {answers} of yes before (decisions {named_ids}).\n"
                f"Stop relying on it, check what was built on these answers, and acknowledge the recall with "
                f"POST /api/v1/recalls/{recall.pk}/acknowledge. Its owner is {recall.product.owner_name}."
            ),
            now=now,
            consumers=[consumer],
            payload={
                **_payload(recall, consumer),
                "verdict": outcome.verdict.value,
                "cause": outcome.cause,
                "decision_ids": row.decision_ids,
                "decision_count": row.decision_count,
                "purposes": row.purposes,
            },
        )


def _tell_recovery(recall: Recall, now: datetime) -> None:
    slug = recall.product.slug
    for row in recall.consumers.select_related("consumer__owner"):
        notify(
            key=f"recall:{recall.pk}:recovery",
            kind="recall.recovered",
            subject=f"Recovered: {slug} is production-grade again",
            text=(
                f"Data product {slug} is production-grade again since {shown(recall.changed_at)}; it had fallen at "
                f"{shown(recall.fallen_at)} (recall {recall.pk}). Ask again before consumer {row.consumer.slug} relies on it."
            ),
            now=now,
            consumers=[row.consumer],
            payload={**_payload(recall, row.consumer), "recovered_at": rfc_3339(recall.changed_at)},
        )


def _payload(recall: Recall, consumer: Consumer) -> dict[str, Any]:
    return {
        "recall": recall.pk,
        "product": recall.product.slug,
        "consumer": consumer.slug,
        "fallen_at": rfc_3339(recall.fallen_at),
    }


@transaction.atomic
def acknowledge_recall(*, recall: Recall, actor: Person, now: datetime) -> int:
    """For how many consumers `actor`, who owns them, has taken note of the recall just now. Raises `ForbiddenError`.

    A machine takes note for itself: that is kept beside, and is not the word of the person who answers for it.
    """
    own = recall.consumers.filter(consumer__owner=actor)
    caller = machine()
    if caller is not None:
        own = own.filter(consumer=caller.consumer_id)
    if not own.exists():
        named = f"not consumer {caller.consumer}" if caller else f"no consumer of {actor.username}"
        raise ForbiddenError(
            f"Recall {recall.pk} names {named}, so there is nothing to acknowledge.",
            remedy="The owner of a consumer that the recall names acknowledges it; a key of that consumer does so for itself.",
        )
    if caller is not None:
        return own.filter(caller_acknowledged_at=None).update(caller_acknowledged_at=now, caller=caller.key_id)
    return own.filter(acknowledged_at=None).update(acknowledged_at=now, acknowledged_by=actor.username)
