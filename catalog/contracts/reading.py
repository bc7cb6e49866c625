"""How a contract says that its text files are written: of the object, else of the server, and of each field."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty, Server

from catalog.contracts.findings import Findings
from catalog.contracts.objects import ObjectPlace
from catalog.contracts.settings import Settings
from catalog.rules.date_formats import read_format
from catalog.rules.reading import FieldReading, Reading, is_time_zone, reading_faults
from catalog.rules.vocabulary import SourceKind

_SETTINGS = {
    "delimiter": "delimiter",
    "quote": "quote",
    "encoding": "encoding",
    "decimalSign": "decimal_sign",
    "sheet": "sheet",
    "partition": "partition",
    "slice": "slice",
}
_SLICES = frozenset({"partition", "slice"})
_USABLE = {
    SourceKind.CSV: _SLICES | {"encoding", "delimiter", "quote", "decimal_sign"},
    SourceKind.JSON_LINES: _SLICES | {"encoding"},
    SourceKind.EXCEL: _SLICES | {"sheet"},
    SourceKind.PARQUET: _SLICES,
}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "point": ".", "dot": "."}
_TEMPORAL = {"date", "timestamp", "time"}


def read_reading(
    place: ObjectPlace,
    contract: OpenDataContractStandard,
    settings: Settings,
    kind: SourceKind,
    location: str,
    findings: Findings,
) -> Reading:
    """How the data of one object is read. What is declared and cannot be honoured is in `findings`, by name."""
    found, paths = dict[str, str](), dict[str, str]()
    server = _server_of(contract, settings, location)
    if server is not None:
        path, entry = server
        for name in ("encoding", "delimiter"):
            written = getattr(entry, name) or ""
            if written and not (name == "delimiter" and written in {"new_line", "array"}):
                found[name], paths[name] = _word(written), f"{path}.{name}"
    for key, name in _SETTINGS.items():
        if written := settings.text(key, strip=False):
            found[name], paths[name] = _word(written), settings.path(key)
    for name in sorted(found.keys() - _USABLE.get(kind, frozenset())):
        if kind is not SourceKind.UNSUPPORTED:
            findings.cannot_execute(paths[name], f"{place.port}: {name}", f"does not apply to {kind}")
        del found[name]
    reading = Reading(**found, fields=_fields(place, kind, findings))
    for name, fault in list(reading_faults(reading)):
        if name in paths:
            findings.cannot_execute(paths[name], f"{place.port}: {name}", fault)
            found[name] = ""
            reading = Reading(**found, fields=reading.fields)
    if reading.partition:
        column = place.find_column(reading.partition)
        if column is None and kind is not SourceKind.UNSUPPORTED:
            findings.warn(paths["partition"], f"'{reading.partition}' is no property of '{place.port}'")
        reading = replace(reading, partition=column or reading.partition)
    return reading


def can_read_format(logical_type: str | None, options: Mapping[str, Any]) -> bool:
    """Whether the option `format` is one of a date or time that text files are read by."""
    written = options.get("format")
    if logical_type not in _TEMPORAL or not isinstance(written, str):
        return False
    try:
        found = read_format(written)
    except ValueError:
        return False
    return found.has_time if logical_type == "time" else found.has_date


def _fields(place: ObjectPlace, kind: SourceKind, findings: Findings) -> dict[str, FieldReading]:
    found: dict[str, FieldReading] = {}
    for path, one, column in place.columns():
        options = one.logicalTypeOptions or {}
        one_reading = FieldReading(
            format=str(options["format"]) if can_read_format(one.logicalType, options) else "",
            time_zone=_zone(one, column, path, findings),
            null_values=_missing_values(one) if kind in {SourceKind.CSV, SourceKind.JSON_LINES, SourceKind.EXCEL} else (),
        )
        if one_reading != FieldReading():
            found[column] = one_reading
    return found


def _zone(one: SchemaProperty, column: str, path: str, findings: Findings) -> str:
    zone = (one.logicalTypeOptions or {}).get("defaultTimezone")
    if zone is None or zone in {"UTC", "Etc/UTC"}:
        return ""
    if one.logicalType == "timestamp" and isinstance(zone, str) and is_time_zone(zone):
        return zone
    reason = "is not a time zone, such as Europe/Berlin" if one.logicalType == "timestamp" else "applies to timestamps"
    findings.cannot_execute(
        f"{path}.logicalTypeOptions.defaultTimezone", f"{column}: defaultTimezone", f"{zone!r} {reason}"[:300]
    )
    return ""


def _missing_values(one: SchemaProperty) -> tuple[str, ...]:
    """Texts that a rule about missing values counts like no value at all: only where it counts that too.

    Read as no value they are still counted; a rule that passes over empty cells would lose them.
    """
    found: dict[str, None] = {}
    for rule in one.quality or ():
        listed = (rule.arguments or {}).get("missingValues") if rule.metric == "missingValues" else None
        if isinstance(listed, list) and None in listed:
            found.update(dict.fromkeys(text for text in listed if isinstance(text, str)))
    return tuple(found)


def _server_of(contract: OpenDataContractStandard, settings: Settings, location: str) -> tuple[str, Server] | None:
    """The server that describes the file: the one that is named, else the one of its path, else the only one of files."""
    servers = [(f"servers[{position}]", one) for position, one in enumerate(contract.servers or ())]
    if wanted := settings.text("server"):
        return next(((path, one) for path, one in servers if one.server == wanted), None)
    files = [(path, one) for path, one in servers if (one.type or "").lower() == "local"]
    same = [(path, one) for path, one in files if (one.path or "").removeprefix("./") == location]
    return (same or files)[0] if same or len(files) == 1 else None


def _word(written: str) -> str:
    return _WORDS.get(written.strip().lower(), written if len(written) == 1 else written.strip())
