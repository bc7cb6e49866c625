"""Turns a port into what an engine reads, at the moment of the run: the location is checked again, no secret is resolved."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from django.conf import settings

from catalog.models import OutputPort
from catalog.rules.expectation import Expectation, Json, SuiteSpec
from catalog.rules.reading import Reading, reading_of
from catalog.rules.vocabulary import Dimension, LogicalType, Severity, SourceKind
from trust.evidence.models.suite import Suite
from trust.evidence.queries.sql_rules import approved_queries
from trust.evidence.rules.evidence import Source, SourceProblemError
from trust.evidence.rules.expectation_types import SQL_RULE_TYPE
from trust.evidence.services.port_locations import may_look_up, redacted_by_other_ports, redacted_columns
from trust.evidence.sources.files import resolve_file
from trust.evidence.sources.folders import Partition, is_several, newest_of, resolve_files
from trust.evidence.sources.postgres import demand_granted

logger = logging.getLogger(__name__)

_REFERENCE = "expect_column_values_to_exist_in_reference"


@dataclass(frozen=True, slots=True)
class EngineInput:
    """What a worker hands to an engine."""

    suite: SuiteSpec
    source: Source


def resolve_engine_input(*, port: OutputPort, suite: Suite, roots: Sequence[str] = ()) -> EngineInput:
    """The suite and the source of one run. roots: folders besides the data roots that its file may lie in.

    Raises `SourceProblemError` where the port's location may not be read.
    """
    spec = suite_spec(suite)
    source = _source(port, spec.expectations, roots)
    has_sql = any(one.type == SQL_RULE_TYPE for one in spec.expectations)
    approved = approved_queries(port.product) if has_sql else frozenset[str]()
    references = _references(port, source, spec.expectations)
    return EngineInput(spec, replace(source, references=references, approved_queries=approved))


def unsupported_source(port: OutputPort) -> SourceProblemError:
    """The error for a port whose contract names a source that Touchstone cannot read."""
    return SourceProblemError(
        "source_unsupported",
        f"Port {port.name} is kept in {port.location}, which Touchstone cannot read.",
        "Offer the data as Parquet, CSV, JSON lines, Excel or a PostgreSQL table, and state this in the contract.",
    )


def suite_spec(row: Suite) -> SuiteSpec:
    """The stored suite as the rules know it."""
    return SuiteSpec(row.name, tuple(_expectation(stored) for stored in row.expectations))


def _expectation(stored: dict[str, Json]) -> Expectation:
    kwargs, meta, dimension = stored.get("kwargs"), stored.get("meta"), stored.get("dimension")
    return Expectation(
        type=str(stored["type"]),
        kwargs=kwargs if isinstance(kwargs, dict) else {},
        severity=Severity(str(stored["severity"])),
        dimension=Dimension(str(dimension)) if dimension else None,
        meta=meta if isinstance(meta, dict) else {},
    )


def _source(port: OutputPort, expectations: Iterable[Expectation], roots: Sequence[str] = ()) -> Source:
    kind = SourceKind(port.source_kind)
    fields = list(port.fields.all())
    match kind:
        case SourceKind.PARQUET | SourceKind.CSV | SourceKind.JSON_LINES | SourceKind.EXCEL:
            found = find_files(port.location, kind, reading_of(port.reading), [*settings.TOUCHSTONE.data_roots, *roots])
        case SourceKind.POSTGRES:
            demand_granted(port.connection, port.product.owner_name, settings.TOUCHSTONE.connections)
            found = FileSource(port.location)
        case SourceKind.UNSUPPORTED:
            raise unsupported_source(port)
        case _:
            assert_never(kind)
    redacted = _redacted(port, expectations)
    return Source(
        kind=kind,
        location=found.location,
        files=found.files,
        partitions=found.partitions,
        notes=_shown_notes(found, redacted),
        connection=port.connection or None,
        time_column=port.time_column or None,
        null_values=_null_texts(port, kind),
        reading=reading_of(port.reading),
        declared_types={field.name: LogicalType(field.logical_type) for field in fields if field.logical_type},
        redacted_columns=redacted,
    )


@dataclass(frozen=True, slots=True)
class FileSource:
    """Where a source lies: one place, or several files with what the run is to say of them. See `Source`."""

    location: str
    files: tuple[str, ...] = ()
    partitions: tuple[Partition, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


def find_files(location: str, kind: SourceKind, reading: Reading, roots: Sequence[str | Path] | None = None) -> FileSource:
    """The file or files of a location, those of the newest partition where only it is looked at. Raises SourceProblemError."""
    roots = settings.TOUCHSTONE.data_roots if roots is None else roots
    if not is_several(location, roots):
        return FileSource(resolve_file(location, roots))
    found = resolve_files(location, kind, roots)
    number = len(found.paths)
    notes: dict[str, str] = {}
    if reading.slice == "newest" and any(key == reading.partition for key, _ in found.partitions[0]):
        found, newest = newest_of(found, reading.partition)
        notes["slice"] = f"{reading.partition} = {newest}"
    notes["files"] = f"{len(found.paths):,}" if len(found.paths) == number else f"{len(found.paths):,} of {number:,}"
    notes |= {"first file": found.names[0], "last file": found.names[-1], "fingerprint": found.fingerprint()}
    return FileSource(location, found.paths, found.partitions, notes)


def _shown_notes(found: FileSource, redacted: frozenset[str]) -> dict[str, str]:
    """Names of files hold the values of their partitions: nothing of them is shown where one of those is redacted."""
    if not redacted & {key for partition in found.partitions for key, _ in partition}:
        return dict(found.notes)
    shown = {name: text for name, text in found.notes.items() if name in {"files", "fingerprint"}}
    return shown | ({"slice": "the newest"} if "slice" in found.notes else {})


def _null_texts(port: OutputPort, kind: SourceKind) -> tuple[str, ...]:
    """What is listed, and nothing else: `NA` is a country. An empty cell is no value; a text of JSON may be empty."""
    listed = tuple(port.null_values or ())
    return listed if kind is SourceKind.JSON_LINES else tuple(dict.fromkeys((*listed, "")))


def _references(port: OutputPort, own: Source, expectations: Sequence[Expectation]) -> dict[str, Source]:
    """Name (`product/port`) -> source, for those that exist, that may be read, and whose columns `port` may look into.

    One that is missing or unreadable is left out: the engine then reports the check that asked for it as an error, and the
    other checks still run. So is another port on the data of `port` in which a column would be looked up in itself: that
    cannot fail. (Where the port names itself, `vacuity` sees it.)
    """
    circular = {
        str(one.kwargs["reference"])
        for one in expectations
        if one.type == _REFERENCE and "reference" in one.kwargs and _looks_into_itself(one.kwargs)
    }
    named: dict[str, set[str]] = defaultdict(set)
    for one in expectations:
        if one.type == _REFERENCE and "reference" in one.kwargs:
            theirs = {key: one.kwargs[key] for key in ("reference_column", "reference_column_list") if key in one.kwargs}
            named[str(one.kwargs["reference"])].update(_column_names(replace(one, kwargs=theirs or one.kwargs)))
    slugs = {name.partition("/")[0] for name in named}
    ports = OutputPort.objects.filter(product__slug__in=slugs).select_related("product__owner").prefetch_related("fields")
    found: dict[str, Source] = {}
    for reference in ports:
        name = f"{reference.product.slug}/{reference.name}"
        if name in named and may_look_up(port, reference, named[name]):
            try:
                source = _source(reference, ())
            except SourceProblemError as error:
                logger.warning("The reference %s cannot be read: %s", name, error)
                continue
            if reference.pk == port.pk or name not in circular or not _is_same_data(own, source):
                found[name] = source
    return found


def _looks_into_itself(kwargs: Mapping[str, Json]) -> bool:
    ours = kwargs.get("column_list") or [kwargs.get("column")]
    return ours == (kwargs.get("reference_column_list") or [kwargs.get("reference_column")])


def _is_same_data(one: Source, other: Source) -> bool:
    """Whether both are one file, by whatever name, or one table of one connection."""
    if one.kind.is_file and other.kind.is_file and (one.files or other.files):
        return bool(set(one.paths) & set(other.paths))
    if one.kind.is_file and other.kind.is_file:
        try:
            return Path(one.location).samefile(other.location)
        except OSError:  # one of them is gone: the engine says so
            return False
    return (one.kind, one.connection, one.location) == (other.kind, other.connection, other.location)


def _redacted(port: OutputPort, expectations: Iterable[Expectation]) -> frozenset[str]:
    """Columns whose values must not leave the engine: what this port redacts, and what others on the same data do."""
    named = {name for expectation in expectations for name in _column_names(expectation)}
    named |= {field.name for field in port.fields.all()}
    return redacted_columns(port, named) | redacted_by_other_ports(port, named)


def _column_names(expectation: Expectation) -> Iterator[str]:
    """Every text that an argument about columns holds; texts that name no column do no harm."""
    for name, value in expectation.kwargs.items():
        if "column" in name:
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))
