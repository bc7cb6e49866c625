"""What an answer rests on, by name and hash: kept beside every ready-made answer and copied into every decision."""

from typing import Any

from catalog.models import Contract, DataProduct
from trust.rules.outcome import Outcome


def basis_of(product_id: int, outcome: Outcome) -> dict[str, Any]:
    """`Decision.basis`: product version, current contract, runs, trust policy, facts; two queries."""
    product = DataProduct.objects.only("version").get(pk=product_id)
    contracts = Contract.objects.filter(product_id=product_id, is_current=True)
    return {
        "product_version": product.version,
        "contracts": list(contracts.order_by("id").values("contract_id", "version", "sha256")),
        **judged_on(outcome),
    }


def judged_on(outcome: Outcome) -> dict[str, Any]:
    """The part of the basis that a judgement itself knows, now or at a past moment."""
    return {
        "evidence": [port.run_id for port in outcome.ports if port.run_id],
        "trust_policy": {"version": outcome.policy_version, "digest": outcome.policy_digest},
        "facts_digest": outcome.facts_digest,
    }
