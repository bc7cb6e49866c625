"""Output ports with their fields, and input ports. `trust.evidence` checks the locations: it knows the sources."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

from django.db import connection

from catalog.models import DataProduct, Field, InputPort, OutputPort, Person
from catalog.queries import visible_products
from catalog.rules.claims import FieldClaims, InputClaims, PortClaims
from catalog.rules.differences import differences, named_differences
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.limits import LONGEST_SERVICE_LEVEL, MOST_FIELDS, MOST_INPUTS, MOST_NULL_VALUES, demand_few
from catalog.rules.reading import reading_faults, reading_of, stored_reading
from catalog.rules.vocabulary import LogicalType, Sensitivity, SourceKind
from catalog.services.permissions import require_can_change
from catalog.services.products import demand_not_retired
from catalog.services.recording import recorded
from catalog.services.validation import demand_clean

_CONNECTION = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\x00]+")
_OWN_SECRETS = re.compile(r"env:(DATABASE_URL|REDIS_URL|PG[A-Z]+|TOUCHSTONE_.*)", re.IGNORECASE)
_INPUTS_LOCK = 7_105_417_001  # any number that no other advisory lock of Touchstone uses


def claims_of_port(port: OutputPort) -> PortClaims:
    """What is claimed about `port` today, fields in order."""
    return PortClaims(
        name=port.name,
        source_kind=SourceKind(port.source_kind),
        location=port.location,
        description=port.description,
        connection=port.connection,
        time_column=port.time_column,
        service_level=port.service_level,
        allow_empty=port.allow_empty,
        null_values=None if port.null_values is None else tuple(port.null_values),
        reading=reading_of(port.reading),
        fields=tuple(
            FieldClaims(
                name=field.name,
                logical_type=None if field.logical_type is None else LogicalType(field.logical_type),
                physical_type=field.physical_type,
                description=field.description,
                required=field.required,
                sensitivity=None if field.sensitivity is None else Sensitivity(field.sensitivity),
                personal=field.personal,
                critical=field.critical,
            )
            for field in port.fields.order_by("position")
        ),
    )


def put_output_port(*, product: DataProduct, claims: PortClaims, actor: Person | None) -> tuple[OutputPort, list[str]]:
    """The port of that name, made or changed so that `claims` hold, and the changes, a line each.

    A port that was removed comes back with its history. Raises `InvalidError` for claims that contradict themselves.
    """
    require_can_change(actor, product)
    demand_not_retired(product)
    _demand_sound(claims)
    port = OutputPort.with_removed.filter(product=product, name=claims.name).first()
    is_new = port is None or port.removed_at is not None
    old = None if port is None else claims_of_port(port)
    if not is_new and old == claims and port is not None:
        return port, []
    with recorded("put_output_port", actor):
        port = port or OutputPort(product=product, name=claims.name)
        port.removed_at = None
        if is_new or (old is not None and differences(old, claims, skip=("fields",))):
            _assign(port, claims)
            port.save()
        _put_fields(port, claims.fields)
    if is_new or old is None:
        return port, [f"port {claims.name}: added"]
    return port, [
        *differences(old, claims, prefix=f"port {claims.name}.", skip=("fields",)),
        *_field_differences(claims.name, old.fields, claims.fields),
    ]


def remove_output_port(*, port: OutputPort, actor: Person | None, now: datetime) -> None:
    """The product offers `port` no longer. Row, fields and evidence stay; nothing runs on it and no verdict looks at it."""
    require_can_change(actor, port.product)
    demand_not_retired(port.product)
    if port.removed_at is None:
        with recorded("remove_output_port", actor):
            port.removed_at = now
            port.save(update_fields=["removed_at"])


def put_input_ports(
    *, product: DataProduct, inputs: Sequence[InputClaims], actor: Person | None, may_be_missing: bool = False
) -> list[str]:
    """Make `inputs` the products that `product` is built from, and no others; the changes, a line each.

    may_be_missing: a required one that is not registered, or that `actor` may not see, is kept by name in `missing_inputs`, and
    the gate `upstream` is unknown until it is named again when it is there; one that is not required is left out. Raises
    `InvalidError` for an input that does not exist, `ConflictError` with the path where the inputs close a circle.
    """
    require_can_change(actor, product)
    demand_not_retired(product)
    demand_few(inputs, MOST_INPUTS, f"Data product {product.slug} has", "inputs")
    new = {claims.product: claims for claims in inputs}
    present = {port.upstream.slug: port for port in product.input_ports.select_related("upstream")}
    old = {slug: InputClaims(product=slug, required=port.required) for slug, port in present.items()}
    old |= {slug: InputClaims(product=slug) for slug in product.missing_inputs}
    if len(new) < len(inputs):
        raise InvalidError(
            f"Data product {product.slug} names an input product twice.", remedy="Name each input once.", field="inputs"
        )
    upstreams = {slug: _upstream(slug, actor) for slug in new if slug not in present}
    gone = [slug for slug, upstream in upstreams.items() if upstream is None]
    if gone and not may_be_missing:
        raise InvalidError(
            f"Data product {product.slug} names the input '{gone[0]}', which is not registered.",
            remedy=f"Register '{gone[0]}' first, or correct the slug.",
            code="product_unknown",
            field="inputs",
        )
    missing = sorted(slug for slug in gone if new[slug].required)
    new = {slug: claims for slug, claims in new.items() if slug not in gone or slug in missing}
    changes = named_differences(old, new, kind="input", skip=("product",))
    changes += [f"input {slug}: found" for slug in product.missing_inputs if slug in new and slug not in missing]
    if not changes:
        return []
    with recorded("put_input_ports", actor):
        if set(new) - set(present) - set(missing):
            lock_inputs()
        if missing != product.missing_inputs:
            product.missing_inputs = missing
            product.save(update_fields=["missing_inputs", "updated_at"])
        for slug, upstream in upstreams.items():
            if upstream is None:
                continue
            _demand_no_circle(product, upstream)
            InputPort.objects.create(product=product, upstream=upstream, required=new[slug].required)
        for slug, port in present.items():
            if slug not in new:
                port.delete()
            elif port.required != new[slug].required:
                port.required = new[slug].required
                port.save(update_fields=["required"])
    return changes


def lock_inputs() -> None:
    """Let nobody else add an input until this transaction ends: two writers could close a circle that neither of them sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_INPUTS_LOCK])


