"""Data products: registered, changed, published, deprecated, retired, acknowledged, reviewed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from catalog.contracts.product import LIFECYCLE_OF
from catalog.models import DataProduct, Domain, Person
from catalog.rules.claims import LifecycleTransitionError, ProductClaims, demand_move
from catalog.rules.differences import differences
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.limits import MOST_TAGS, demand_few
from catalog.rules.vocabulary import Cadence, Lifecycle, Sensitivity
from catalog.services.people import find_person
from catalog.services.permissions import (
    actor_name,
    is_governance,
    require_can_change,
    require_can_look_after,
    require_can_register,
    require_governs,
    require_second_person,
)
from catalog.services.recording import recorded
from catalog.services.validation import demand_clean

_TEXTS = frozenset({"name", "description", "purpose", "limitations", "usage", "tags"})


def claims_of(product: DataProduct) -> ProductClaims:
    """What is claimed about `product` today. Change it with `dataclasses.replace` and give it to `update_product`."""
    return ProductClaims(
        slug=product.slug,
        name=product.name,
        domain=product.domain.name,
        owner=product.owner_name,
        owner_is_provisional=product.owner_is_provisional,
        stewards=tuple(product.stewards.order_by("username").values_list("username", flat=True)),
        version=product.version,
        description=product.description,
        purpose=product.purpose,
        limitations=product.limitations,
        usage=product.usage,
        tags=tuple(product.tags),
        sensitivity=None if product.sensitivity is None else Sensitivity(product.sensitivity),
        cadence=Cadence(product.cadence),
    )


def create_product(*, claims: ProductClaims, actor: Person | None, now: datetime, may_lack_owner: bool = False) -> DataProduct:
    """A new draft. A data owner registers under their own name; governance and the system under anybody's. may_lack_owner: an
    empty owner is nobody, as contracts come.

    Raises `ConflictError` for a slug that exists, `InvalidError` for an owner who does not exist or is inactive.
    """
    require_can_register(actor)
    if not is_governance(actor) and actor is not None and claims.owner not in {"", actor.username}:
        raise ForbiddenError(
            f"{actor.username} may not register a data product for {claims.owner}.",
            remedy="Register it under your own name, or ask a member of the group 'governance' to register it.",
        )
    if DataProduct.objects.filter(slug=claims.slug).exists():
        raise _slug_exists(claims.slug)
    is_ownerless = may_lack_owner and not claims.owner
    owner = None if is_ownerless else find_person(username=claims.owner, part="owner")
    stewards = [find_person(username=name, part="steward") for name in claims.stewards]
    with recorded("create_product", actor):
        product = DataProduct(slug=claims.slug, owner=owner, registered_by=actor, created_at=now)
        _assign(product, claims)
        try:
            with transaction.atomic():
                product.save(force_insert=True)
        except IntegrityError as error:
            raise _slug_exists(claims.slug) from error
        product.stewards.set(stewards)
    return product


def update_product(*, product: DataProduct, claims: ProductClaims, actor: Person | None, reason: str = "") -> list[str]:
    """Make `claims` hold for `product`; the changes, a line each. Nothing is written where nothing changes.

    `reason` is kept in the history: why.

    Stewards may change texts and tags, the owner and governance everything but the slug. Raises `ConflictError` on a retired
    product.
    """
    old = claims_of(product)
    if slugify(claims.domain) == product.domain.slug:
        old = replace(old, domain=claims.domain)
    changes = differences(old, claims)
    if not changes:
        return []
    changed = {change.partition(":")[0] for change in changes}
    if changed <= _TEXTS:
        require_can_look_after(actor, product)
    else:
        require_can_change(actor, product)
    if "slug" in changed:
        raise InvalidError(
            f"The slug of data product {product.slug} cannot become {claims.slug}: others refer to it.",
            remedy="Keep the slug, or register a new data product and retire this one.",
            field="slug",
        )
    demand_not_retired(product)
    with recorded("update_product", actor, reason):
        if "owner" in changed:
            product.owner = find_person(username=claims.owner, part="owner")
            claims = replace(claims, owner_is_provisional=claims.owner_is_provisional and not old.owner)
            product.acknowledged_at = product.acknowledged_by = None  # it held for the tenure in which it was given
        if "stewards" in changed:
            product.stewards.set([find_person(username=name, part="steward") for name in claims.stewards])
        if changed != {"stewards"}:
            _assign(product, claims)
            product.save()
    return changes


def publish_product(*, product: DataProduct, actor: Person | None, now: datetime) -> DataProduct:
    """Offer `product` to consumers; takes a deprecation back. Already published: nothing happens."""
    return _move(product, Lifecycle.PUBLISHED, actor, now)


def deprecate_product(*, product: DataProduct, ends_at: datetime | None, actor: Person | None, now: datetime) -> DataProduct:
    """Announce the end of `product`; it can be built on until `ends_at`, or until it is retired where that is None."""
    if ends_at is not None and (ends_at.tzinfo is None or ends_at <= now):
        raise InvalidError(
            f"Data product {product.slug} cannot be deprecated with its end at {ends_at.isoformat()}.",
            remedy="Give a moment in the future with its offset from UTC, or retire the product.",
            field="ends_at",
        )
    return _move(product, Lifecycle.DEPRECATED, actor, now, ends_at=ends_at)


def retire_product(*, product: DataProduct, actor: Person | None, now: datetime) -> DataProduct:
    """End `product` for good. Already retired: nothing happens."""
    return _move(product, Lifecycle.RETIRED, actor, now)


def acknowledge_product(*, product: DataProduct, actor: Person | None, now: datetime) -> DataProduct:
    """The owner says: this is mine and it is right. Nobody else can say it for them, not even the system. A provisional owner
    is the owner from then on, and a draft whose contract says that it is offered is published."""
    demand_not_retired(product)
    demand_owned(product)
    if actor is None or not actor.is_active or product.owner_id != actor.pk:
        owner = product.owner_name
        raise ForbiddenError(
            f"{actor_name(actor)} may not acknowledge data product {product.slug}: only its owner {owner} can.",
            remedy=f"Ask {owner} to acknowledge it: `bin/manage acknowledge {product.slug} --as {owner}`.",
        )
    waited = product.owner_is_provisional and product.lifecycle == Lifecycle.DRAFT
    with recorded("acknowledge_product", actor):
        product.acknowledged_at, product.acknowledged_by, product.owner_is_provisional = now, actor, False
        product.save(update_fields=["acknowledged_at", "acknowledged_by", "owner_is_provisional", "updated_at"])
        contract = product.contracts.filter(is_current=True).first()
        if waited and contract and LIFECYCLE_OF.get(contract.status.strip().lower()) is Lifecycle.PUBLISHED:
            _move(product, Lifecycle.PUBLISHED, actor, now)
    return product


def review_product(
    *, product: DataProduct, actor: Person | None, now: datetime, claims: Mapping[str, Any] | None = None
) -> DataProduct:
    """Somebody of governance has reviewed the product, who has not owned it or looked after it since the last review, by any
    account. The reviewer is named, so the system cannot do it.

    claims: what was reviewed, which the caller knows (`trust.verdicts.services.reviews`); None: it was not recorded.
    """
    demand_not_retired(product)
    if actor is None:
        raise ForbiddenError(
            f"The system may not review data product {product.slug}.",
            remedy=f"Name the reviewer from the group 'governance': `bin/manage review {product.slug} --as USERNAME`.",
        )
    require_governs(actor, product, f"review data product {product.slug}")
    require_second_person(actor, product, f"review data product {product.slug}")
    with recorded("review_product", actor):
        product.reviewed_at, product.reviewed_by, product.reviewed_claims = now, actor, claims
        product.save(update_fields=["reviewed_at", "reviewed_by", "reviewed_claims", "updated_at"])
    return product


def demand_not_retired(product: DataProduct) -> None:
    """Raise `ConflictError` where `product` is retired: nothing about it changes any more."""
    if product.lifecycle == Lifecycle.RETIRED:
        raise ConflictError(
            f"Data product {product.slug} is retired and cannot be changed.",
            remedy="Register a new data product under another slug.",
            code="product_retired",
        )


def demand_owned(product: DataProduct) -> None:
    """Raise `ConflictError` where `product` has no owner: nothing is offered that nobody answers for."""
    if product.owner is None:
        raise ConflictError(
            f"Data product {product.slug} has no owner.",
            remedy="Name one who has an account: in the contract's team, then register it again; with `bin/manage register "
            "--owner USERNAME`; or with PATCH /api/v1/products/" + product.slug + ".",
            code="no_owner",
            field="owner",
        )


def _move(
    product: DataProduct, target: Lifecycle, actor: Person | None, now: datetime, *, ends_at: datetime | None = None
) -> DataProduct:
    require_can_change(actor, product)
    try:
        demand_move(Lifecycle(product.lifecycle), target)
    except LifecycleTransitionError as error:
        raise ConflictError(
            f"Data product {product.slug} stays {product.lifecycle}. {error}",
            remedy="Take the steps in their order: draft, published, deprecated, retired.",
            code="lifecycle_transition",
            field="lifecycle",
        ) from error
    if product.lifecycle == target and product.deprecation_ends_at == ends_at:
        return product
    if product.lifecycle == target == Lifecycle.RETIRED:
        return product
    if target is not Lifecycle.RETIRED:
        demand_owned(product)
    with recorded(f"move_product_to_{target.value}", actor):
        product.lifecycle = target
        if target is Lifecycle.RETIRED:
            product.retired_at = now
        else:
            product.deprecation_ends_at = ends_at
        if target is Lifecycle.PUBLISHED:
            product.published_at = product.published_at or now
        product.save(update_fields=["lifecycle", "retired_at", "deprecation_ends_at", "published_at", "updated_at"])
    return product


def _assign(product: DataProduct, claims: ProductClaims) -> None:
    for name in (
        "name",
        "version",
        "description",
        "purpose",
        "limitations",
        "usage",
        "sensitivity",
        "cadence",
        "owner_is_provisional",
    ):
        setattr(product, name, getattr(claims, name))
    demand_few(claims.tags, MOST_TAGS, f"Data product {claims.slug} has", "tags")
    product.tags = list(claims.tags)
    demand_clean(product, f"data product {claims.slug or '(without slug)'}")
    product.domain = _domain(claims.domain)


def _domain(name: str) -> Domain:
    slug = slugify(name)[:80]
    if not slug:
        raise InvalidError(
            f"The domain {name!r} has no letter or digit to be named by.", remedy="Name the business domain.", field="domain"
        )
    known = Domain.objects.filter(name=name).first()
    if known is None:
        demand_clean(Domain(slug=slug, name=name), f"domain {slug}")
        known = Domain.objects.get_or_create(slug=slug, defaults={"name": name})[0]
    return known


def _slug_exists(slug: str) -> ConflictError:
    return ConflictError(
        f"A data product '{slug}' exists already.",
        remedy="Choose another slug, or change the existing product.",
        code="slug_exists",
        field="slug",
    )
