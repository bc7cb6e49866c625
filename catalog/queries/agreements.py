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

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from catalog.models import Agreement, DomainGovernor, Person
from catalog.queries.ownership import (
    AsksFor,
    HasOwnedSince,
    IsTied,
    IsTiedToAsker,
    OwnerAsksFor,
    RankOf,
    SamePerson,
    has_identity,
    stands_in_for,
)
from catalog.rules.vocabulary import AgreementStatus, Sensitivity


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


def agreements_of(person: Person) -> QuerySet[Agreement]:
    """The agreements that concern `person`: of their consumers, of their products, what they asked for, and the same of those
    whose deputy they are.
    """
    absent = stands_in_for(person).values("person")
    own = Q(consumer__owner=person) | Q(product__owner=person) | Q(requested_by=person)
    return Agreement.objects.filter(own | Q(consumer__owner__in=absent) | Q(product__owner__in=absent))


def agreements_waiting_for(person: Person, *, is_governance: bool, now: datetime) -> QuerySet[Agreement]:
    """The requests whose next approval is for `person` to give: `catalog.rules.agreement.part_of` as one condition in SQL."""
    if not has_identity(person):
        return Agreement.objects.none()
    me = Value(person.pk)
    in_domain = (
        Q() if is_governance else Q(Exists(DomainGovernor.objects.filter(domain=OuterRef("product__domain"), person=person)))
    )
    speaks_for_governance = Q(is_owner=False) & in_domain
    is_owner = Q(SamePerson("product__owner", me)) | Q(product__owner__in=stands_in_for(person).values("person"))
    is_for_owner = is_owner & Q(owner_asks=False) | speaks_for_governance & Q(owner_asks=True)
    is_for_governance = speaks_for_governance & Q(needed_rank__gt=Sensitivity.INTERNAL.rank)
    owner_stands = Q(owner_approved_by__isnull=False, owner_rank__gte=F("needed_rank"))
    governance_stands = Q(governance_approved_by__isnull=False, governance_rank__gte=F("needed_rank"))
    rows = Agreement.objects.filter(status=AgreementStatus.REQUESTED, expires_at__gt=now)
    return (
        with_needs(rows.exclude(AsksFor(me, "pk")).exclude(IsTiedToAsker(me, "pk")))
        .annotate(
            # An approval that does not say for what counts as the least.
            owner_rank=_rank("owner_approved_for", Sensitivity.PUBLIC),
            governance_rank=_rank("governance_approved_for", Sensitivity.PUBLIC),
            is_owner=HasOwnedSince(me, "product", "requested_at"),
        )
        .filter((is_for_owner & ~owner_stands) | (is_for_governance & ~governance_stands))
        .exclude(owner_stands & (Q(SamePerson("owner_approved_by", me)) | Q(IsTied("owner_approved_by", me))))
        # Governance's approval counts only where it is needed; elsewhere it still is one of the two that nobody gives both of.
        .exclude(governance_stands & (Q(SamePerson("governance_approved_by", me)) | Q(IsTied("governance_approved_by", me))))
    )


def with_needs(rows: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """The agreements with what their approvals depend on: `needed_rank`, and `owner_asks`, whether an owner is among those who
    ask. `catalog.services.agreement_notices` reads the two.
    """
    return rows.annotate(needed_rank=RankOf("pk"), owner_asks=OwnerAsksFor("pk"))


def _rank(column: str, otherwise: Sensitivity) -> Case:
    return Case(
        *(When(**{column: level.value}, then=Value(level.rank)) for level in Sensitivity), default=Value(otherwise.rank)
    )
