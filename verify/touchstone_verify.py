"""Check a signed answer of Touchstone on any machine. Needs Python 3.11 and the package `cryptography`, nothing else.

ANSWER is a file with the compact JWS, or - for standard input. --jwks: the public keys, as a file or an address; a file that
was saved while the source was trusted proves more than what the same server says today. --proof: the JSON of
/api/v1/decisions/{id}/proof. Exit code 0: genuine and valid; 2: genuine, but not valid at that time; 1: anything else.
"""

import argparse
import base64
import hashlib
import json
import sys
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def read(place: str) -> str:
    if place.startswith(("https://", "http://")):
        with urllib.request.urlopen(place, timeout=20) as answer:  # noqa: S310  nothing but the two
            return str(answer.read().decode())
    return sys.stdin.read() if place == "-" else Path(place).read_text(encoding="utf-8")


def unbase64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)


def signed(jwks: dict[str, Any], token: str, kind: str) -> tuple[dict[str, Any], str]:
    """The payload of a compact JWS of this kind, and the kid, once the signature is checked."""
    if token.strip().count(".") != 2:
        raise ValueError(f"here is no {kind}, but {token.strip()[:300]!r}")
    head, body, signature = token.strip().split(".")
    header = json.loads(unbase64(head))
    if (header.get("alg"), header.get("typ")) != ("Ed25519", kind) or "crit" in header:
        raise ValueError(f"{header} is not the header of a {kind} signed with Ed25519")
    if (key := next((one for one in jwks["keys"] if one.get("kid") == header["kid"]), None)) is None:
        raise ValueError(f"the key {header['kid']!r} is not among those of --jwks")
    jwk = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": key["x"]}, separators=(",", ":")).encode()
    if unbase64(header["kid"]) != hashlib.sha256(jwk).digest():  # the kid is the thumbprint of RFC 7638
        raise ValueError(f"--jwks has another key under the name {header['kid']}")
    Ed25519PublicKey.from_public_bytes(unbase64(key["x"])).verify(unbase64(signature), f"{head}.{body}".encode())
    return json.loads(unbase64(body)), header["kid"]


def root_of(leaf: bytes, index: int, last: int, path: Iterable[bytes]) -> str:
    """The root that the path leads to (RFC 9162, 2.1.3.2), in hex; empty where the path does not fit the tree."""
    for sibling in path:
        if not 0 <= index <= last or last == 0:
            return ""
        is_right = index % 2 == 1 or index == last
        leaf = hashlib.sha256(b"\x01" + (sibling + leaf if is_right else leaf + sibling)).digest()
        while is_right and index % 2 == 0 and index:
            index, last = index // 2, last // 2
        index, last = index // 2, last // 2
    return leaf.hex() if last == 0 and index == 0 else ""


def sealed(jwks: dict[str, Any], proof: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """The statement of the batch that holds this answer."""
    statement, _ = signed(jwks, proof.get("signature") or json.dumps(proof), "touchstone-ledger+jws")
    leaf, path = hashlib.sha256(b"\x00" + proof["leaf_input"].encode()).digest(), map(bytes.fromhex, proof["path"])
    if root_of(leaf, proof["leaf_index"], statement["size"] - 1, path) != statement["root"]:
        raise ValueError("the path of the proof does not lead to the signed root")
    table, row = (part := proof["leaf_input"].partition(":"))[0], json.loads(part[2])
    if (table, str(row["id"]), json.loads(row["answer"])) != ("trust_decision", claims["jti"], claims["answer"]):
        raise ValueError("the proof is of another row than that of this answer")
    return statement


def main(given: argparse.Namespace) -> int:
    at = datetime.fromisoformat(given.at) if given.at else datetime.now(UTC)
    claims, kid = signed(jwks := json.loads(read(given.jwks)), read(given.answer), f"touchstone-{given.kind}+jwt")
    shown = {name: claims[name] for name in ("jti", "iss", "sub", "answer", "as_of", "level") if name in claims}
    print(f"signature: good, by the key {kid}\nclaims: {json.dumps(shown)}")
    if given.proof:
        batch = sealed(jwks, json.loads(read(given.proof)), claims)
        print(f"ledger: in batch {batch['number']}, sealed at {batch['sealed_at']}, root {batch['root']}")
    is_valid = claims["iat"] <= at.timestamp() < claims["exp"]
    start, end = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
    print(f"time: {'valid' if is_valid else 'NOT VALID'} at {at}; the {given.kind} holds from {start} to {end}")
    return 0 if is_valid else 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answer", metavar="ANSWER")
    parser.add_argument("--jwks", required=True, metavar="FILE-OR-URL")
    parser.add_argument("--proof", metavar="FILE-OR-URL")
    parser.add_argument("--report", dest="kind", action="store_const", const="report", default="answer", help="ANSWER is one")
    parser.add_argument("--at", metavar="TIME", help="moment to check for, ISO 8601; now where none is given")
    try:
        sys.exit(main(parser.parse_args()))
    except Exception as error:  # whatever it is, nothing is proved
        sys.exit(f"NOT GENUINE, or not checkable: {error or 'a signature does not fit what it signs'} ({type(error).__name__})")
