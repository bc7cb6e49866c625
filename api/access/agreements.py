"""Who may see which agreement over HTTP: those concerned; governance and auditors see all.

What may not be seen does not exist: the answer is 404.
"""

from django.db.models import Q, QuerySet

from catalog.models import Agreement, Person
from catalog.queries import agreements_of, is_insider
from catalog.queries.agreements import with_needs
from catalog.rules.errors import NotFoundError

RELATED = (
    "consumer",
    "product",
    "requested_by",
    "owner_approved_by",
    "governance_approved_by",
    "ended_by",
)


def agreements_as_shown() -> QuerySet[Agreement]:
    """Agreements with all that an answer names of them."""
    return with_needs(Agreement.objects.select_related(*RELATED).defer("product__search"))


def visible_agreements(person: Person) -> QuerySet[Agreement]:
    """Those that concern `person`; all for governance, auditors and superusers. One statement."""
    rows = agreements_as_shown()
    if person.is_superuser:
        return rows
    return rows.filter(Q(pk__in=agreements_of(person).order_by().values("pk")) | is_insider(person))


def find_agreement(person: Person, agreement_id: int) -> Agreement:
    """Raises `NotFoundError`; costs one query."""
    agreement = visible_agreements(person).filter(pk=agreement_id).first()
    if agreement is None:
        raise NotFoundError(
            f"There is no agreement {agreement_id} that you may see.",
            remedy="GET /api/v1/agreements lists those of your consumers and your products; governance sees all.",
        )
    return agreement
