"""Who asks, in the words of `trust.services.deciding`."""

from rest_framework.request import Request

from api.authentication import KeyGrant
from api.problems import ARRIVED, request_id_of
from catalog.models import Person
from catalog.services.consumers import consumer_of_person
from trust.rules.asking import Asker


def asker_of(request: Request) -> Asker:
    """The key's consumer, or the one that the person of the session is. For a request that `HasScope` let through."""
    person: Person = request.user  # type: ignore[assignment]  # nobody else gets here
    grant = request.auth if isinstance(request.auth, KeyGrant) else None
    if grant is None:
        consumer = consumer_of_person(person)
        consumer_id, slug = consumer.pk, consumer.slug
    else:
        consumer_id, slug = grant.consumer_id, grant.consumer_slug
    return Asker(
        person_id=person.pk,
        consumer_id=consumer_id,
        slug=slug,
        key_id=grant.key_id if grant else None,
        request_id=request_id_of(request._request),  # noqa: SLF001  DRF's own name for Django's request
        arrived_ns=request.META[ARRIVED],
    )
