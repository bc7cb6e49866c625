"""Which ports read the same file or table, and who may read values that another owner redacts.

A port is only a claim that some data is one's own. Without this, whoever may register a product could name another's file or
table, call its columns public, and read in samples and counts what their owner had classified.
"""

import stat
from collections.abc import Iterable, Sequence
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
from trust.evidence.sources.folders import Pattern, names_several, pattern_of, resolve_files
from trust.evidence.sources.postgres import split_table

DataLocation = frozenset[str] | tuple[str, str]
"""The paths that a location may lead to, with the identity of a file of several names, and patterns; or schema and table."""
_FILE, _PATTERN = "file:", "pattern:"


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
        # Another name may lead to a file of several names, and any to one of several files.
        if not any(path.startswith((_FILE, _PATTERN)) for path in place):
            named = reduce(or_, (Q(location__endswith=Path(path).name) for path in {location, *place}))
            near = near.filter(named | reduce(or_, (Q(location__contains=sign) for sign in "*?["), Q(location__endswith="/")))
    ports = near.select_related("product__owner").prefetch_related("fields")
    return [port for port in ports if _is_same(place, _data_location(SourceKind(port.source_kind), port.location, looks=False))]


def data_location(kind: SourceKind, location: str) -> DataLocation:
    """Where a location leads, whether it exists or not; an empty place for one that leads nowhere."""
    return _data_location(kind, location, looks=True)


def _data_location(kind: SourceKind, location: str, *, looks: bool) -> DataLocation:
    """looks: also which files a folder or pattern has now; without it only which it would have."""
    match kind:
        case SourceKind.PARQUET | SourceKind.CSV | SourceKind.JSON_LINES | SourceKind.EXCEL:
            roots = [Path(root).resolve() for root in settings.TOUCHSTONE.data_roots]
            paths = [Path(location)] if Path(location).is_absolute() else [root / location for root in roots]
            found = frozenset(form for path in map(_resolved, paths) if path for form in (path, *_identity(path)))
            return found | _several(kind, location, roots, looks=looks) if names_several(location) else found
        case SourceKind.POSTGRES:
            try:
                return split_table(location)
            except SourceProblemError:
                return frozenset()
        case SourceKind.UNSUPPORTED:
            return frozenset()
        case _:
            assert_never(kind)


def _several(kind: SourceKind, location: str, roots: Sequence[Path], *, looks: bool) -> frozenset[str]:
    """The pattern below each root, and the files that it has now."""
    pattern = pattern_of(location)
    bases = [Path(pattern.base)] if Path(pattern.base).is_absolute() else [root / pattern.base for root in roots]
    found = {f"{_PATTERN}{base}\0{'/'.join(pattern.parts)}" for base in map(_resolved, bases) if base}
    try:
        files = resolve_files(location, kind, roots).paths if looks else ()
    except SourceProblemError:  # the run tells it
        files = ()
    return frozenset({*found, *files, *(form for path in files for form in _identity(path))})


def _covers(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether a pattern of the one names a file of the other."""
    patterns = []
    for form in one:
        if form.startswith(_PATTERN):
            base, _, parts = form.removeprefix(_PATTERN).partition("\0")
            patterns.append(Pattern(base, tuple(parts.split("/"))))
    return any(pattern.covers(path) for pattern in patterns for path in other)


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
        return bool(one & other) or _covers(one, other) or _covers(other, one)
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
