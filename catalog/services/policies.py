"""Access policies and guardrails: drafted, published, withdrawn. A published version never changes.

Owners draft the policies of their products in the structured form; raw Cedar, guardrails and publishing are governance's. To
withdraw a guardrail, or to publish a version of it that is not shown to forbid as much, takes two people of governance: the
first one's request is kept, and the second one's does it within two weeks.
"""

from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from catalog.models import AccessPolicy, DataProduct, Person, PolicyStatus
from catalog.queries.ownership import is_same_person
from catalog.rules import access_policy as rules
from catalog.rules.cedar_text import cedar_header, cedar_text
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.moments import shown
from catalog.rules.obligation import sorted_obligations
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from catalog.services.notifications import notify
from catalog.services.permissions import (
    how_to_add_one,
    is_governance,
    other_governance,
    require_can_change,
    require_governance,
    require_governs,
    require_identity,
    require_independence,
    require_second_person,
)
from catalog.services.policy_text import Scope, checked_policy, demand_cedar_holds, domain_of
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
        agreement_required=policy.agreement_required,
        domain=None if policy.domain is None else policy.domain.slug,
        minimum_sensitivity=Sensitivity(policy.minimum_sensitivity) if policy.minimum_sensitivity else None,
        cedar=raw_text(policy) if policy.is_raw else None,
    )


def raw_text(policy: AccessPolicy) -> str:
    """The Cedar text of a raw policy as governance wrote it, without the annotations that Touchstone put above it."""
    said = rules.PolicySpec(
        effect=Effect(policy.effect),
        consumer_kinds=frozenset(),
        purposes=frozenset(),
        obligations=rules.obligations_from_json(policy.obligations),
        expires_at=policy.expires_at,
    )
    slug = None if policy.product is None else policy.product.slug
    header = cedar_header(said, product=slug, name=policy.name, version=policy.version)
    return policy.cedar.removeprefix(header).strip()


def draft_policy(*, product: DataProduct, claims: PolicyClaims, actor: Person | None) -> AccessPolicy:
    """The version of the policy that says `claims`: the newest one where it says so already, else a draft.

    A draft is changed in place; a published version stays as it is and the change becomes a new version. Raises `InvalidError`
    for a policy that cannot hold, `ForbiddenError` for raw Cedar that governance did not write.
    """
    require_can_change(actor, product)
    if claims.cedar is not None:
        require_governance(actor, f"write raw Cedar for access policy '{claims.name}' of data product {product.slug}")
    demand_not_retired(product)
    return _draft(Scope(product), product.access_policies.all(), claims, actor)


def draft_guardrail(*, claims: PolicyClaims, actor: Person | None) -> AccessPolicy:
    """The same for a guardrail: a forbid for a domain, a sensitivity, or everything. Governance's alone."""
    require_governance(actor, f"draft the guardrail '{claims.name}'")
    return _draft(Scope(None), guardrails(), claims, actor)


def guardrails() -> QuerySet[AccessPolicy]:
    """Every version of every guardrail."""
    return AccessPolicy.objects.filter(product=None).select_related("domain", "published_by", "requested_by")


def _draft(scope: Scope, versions: QuerySet[AccessPolicy], claims: PolicyClaims, actor: Person | None) -> AccessPolicy:
    rule = checked_policy(claims, scope)
    domain = domain_of(claims)
    digest = rules.access_policy_digest(rule)
    newest = versions.filter(name=claims.name).order_by("-version").first()
    if newest is not None and newest.digest == digest and newest.status != PolicyStatus.WITHDRAWN:
        return newest
    with recorded("draft_policy" if scope.product else "draft_guardrail", actor):
        if newest is not None and newest.status == PolicyStatus.DRAFT:
            _hold(newest)
        if newest is not None and newest.status == PolicyStatus.DRAFT:
            policy = newest
        else:
            highest = versions.filter(name=claims.name).aggregate(newest=Max("version"))["newest"] or 0
            policy = AccessPolicy(product=scope.product, name=claims.name, version=highest + 1)
        policy.effect = rule.effect
        policy.consumer_kinds = sorted(kind.value for kind in rule.consumer_kinds)
        policy.purposes = sorted(rule.purposes)
        policy.minimum_score = claims.minimum_score
        policy.obligations = [one.as_written() for one in sorted_obligations(rule.obligations)]
        policy.agreement_required = rule.agreement_required
        policy.expires_at = rule.expires_at
        policy.domain, policy.minimum_sensitivity = domain, rule.minimum_sensitivity
        policy.is_raw = rule.cedar is not None
        policy.cedar = cedar_text(rule, product=scope.slug, name=policy.name, version=policy.version)
        policy.digest, policy.requested_at, policy.requested_by = digest, None, None
        demand_clean(policy, f"access policy '{claims.name}' {scope}")
        demand_cedar_holds(policy.cedar, policy.name)
        try:
            with transaction.atomic():
                policy.save()
        except IntegrityError as error:
            raise ConflictError(
                f"Another person drafted version {policy.version} of access policy '{policy.name}' at the same moment.",
                remedy="Read that draft, and send yours again if you still need it.",
                code="policy_drafted_meanwhile",
            ) from error
    return policy


