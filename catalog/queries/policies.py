"""Which access policies and guardrails are in force for a product, now or at a past moment."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from difflib import unified_diff
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from catalog.models import AccessPolicy, DataProduct, PolicyStatus
from catalog.rules.cedar_text import CLEARANCE_POLICY
from catalog.rules.obligation import obligation_from_json
from catalog.rules.ruling import PolicyInForce
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity


def export_policies(products: QuerySet[DataProduct], at: datetime) -> Iterator[str]:
    """Every policy that is in force at `at` as Cedar text, piece by piece: the built-in rule, the guardrails, then the policies
    of `products`. One query; its rows are not held in memory together.
    """
    yield f"// Access policies in force at {at.isoformat()}. Time stays outside: @expires_at is enforced by Touchstone.\n\n"
    yield f"// built in\n{CLEARANCE_POLICY}"
    in_force = AccessPolicy.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), status=PolicyStatus.PUBLISHED)
    chosen = in_force.filter(Q(product=None) | Q(product__in=products.order_by().values("pk")))
    ordered = chosen.order_by(F("product__slug").asc(nulls_first=True), "name")
    for slug, cedar, digest in ordered.values_list("product__slug", "cedar", "digest").iterator():
        yield f"\n// {'guardrail' if slug is None else slug}, digest {digest}\n{cedar}"


def text_difference(old: AccessPolicy, new: AccessPolicy) -> str:
    """Unified difference of the Cedar texts of two versions; empty where they say the same."""
    before, after = old.cedar.splitlines(keepends=True), new.cedar.splitlines(keepends=True)
    return "".join(unified_diff(before, after, f"{old.name} v{old.version}", f"{new.name} v{new.version}"))


COLUMNS = """policy.id, policy.name, policy.version, policy.digest, policy.effect, policy.cedar,
    policy.product_id IS NULL, policy.is_raw, policy.consumer_kinds, policy.purposes, policy.minimum_score,
    policy.agreement_required, policy.obligations"""

# Two index scans instead of one scan with OR: the guardrails are few, and the policies of all products are many. Domain and
# sensitivity are those that the product's history has for that moment: a guardrail that did not match then was not in force.
IN_FORCE = f"""
SELECT product.id, {COLUMNS}
FROM catalog_dataproduct product
LEFT JOIN LATERAL (
    SELECT event.pgh_id, event.domain_id, event.sensitivity FROM catalog_dataproductevent event
    WHERE event.pgh_obj_id = product.id AND event.pgh_created_at <= %(at)s
    ORDER BY event.pgh_created_at DESC, event.pgh_id DESC LIMIT 1
) past ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN past.pgh_id IS NULL THEN product.domain_id ELSE past.domain_id END AS domain_id,
           CASE WHEN past.pgh_id IS NULL THEN product.sensitivity ELSE past.sensitivity END AS sensitivity
) stood
CROSS JOIN LATERAL (
    SELECT own.* FROM catalog_accesspolicy own WHERE own.product_id = product.id
    UNION ALL
    SELECT guardrail.* FROM catalog_accesspolicy guardrail
    WHERE guardrail.product_id IS NULL
      AND (guardrail.domain_id IS NULL OR guardrail.domain_id = stood.domain_id)
      AND (guardrail.minimum_sensitivity IS NULL
           OR array_position(%(levels)s::text[], guardrail.minimum_sensitivity::text)
              <= array_position(%(levels)s::text[], coalesce(stood.sensitivity::text, 'restricted')))
) policy
WHERE product.id = ANY(%(products)s)
  AND policy.published_at <= %(at)s
  AND (policy.withdrawn_at IS NULL OR policy.withdrawn_at > %(at)s)
  AND (policy.expires_at IS NULL OR policy.expires_at > %(at)s)
ORDER BY product.id, policy.id
"""
BY_ID = f"SELECT {COLUMNS} FROM catalog_accesspolicy policy WHERE policy.id = ANY(%(ids)s) ORDER BY policy.id"


def policies_in_force(product_ids: Collection[int], at: datetime) -> dict[int, tuple[PolicyInForce, ...]]:
    """The published, unexpired policies and guardrails that speak about each product at `at`, ordered by id. One query.

    Every product that is asked about is in the answer, with an empty tuple where nothing speaks about it. The built-in
    clearance rule is not among them: `catalog.cedar` adds it.
    """
    found: dict[int, list[PolicyInForce]] = defaultdict(list)
    given: dict[str, Any] = {"products": list(product_ids), "at": at, "levels": [level.value for level in Sensitivity]}
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE, given)
        for product_id, *columns in cursor.fetchall():
            found[product_id].append(_policy(columns))
    return {product_id: tuple(found[product_id]) for product_id in product_ids}


def policies_by_id(ids: Iterable[int]) -> Mapping[int, PolicyInForce]:
    """Versions of policies by id, whatever their status: what a logged ruling names, or a draft to be tried. One query."""
    with connection.cursor() as cursor:
        cursor.execute(BY_ID, {"ids": list(ids)})
        return {columns[0]: _policy(columns) for columns in cursor.fetchall()}


def _policy(columns: Iterable[Any]) -> PolicyInForce:
    number, name, version, digest, effect, cedar, is_guardrail, is_raw, kinds, purposes, score, agreement, obligations = columns
    return PolicyInForce(
        id=number,
        name=name,
        version=version,
        digest=digest,
        effect=Effect(effect),
        cedar=cedar,
        is_guardrail=is_guardrail,
        is_raw=is_raw,
        consumer_kinds=frozenset(map(ConsumerKind, kinds)),
        purposes=frozenset(purposes),
        minimum_score=score,
        agreement_required=agreement,
        obligations=tuple(obligation_from_json(one) for one in json.loads(obligations)),
    )
