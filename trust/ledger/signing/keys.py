"""Making keys, and publishing their public halves."""

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.utils import timezone

from trust.ledger.models.ledger import SigningKey
from trust.ledger.signing.folder import key_files, locked_folder, newest_private_key, read_private_key, write_private_key

Jwk = dict[str, str]


def public_jwk(key: Ed25519PublicKey) -> Jwk:
    """The JSON Web Key of a public key (RFC 8037); `kid` is its thumbprint (RFC 7638), `alg` the name of RFC 9864."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(key.public_bytes_raw())}
    digest = hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
    return {**members, "kid": _base64url(digest), "alg": "Ed25519", "use": "sig"}


def register(key: Ed25519PrivateKey) -> str:
    """Keep the public half in the database, where it is not yet. Returns the kid."""
    jwk = public_jwk(key.public_key())
    if not SigningKey.objects.filter(kid=jwk["kid"]).exists():
        row = SigningKey(kid=jwk["kid"], jwk=jwk, created_at=timezone.now())
        SigningKey.objects.bulk_create([row], ignore_conflicts=True)  # another process may register it at the same moment
    return jwk["kid"]


def ensure_key() -> tuple[str, bool]:
    """The kid of the key that signs, and whether it was made now because there was none."""
    with locked_folder():
        if key_files():
            return register(newest_private_key()), False
        return _make_key(), True


def rotate_key() -> str:
    """Make a new key that signs from now on. Returns its kid. What the older ones signed stays valid."""
    with locked_folder():
        return _make_key()


def public_jwks() -> dict[str, list[dict[str, Any]]]:
    """The JWK Set (RFC 7517) of every key that ever signed here, newest first."""
    return {"keys": list(SigningKey.objects.order_by("-created_at", "-id").values_list("jwk", flat=True))}


def own_jwks() -> dict[str, list[Jwk]]:
    """The public halves of the private keys in the folder, oldest first: what nobody put there who only has the database.

    Raises KeyUnavailableError where one of them may not be read.
    """
    return {"keys": [public_jwk(read_private_key(path).public_key()) for path in key_files()]}


def _make_key() -> str:
    """Published before it can sign: nobody ever meets a signature whose key they cannot look up."""
    key = Ed25519PrivateKey.generate()
    kid = register(key)
    write_private_key(key)
    return kid


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
