"""Which ports read the same file or table, and who may read values that another owner redacts.

A port is only a claim that some data is one's own. Without this, whoever may register a product could name another's file or
table, call its columns public, and read in samples and counts what their owner had classified.
"""

import stat
from collections.abc import Iterable
from functools import reduce
from operator import or_
from pathlib import Path
from typing import assert_never

from django.conf import settings
from django.db.models import Q

from catalog.models import DataProduct, OutputPort, Person
from catalog.rules.claims import PortClaims
from catalog.rules.errors import ForbiddenError
from catalog.rules.sensitivity import demands_redaction
from catalog.rules.vocabulary import Lifecycle, Sensitivity, SourceKind
from catalog.services.permissions import can_change, is_governance, stewards
from trust.evidence.rules.evidence import SourceProblemError
from trust.evidence.sources.postgres import split_table

DataLocation = frozenset[str] | tuple[str, str]
"""The paths that a location may lead to, with the identity of a file of several names; or schema and table."""
_FILE = "file:"


def demand_own_data(claims: PortClaims, *, slug: str, actor: Person | None) -> None:
    """Raise `ForbiddenError` where the port would read columns that a product of another owner redacts.

    Asked of ports that are new or move, so that nobody can make another's port fail by naming its location. Governance may.
    """
    place = data_location(claims.source_kind, claims.location)
    if is_governance(actor) or not place:
        return
    present = OutputPort.objects.filter(product__slug=slug, name=claims.name).first()
    if present is not None and data_location(SourceKind(present.source_kind), present.location) == place:
        return
    for port in ports_on_same_data(claims.source_kind, claims.location):
        if port.product.slug != slug and redacted_columns(port) and not _knows(actor, port.product):
            raise ForbiddenError(
                f"The port '{claims.name}' names data of another owner's product, with fields that are redacted there.",
                remedy="Build on that product as an input, or ask its owner or governance to register the port.",
            )


def may_look_up(port: OutputPort, reference: OutputPort, columns: Iterable[str]) -> bool:
    """Whether checks of `port` may ask which values `columns` of `reference` hold.

    Of redacted columns only where one person answers for both or was let in as a steward: a column of guesses and a count
    would tell which of them are there. What a draft of somebody else offers is not there at all.
    """
    if port.product_id == reference.product_id or _knows(port.product.owner, reference.product):
        return True
    wanted = set(columns)
    return reference.product.lifecycle != Lifecycle.DRAFT and not redacted_columns(reference, wanted) & wanted


def redacted_by_other_ports(port: OutputPort, named: Iterable[str]) -> frozenset[str]:
    """Columns that other ports on the same data redact, of those declared there and of those `named` here."""
    named = set(named)
    found: set[str] = set()
    for other in ports_on_same_data(SourceKind(port.source_kind), port.location):
        if other.pk != port.pk:
            found |= redacted_columns(other, named)
    return frozenset(found)


def redacted_columns(port: OutputPort, named: Iterable[str] = ()) -> frozenset[str]:
    """Columns whose values must not leave the engine: personal, above internal, or of a sensitivity that nobody stated.

    A field without a sensitivity has its product's. Columns that are `named` and that nobody declared count as such fields.
    """
    fields = list(port.fields.all())
    unstated = _level(port.product.sensitivity)
    redacted = {
        field.name
        for field in fields
        if demands_redaction(_level(field.sensitivity), unstated, is_personal_data=field.personal)
    }
    if demands_redaction(None, unstated, is_personal_data=False):
        redacted |= set(named) - {field.name for field in fields}
    return frozenset(redacted)


def ports_on_same_data(kind: SourceKind, location: str) -> list[OutputPort]:
    """The ports that read what `location` leads to, however they write it; hard links too, symbolic ones to other names not."""
    place = data_location(kind, location)
    if not place:
        return []
    if isinstance(place, tuple):
        near = OutputPort.objects.filter(source_kind=kind, location__contains=place[1].replace('"', '""'))
    else:
        near = OutputPort.objects.filter(source_kind__in=[kind for kind in SourceKind if kind.is_file])
        if not any(path.startswith(_FILE) for path in place):  # else another name may lead to it
            near = near.filter(reduce(or_, (Q(location__endswith=Path(path).name) for path in {location, *place})))
    ports = near.select_related("product__owner").prefetch_related("fields")
    return [port for port in ports if _is_same(place, data_location(SourceKind(port.source_kind), port.location))]


def data_location(kind: SourceKind, location: str) -> DataLocation:
    """Where a location leads, whether it exists or not; an empty place for one that leads nowhere."""
    match kind:
        case SourceKind.PARQUET | SourceKind.CSV | SourceKind.JSON_LINES | SourceKind.EXCEL:
            roots = [Path(root).resolve() for root in settings.TOUCHSTONE.data_roots]
            paths = [Path(location)] if Path(location).is_absolute() else [root / location for root in roots]
            return frozenset(form for path in map(_resolved, paths) if path for form in (path, *_identity(path)))
        case SourceKind.POSTGRES:
            try:
                return split_table(location)
            except SourceProblemError:
                return frozenset()
        case SourceKind.UNSUPPORTED:
            return frozenset()
        case _:
            assert_never(kind)


def _identity(path: str) -> tuple[str, ...]:
    """What a file of several names has in common under all of them; nothing for one that has one name, or is not there."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return ()
    is_shared = stat.S_ISREG(status.st_mode) and status.st_nlink > 1
    return (f"{_FILE}{status.st_dev}:{status.st_ino}",) if is_shared else ()


def _is_same(one: DataLocation, other: DataLocation) -> bool:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return bool(one & other)
    return one == other


def _resolved(path: Path) -> str:
    try:
        return str(path.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a NUL: the run itself tells that
        return ""


def _knows(person: Person | None, product: DataProduct) -> bool:
    return can_change(person, product) or (person is not None and stewards(person, product))


def _level(sensitivity: str | None) -> Sensitivity | None:
    return Sensitivity(sensitivity) if sensitivity else None
