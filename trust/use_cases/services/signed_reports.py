"""Reports about use cases as signed documents, which whoever holds them can show to others."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from trust.ledger.signing import canonical_json, sign
from trust.verdicts.rules.codec import digest

REPORT_TYPE = "touchstone-report+jwt"


@dataclass(frozen=True, slots=True)
class SignedReport:
    """digest: SHA-256, as hex, of the payload. token: the compact JWS over the payload. kid: the key that signed it."""

    payload: dict[str, Any]
    digest: str
    token: str
    kid: str

    @property
    def detached(self) -> str:
        """The JWS without its payload (RFC 7515, appendix F): the payload is the document that it goes with."""
        header, _, signature = self.token.split(".")
        return f"{header}..{signature}"


def signed_report(payload: dict[str, Any]) -> SignedReport:
    """The payload with its signature. Raises KeyUnavailableError."""
    data = canonical_json(payload)
    token = sign(data, content_type=REPORT_TYPE)
    header = token.partition(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
    return SignedReport(payload, digest(data), token, kid)
