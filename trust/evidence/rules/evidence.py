"""What an engine is given and what it found, as data, and the protocol that it follows.

Frozen, free of any engine's own types, and safe to store: every value is plain JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from catalog.rules.expectation import Expectation, Json, SuiteSpec
from catalog.rules.reading import Reading
from catalog.rules.vocabulary import LogicalType, SourceKind
from trust.evidence.rules.figures import RunFigures
from trust.vocabulary import CheckStatus, EvidenceStatus


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an engine could not look: a stable code, one sentence, and what to do. `retryable` when a later try may succeed."""

    code: str
    message: str
    remedy: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class CheckEvidence:
    """What one expectation found.

    `element_count` counts rows looked at (None where rows cannot be counted); `missing_count` the NULLs among them that a
    value check passes over; `unexpected_count` the rows that do not hold; `unexpected_percent` is 0 to 100 of the rows
    that are not missing, as Great Expectations counts it. `observed_value` is what an aggregate saw. `samples` holds at most
    20 values that do not hold, already redacted where the field demands it. `message` says in a sentence what is wrong;
    empty for a check that passed.
    """

    expectation: Expectation
    status: CheckStatus
    element_count: int | None = None
    missing_count: int | None = None
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed_value: Json = None
    samples: tuple[Json, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class ObservedColumn:
    """A column as the source shows it: its physical type, and every ODCS logical type that its values satisfy.

    Files without types (CSV, JSON lines) show text for a date; `logical_types` then holds both `string` and `date`.
    """

    name: str
    physical_type: str
    logical_types: frozenset[LogicalType]


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """The outcome of one `Engine.run`: results in the order of the suite, or a `failure` and no results at all.

    `rows` is the number of rows of the source; `data_time` the newest value of the source's time column (UTC), None where
    there is no such column or no value in it; `seconds` the wall time that the engine took. `figures` are for comparison with
    other runs. `reading`: how the source was read, by name, such as the delimiter of a CSV file; empty where nothing is open.
    """

    status: EvidenceStatus
    seconds: float
    rows: int | None = None
    results: tuple[CheckEvidence, ...] = ()
    columns: tuple[ObservedColumn, ...] = ()
    data_time: datetime | None = None
    failure: Failure | None = None
    figures: RunFigures | None = None
    reading: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """One readable dataset, with its location already checked against the allowed roots and hosts.

    location: absolute path of a file, or `schema.table` for PostgreSQL.
    connection: a reference such as `env:WAREHOUSE_URL` or `file:/run/secrets/warehouse`, resolved by the engine at the last
        moment; never a credential itself. None for files.
    time_column: the column whose newest value tells the age of the data.
    null_values: texts that a CSV file writes for "no value"; None means the usual ones (see `trust.evidence.sources.files`).
    reading: how the values are written; what it leaves open, the engine finds out from the file and says.
    declared_types: column -> logical type of the contract; the engine looks whether untyped text satisfies them.
    redacted_columns: fields above `internal` or personal; no value of them may leave the engine, neither in samples nor in
        observed values nor in messages.
    references: name -> source, for checks that compare with another dataset.
    approved_queries: digests of the SQL rules that governance approved for the product; no other is run.
    files: absolute paths, where `location` names several files; they are one table. partitions: of each file, the (key, value)
        pairs of its path. notes: what the run says of the files beside how it read them.
    """

    kind: SourceKind
    location: str
    connection: str | None = None
    time_column: str | None = None
    null_values: tuple[str, ...] | None = None
    reading: Reading = field(default_factory=Reading)
    declared_types: Mapping[str, LogicalType] = field(default_factory=dict)
    redacted_columns: frozenset[str] = frozenset()
    references: Mapping[str, "Source"] = field(default_factory=dict)
    approved_queries: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    partitions: tuple[tuple[tuple[str, str | None], ...], ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files to read."""
        return self.files or (self.location,)


class Engine(Protocol):
    """Looks at a source through a suite. Never raises for bad data, bad sources or bad expectations: it reports them."""

    def run(self, suite: SuiteSpec, source: Source) -> RunEvidence:
        """Run every expectation of `suite` on `source`.

        A source that cannot be read gives `failure`; an expectation that cannot be evaluated gives a result `error`.
        """
        ...


class SourceProblemError(Exception):
    """A source that cannot be read, or must not be."""

    def __init__(self, code: str, message: str, remedy: str, *, retryable: bool = False) -> None:
        super().__init__(f"{message} {remedy}")
        self.failure = Failure(code, message, remedy, retryable)
