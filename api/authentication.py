"""Who asks: a person through an API key in the Authorization header, or through the session of a browser."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api.errors import TooManyRequests
from api.problems import ARRIVED, request_id_of
from api.throttling import ADMITTED, admit, is_learned, learn
from catalog.callers import Caller, set_caller
from catalog.models import ApiKey, Person
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Sensitivity
from catalog.services.api_keys import KEY_FORM, digest_of
from catalog.services.consumers import consumer_of_person
from trust.decisions.rules.question import Asker

USE_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """What `request.auth` holds when a key was used; None there means a session, which has every scope of its person.

    Its consumer asks; `request.user` is who answers for that. requests_per_minute None: the installation's default.
    is_enforcement_point: whether the consumer may ask about others.
    """

    key_id: int
    scopes: tuple[str, ...]
    consumer_id: int
    consumer_slug: str
    kind: ConsumerKind
    clearance: Sensitivity
    is_enforcement_point: bool = False
    requests_per_minute: int | None = None
    digest: str = field(default="", repr=False)


def key_in(header: str) -> str | None:
    """The key of an `Authorization: Bearer KEY` header; None where there is no such header. Raises `AuthenticationFailed`."""
    if not header:
        return None
    scheme, _, key = header.partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not KEY_FORM.fullmatch(key):
        raise AuthenticationFailed("The Authorization header holds no key of the form `Bearer ts_..._...`.", "key_malformed")
    return key


def record_use(key_id: int, now: datetime) -> None:
    """Keep when the key was last used, to the minute: one conditional write a minute, whatever the traffic."""
    is_old = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_RESOLUTION)
    ApiKey.objects.filter(is_old, pk=key_id).update(last_used_at=now)


def refuse_unusable(key: ApiKey, now: datetime) -> None:
    """Raise `AuthenticationFailed`, with a code that says why, for a key that was good once or will be good again."""
    named = f"The API key {key.prefix}…"
    if key.revoked_at is not None:
        raise AuthenticationFailed(f"{named} was revoked.", "key_revoked")
    if key.expires_at is not None and key.expires_at <= now:
        raise AuthenticationFailed(f"{named} has expired.", "key_expired")
    if not key.person.is_active:
        raise AuthenticationFailed(f"The account behind the API key {key.prefix}… is inactive.", "person_inactive")
    if key.consumer.status != ConsumerStatus.ACTIVE:
        status = key.consumer.status
        raise AuthenticationFailed(f"{named} belongs to consumer {key.consumer.slug}, which is {status}.", f"consumer_{status}")
    if key.is_blocked:
        raise AuthenticationFailed(f"{named} is blocked.", "key_blocked")


def caller_of(key: ApiKey) -> Caller:
    consumer = key.consumer
    return Caller(key.pk, key.prefix, consumer.pk, consumer.slug, is_person=consumer.kind == ConsumerKind.PERSON)


def grant_of(key: ApiKey) -> KeyGrant:
    return KeyGrant(
        key_id=key.pk,
        scopes=tuple(key.scopes),
        consumer_id=key.consumer_id,
        consumer_slug=key.consumer.slug,
        kind=ConsumerKind(key.consumer.kind),
        clearance=Sensitivity(key.consumer.clearance),
        is_enforcement_point=key.consumer.is_enforcement_point,
        requests_per_minute=key.requests_per_minute,
        digest=key.digest,
    )


def _demand_admission(digest: str) -> None:
    if wait := admit(digest):
        raise TooManyRequests(wait)


class ApiKeyAuthentication(BaseAuthentication):
    """Looks the key up on every request: a key that was revoked a moment ago is of no use, nothing is cached.

    Its rate limit is counted here too, before the database is asked and whatever becomes of the request: a key that may not do
    something cannot try it without end.
    """

    def authenticate(self, request: Request) -> tuple[Person, KeyGrant] | None:
        text = key_in(request.META.get("HTTP_AUTHORIZATION", ""))
        if text is None:
            return None
        digest = digest_of(text)
        is_counted = is_learned(digest)
        if is_counted and request.META.get(ADMITTED) != digest:
            _demand_admission(digest)
        key = ApiKey.objects.select_related("consumer__owner").filter(digest=digest).first()
        now = timezone.now()
        if key is None:
            raise AuthenticationFailed("There is no such API key.", "key_unknown")
        refuse_unusable(key, now)
        learn(digest, key.requests_per_minute, is_charged=False)
        if not is_counted:
            _demand_admission(digest)
        if key.last_used_at is None or key.last_used_at < now - USE_RESOLUTION:
            record_use(key.pk, now)
        set_caller(caller_of(key))
        return key.person, grant_of(key)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="touchstone"'


def asker_of(request: Request) -> Asker:
    """The key's consumer, or the one that the person of the session is. For a request that `HasScope` let through."""
    person: Person = request.user  # type: ignore[assignment]  # nobody else gets here
    grant = request.auth if isinstance(request.auth, KeyGrant) else None
    if grant is not None:
        return asker_with(grant, person, request._request)  # noqa: SLF001  DRF's own name for Django's request
    consumer, meta = consumer_of_person(person), request.META
    return Asker(person.pk, consumer.pk, consumer.slug, None, request_id_of(request._request), meta[ARRIVED])  # noqa: SLF001


def asker_with(grant: KeyGrant, person: Person, request: HttpRequest) -> Asker:
    """Who asks with this key."""
    return Asker(
        person_id=person.pk,
        consumer_id=grant.consumer_id,
        slug=grant.consumer_slug,
        key_id=grant.key_id,
        request_id=request_id_of(request),
        arrived_ns=request.META[ARRIVED],
        digest=grant.digest,
    )


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's base
    """Describes the key in the OpenAPI document."""

    target_class = "api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ts_<prefix>_<secret>", "description": "An API key."}
