"""Who may see which consumer over HTTP: one's own; governance and auditors see all.

What may not be seen does not exist: the answer is 404.
"""

from django.db.models import Count, Q, QuerySet

from catalog.models import Consumer, Person
from catalog.queries import is_insider
from catalog.rules.errors import NotFoundError


def visible_consumers(person: Person) -> QuerySet[Consumer]:
    """Consumers with their owners and `key_count`, the number of their keys that were not revoked. One statement."""
    rows = _counted()
    if person.is_superuser:
        return rows
    return rows.filter(Q(owner=person) | is_insider(person))


def _counted() -> QuerySet[Consumer]:
    return Consumer.objects.select_related("owner").annotate(
        key_count=Count("api_keys", filter=Q(api_keys__revoked_at=None), distinct=True)
    )


def with_key_count(consumer: Consumer) -> Consumer:
    """The consumer as it is after a change, for whoever was allowed to make that: they may no longer see it. One query."""
    return _counted().get(pk=consumer.pk)


def find_consumer(person: Person, slug: str) -> Consumer:
    """The consumer, with its owner and `key_count`. Raises `NotFoundError`; costs one query."""
    consumer = visible_consumers(person).filter(slug=slug).first()
    if consumer is None:
        raise NotFoundError(
            f"There is no consumer {slug[:80]} that you may see.",
            remedy="GET /api/v1/consumers lists those that you may see: your own; governance and auditors see all.",
            code="consumer_unknown",
        )
    return consumer
