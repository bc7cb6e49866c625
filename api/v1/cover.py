"""Does a published access policy cover a purpose? The simple answer, for everybody: no decision for one consumer."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from catalog.models import DataProduct, PolicyStatus, Purpose
from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import ConsumerKind, Effect


def demand_known_purpose(name: str) -> None:
    """Raise `InvalidError` unless the purpose is on the controlled list."""
    known = list(Purpose.objects.values_list("name", flat=True))
    if name not in known:
        remedy = f"Ask with one of {', '.join(known)}; governance can add others."
        raise InvalidError(f"There is no purpose {name!r}.", remedy=remedy, code="unknown_purpose", field="purpose")


def cover_of(product: DataProduct, purpose: str, now: datetime) -> dict[str, Any]:
    """For which kinds of consumers a permit in force covers the purpose at the effective score; a forbid overrides."""
    in_force = Q(expires_at=None) | Q(expires_at__gt=now)
    policies = product.access_policies.filter(in_force, status=PolicyStatus.PUBLISHED)
    kinds: dict[str, set[str]] = {Effect.PERMIT: set(), Effect.FORBID: set()}
    for policy in policies:
        is_about_it = not policy.purposes or purpose in policy.purposes
        if is_about_it and (policy.minimum_score or 0) <= product.current_verdict.effective_score:
            kinds[policy.effect] |= set(policy.consumer_kinds or [kind.value for kind in ConsumerKind])
    covered = sorted(kinds[Effect.PERMIT] - kinds[Effect.FORBID])
    return {"name": purpose, "covered": bool(covered), "consumer_kinds": covered}