@transaction.atomic
def publish_policy(*, policy: AccessPolicy, actor: Person | None, now: datetime, seen: str = "") -> AccessPolicy:
    """Put a draft in force and withdraw the version before it. Already published: nothing happens.

    seen: the digest of what the actor looked at; empty: they looked at `policy`. Raises `ConflictError` where the draft says
    something else by now.

    A guardrail that is not shown to forbid as much as the version before it stays a draft until another person publishes it
    too.
    A person of governance who does not answer for the product publishes. What is published is what was drafted, validated once
    more: a purpose or the schema may have changed since.
    """
    _require_governs(actor, policy, f"publish access policy {policy}")
    if policy.product is not None:
        require_second_person(actor, policy.product, f"publish access policy {policy}")
        demand_not_retired(policy.product)
    _hold(policy, seen)
    if policy.status == PolicyStatus.PUBLISHED:
        return policy
    if policy.status == PolicyStatus.WITHDRAWN:
        raise ConflictError(
            f"Access policy {policy} is withdrawn and stays so.",
            remedy="Draft it again: that makes a new version, which can be published.",
            code="policy_withdrawn",
        )
    if policy.expires_at is not None and policy.expires_at <= now:
        raise InvalidError(
            f"Access policy {policy} expired at {policy.expires_at.astimezone(UTC).isoformat()}.",
            remedy="Draft it with a later end.",
            field="expires_at",
        )
    rule = checked_policy(claims_of_policy(policy), Scope(policy.product))
    demand_cedar_holds(policy.cedar, policy.name)
    in_force = _versions(policy).filter(name=policy.name, status=PolicyStatus.PUBLISHED)
    before = in_force.select_related(None).order_by("pk").select_for_update(no_key=True).first()
    if before is not None and policy.product is None:
        old = checked_policy(claims_of_policy(before), Scope(None))
        if not rules.forbids_as_much(old, rule) and not _is_asked_by_another(policy, f"publish {policy}", actor, now):
            return policy
    with recorded("publish_policy" if policy.product else "publish_guardrail", actor):
        if before is not None:
            _withdraw(before, now)
        policy.requested_at = policy.requested_by = None
        policy.status, policy.published_at, policy.published_by = PolicyStatus.PUBLISHED, now, actor
        policy.digest = rules.access_policy_digest(rule)
        policy.save()
    return policy


@transaction.atomic
def withdraw_policy(*, policy: AccessPolicy, actor: Person | None, now: datetime) -> None:
    """Take a published version out of force; a draft is deleted. Already withdrawn: nothing happens.

    A guardrail stays in force until another person withdraws it too.
    """
    noun = "policy" if policy.product else "guardrail"
    _hold(policy)
    if policy.status == PolicyStatus.DRAFT:
        if policy.product is None:
            require_governance(actor, f"delete guardrail {policy.name}")
        else:
            require_can_change(actor, policy.product)
        with recorded(f"delete_draft_{noun}", actor):
            policy.delete()
        return
    _require_governs(actor, policy, f"withdraw access policy {policy}")
    if policy.product is not None and policy.effect == Effect.FORBID:
        require_second_person(actor, policy.product, f"withdraw access policy {policy}, which forbids")
    if policy.status != PolicyStatus.PUBLISHED:
        return
    if policy.product is None and not _is_asked_by_another(policy, f"withdraw {policy}", actor, now):
        return
    with recorded(f"withdraw_{noun}", actor):
        _withdraw(policy, now)


