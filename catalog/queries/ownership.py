"""Who owned what when, from its history: whoever hands something on for an hour still decides in their own matter."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from catalog.models import DataProduct, Person, UseCase


def has_owned_since(person: Person, product: DataProduct, since: datetime) -> bool:
    """Whether `person` owned `product` at any moment from `since` on, up to now. One query."""
    return product.owner_id == person.pk or _has_held_since(product, since, owner_id=person.pk)


def has_owned_decision_since(person: Person, use_case: UseCase, since: datetime) -> bool:
    """Whether `person` was the business owner of `use_case` at any moment from `since` on, up to now. One query."""
    return use_case.business_owner_id == person.pk or _has_held_since(use_case, since, business_owner_id=person.pk)


def _has_held_since(row: Any, since: datetime, **held: int) -> bool:
    events = row.pgh_event_model.objects.filter(pgh_obj_id=row.pk)
    later = events.filter(pgh_id__gt=OuterRef("pgh_id"), pgh_created_at__lte=since)
    return bool(events.filter(Q(pgh_created_at__gt=since) | ~Exists(later), **held).exists())
