"""Signatures: compact JWS for what leaves as a document, raw ones for protocols that have an envelope of their own."""

import json
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

from trust.ledger.signing.folder import newest_private_key
from trust.ledger.signing.keys import register

ALGORITHM = "Ed25519"  # RFC 9864; `EdDSA` leaves the curve open and is deprecated by it


def sign(payload: bytes, *, content_type: str = "JWT") -> str:
    """A compact JWS (RFC 7515) over the payload, by the newest key. `content_type` becomes the header `typ`.

    Give each kind of document its own type (RFC 8725, 3.11), so that none can be shown in place of another. Raises
    KeyUnavailableError.
    """
    private = newest_private_key()
    header = {"alg": ALGORITHM, "kid": register(private), "typ": content_type}
    return jws.serialize_compact(header, payload, OKPKey.import_key(private), algorithms=[ALGORITHM])


def raw_signature(data: bytes) -> tuple[str, bytes]:
    """The kid of the newest key and its 64 bytes of signature over `data`.

    The data must hold two dots or more, as those of Standard Webhooks do: what a JWS signs holds exactly one, so that neither
    signature can be passed off as the other. Raises ValueError, KeyUnavailableError.
    """
    if data.count(b".") < 2:
        message = "Data to sign must hold at least two dots, else its signature could be that of a JWS."
        raise ValueError(message)
    private = newest_private_key()
    return register(private), private.sign(data)


def canonical_json(value: Any) -> bytes:
    """JSON with sorted names and no spaces, as UTF-8: the same value is always the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
