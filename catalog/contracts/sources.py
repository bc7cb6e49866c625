"""Where the data of a schema object lies: Touchstone's own settings first, else the first server that it can read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from open_data_contract_standard.model import OpenDataContractStandard, Server

from catalog.contracts.findings import Findings
from catalog.contracts.objects import ObjectPlace
from catalog.contracts.settings import OBJECT_SETTINGS, PREFIX, SERVER_SETTINGS, Settings
from catalog.contracts.variables import unknown_below
from catalog.rules.vocabulary import SourceKind

_FORMATS = {
    "parquet": SourceKind.PARQUET,
    "csv": SourceKind.CSV,
    "tsv": SourceKind.CSV,
    "jsonl": SourceKind.JSON_LINES,
    "ndjson": SourceKind.JSON_LINES,
    "json lines": SourceKind.JSON_LINES,
    "xlsx": SourceKind.EXCEL,
    "excel": SourceKind.EXCEL,
    "postgres": SourceKind.POSTGRES,
    "postgresql": SourceKind.POSTGRES,
}
_ENDING = re.compile(r"\.(parquet|pq|csv|tsv|jsonl|ndjson|xlsx)(?:\.gz)?$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{(model|table|object|schema)\}")
_POSTGRES_SERVERS = {"postgres", "postgresql"}


@dataclass(frozen=True, slots=True)
class SourceClaims:
    """kind, location, connection as in `catalog.models.OutputPort`; `host` is what the contract says of a PostgreSQL server."""

    kind: SourceKind
    location: str
    connection: str = ""
    host: str = ""


def read_source(place: ObjectPlace, contract: OpenDataContractStandard, settings: Settings, findings: Findings) -> SourceClaims:
    """The source of one object. One that cannot be read is `unsupported`, and `findings` says why by name."""
    for name in sorted(OBJECT_SETTINGS):
        if settings.get(name) is not None and (why := unknown_below(settings.path(name), findings)):
            return _unread(place, f"{PREFIX}{name}: {why}", findings)
    if settings.text("location"):
        return _own_location(settings, findings)
    wanted = settings.text("server")
    servers = [
        (f"servers[{position}]", server)
        for position, server in enumerate(contract.servers or ())
        if not wanted or server.server == wanted
    ]
    if wanted and not servers:
        findings.fault(settings.path("server"), f"there is no server '{wanted}' in this contract")
    reasons = []
    for path, server in servers:
        source, reason = _from_server(server, path, place, settings, findings)
        if source is not None:
            return source
        reasons.append(f"{server.type or 'unknown'} server '{server.server or path}': {reason}")
    reason = "; ".join(reasons) or "neither a server nor touchstone.location gives the location of the data"
    return _unread(place, reason, findings)


def _unread(place: ObjectPlace, reason: str, findings: Findings) -> SourceClaims:
    findings.cannot_execute(place.path, f"port {place.port}", f"cannot be read ({reason}), so the product stays unknown")
    return SourceClaims(SourceKind.UNSUPPORTED, reason[:1000])


def report_servers(contract: OpenDataContractStandard, places: Iterable[ObjectPlace], findings: Findings) -> None:
    """Warn where several servers are named, since each object is read from one of them only."""
    if len(contract.servers or ()) > 1 and any(True for _ in places):
        findings.warn("servers", "several are named; each object is read from the first that Touchstone can read")


def _own_location(settings: Settings, findings: Findings) -> SourceClaims:
    location, written = settings.text("location"), settings.text("format").lower()
    connection = settings.text("connection")
    ending = _ENDING.search(location.rstrip("/"))
    kind = _FORMATS.get(written)
    if kind is None and not written and ending is not None:
        kind = _FORMATS["parquet" if ending[1].lower() == "pq" else ending[1].lower()]
    if kind is None and not written and connection:
        kind = SourceKind.POSTGRES
    if kind is None:
        said = f"'{written}' is not a supported format" if written else "the location does not show its format"
        place = settings.path("format" if written else "location")
        findings.fault(place, f"{said}; give touchstone.format as parquet, csv, jsonl, xlsx or postgres")
        kind = SourceKind.UNSUPPORTED
    return SourceClaims(kind, location, connection)


def _from_server(
    server: Server, path: str, place: ObjectPlace, settings: Settings, findings: Findings
) -> tuple[SourceClaims | None, str]:
    """(source, "") or (None, why not)."""
    named = next((f"{place.path}.{key}" for key in ("physicalName", "name") if getattr(place.schema, key)), place.path)
    if why := unknown_below(path, findings) or unknown_below(named, findings):
        return None, why
    kind = (server.type or "").lower()
    if kind == "local":
        return _local_file(server, place)
    if kind not in _POSTGRES_SERVERS:
        return None, "this kind of server is not read"
    own = Settings(server.customProperties, known=SERVER_SETTINGS, path=path, findings=findings)
    connection = settings.text("connection") or own.text("connection")
    if not connection:
        return None, "it has no touchstone.connection such as env:WAREHOUSE_URL that leads to the credentials"
    table = place.table
    location = table if "." in table else f"{server.schema_ or 'public'}.{table}"
    host = f"{server.host}:{server.port}" if server.host and server.port else server.host or ""
    return SourceClaims(SourceKind.POSTGRES, location, connection, host), ""


def _local_file(server: Server, place: ObjectPlace) -> tuple[SourceClaims | None, str]:
    written = (server.format or "").lower()
    if written == "json" and (server.delimiter or "") == "new_line":
        written = "jsonl"
    kind = _FORMATS.get(written)
    if kind is None or not kind.is_file:
        return None, f"the format '{server.format or ''}' is not read; parquet, csv, jsonl and xlsx are"
    if not server.path:
        return None, "it has no path"
    location = _PLACEHOLDER.sub(lambda _: place.table, server.path).removeprefix("./")
    return SourceClaims(kind, location), ""