def _withdraw(policy: AccessPolicy, now: datetime) -> None:
    policy.status, policy.withdrawn_at = PolicyStatus.WITHDRAWN, now
    policy.save(update_fields=["status", "withdrawn_at"])


def _is_asked_by_another(policy: AccessPolicy, action: str, actor: Person | None, now: datetime) -> bool:
    """Whether another person of governance asked for the same in the last two weeks; else that `actor` asks for it is kept.

    The system, which is the operator, needs nobody. `action` completes "may not ...". Raises `ForbiddenError` for whoever asks
    twice.
    """
    if actor is None:
        return True
    require_identity(actor, action)
    first, expired = policy.requested_by, ""
    if first is not None and policy.requested_at is not None and policy.requested_at + rules.LOOSENING_WAITS <= now:
        expired = f" The request of {first.username} of {shown(policy.requested_at)} has expired after "
        expired += f"{rules.LOOSENING_WAITS.days} days, and no longer counts."
        first = None
    if first is not None and is_governance(first) and not is_same_person(first, actor):
        require_independence(actor, [first.pk], action)
        return True
    others = other_governance(actor)
    if (first is not None and is_same_person(first, actor)) or not others:
        who = "they asked for it" if others else "no one else of governance can do it too"
        raise ForbiddenError(
            f"{actor.username} may not {action} alone: it loosens what is forbidden, and {who}.",
            remedy=f"Ask another member of the group 'governance' to do it too.{how_to_add_one(actor)}",
            code="four_eyes",
        )
    with recorded("request_guardrail_change", actor):
        policy.requested_at, policy.requested_by = now, actor
        policy.save(update_fields=["requested_at", "requested_by"])
    notify(
        key=f"guardrail:{policy.pk}:requested:{now:%Y%m%dT%H%M%S.%f}",
        kind="guardrail.requested",
        subject=f"{actor.username} asks to {action}",
        text=(
            f"{actor.username} asks to {action}. It loosens what is forbidden, so it takes another person of governance. Where "
            f"you agree, do the same: in the admin, or with POST /api/v1/guardrails/{policy.name}/{policy.version}/"
            f"{'withdraw' if policy.status == PolicyStatus.PUBLISHED else 'publish'}, within {rules.LOOSENING_WAITS.days} "
            f"days.{expired}"
        ),
        now=now,
        persons=others,
        payload={"guardrail": policy.name, "version": policy.version},
    )
    return False


def _hold(policy: AccessPolicy, seen: str = "") -> None:
    """Lock the policy's row until the end of the transaction, with its status as it is now: others may act on it as well.

    Raises `ConflictError` for a draft that somebody has deleted, since saving it would bring it back, and for one that says
    something else by now than what was read, or `seen`.
    """
    seen = seen or policy.digest
    try:
        policy.refresh_from_db(
            fields=["status", "requested_at", "requested_by", "digest"],
            from_queryset=AccessPolicy.objects.select_for_update(no_key=True),
        )
    except AccessPolicy.DoesNotExist:
        raise ConflictError(
            f"The draft of access policy {policy} was deleted meanwhile.", remedy="Draft it again.", code="policy_deleted"
        ) from None
    if policy.digest != seen:
        raise ConflictError(
            f"Access policy {policy} has changed since you read it; it stays as it is.",
            remedy="Read it again, and repeat the step where you still agree.",
            code="changed_since_seen",
        )


def _versions(policy: AccessPolicy) -> QuerySet[AccessPolicy]:
    """Every version of the policies that `policy` is one of: those of its product, or the guardrails."""
    return guardrails() if policy.product is None else policy.product.access_policies.all()


def _require_governs(actor: Person | None, policy: AccessPolicy, action: str) -> None:
    """Guardrails hold beyond a domain."""
    if policy.product is None:
        require_governance(actor, action)
    else:
        require_governs(actor, policy.product, action)
