"""Access policies: drafted by owners, published and withdrawn by governance. A published version never changes."""

from datetime import UTC, datetime

from django.db.models import Max

from catalog.models import AccessPolicy, DataProduct, Person, PolicyStatus, Purpose
from catalog.rules import access_policy as rules
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.vocabulary import ConsumerKind, Effect
from catalog.services.permissions import require_can_change, require_governance
from catalog.services.products import demand_not_retired
from catalog.services.recording import recorded
from catalog.services.validation import demand_clean


def claims_of_policy(policy: AccessPolicy) -> PolicyClaims:
    """What one version of a policy says."""
    return PolicyClaims(
        name=policy.name,
        effect=Effect(policy.effect),
        consumer_kinds=tuple(ConsumerKind(kind) for kind in policy.consumer_kinds),
        purposes=tuple(policy.purposes),
        minimum_score=policy.minimum_score,
        obligations=tuple(policy.obligations),
        expires_at=policy.expires_at,
    )


def draft_policy(*, product: DataProduct, claims: PolicyClaims, actor: Person | None) -> AccessPolicy:
    """The version of the policy that says `claims`: the newest one where it says so already, else a draft.

    A draft is changed in place; a published version stays as it is and the change becomes a new version. Raises `InvalidError`
    for a policy that cannot hold.
    """
    require_can_change(actor, product)
    demand_not_retired(product)
    digest = _digest(claims)
    newest = product.access_policies.filter(name=claims.name).order_by("-version").first()
    if newest is not None and newest.digest == digest and newest.status != PolicyStatus.WITHDRAWN:
        return newest
    with recorded("draft_policy", actor):
        if newest is not None and newest.status == PolicyStatus.DRAFT:
            policy = newest
        else:
            versions = product.access_policies.filter(name=claims.name).aggregate(newest=Max("version"))
            policy = AccessPolicy(product=product, name=claims.name, version=(versions["newest"] or 0) + 1)
        policy.effect = claims.effect
        policy.consumer_kinds = sorted(kind.value for kind in claims.consumer_kinds)
        policy.purposes = sorted(claims.purposes)
        policy.minimum_score = claims.minimum_score
        policy.obligations = sorted(claims.obligations)
        policy.expires_at = claims.expires_at
        policy.digest = digest
        demand_clean(policy, f"access policy '{claims.name}' of data product {product.slug}")
        policy.save()
    return policy


def publish_policy(*, policy: AccessPolicy, actor: Person | None, now: datetime) -> AccessPolicy:
    """Put a draft in force and withdraw the version before it. Already published: nothing happens."""
    require_governance(actor, f"publish access policy {policy}")
    demand_not_retired(policy.product)
    if policy.status == PolicyStatus.PUBLISHED:
        return policy
    if policy.status == PolicyStatus.WITHDRAWN:
        raise ConflictError(
            f"Access policy {policy} is withdrawn and stays so.",
            remedy="Draft it anew: that makes a new version, which can be published.",
            code="withdrawn_policy",
        )
    if policy.expires_at is not None and policy.expires_at <= now:
        raise InvalidError(
            f"Access policy {policy} expired at {policy.expires_at.astimezone(UTC).isoformat()}.",
            remedy="Draft it with a later end.",
            field="expires_at",
        )
    with recorded("publish_policy", actor):
        before = policy.product.access_policies.filter(name=policy.name, status=PolicyStatus.PUBLISHED).first()
        if before is not None:
            withdraw_policy(policy=before, actor=actor, now=now)
        policy.status, policy.published_at, policy.published_by = PolicyStatus.PUBLISHED, now, actor
        policy.digest = _digest(claims_of_policy(policy))
        policy.save()
    return policy


def withdraw_policy(*, policy: AccessPolicy, actor: Person | None, now: datetime) -> None:
    """Take a published version out of force; a draft is deleted. Already withdrawn: nothing happens."""
    if policy.status == PolicyStatus.DRAFT:
        require_can_change(actor, policy.product)
        with recorded("delete_draft_policy", actor):
            policy.delete()
        return
    require_governance(actor, f"withdraw access policy {policy}")
    if policy.status == PolicyStatus.PUBLISHED:
        with recorded("withdraw_policy", actor):
            policy.status, policy.withdrawn_at = PolicyStatus.WITHDRAWN, now
            policy.save(update_fields=["status", "withdrawn_at"])


def _digest(claims: PolicyClaims) -> str:
    policy = rules.AccessPolicy(
        effect=claims.effect,
        consumer_kinds=frozenset(claims.consumer_kinds),
        purposes=frozenset(claims.purposes),
        minimum_score=claims.minimum_score,
        obligations=frozenset(claims.obligations),
        expires_at=claims.expires_at,
    )
    try:
        rules.validate_access_policy(policy, list(Purpose.objects.values_list("name", flat=True)))
    except rules.InvalidAccessPolicyError as error:
        raise InvalidError(
            f"The access policy '{claims.name}' cannot hold. {error}",
            remedy="Correct the setting that is named and try again.",
            field="access_policies",
        ) from error
    return rules.access_policy_digest(policy)
