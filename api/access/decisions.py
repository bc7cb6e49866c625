"""Who may see which logged answer over HTTP: consumers their own, product owners and stewards those on their products.

Governance and auditors see all. What may not be seen does not exist: the answer is 404.
"""

from django.db.models import Q, QuerySet

from catalog.models import Consumer, DataProduct, Person
from catalog.rules.errors import NotFoundError
from catalog.services.permissions import sees_everything
from trust.models import Decision
from trust.use_cases.queries.output_exceptions import visible_exceptions


def visible_decisions(person: Person) -> QuerySet[Decision]:
    """Answers about the person's consumers and about the products that the person owns or looks after; four queries at most.

    The ids are read first: with them the planner finds the few rows of one person by an index, and with subqueries it does not.
    """
    rows = Decision.objects.all()
    if sees_everything(person):
        return rows
    consumers = list(Consumer.objects.filter(owner=person).values_list("pk", flat=True))
    return rows.filter(Q(consumer__in=consumers) | Q(product__in=_looked_after(person)))


def find_decision(person: Person, decision_id: int) -> Decision:
    """One answer that the person may see, also one that a consumer of theirs asked about somebody else, and one against which
    an exception is recorded that they see: who must handle it follows it to the evidence.

    Raises `NotFoundError`. The primary key begins with the id: one probe in each partition's index.
    """
    decision = Decision.objects.filter(pk=decision_id).first()
    if decision is None or not _may_see(person, decision):
        raise NotFoundError(
            f"There is no decision {decision_id} that you may see.",
            remedy="GET /api/v1/decisions lists those that you may see: about your consumers and your products.",
            code="decision_unknown",
        )
    return decision


def _looked_after(person: Person) -> list[int]:
    return list(DataProduct.objects.looked_after_by(person).order_by().values_list("pk", flat=True))


def _may_see(person: Person, decision: Decision) -> bool:
    own = Consumer.objects.filter(Q(pk=decision.consumer_id) | Q(slug=decision.asker), owner=person)
    if own.exists() or sees_everything(person) or decision.product_id in _looked_after(person):
        return True
    return visible_exceptions(person).filter(decision_id=decision.pk).exists()
