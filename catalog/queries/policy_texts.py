"""Cedar texts for readers: everything in force as one text, and what changed from one version to another."""

from collections.abc import Iterator
from datetime import datetime
from difflib import unified_diff

from django.db.models import F, Q, QuerySet

from catalog.models import AccessPolicy, DataProduct, PolicyStatus
from catalog.rules.cedar_text import CLEARANCE_POLICY


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
