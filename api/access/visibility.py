"""Finds the row that an address names, and lists those that a person may see. What may not be seen does not exist: 404."""

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from catalog.models import Consumer, DataProduct, Person, UseCase
from catalog.queries import is_insider, visible_products, visible_use_cases
from catalog.rules.errors import NotFoundError
from catalog.services.permissions import sees_everything
from trust.models import Decision
from trust.use_cases.queries.output_exceptions import visible_exceptions
from trust.use_cases.services.stages import end_overrides


def find_product(person: Person, slug: str, *, is_to_change: bool = False) -> DataProduct:
    """The product, with its domain, owner and current verdict. Raises `NotFoundError`; costs one query.

    `is_to_change` locks its row until the end of the transaction, for a change that is worked out from what it says now.
    """
    related = ("domain", "owner", "acknowledged_by", "reviewed_by", "current_verdict")
    products = visible_products(person).select_related(*related).defer("current_verdict__body").filter(slug=slug)
    product = (products.select_for_update(of=("self",), no_key=True) if is_to_change else products).first()
    if product is None:
        raise NotFoundError(
            f"There is no data product {slug[:80]} that you may see.",
            remedy="GET /api/v1/products lists those that you may see; a draft is shown to its owner, stewards and governance.",
            code="product_unknown",
        )
    return product


def find_use_case(person: Person, slug: str, *, is_to_change: bool = False) -> UseCase:
    """The use case, with the people named in it. Raises `NotFoundError`; costs two queries.

    An override whose time is over ends first, so that no reader sees the stage that it kept.

    `is_to_change` locks its row until the end of the transaction, for a change that is worked out from what it says now.
    """
    end_overrides(now=timezone.now())
    related = ("business_owner", "outputs_owner", "exceptions_owner", "acknowledged_by")
    rows = visible_use_cases(person).select_related(*related).filter(slug=slug)
    use_case = (rows.select_for_update(of=("self",), no_key=True) if is_to_change else rows).first()
    if use_case is None:
        raise NotFoundError(
            f"There is no use case {slug[:80]} that you may see.",
            remedy="GET /api/v1/use-cases lists those that you may see: where you are named, or own a consumer or a product.",
            code="use_case_unknown",
        )
    return use_case


def visible_consumers(person: Person) -> QuerySet[Consumer]:
    """One's own; governance and auditors see all. One statement.

    Each with its owner and `key_count`, the number of its keys that were not revoked.
    """
    rows = _counted()
    if person.is_superuser:
        return rows
    return rows.filter(Q(owner=person) | is_insider(person))


def _counted() -> QuerySet[Consumer]:
    return Consumer.objects.select_related("owner").annotate(
        key_count=Count("api_keys", filter=Q(api_keys__revoked_at=None), distinct=True)
    )


def with_key_count(consumer: Consumer) -> Consumer:
    """The consumer after a change, for a person who was allowed to make it, but may no longer see the consumer. One query."""
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


def visible_decisions(person: Person) -> QuerySet[Decision]:
    """Answers about the person's consumers and the products that the person owns or looks after; four queries at most.

    Governance and auditors see all. The ids are read first: with them the planner finds the few rows of one person by an index,
    and with subqueries it does not.
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
