"""Who may see which recall over HTTP: product owners and stewards theirs, consumers those that name them.

Governance and auditors see all. What may not be seen does not exist: the answer is 404.
"""

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from catalog.models import Person
from catalog.models.product import is_looked_after_by
from catalog.rules.errors import NotFoundError
from catalog.services.permissions import sees_everything
from trust.models import Recall, RecalledConsumer

RELATED = ("product__owner", "fallen_verdict", "recovered_verdict")


def visible_recalls(person: Person) -> QuerySet[Recall]:
    """Recalls with `consumer_count`, the number of consumers that they name; two queries to know the person, at most."""
    counted = Count("consumers")
    rows = Recall.objects.select_related(*RELATED).defer(
        "product__search", "fallen_verdict__facts", "recovered_verdict__facts", "recovered_verdict__outcome"
    )
    if sees_everything(person):
        return rows.annotate(consumer_count=counted)
    named = RecalledConsumer.objects.filter(recall=OuterRef("pk"), consumer__owner=person)
    return rows.filter(is_looked_after_by(person, "product") | Exists(named)).annotate(consumer_count=counted)


def names_visibly(person: Person, consumer: str) -> Exists:
    """Whether a recall names the consumer of this slug, as far as the person may see the consumers that it names."""
    named = RecalledConsumer.objects.filter(recall=OuterRef("pk"), consumer__slug=consumer)
    if sees_everything(person):
        return Exists(named)
    return Exists(named.filter(is_looked_after_by(person, "recall__product") | Q(consumer__owner=person)))


def find_recall(person: Person, recall_id: int) -> Recall:
    """Raises `NotFoundError`."""
    recall = visible_recalls(person).filter(pk=recall_id).first()
    if recall is None:
        raise NotFoundError(
            f"There is no recall {recall_id} that you may see.",
            remedy="GET /api/v1/recalls lists those that you may see: of your products, and those that name your consumers.",
        )
    return recall


def visible_parts(person: Person, recall: Recall) -> QuerySet[RecalledConsumer]:
    """The consumers that the recall names, as far as the person may see them: all for the product's people, else one's own."""
    rows = recall.consumers.select_related("consumer").order_by("consumer__slug")
    product = recall.product
    is_insider = product.owner_id == person.pk or product.stewards.filter(pk=person.pk).exists() or sees_everything(person)
    return rows if is_insider else rows.filter(consumer__owner=person)
