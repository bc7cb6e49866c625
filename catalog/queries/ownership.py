"""Who owned a product when, from its history: whoever hands a product on for an hour still decides in their own matter."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from catalog.models import DataProduct, Person


def has_owned_since(person: Person, product: DataProduct, since: datetime) -> bool:
    """Whether `person` owned `product` at any moment from `since` on, up to now. One query."""
    if product.owner_id == person.pk:
        return True
    events = DataProduct.pgh_event_model.objects.filter(pgh_obj_id=product.pk)  # type: ignore[attr-defined]  # set by pghistory
    later = events.filter(pgh_id__gt=OuterRef("pgh_id"), pgh_created_at__lte=since)
    return bool(events.filter(Q(pgh_created_at__gt=since) | ~Exists(later), owner_id=person.pk).exists())
