"""From the bytes of an ODCS 3.x document to what it says in Touchstone's words. No database, no clock, no file is read here."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import PurePath

from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

from catalog.contracts.derived import read_schema_rules
from catalog.contracts.document import ContractDocument, OtherData, SuiteClaims
from catalog.contracts.findings import Findings
from catalog.contracts.objects import ObjectPlace, find_object
from catalog.contracts.parsing import parse_document
from catalog.contracts.product import read_inputs, read_lifecycle, read_moment, read_policies, read_product
from catalog.contracts.quality import read_quality, report_entries
from catalog.contracts.reading import read_reading
from catalog.contracts.relationships import read_relationships
from catalog.contracts.service_levels import ServiceLevel, read_service_levels
from catalog.contracts.settings import FIELD_SETTINGS, OBJECT_SETTINGS, PRODUCT_SETTINGS, Settings
from catalog.contracts.sources import SourceClaims, read_source, report_servers
from catalog.contracts.structure import check_structure, not_a_contract
from catalog.contracts.team import read_team
from catalog.contracts.variables import with_unknown_named, with_variables
from catalog.rules.claims import FieldClaims, PortClaims
from catalog.rules.expectation import Expectation, Json
from catalog.rules.limits import MOST_FIELDS, MOST_PORTS, demand_few
from catalog.rules.sensitivity import exceeds
from catalog.rules.vocabulary import LogicalType, Sensitivity, SourceKind


def merged(expectations: Iterable[Expectation]) -> tuple[Expectation, ...]:
    """The expectations in order, equal ones (type and arguments) made one.

    The stricter severity holds, since whoever wrote it meant it; dimension, name and description are those of the quality
    rule, which comes last; `meta.paths` lists every place that demands it.
    """
    found: dict[str, Expectation] = {}
    for one in expectations:
        key = json.dumps([one.type, dict(one.kwargs)], sort_keys=True, default=str)
        found[key] = _united(found[key], one) if key in found else one
    return tuple(found.values())


def undeclared_columns(expectations: Iterable[Expectation], declared: Collection[str]) -> Iterator[tuple[str, str]]:
    """(path, column) for each column that an expectation looks at and that nobody declared: often a slip of the pen."""
    for one in expectations:
        named: list[Json] = [one.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        listed = one.kwargs.get("column_list")
        for column in [*named, *(listed if isinstance(listed, list) else [])]:
            if isinstance(column, str) and column not in declared:
                yield str(one.meta.get("path", "quality")), column


def _united(first: Expectation, second: Expectation) -> Expectation:
    meta: dict[str, Json] = {**first.meta, **second.meta}
    paths: list[Json] = [*_paths(first.meta), *_paths(second.meta)]
    return replace(
        second,
        severity=max(first.severity, second.severity, key=lambda severity: severity.rank),
        dimension=second.dimension or first.dimension,
        meta={**meta, "paths": paths},
    )


def _paths(meta: Mapping[str, Json]) -> list[Json]:
    paths = meta.get("paths")
    return paths if isinstance(paths, list) else [meta["path"]] if "path" in meta else []


_MEASURE = "a measure is no column of the data"
_PERSONAL_TAGS = {"pii", "personal", "personal data", "personal-data", "gdpr-personal"}


def read_contract(
    content: bytes, *, today: date, other_data: OtherData | None = None, variables: Mapping[str, str] | None = None
) -> ContractDocument:
    """What the document says. `today` decides who of the team has left; `other_data` is read instead of what it names.
    variables: by name, what `${NAME}` in its texts stands for.

    Raises `InvalidError` with every fault and its path for what is no contract or contradicts itself. What it demands and
    Touchstone does not check is in `not_executable`; what deserves a second look is in `warnings`.
    """
    findings = Findings()
    contract = check_structure(with_variables(parse_document(content), variables or {}, findings), content, findings)
    settings = Settings(contract.customProperties, known=PRODUCT_SETTINGS, path="", findings=findings)
    team = read_team(contract, today, findings)
    product = read_product(contract, team, settings, findings)
    places = _places(contract, findings)
    levels = read_service_levels(contract, places, findings)
    replaced = _replaced(places, other_data, findings)
    report_servers(contract, places.values(), findings)
    ports: list[PortClaims] = []
    suites: dict[str, SuiteClaims] = {}
    hosts: dict[str, str] = {}
    for place in places.values():
        own = Settings(place.schema.customProperties, known=OBJECT_SETTINGS, path=place.path, findings=findings)
        source = _source(place, contract, own, findings, other_data if place is replaced else None)
        port = PortClaims(
            name=place.port,
            source_kind=source.kind,
            location=source.location,
            connection=source.connection,
            description=(place.schema.description or "").strip(),
            allow_empty=own.flag("allowEmpty"),
            null_values=_null_values(own, source.kind, place, findings),
            reading=read_reading(place, contract, own, source.kind, source.location, findings),
            fields=tuple(_field(path, one, column, findings) for path, one, column in place.columns()),
        )
        ports.append(_with_age(port, place, own, levels.get(place.port), findings))
        hosts[place.port] = source.host
        _report_measures(place, findings)
        read = (
            *read_schema_rules(place, findings),
            *read_relationships(place, places, product.slug, findings),
            *read_quality(place, findings),
        )
        expectations = with_unknown_named(read, findings)
        for path, column in undeclared_columns(expectations, {field.name for field in port.fields}):
            findings.warn(path, f"names the column '{column}', which the contract does not declare")
        if source.kind is not SourceKind.UNSUPPORTED:
            suites[place.port] = SuiteClaims(merged(expectations), own.text("schedule"))
        else:
            _report_unread(expectations, place, findings)
    for port in ports:
        for field in port.fields:
            if product.sensitivity is not None and exceeds(field.sensitivity, product.sensitivity):
                findings.warn(
                    f"field {port.name}.{field.name}",
                    f"is {field.sensitivity} in a product that is {product.sensitivity}: "
                    "the gate 'sensitivity' fails until the product is at least as sensitive",
                )
    document = ContractDocument(
        contract_id=contract.id or "",
        version=contract.version or "",
        api_version=contract.apiVersion or "",
        status=contract.status or "",
        product=product,
        lifecycle=read_lifecycle(contract, findings),
        deprecation_ends_at=read_moment(settings, "deprecationEndsAt", findings),
        ports=tuple(ports),
        suites=suites,
        hosts=hosts,
        inputs=read_inputs(settings, findings),
        policies=read_policies(settings, findings),
        people=team.people,
        not_executable=(),
        warnings=(),
    )
    if findings.faults:
        raise not_a_contract(findings.faults, content)
    return replace(document, not_executable=tuple(findings.not_executable), warnings=tuple(findings.warnings))


def _null_values(own: Settings, kind: SourceKind, place: ObjectPlace, findings: Findings) -> tuple[str, ...] | None:
    listed = own.texts("nullValues")
    if listed is not None and kind in {SourceKind.PARQUET, SourceKind.POSTGRES}:
        findings.cannot_execute(own.path("nullValues"), f"{place.port}: nullValues", f"{kind} has a NULL of its own")
        return None
    return listed


def _places(contract: OpenDataContractStandard, findings: Findings) -> dict[str, ObjectPlace]:
    places: dict[str, ObjectPlace] = {}
    demand_few(contract.schema_ or (), MOST_PORTS, "The contract has", "schema objects")
    for position, schema in enumerate(contract.schema_ or ()):
        place = ObjectPlace(f"schema[{position}]", schema)
        demand_few(schema.properties or (), MOST_FIELDS, f"The contract's {place.path} has", "properties")
        if not place.port.strip():
            findings.fault(place.path, "has no name")
        elif place.port in places:
            reason = f"not read: {places[place.port].path} has the same name; give each object a name of its own"
            findings.cannot_execute(place.path, f"object {place.port}"[:200], reason)
        else:
            places[place.port] = place
        for path, column in place.repeated_columns():
            findings.cannot_execute(path, f"column {column}"[:200], "not read: the object has this column already")
    if not places and not findings.faults:
        findings.warn("schema", "has no objects, so the product has no output port and its verdict stays unknown")
    return places


def _replaced(places: Mapping[str, ObjectPlace], other: OtherData | None, findings: Findings) -> ObjectPlace | None:
    """The object whose data is given: the only one, else the one that has the name of the file."""
    if other is None or len(places) == 1:
        return next(iter(places.values()), None) if other else None
    place = find_object(places, PurePath(other.location).name.partition(".")[0])
    if place is None:
        findings.fault("schema", f"has {len(places)} objects, and none has the name of the file; name it after one of them")
    return place


def _source(
    place: ObjectPlace, contract: OpenDataContractStandard, own: Settings, findings: Findings, other: OtherData | None
) -> SourceClaims:
    if other is None:
        return read_source(place, contract, own, findings)
    source = read_source(place, contract, own, Findings())  # what keeps the named data from being read is of no concern
    return replace(source, kind=other.kind, location=other.location, connection="", host="")


def _field(path: str, one: SchemaProperty, column: str, findings: Findings) -> FieldClaims:
    settings = Settings(one.customProperties, known=FIELD_SETTINGS, path=path, findings=findings)
    classification = (one.classification or "").strip().lower()
    tags = {tag.strip().lower() for tag in one.tags or ()}
    sensitivity = None
    if classification in set(Sensitivity):
        sensitivity = Sensitivity(classification)
    elif classification:
        findings.warn(
            f"{path}.classification",
            f"'{one.classification}' is none of {', '.join(Sensitivity)}; the field '{column}' stays unclassified",
        )
    logical_type = _logical_type(one)
    if logical_type is None and (written := one.logicalType or one.physicalType):
        named = "logicalType" if one.logicalType else "physicalType"
        findings.cannot_execute(f"{path}.{named}", f"{column}: {written[:100]}", "only presence is checked")
    return FieldClaims(
        name=column,
        logical_type=logical_type,
        physical_type=(one.physicalType or "")[:100],
        description=(one.description or "").strip(),
        required=bool(one.required or one.primaryKey),
        sensitivity=sensitivity,
        personal=settings.flag("personal") or classification in _PERSONAL_TAGS or bool(tags & _PERSONAL_TAGS),
        critical=bool(one.criticalDataElement),
    )


_PHYSICAL_TYPES: Mapping[str, LogicalType] = {
    name: logical
    for logical, names in {
        LogicalType.INTEGER: "tinyint smallint mediumint int integer bigint int2 int4 int8 int16 int32 int64 long serial",
        LogicalType.NUMBER: "float float4 float8 float32 float64 double real decimal numeric number bignumeric",
        LogicalType.STRING: "char character varchar nchar nvarchar text string bpchar clob citext",
        LogicalType.BOOLEAN: "bool boolean",
        LogicalType.DATE: "date",
        LogicalType.TIMESTAMP: "timestamp timestamptz timestamp_ntz timestamp_ltz timestamp_tz datetime datetime2",
        LogicalType.TIME: "time",
        LogicalType.ARRAY: "array list",
        LogicalType.OBJECT: "object struct record json jsonb",
        LogicalType.MAP: "map",
    }.items()
    for name in names.split()
}
"""The first word of the names that databases and file formats give to types. Names that mean one thing here and another there
(`bit`, `binary`, `uuid`) are left out: their columns are asked to be there."""


def _logical_type(one: SchemaProperty) -> LogicalType | None:
    """What the contract says the type is; where it gives the physical type alone, what that is."""
    if one.logicalType:
        if one.logicalType == "vector":
            return LogicalType.ARRAY  # a list, as files and databases store it
        return LogicalType(one.logicalType) if one.logicalType in set(LogicalType) else None
    written = (one.physicalType or "").strip().lower()
    if written.endswith("[]"):
        return LogicalType.ARRAY
    return _PHYSICAL_TYPES.get(re.split(r"[^a-z0-9_]", written, maxsplit=1)[0])


def _with_age(
    port: PortClaims, place: ObjectPlace, own: Settings, level: ServiceLevel | None, findings: Findings
) -> PortClaims:
    """The port with its time column and service level; touchstone.timeColumn goes before the service level's own column."""
    named = own.text("timeColumn")
    column = place.find_column(named) if named else None
    if named and column is None:
        findings.fault(own.path("timeColumn"), f"there is no property '{named}' in '{place.port}'")
    if level is not None and column is not None and level.time_column != column:
        findings.warn(own.path("timeColumn"), f"'{column}' is used for the age, not '{level.time_column}' of slaProperties")
    return replace(
        port,
        time_column=column or (level.time_column if level else ""),
        service_level=level.age if level else None,
    )


def _report_measures(place: ObjectPlace, findings: Findings) -> None:
    for position, one in enumerate(place.schema.properties or ()):
        if one.semanticType == "measure":
            path = f"{place.path}.properties[{position}]"
            findings.cannot_execute(path, f"measure {one.name}", _MEASURE)
            report_entries(one.quality, path, _MEASURE, findings)


def _report_unread(expectations: list[Expectation], place: ObjectPlace, findings: Findings) -> None:
    for expectation in expectations:
        findings.cannot_execute(
            str(expectation.meta.get("path", place.path)),
            str(expectation.meta.get("name") or expectation.type),
            f"not checked, because the port '{place.port}' cannot be read",
        )
