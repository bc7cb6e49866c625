"""Which agreements stand, now or at a past moment: read from the columns alone, which say when each began and ended.

`status` is not asked: `expired` is written by a task some time after the fact, and a past moment knew another status. An
agreement stands from `starts_at` (set when it is activated) until the earlier of `expires_at` and `ended_at`; a request that
was rejected or withdrawn never has a start.

Every end that somebody brings about (revoke, replacement) is an UPDATE of the agreement's own row, so FOR SHARE on that row is
enough for a statement that relies on it: the update waits for the statement, or the statement waits for the update and then
looks at the row again.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Q, QuerySet

from catalog.models import Agreement


def agreements_standing(at: datetime) -> QuerySet[Agreement]:
    """The agreements that stand at `at`, past or present."""
    return Agreement.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), starts_at__lte=at, expires_at__gt=at)


def standing_agreement(consumer_id: int, product_id: int, purpose: str, at: datetime) -> int | None:
    """Id of the agreement of this consumer for this product and purpose that stands at `at`; None where none does."""
    return standing_agreements(consumer_id, (product_id,), purpose, at).get(product_id)


def standing_agreements(consumer_id: int, product_ids: Collection[int], purpose: str, at: datetime) -> Mapping[int, int]:
    """Product id to the id of the agreement that stands at `at`, for the products that have one. One query.

    Should two stand at once, the older one is named, always the same.
    """
    found = agreements_standing(at).filter(consumer=consumer_id, product__in=product_ids, purpose=purpose)
    return dict(found.order_by("-id").values_list("product_id", "id"))
