"""What proves an answer to others: the signed answer, and the inclusion proof of its decision in a sealed batch."""

import json
from dataclasses import dataclass

from django.db import transaction

from catalog.rules.errors import ConflictError, NotFoundError
from trust.decisions.models.decision import Decision
from trust.ledger.models.ledger import LedgerBatch
from trust.ledger.queries import ledger_rows
from trust.ledger.queries.ledger_rows import Source
from trust.ledger.rules.merkle import inclusion_path, leaf_hash, split_hashes
from trust.ledger.signing import canonical_json, sign

DECISIONS = "trust_decision"

ANSWER_TYPE = "touchstone-answer+jwt"


@dataclass(frozen=True)
class InclusionProof:
    """A leaf, its way to the root, and the signed statement that holds the root. Hashes in hex.

    leaf_hash is the SHA-256 of a zero byte and leaf_input (UTF-8). path: from the leaf up, as in RFC 9162, 2.1.3.
    """

    decision_id: int
    batch: int
    leaf_input: str
    leaf_hash: str
    leaf_index: int
    tree_size: int
    path: list[str]
    root: str
    statement: str
    signature: str


def proof_of(*, decision_id: int) -> InclusionProof:
    """The inclusion proof of a decision. Raises NotFoundError, and ConflictError where there is none (yet)."""
    batch = _batch_of(decision_id)
    if batch is None:
        raise _not_sealed(decision_id)
    start, segment = 0, batch.segments[0]
    for segment in batch.segments:
        if segment["source"] == DECISIONS:
            break
        start += segment["count"]
    ids = batch.row_ids[start : start + segment["count"]]
    with transaction.atomic():
        ledger_rows.pin_forms()
        leaf = (
            ledger_rows.leaf_input(Source(DECISIONS, "id", "asked_at"), segment["columns"], decision_id)
            if segment["columns"]
            else None
        )
    if leaf is None and decision_id not in ids:
        raise _unknown(decision_id)
    leaves = split_hashes(bytes(batch.leaves))
    index = start + ids.index(decision_id) if decision_id in ids else -1
    if leaf is None or index < 0 or leaf_hash(leaf.encode()) != leaves[index]:
        raise ConflictError(
            f"Decision {decision_id} is not as batch {batch.number} sealed it, so there is no proof of it.",
            remedy="Notify governance and the auditors; on the server, `bin/manage ledger verify` names what was changed.",
            code="ledger_broken",
        )
    return InclusionProof(
        decision_id=decision_id,
        batch=batch.number,
        leaf_input=leaf,
        leaf_hash=leaves[index].hex(),
        leaf_index=index,
        tree_size=len(leaves),
        path=[node.hex() for node in inclusion_path(leaves, index)],
        root=batch.root,
        statement=batch.statement,
        signature=batch.signature,
    )


def _batch_of(decision_id: int) -> LedgerBatch | None:
    """The first batch that reaches up to this id: as the ids rise with the numbers, found in a few steps."""
    low, high = 1, LedgerBatch.objects.order_by("-number").values_list("number", flat=True).first() or 0
    end = high
    while low <= high:
        middle = (low + high) // 2
        segments = LedgerBatch.objects.filter(number=middle).values_list("segments", flat=True).first() or []
        if next((segment["to"] for segment in segments if segment["source"] == DECISIONS), 0) < decision_id:
            low = middle + 1
        else:
            high = middle - 1
    return LedgerBatch.objects.filter(number=low).first() if low <= end else None


def _not_sealed(decision_id: int) -> Exception:
    if not Decision.objects.filter(id=decision_id).exists():
        return _unknown(decision_id)
    return ConflictError(
        f"Decision {decision_id} is not sealed yet.",
        remedy="Batches are sealed every minute: retry in two minutes. If this persists, worker or beat is not running.",
        code="not_sealed_yet",
    )


def _unknown(decision_id: int) -> NotFoundError:
    return NotFoundError(
        f"There is no decision {decision_id}.",
        remedy="Give the decision_id of an answer that you got.",
        code="decision_unknown",
    )


def signed_answer(*, decision: Decision, issuer: str) -> str:
    """The compact JWS of a logged answer: who answered whom (`iss`, `sub`), which decision (`jti`), when, until when, and what.

    exp is `valid_until`, or the moment of asking where the answer named no time: it then speaks for that moment only. So does
    an answer about a past moment: a yes that has been taken back since must not look like one of today. Both moments are
    whole seconds, cut off (RFC 7519). Raises KeyUnavailableError.
    """
    is_about_the_past = bool((decision.question or {}).get("as_of"))
    end = decision.asked_at if is_about_the_past else decision.valid_until or decision.asked_at
    claims = {
        "iss": issuer,
        "sub": decision.subject,
        "jti": str(decision.pk),
        "iat": int(decision.asked_at.timestamp()),
        "exp": int(end.timestamp()),
        "answer": json.loads(decision.answer),
    }
    return sign(canonical_json(claims), content_type=ANSWER_TYPE)
