"""What a contract says, in Touchstone's words: everything that registration needs, and nothing of the standard's own model."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.contracts.findings import NotExecutable
from catalog.rules.claims import InputClaims, PolicyClaims, PortClaims, ProductClaims
from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Lifecycle, SourceKind


@dataclass(frozen=True, slots=True)
class SuiteClaims:
    """What must hold for a port, in order, and how often to look (ISO 8601 duration or cron line; empty: on request)."""

    expectations: tuple[Expectation, ...]
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class OtherData:
    """A file that is read in the place of what the contract names, by the one port that has its name, or the only port.

    is_trusted: whoever names it may read any file, as the operator at the command line may.
    """

    kind: SourceKind
    location: str
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class ContractDocument:
    """One ODCS document, read.

    suites: by port name; a port that cannot be read has none.
    hosts: by port name, `host` or `host:port` of the PostgreSQL server that the document names; empty where it names none.
    people: username -> full name of everybody in the team who has not left, owner and stewards first.
    """

    contract_id: str
    version: str
    api_version: str
    status: str
    product: ProductClaims
    lifecycle: Lifecycle
    deprecation_ends_at: datetime | None
    ports: tuple[PortClaims, ...]
    suites: Mapping[str, SuiteClaims]
    hosts: Mapping[str, str]
    inputs: tuple[InputClaims, ...]
    policies: tuple[PolicyClaims, ...]
    people: Mapping[str, str]
    not_executable: tuple[NotExecutable, ...]
    warnings: tuple[str, ...]
