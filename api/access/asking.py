"""Who asks, in the words of `trust.decisions.services.decide`."""

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from api.authentication import KeyGrant, record_use
from api.problems import ARRIVED, request_id_of
from api.throttling import ADMITTED, admit, is_learned, learn
from catalog.models import Person
from catalog.services.api_keys import KEY_FORM, digest_of
from catalog.services.consumers import consumer_of_person
from trust.decisions.queries.clauses import GOOD_KEY, USE_IS_DUE
from trust.decisions.queries.prepared import Statement
from trust.decisions.rules.question import Asker

# Whoever may read trust answers, where nothing is to be refused: the purpose, if any, and the product, if any, are known.
_READER = Statement(
    "reader",
    f"""
SELECT k.id::text, k.consumer_id::text, s.slug, s.owner_id::text, k.requests_per_minute::text,
       ({USE_IS_DUE})::text
FROM (SELECT %s::text AS digest, %s::text AS purpose, %s::text AS product) asked
JOIN catalog_apikey k ON k.digest = asked.digest
JOIN catalog_consumer s ON s.id = k.consumer_id
WHERE {GOOD_KEY}
    AND k.scopes && ARRAY['trust:read', 'admin']::varchar[]
    AND (asked.purpose IS NULL OR EXISTS (SELECT 1 FROM catalog_purpose u WHERE u.name = asked.purpose))
    AND (asked.product IS NULL
         OR EXISTS (SELECT 1 FROM catalog_dataproduct d WHERE d.slug = asked.product AND d.lifecycle <> 'draft'))
""",
)


def admitted_digest(request: HttpRequest) -> str | None:
    """The digest of the key, counted against its limit; None where the ordinary way must learn it, or refuse it."""
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not KEY_FORM.fullmatch(key):
        return None
    digest = digest_of(key)
    if not is_learned(digest) or (request.META.get(ADMITTED) != digest and admit(digest)):
        return None
    request.META[ADMITTED] = digest
    return digest


def note_use(digest: str, key_id: str | None, limit: str | None, is_due: str | None) -> None:
    """After a statement that found the key good: its limit may have changed, and its last use may be a minute old.

    All but the digest as the statement gave them, as text.
    """
    learn(digest, int(limit) if limit else None, is_charged=False)
    if is_due == "true":
        record_use(int(key_id or 0), timezone.now())


def reader_of(request: HttpRequest, *, purpose: str | None = None, product: str | None = None) -> Asker | None:
    """Who asks with a good key about a product that everybody may see; None where the ordinary way must be taken."""
    digest = admitted_digest(request)
    if digest is None:
        return None
    rows = _READER.rows_if_connected(digest, purpose, product)
    if not rows:
        return None
    key_id, consumer_id, slug, person_id, limit, is_due = rows[0]
    note_use(digest, key_id, limit, is_due)
    return Asker(
        person_id=int(person_id or 0),
        consumer_id=int(consumer_id or 0),
        slug=slug or "",
        key_id=int(key_id or 0),
        request_id=request_id_of(request),
        arrived_ns=request.META[ARRIVED],
    )


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
