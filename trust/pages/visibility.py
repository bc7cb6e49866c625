"""Which products a reader of the pages may know of: the same as over the API."""

from django.db.models import Q

from catalog.models import DataProduct, Person
from catalog.models.product import DataProductQuerySet
from catalog.rules.vocabulary import Lifecycle
from catalog.services.permissions import sees_everything


def visible_products(person: Person | None) -> DataProductQuerySet:
    """Everything but drafts for everybody; drafts for their owner, their stewards and whoever sees everything.

    A retired product keeps its page, which says that it is retired: whoever follows an old link must learn that.
    """
    offered = ~Q(lifecycle=Lifecycle.DRAFT)
    if person is None or not person.is_active:
        return DataProduct.objects.filter(offered)
    if sees_everything(person):
        return DataProduct.objects.all()
    stewarded = DataProduct.stewards.through.objects.filter(person=person).values("dataproduct")
    return DataProduct.objects.filter(offered | Q(owner=person) | Q(pk__in=stewarded))
