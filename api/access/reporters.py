"""Who reports: the person of a session or of their own key, or the consumer whose key was used."""

from rest_framework.request import Request

from api.authentication import KeyGrant
from catalog.models import Consumer, Person
from catalog.rules.vocabulary import ConsumerKind
from trust.use_cases.services.reporters import Reporter


def reporter_of(request: Request) -> Reporter:
    """For a request that `HasScope` let through. One query where a consumer speaks for itself."""
    person: Person = request.user  # type: ignore[assignment]  # nobody else gets here
    grant = request.auth if isinstance(request.auth, KeyGrant) else None
    if grant is None or grant.kind is ConsumerKind.PERSON:
        return Reporter(person)
    return Reporter(person, Consumer.objects.select_related("owner").get(pk=grant.consumer_id))
