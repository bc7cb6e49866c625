"""Use cases: registered and changed by their business owner or governance, acknowledged by the business owner alone.

The stage is not a claim: `trust.use_cases` moves it. What was claimed before is in the history, with who, when and why.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from catalog.models import Consumer, DataProduct, ObligationConfirmation, Person, UseCase
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.limits import LONGEST_TEXT
from catalog.rules.obligation import Obligation
from catalog.rules.use_case import (
    MeasureClaims,
    UseCaseClaims,
    UsedProduct,
    demand_claims,
    demand_not_retired,
    is_material,
    use_case_differences,
)
from catalog.rules.vocabulary import Autonomy, Better, UseCaseStage
from catalog.services.notifications import notify
from catalog.services.people import find_person
from catalog.services.permissions import actor_name, answers_for, in_person, is_governance, may_register
from catalog.services.recording import recorded
from catalog.services.requests import locked
from catalog.services.use_case_parts import put_consumers, put_measures, put_products
from catalog.services.validation import demand_clean, demand_known_purpose

_TEXTS = (
    "name",
    "description",
    "decision",
    "workflow",
    "system",
    "step",
    "fallback",
    "explainability_requirement",
    "explainability_met",
)
_VALUES = ("purpose", "autonomy", "exceptions_within", "explainability_required")
_PEOPLE = ("business_owner", "outputs_owner", "exceptions_owner")


def claims_of(use_case: UseCase) -> UseCaseClaims:
    """What is claimed of `use_case` today. Change it with `dataclasses.replace` and give it to `update_use_case`.

    Measures that were retired are not among them. Six queries at most.
    """
    products = use_case.products.select_related("product", "port").defer("product__search")
    measures = use_case.measures.filter(retired_at=None).select_related("owner")
    people = {name: None if (person := getattr(use_case, name)) is None else person.username for name in _PEOPLE}
    claims = UseCaseClaims(
        slug=use_case.slug,
        products=tuple(UsedProduct(one.product.slug, None if one.port is None else one.port.name) for one in products),
        consumers=tuple(use_case.consumers.values_list("slug", flat=True)),
        measures=tuple(
            MeasureClaims(
                name=one.name,
                target=one.target,
                interval=one.interval,
                owner=one.owner.username,
                better=Better(one.better),
                unit=one.unit,
                description=one.description,
            )
            for one in measures
        ),
        autonomy=Autonomy(use_case.autonomy),
        purpose=use_case.purpose,
        exceptions_within=use_case.exceptions_within,
        explainability_required=use_case.explainability_required,
        **people,  # type: ignore[arg-type]  # the business owner is never None
        **{name: getattr(use_case, name) for name in _TEXTS},
    )
    return _in_order(claims)


def may_change(actor: Person | None, use_case: UseCase) -> bool:
    """Whether `actor` may change what is claimed of `use_case`: its business owner, governance, or the system."""
    return is_governance(actor) or answers_for(actor, use_case.business_owner_id)


def require_may_change(actor: Person | None, use_case: UseCase) -> None:
    """Raise `ForbiddenError` unless `actor` is the business owner of `use_case` or acts for governance."""
    if not may_change(actor, use_case):
        owner = use_case.business_owner.username
        raise ForbiddenError(
            f"{actor_name(actor)} may not change use case {use_case.slug}: {owner} owns its decision.",
            remedy=f"Ask {owner} or a member of the group 'governance' to do it.",
        )


def register_use_case(*, claims: UseCaseClaims, actor: Person | None, now: datetime, reason: str = "") -> UseCase:
    """A new use case at the stage `idea`. Everybody with a role registers under their own name, governance under anybody's.

    The people named in it and the owners of its consumers are notified. Raises `ConflictError` for a slug that is taken,
    `InvalidError` for a product, consumer, person or purpose that does not exist or that `actor` may not see.
    """
    owner = _business_owner(claims.business_owner, actor)
    claims = replace(_in_order(claims), business_owner=owner.username)
    demand_claims(claims)
    demand_known_purpose(claims.purpose)
    with recorded("register_use_case", actor, reason):
        use_case = UseCase(
            slug=claims.slug,
            business_owner=owner,
            stage_since=now,
            claims_changed_at=now,
            created_at=now,
            stage=UseCaseStage.IDEA,
        )
        _assign(use_case, claims, {*_TEXTS, *_VALUES, "outputs_owner", "exceptions_owner"})
        try:
            with transaction.atomic():
                use_case.save(force_insert=True)
        except IntegrityError as error:
            raise ConflictError(
                f"A use case '{claims.slug}' exists already.",
                remedy="Choose another slug, or change the existing use case.",
                code="slug_exists",
                field="slug",
            ) from error
        put_products(use_case, claims.products, actor)
        named = put_consumers(use_case, claims.consumers)
        put_measures(use_case, claims.measures, now=now, reason=reason)
        _notify_owners_of_named(use_case, named, actor=actor, now=now)
    return use_case


def update_use_case(
    *, use_case: UseCase, claims: UseCaseClaims, actor: Person | None, now: datetime, reason: str = ""
) -> list[str]:
    """Make `claims` hold for `use_case`; the changes, a line each. Nothing is written where nothing changes.

    A change of anything but name and description moves `claims_changed_at`, which voids the acknowledgement; from the stage
    `approved` on governance and the business owner are notified. A measure that values were reported for is retired when it
    is left out, which needs a `reason`. Raises `ConflictError` for a retired use case, `InvalidError` as `register_use_case`.
    """
    claims = _in_order(claims)
    with _changing(use_case, "update_use_case", actor, reason) as row:
        before = claims_of(row)
        changes = use_case_differences(before, claims)
        if not changes:
            return []
        demand_not_retired(row.slug, UseCaseStage(row.stage))
        if claims.slug != row.slug:
            raise InvalidError(
                f"The slug of use case {row.slug} cannot become {claims.slug[:80]}: decisions and policies name it.",
                remedy="Keep the slug, or register a new use case and retire this one.",
                field="slug",
            )
        demand_claims(claims)
        changed = {name for name in (*_TEXTS, *_VALUES, *_PEOPLE) if getattr(before, name) != getattr(claims, name)}
        if "purpose" in changed:
            demand_known_purpose(claims.purpose)
        _assign(row, claims, changed)
        put_products(row, claims.products, actor)
        named = put_consumers(row, claims.consumers)
        put_measures(row, claims.measures, now=now, reason=reason)
        if is_material(changes):
            row.claims_changed_at = _after(now, row.claims_changed_at, row.acknowledged_at)
        row.save()
        _notify_owners_of_named(row, named, actor=actor, now=now)
        if is_material(changes) and UseCaseStage(row.stage).needs_readiness:
            _notify_of_change(row, changes, actor=actor, now=now, reason=reason)
    return changes


def acknowledge_use_case(*, use_case: UseCase, actor: Person | None, now: datetime) -> UseCase:
    """The business owner says: this decision is mine, and what is claimed here is right. Nobody can say it for them.

    Raises `ConflictError` where the claims changed after `now`, which whoever acknowledges cannot have seen.
    """
    with recorded("acknowledge_use_case", actor):
        row = _locked(use_case)
        if actor is None or not actor.is_active or row.business_owner_id != actor.pk:
            owner = row.business_owner.username
            raise ForbiddenError(
                f"{actor_name(actor)} may not acknowledge use case {row.slug}: only its business owner {owner} can.",
                remedy=f"Ask {owner} to acknowledge it, or give it another business owner first.",
            )
        demand_not_retired(row.slug, UseCaseStage(row.stage))
        if row.claims_changed_at > now:
            raise ConflictError(
                f"Use case {row.slug} was changed while you acknowledged it.",
                remedy="Read it as it is now, and acknowledge that.",
                code="changed_meanwhile",
            )
        row.acknowledged_at, row.acknowledged_by = now, actor
        row.save(update_fields=["acknowledged_at", "acknowledged_by", "updated_at"])
    return row


def confirm_obligation(
    *,
    use_case: UseCase,
    consumer: Consumer,
    product: DataProduct,
    obligation: Obligation,
    how: str,
    actor: Person | None,
    now: datetime,
) -> ObligationConfirmation:
    """The owner of `consumer` says how it meets `obligation` with `product` in this use case. Saying it again renews it.

    Nobody else can say it, not even governance. Raises `InvalidError` where the use case names no such consumer or product,
    `ForbiddenError` for anybody but the consumer's owner.
    """
    with recorded("confirm_obligation", actor):
        row = _locked(use_case)
        demand_not_retired(row.slug, UseCaseStage(row.stage))
        if not row.consumers.filter(pk=consumer.pk).exists():
            raise _not_named(row, f"consumer {consumer.slug}", "consumer")
        if not row.products.filter(product=product).exists():
            raise _not_named(row, f"data product {product.slug}", "product")
        if actor is None or not actor.is_active or consumer.owner_id != actor.pk:
            owner = consumer.owner.username
            raise ForbiddenError(
                f"{actor_name(actor)} may not confirm what consumer {consumer.slug} does: only its owner {owner} can.",
                remedy=f"Ask {owner} to confirm it.",
            )
        if not how.strip() or len(how) > LONGEST_TEXT:
            raise InvalidError(
                f"It is not documented how consumer {consumer.slug} meets the obligation {obligation.type}.",
                remedy=f"Describe it so that it can be checked, at most {LONGEST_TEXT:,} characters.",
                field="how",
            )
        confirmation, _ = ObligationConfirmation.objects.update_or_create(
            use_case=row,
            consumer=consumer,
            product=product,
            obligation=obligation.as_text(),
            defaults={"how": how.strip(), "confirmed_by": actor, "confirmed_at": now},
        )
    return confirmation


@contextmanager
def _changing(use_case: UseCase, action: str, actor: Person | None, reason: str) -> Iterator[UseCase]:
    """The row as it is now, locked until the change is recorded; whoever may not change it (any more) is refused."""
    with recorded(action, actor, reason):
        row = _locked(use_case)
        require_may_change(actor, row)
        yield row


def _locked(use_case: UseCase) -> UseCase:
    return locked(use_case, "business_owner", "outputs_owner", "exceptions_owner")


def _after(now: datetime, *moments: datetime | None) -> datetime:
    """`now`, or just after the newest of `moments`: a change that waited for the row came after what it waited for."""
    newest = max((moment for moment in moments if moment is not None), default=now)
    return now if now > newest else newest + timedelta(microseconds=1)


def _assign(use_case: UseCase, claims: UseCaseClaims, changed: set[str]) -> None:
    """Raises `InvalidError`. People who stay are not looked at: one who left does not keep others from changing the rest."""
    for name in {*_TEXTS, *_VALUES} & changed:
        setattr(use_case, name, getattr(claims, name))
    for name in [name for name in _PEOPLE if name in changed]:
        username = getattr(claims, name)
        setattr(use_case, name, None if username is None else find_person(username=username, part=name))
    for name in _TEXTS:
        if len(getattr(use_case, name)) > LONGEST_TEXT:
            raise InvalidError(
                f"{name} of use case {use_case.slug} is longer than {LONGEST_TEXT:,} characters.",
                remedy="Shorten it, and name the document that has the rest.",
                field=name,
            )
    demand_clean(use_case, f"use case {use_case.slug}")


def _in_order(claims: UseCaseClaims) -> UseCaseClaims:
    """Sets in disguise sorted, so that another order is no change."""
    products = (UsedProduct(*one) for one in claims.products)
    return replace(
        claims,
        products=tuple(sorted(products, key=lambda one: (one.product, one.port or ""))),
        consumers=tuple(sorted(claims.consumers)),
        measures=tuple(sorted(claims.measures, key=lambda one: one.name)),
    )


def _business_owner(username: str, actor: Person | None) -> Person:
    if not may_register(actor):
        raise ForbiddenError(
            f"{actor_name(actor)} may not register use cases: that needs a role.",
            remedy="Ask a member of the group 'governance' to add you to a group.",
        )
    if actor is not None and username in {"", actor.username}:
        return actor
    if not is_governance(actor):
        raise ForbiddenError(
            f"{actor_name(actor)} may not register a use case for {username}.",
            remedy="Register it under your own name and hand it over, or ask a member of the group 'governance'.",
        )
    return find_person(username=username, part="business_owner")


def _not_named(use_case: UseCase, what: str, field: str) -> InvalidError:
    return InvalidError(
        f"Use case {use_case.slug} does not name {what}.",
        remedy="Name one that it does, or have its business owner add it first.",
        field=field,
    )


def _notify_owners_of_named(use_case: UseCase, consumers: Sequence[Consumer], *, actor: Person | None, now: datetime) -> None:
    """Notify the owners of consumers that another person has named in `use_case`; what they may do is in the notice."""
    others = [consumer for consumer in consumers if consumer.owner != in_person(actor)]
    for consumer in others:
        notify(
            key=f"use-case:{use_case.pk}:names:{consumer.pk}:{now:%Y%m%dT%H%M%S.%f}",
            kind="use_case.names_consumer",
            subject=f"Use case {use_case.slug} names your consumer {consumer.slug}",
            text=(
                f"{actor_name(actor)} has named consumer {consumer.slug} in use case {use_case.slug} ({use_case.name}), whose "
                f"business owner is {use_case.business_owner.username}. It grants the consumer nothing. "
                "When it acts there, let it name the use case in its questions, and confirm how it meets the obligations: "
                f"POST /api/v1/use-cases/{use_case.slug}/confirmations. Where it does not act there, ask the business owner to "
                f"take it out.\n\n{_where(use_case)}"
            ),
            now=now,
            consumers=[consumer],
            payload={"use_case": use_case.slug, "consumer": consumer.slug},
        )


def _notify_of_change(use_case: UseCase, changes: Sequence[str], *, actor: Person | None, now: datetime, reason: str) -> None:
    """Notify governance and the business owner, but not `actor`, that claims changed after the use case was approved."""
    governance = Person.objects.governance()
    people = {person.pk: person for person in [*governance, use_case.business_owner]}
    why = f"\n\nWhy: {reason.strip()}" if reason.strip() else ""
    notify(
        key=f"use-case:{use_case.pk}:changed:{use_case.claims_changed_at:%Y%m%dT%H%M%S.%f}",
        kind="use_case.changed",
        subject=f"Use case {use_case.slug} was changed at the stage {use_case.stage}",
        text=(
            f"{actor_name(actor)} has changed what is claimed of use case {use_case.slug}, which is at the stage "
            f"{use_case.stage}. The business owner's acknowledgement is void until it is given again.\n\n"
            + "\n".join(f"- {change}" for change in changes)
            + f"{why}\n\n{_where(use_case)}"
        ),
        now=now,
        persons=[person for person in people.values() if person != in_person(actor)],
        payload={"use_case": use_case.slug, "stage": use_case.stage, "changes": list(changes)},
    )


def _where(use_case: UseCase) -> str:
    return f"The use case: admin, Use cases, {use_case.slug}; or GET /api/v1/use-cases/{use_case.slug}"
