"""How long a ruling can hold, should nobody change anything: until the first of what it rests on ends by time."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Min

from catalog.models import AccessPolicy, Agreement


def rests_until(policies: Collection[int], agreement: int | None) -> datetime | None:
    """The first end of one of the policies that were ruled on, or of the agreement; None where none ends. Two queries."""
    ends: list[datetime | None] = [AccessPolicy.objects.filter(pk__in=policies).aggregate(end=Min("expires_at"))["end"]]
    if agreement is not None:
        ends.append(Agreement.objects.filter(pk=agreement).values_list("expires_at", flat=True).first())
    return min((end for end in ends if end is not None), default=None)
