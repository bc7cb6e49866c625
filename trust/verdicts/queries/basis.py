"""What an answer rests on, by name and hash: kept beside every stored answer and copied into every decision."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from catalog.models import Contract
from trust.verdicts.rules.outcome import Outcome


def contracts_of(product_ids: Collection[int]) -> Mapping[int, list[dict[str, Any]]]:
    """Product id -> its contracts in force, for the basis; one query."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Contract.objects.filter(product_id__in=product_ids, is_current=True).order_by("id")
    for row in rows.only("product_id", "contract_id", "version", "sha256"):
        found[row.product_id].append({"contract_id": row.contract_id, "version": row.version, "sha256": row.sha256})
    return found


def basis_of(version: str, contracts: list[dict[str, Any]], outcome: Outcome) -> dict[str, Any]:
    """`Decision.basis`: the product's `version`, its contracts in force, runs, trust policy, facts."""
    return {"product_version": version, "contracts": contracts, **judged_on(outcome)}


def judged_on(outcome: Outcome) -> dict[str, Any]:
    """The part of the basis that a judgement itself knows, now or at a past moment."""
    return {
        "evidence": [port.run_id for port in outcome.ports if port.run_id],
        "trust_policy": {"version": outcome.policy_version, "digest": outcome.policy_digest},
        "facts_digest": outcome.facts_digest,
    }
