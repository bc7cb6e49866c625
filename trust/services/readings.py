"""Turns a port into what an engine reads, at the moment of the run: the location is checked again, no secret is resolved."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from catalog.models import Field, OutputPort
from catalog.rules.expectation import Expectation, Json, Suite
from catalog.rules.vocabulary import Dimension, LogicalType, Sensitivity, Severity, SourceKind
from trust.models import Suite as SuiteRow
from trust.rules.evidence import Source
from trust.sources.files import resolve_file
from trust.sources.problem import SourceProblemError

logger = logging.getLogger(__name__)

_REFERENCE = "expect_column_values_to_exist_in_reference"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a worker hands to an engine."""

    suite: Suite
    source: Source


def reading_of(*, port: OutputPort, suite: SuiteRow) -> Reading:
    """The suite and the source of one run. Raises `SourceProblemError` where the port's location may not be read."""
    demanded = suite_of(suite)
    return Reading(demanded, replace(_source(port, demanded.expectations), references=_references(demanded.expectations)))


def suite_of(row: SuiteRow) -> Suite:
    """The stored suite as the rules know it."""
    return Suite(row.name, tuple(_expectation(stored) for stored in row.expectations))


def _expectation(stored: dict[str, Json]) -> Expectation:
    kwargs, meta, dimension = stored.get("kwargs"), stored.get("meta"), stored.get("dimension")
    return Expectation(
        type=str(stored["type"]),
        kwargs=kwargs if isinstance(kwargs, dict) else {},
        severity=Severity(str(stored["severity"])),
        dimension=Dimension(str(dimension)) if dimension else None,
        meta=meta if isinstance(meta, dict) else {},
    )


def _source(port: OutputPort, expectations: Iterable[Expectation]) -> Source:
    kind = SourceKind(port.source_kind)
    fields = list(port.fields.all())
    is_file = kind is not SourceKind.POSTGRES
    return Source(
        kind=kind,
        location=resolve_file(port.location, settings.TOUCHSTONE.data_roots) if is_file else port.location,
        connection=port.connection or None,
        time_column=port.time_column or None,
        null_values=None if port.null_values is None else tuple(port.null_values),
        declared_types={field.name: LogicalType(field.logical_type) for field in fields if field.logical_type},
        redacted_columns=_redacted(port, fields, expectations),
    )


def _references(expectations: Sequence[Expectation]) -> dict[str, Source]:
    """Name (`product/port`) -> source, for those that exist and may be read.

    One that is missing or unreadable is left out: the engine then reports the check that asked for it as an error, and the
    other checks still run.
    """
    named = {str(e.kwargs["reference"]): e for e in expectations if e.type == _REFERENCE and "reference" in e.kwargs}
    slugs = {name.partition("/")[0] for name in named}
    ports = OutputPort.objects.filter(product__slug__in=slugs).select_related("product").prefetch_related("fields")
    found: dict[str, Source] = {}
    for port in ports:
        name = f"{port.product.slug}/{port.name}"
        if name in named:
            try:
                found[name] = _source(port, ())
            except SourceProblemError as error:
                logger.warning("The reference %s cannot be read: %s", name, error)
    return found


def _redacted(port: OutputPort, fields: Iterable[Field], expectations: Iterable[Expectation]) -> frozenset[str]:
    """Columns whose values must not leave the engine: personal, above internal, or of a sensitivity that nobody stated.

    A field without a sensitivity has its product's. Columns that an expectation names and nobody declared count as such fields.
    """
    declared = {field.name: field for field in fields}
    open_columns = {
        name
        for name, field in declared.items()
        if not field.personal and _is_open(field.sensitivity or port.product.sensitivity)
    }
    named = {name for expectation in expectations for name in _column_names(expectation)}
    undeclared = set() if _is_open(port.product.sensitivity) else named - set(declared)
    return frozenset((set(declared) - open_columns) | undeclared)


def _is_open(sensitivity: str | None) -> bool:
    return sensitivity is not None and Sensitivity(sensitivity).rank <= Sensitivity.INTERNAL.rank


def _column_names(expectation: Expectation) -> Iterator[str]:
    """Every text that an argument about columns holds; texts that name no column do no harm."""
    for name, value in expectation.kwargs.items():
        if "column" in name:
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))
