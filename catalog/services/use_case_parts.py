"""What belongs to a use case, made to be as it is claimed: the products it consumes, who acts in it, how it is measured."""

from collections.abc import Collection, Sequence
from datetime import datetime

from catalog.models import Consumer, DataProduct, Measure, OutputPort, Person, UseCase, UseCaseProduct
from catalog.queries.visibility import visible_products
from catalog.rules.errors import InvalidError
from catalog.rules.use_case import MeasureClaims, UsedProduct, demand_actor_of_use_case
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus
from catalog.services.people import find_person
from catalog.services.validation import demand_clean


def put_products(use_case: UseCase, claimed: Sequence[UsedProduct], actor: Person | None) -> None:
    """Make the use case consume exactly these. Raises `InvalidError` for a new one that `actor` may not see.

    What is claimed already may stay, also where it was hidden or removed since. A confirmation goes with its product.
    """
    rows = list(use_case.products.select_related("product", "port").defer("product__search"))
    present = {UsedProduct(row.product.slug, None if row.port is None else row.port.name): row for row in rows}
    added = [one for one in claimed if one not in present]
    products = _visible(use_case, {one.product for one in added}, actor)
    ports = {
        (port.product_id, port.name): port
        for port in OutputPort.objects.filter(product__in=products.values(), name__in=[one.port for one in added if one.port])
    }
    for one in added:
        port = None if one.port is None else ports.get((products[one.product].pk, one.port))
        if one.port is not None and port is None:
            raise InvalidError(
                f"Data product {one.product} has no port {one.port[:80]!r}.",
                remedy=f"Name one of those that GET /api/v1/products/{one.product} lists, or none for all of them.",
                code="port_unknown",
                field="products",
            )
        UseCaseProduct.objects.create(use_case=use_case, product=products[one.product], port=port)
    gone = [row.pk for one, row in present.items() if one not in set(claimed)]
    if gone:
        use_case.products.filter(pk__in=gone).delete()
        use_case.confirmations.exclude(product__in=use_case.products.values("product")).delete()


def put_consumers(use_case: UseCase, slugs: Sequence[str]) -> list[Consumer]:
    """Make exactly these act in the use case; the new ones, with their owners. Raises `InvalidError` for one that cannot.

    Whoever may change a use case may name any consumer by its slug, also somebody else's: the decision and the agent seldom
    have one owner. Being named grants the consumer nothing and proves nothing; its owner is notified, sees the use case from
    then on, and alone can confirm its obligations.
    """
    present = {consumer.slug: consumer for consumer in use_case.consumers.all()}
    wanted = [slug for slug in slugs if slug not in present]
    found = {row.slug: row for row in Consumer.objects.filter(slug__in=wanted).select_related("owner")} if wanted else {}
    for slug in wanted:
        consumer = found.get(slug)
        if consumer is None or consumer.status == ConsumerStatus.RETIRED:
            raise InvalidError(
                f"There is no consumer {slug[:80]!r} that could act in use case {use_case.slug}.",
                remedy="Name a consumer that is not retired by its slug; POST /api/v1/consumers registers one.",
                code="consumer_unknown",
                field="consumers",
            )
        demand_actor_of_use_case(slug, ConsumerKind(consumer.kind))
    use_case.consumers.add(*found.values())
    gone = [consumer for slug, consumer in present.items() if slug not in set(slugs)]
    if gone:
        use_case.consumers.remove(*gone)
        use_case.confirmations.filter(consumer__in=gone).delete()
    return [found[slug] for slug in wanted]


def put_measures(use_case: UseCase, claimed: Sequence[MeasureClaims], *, now: datetime, reason: str) -> None:
    """Make exactly these the measures of the use case, by name: a row lives on under its name, whatever changes about it.

    One that is left out is deleted where no value was ever reported for it. With values it is retired instead, which needs a
    `reason`: it stays to be seen with them, and comes back when it is named again. Raises `InvalidError`.
    """
    rows = {row.name: row for row in use_case.measures.select_related("owner")}
    for one in claimed:
        row = rows.get(one.name) or Measure(use_case=use_case, name=one.name, created_at=now)
        if _differs(row, one):
            if row.owner_id is None or row.owner.username != one.owner:
                row.owner = _measure_owner(one.owner)
            row.target, row.interval, row.better = one.target, one.interval, one.better
            row.unit, row.description, row.retired_at = one.unit, one.description, None
            demand_clean(row, f"measure {one.name[:80]} of use case {use_case.slug}")
            row.save()
    kept = {one.name for one in claimed}
    _take_away(use_case, [row.pk for name, row in rows.items() if name not in kept and row.retired_at is None], now, reason)


def _take_away(use_case: UseCase, measures: Sequence[int], now: datetime, reason: str) -> None:
    if not measures:
        return
    # FOR UPDATE: who reports a value holds the measure's key until their transaction ends, and is waited for.
    rows = list(Measure.objects.select_for_update().filter(pk__in=measures))
    with_values = set(Measure.objects.filter(pk__in=measures, reports__isnull=False).values_list("pk", flat=True).distinct())
    for measure in rows:
        if measure.pk not in with_values:
            measure.delete()
            continue
        if not reason.strip():
            raise InvalidError(
                f"Values were reported for measure {measure.name} of use case {use_case.slug}: removing it needs a reason.",
                remedy="Give the reason (`reason`); the measure and its values stay visible.",
                code="reason_needed",
                field="reason",
            )
        measure.retired_at = now
        measure.save(update_fields=["retired_at"])


def _differs(row: Measure, claims: MeasureClaims) -> bool:
    if row.pk is None or row.retired_at is not None or row.owner.username != claims.owner:
        return True
    return any(getattr(row, name) != getattr(claims, name) for name in ("target", "interval", "better", "unit", "description"))


def _measure_owner(username: str) -> Person:
    try:
        return find_person(username=username, part="owner of a measure")
    except InvalidError as error:
        raise InvalidError(error.message, remedy=error.remedy, code=error.code, field="measures") from error


def _visible(use_case: UseCase, slugs: Collection[str], actor: Person | None) -> dict[str, DataProduct]:
    if not slugs:
        return {}
    products = DataProduct.objects.defer("search") if actor is None else visible_products(actor)
    found = {product.slug: product for product in products.filter(slug__in=slugs)}
    for slug in sorted(slugs):
        if slug not in found:
            raise InvalidError(
                f"There is no data product {slug[:80]!r} for use case {use_case.slug} that you may see.",
                remedy="GET /api/v1/products lists those that you may see; drafts show to owner, stewards and governance.",
                code="product_unknown",
                field="products",
            )
    return found
