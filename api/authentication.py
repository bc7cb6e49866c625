"""Who asks: a person through an API key in the Authorization header, or through the session of a browser."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api.access.keys import KEY_FORM, digest_of
from api.models import ApiKey
from catalog.models import Person

USE_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeyGrant:
    """What `request.auth` holds when a key was used; None there means a session, which has every scope of its person."""

    key_id: int
    scopes: tuple[str, ...]


def key_in(header: str) -> str | None:
    """The key of an `Authorization: Bearer KEY` header; None where there is no such header. Raises `AuthenticationFailed`."""
    if not header:
        return None
    scheme, _, key = header.partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not KEY_FORM.fullmatch(key):
        raise AuthenticationFailed("The Authorization header holds no key of the form `Bearer ts_..._...`.", "malformed_key")
    return key


def record_use(key_id: int, now: datetime) -> None:
    """Keep when the key was last used, to the minute: one conditional write a minute, whatever the traffic."""
    is_old = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_RESOLUTION)
    ApiKey.objects.filter(is_old, pk=key_id).update(last_used_at=now)


class ApiKeyAuthentication(BaseAuthentication):
    """Looks the key up on every request: a key that was revoked a moment ago is of no use, nothing is cached."""

    def authenticate(self, request: Request) -> tuple[Person, KeyGrant] | None:
        text = key_in(request.META.get("HTTP_AUTHORIZATION", ""))
        if text is None:
            return None
        key = ApiKey.objects.select_related("consumer__owner").filter(digest=digest_of(text)).first()
        now = timezone.now()
        if key is None:
            raise AuthenticationFailed("There is no such API key.", "unknown_key")
        if key.revoked_at is not None:
            raise AuthenticationFailed(f"The API key {key.prefix}… was revoked.", "revoked_key")
        if key.expires_at is not None and key.expires_at <= now:
            raise AuthenticationFailed(f"The API key {key.prefix}… has expired.", "expired_key")
        if not key.person.is_active:
            raise AuthenticationFailed(f"The account behind the API key {key.prefix}… is inactive.", "inactive_person")
        if key.last_used_at is None or key.last_used_at < now - USE_RESOLUTION:
            record_use(key.pk, now)
        return key.person, KeyGrant(key_id=key.pk, scopes=tuple(key.scopes))

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="touchstone"'


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular's base
    """Describes the key in the OpenAPI document."""

    target_class = "api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ts_<prefix>_<secret>", "description": "An API key."}
