"""Signing with the installation's own keys: Ed25519, private halves in files, public halves in the database for ever."""

from trust.ledger.signing.folder import KeyUnavailableError
from trust.ledger.signing.keys import ensure_key, own_jwks, public_jwks, rotate_key
from trust.ledger.signing.signatures import ALGORITHM, canonical_json, raw_signature, sign

__all__ = [
    "ALGORITHM",
    "KeyUnavailableError",
    "canonical_json",
    "ensure_key",
    "own_jwks",
    "public_jwks",
    "raw_signature",
    "rotate_key",
    "sign",
]
