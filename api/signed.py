"""Signed answers over HTTP: `application/jose`, a compact JWS that `/.well-known/jwks.json` checks."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from api.health import only_reads
from trust.decisions.services.proofs import signed_answer
from trust.ledger.signing import public_jwks
from trust.models import Decision

MEDIA_TYPE = "application/jose"


def wants_signed(accept: str) -> bool:
    """Whether an Accept header names the signed form. It is given only to who names it: `*/*` gets JSON."""
    return "jose" in accept.lower() and any(part.partition(";")[0].strip().lower() == MEDIA_TYPE for part in accept.split(","))


def signed_response(request: HttpRequest, decision: Decision) -> HttpResponse:
    """The answer as a compact JWS. Raises KeyUnavailableError."""
    token = signed_answer(decision=decision, issuer=issuer_of(request))
    return HttpResponse(token, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store", "Vary": "Accept"})


def issuer_of(request: HttpRequest) -> str:
    """Scheme and host of this installation, as set or else as asked; no slash at the end."""
    return settings.TOUCHSTONE.public_url.rstrip("/") or f"{request.scheme}://{request.get_host()}"


@only_reads
def jwks(request: HttpRequest) -> HttpResponse:
    """`/.well-known/jwks.json`: every public key that ever signed here, for everybody."""
    # Short: after a rotation the new key is met at once. Who meets an unknown kid fetches the set again.
    headers = {"Cache-Control": "public, max-age=60"}
    return JsonResponse(public_jwks(), content_type="application/jwk-set+json", headers=headers)