def _assign(port: OutputPort, claims: PortClaims) -> None:
    for name in ("source_kind", "location", "description", "connection", "time_column", "service_level", "allow_empty"):
        setattr(port, name, getattr(claims, name))
    port.null_values = None if claims.null_values is None else list(claims.null_values)
    port.reading = stored_reading(claims.reading)
    demand_clean(port, f"port {claims.name} of data product {port.product.slug}")


def _put_fields(port: OutputPort, fields: Iterable[FieldClaims]) -> None:
    present = {field.name: field for field in port.fields.all()}
    kept: set[str] = set()
    for position, claims in enumerate(fields):
        kept.add(claims.name)
        field = present.get(claims.name) or Field(port=port, name=claims.name)
        new = {name: getattr(claims, name) for name in FieldClaims.__dataclass_fields__} | {"position": position}
        if field.pk is None or any(getattr(field, name) != value for name, value in new.items()):
            for name, value in new.items():
                setattr(field, name, value)
            demand_clean(field, f"field {port.name}.{claims.name}")
            field.save()
    port.fields.exclude(name__in=kept).delete()


def _field_differences(port: str, old: Sequence[FieldClaims], new: Sequence[FieldClaims]) -> list[str]:
    lines = named_differences(
        {f"{port}.{field.name}": field for field in old}, {f"{port}.{field.name}": field for field in new}, kind="field"
    )
    return lines or ([f"port {port}: the order of its fields"] if old != new else [])


def _demand_sound(claims: PortClaims) -> None:
    demand_few(claims.fields, MOST_FIELDS, f"The port '{claims.name[:80]}' has", "fields")
    demand_few(claims.null_values or (), MOST_NULL_VALUES, f"The port '{claims.name[:80]}' has", "null_values")
    faults = []
    names = [field.name for field in claims.fields]
    if twice := sorted(name for name, number in Counter(names).items() if number > 1):
        faults.append(f"fields: named twice: {', '.join(twice)}")
    if claims.time_column and names and claims.time_column not in names:
        faults.append(f"time_column: there is no field '{claims.time_column}'")
    if claims.connection and not _CONNECTION.fullmatch(claims.connection):
        faults.append("connection: must be a reference, `env:NAME` or `file:/path`, never the credentials themselves")
    if _OWN_SECRETS.fullmatch(claims.connection):
        faults.append("connection: names a secret of Touchstone itself; give the source a login of its own")
    faults += [f"reading.{name}: {fault}" for name, fault in reading_faults(claims.reading)]
    match claims.source_kind:
        case SourceKind.POSTGRES:
            if not claims.connection:
                faults.append("connection: a PostgreSQL port needs one, as `env:NAME` or `file:/path`")
        case SourceKind.PARQUET | SourceKind.CSV | SourceKind.JSON_LINES | SourceKind.EXCEL | SourceKind.UNSUPPORTED:
            if claims.connection:
                faults.append(f"connection: a port of kind {claims.source_kind} has none")
        case _:
            assert_never(claims.source_kind)
    if claims.service_level is not None and claims.service_level.total_seconds() <= 0:
        faults.append("service_level: must be longer than nothing")
    if claims.service_level is not None and claims.service_level > LONGEST_SERVICE_LEVEL:
        faults.append(f"service_level: must be at most {LONGEST_SERVICE_LEVEL.days:,} days")
    if faults:
        raise InvalidError(
            f"The port '{claims.name}' contradicts itself.",
            remedy="Correct what is listed and try again.",
            field=faults[0].partition(":")[0],
            details=faults,
        )


def _upstream(slug: str, actor: Person | None) -> DataProduct | None:
    """The input, as far as `actor` may see it: a draft of somebody else does not exist. The system sees all."""
    return (DataProduct.objects.all() if actor is None else visible_products(actor)).filter(slug=slug).first()


def _demand_no_circle(product: DataProduct, upstream: DataProduct) -> None:
    """Raise `ConflictError` where `upstream` is built, directly or not, from `product`."""
    if path := _path_upstream(upstream, product):
        circle = " <- ".join([product.slug, *path])
        raise ConflictError(
            f"Data product {product.slug} cannot be built from {upstream.slug}: that closes a circle, {circle}.",
            remedy="Remove one of these inputs; a product cannot be evidence for itself.",
            code="input_cycle",
            field="inputs",
        )


def _path_upstream(start: DataProduct, target: DataProduct) -> list[str]:
    """Slugs from `start` along its inputs, and theirs, to `target`, both included; empty where no path leads there.

    One of the shortest. One query for each step away from `start`.
    """
    paths = {start.pk: [start.slug]}
    frontier = [start.pk]
    while frontier and target.pk not in paths:
        edges = InputPort.objects.filter(product__in=frontier).values_list("product_id", "upstream_id", "upstream__slug")
        following = {above: [*paths[below], slug] for below, above, slug in edges if above not in paths}
        paths.update(following)
        frontier = list(following)
    return paths.get(target.pk, [])
