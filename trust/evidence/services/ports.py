"""Output ports with their location checked: what may be read is known here, so every entry point puts ports through this."""

from typing import assert_never

from django.conf import settings

from catalog.models import DataProduct, OutputPort, Person
from catalog.rules.claims import PortClaims
from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import SourceKind
from catalog.services import ports
from trust.evidence.rules.evidence import SourceProblemError
from trust.evidence.services.port_locations import demand_own_data
from trust.evidence.sources.files import resolve_file
from trust.evidence.sources.folders import is_several, resolve_files
from trust.evidence.sources.postgres import connection_settings, demand_granted, parse_connection_reference, split_table

# What may be different tomorrow, or on the worker's machine is a warning and no refusal. A run checks again.
_TEMPORARY = {"source_missing", "source_empty", "source_unreadable", "connection_unusable"}


def put_output_port(*, product: DataProduct, claims: PortClaims, actor: Person | None) -> tuple[OutputPort, list[str]]:
    """`catalog.services.ports.put_output_port` for a location that may be read and is not somebody else's. Raises
    `InvalidError` or `ForbiddenError` where it may not."""
    check_location(claims, owner=product.owner_name)
    demand_own_data(claims, slug=product.slug, actor=actor)
    return ports.put_output_port(product=product, claims=claims, actor=actor)


def check_location(claims: PortClaims, *, owner: str, host: str = "") -> list[str]:
    """Warnings about a port's location, a line each; none where it can be read now.

    owner: username of the product's owner. host: of a PostgreSQL server as its contract names it. Raises `InvalidError` for a
    location outside of the data roots, a folder, a connection that is no reference or is not granted to the owner, or a host
    that is not allowed.
    """
    try:
        match claims.source_kind:
            case SourceKind.POSTGRES:
                demand_granted(claims.connection, owner, settings.TOUCHSTONE.connections)
                _check_table(claims, host)
            case SourceKind.PARQUET | SourceKind.CSV | SourceKind.JSON_LINES | SourceKind.EXCEL:
                _check_files(claims)
            case SourceKind.UNSUPPORTED:
                pass
            case _:
                assert_never(claims.source_kind)
    except SourceProblemError as problem:
        if problem.failure.code in _TEMPORARY:
            return [f"port {claims.name}: {problem.failure.message} A run fails until then. {problem.failure.remedy}"]
        raise InvalidError(
            f"The port '{claims.name}' cannot be read. {problem.failure.message}",
            remedy=problem.failure.remedy,
            code=problem.failure.code,
            field="connection" if problem.failure.code.startswith("connection") else "location",
        ) from problem
    return []


def _check_files(claims: PortClaims) -> None:
    roots = settings.TOUCHSTONE.data_roots
    if is_several(claims.location, roots):
        resolve_files(claims.location, claims.source_kind, roots)
    else:
        resolve_file(claims.location, roots)


def _check_table(claims: PortClaims, host: str) -> None:
    allowed = settings.TOUCHSTONE.database_hosts
    split_table(claims.location)
    parse_connection_reference(claims.connection)
    known = {name.lower() for name in allowed}
    if not known or (host and host.lower() not in known and host.partition(":")[0].lower() not in known):
        raise InvalidError(
            f"The port '{claims.name}' leads to the PostgreSQL host '{host or '(of its connection)'}', which is not allowed.",
            remedy="Let an administrator add the host to TOUCHSTONE_DATABASE_HOSTS, or correct the contract.",
            code="host_refused",
            field="connection",
        )
    connection_settings(claims.connection, allowed)
