"""Which products a reader of the pages may know of."""

from django.db.models import Q

from catalog.models import DataProduct, Person
from catalog.models.product import DataProductQuerySet
from catalog.rules.vocabulary import Lifecycle
from catalog.services.permissions import sees_everything


def visible_products(person: Person | None) -> DataProductQuerySet:
    """The published ones for everybody; drafts and retired ones for their owner, their stewards and whoever sees everything."""
    if person is None or not person.is_active:
        return DataProduct.objects.published()
    if sees_everything(person):
        return DataProduct.objects.all()
    stewarded = DataProduct.stewards.through.objects.filter(person=person).values("dataproduct")
    found = Q(lifecycle__in=[Lifecycle.PUBLISHED, Lifecycle.DEPRECATED]) | Q(owner=person) | Q(pk__in=stewarded)
    return DataProduct.objects.filter(found)
