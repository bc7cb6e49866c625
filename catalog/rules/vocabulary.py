"""The closed sets of the catalog: every word that a claim may use. No rule lives here, only the words and their order."""

from enum import StrEnum
from typing import assert_never


class Sensitivity(StrEnum):
    """How sensitive data is, from open to closed. Compare with `rank`, never by text."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """Place in the order public 0 < internal 1 < confidential 2 < restricted 3."""
        return list(Sensitivity).index(self)


class Lifecycle(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


class Cadence(StrEnum):
    """Whether the data is expected to be renewed. `static` data cannot go stale: the year 2013 stays the year 2013."""

    STATIC = "static"
    SCHEDULED = "scheduled"


class SourceKind(StrEnum):
    """How a port is read. `unsupported`: a contract names a source that Touchstone cannot read: the product stays unknown.

    Every place that treats kinds differently ends its `match` in `assert_never`, so that mypy names what a new kind needs:

    - `is_file`, below;
    - `catalog.services.ports`: whether a port of this kind has a connection;
    - `trust.evidence.services.ports`: which locations are refused when a port is registered;
    - `trust.evidence.services.port_locations`: when two locations are the same data;
    - `trust.evidence.services.source_resolution`: the location that an engine is given;
    - `trust.evidence.engines.gx.sources`: how the source is opened, and how a file is loaded.

    Three tables say how a kind is written; mypy does not see what they lack: `catalog.contracts.sources` (formats and server
    types of a contract), `trust.evidence.sources.files` (endings of file names), and the database constraint of the port's
    kind, for which `makemigrations` writes a migration.
    """

    PARQUET = "parquet"
    CSV = "csv"
    JSON_LINES = "jsonl"
    EXCEL = "xlsx"
    POSTGRES = "postgres"
    UNSUPPORTED = "unsupported"

    @property
    def is_file(self) -> bool:
        """Whether a port of this kind is one file below the data roots."""
        match self:
            case SourceKind.PARQUET | SourceKind.CSV | SourceKind.JSON_LINES | SourceKind.EXCEL:
                return True
            case SourceKind.POSTGRES | SourceKind.UNSUPPORTED:
                return False
            case _:
                assert_never(self)


class LogicalType(StrEnum):
    """The logical types of ODCS 3.x (schema, `logicalType`)."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    ARRAY = "array"
    OBJECT = "object"
    MAP = "map"


class Dimension(StrEnum):
    """What a check speaks about: ISO/IEC 25012 characteristics, and volume and schema, which this field adds."""

    COMPLETENESS = "completeness"
    UNIQUENESS = "uniqueness"
    VALIDITY = "validity"
    CONSISTENCY = "consistency"
    ACCURACY = "accuracy"
    TIMELINESS = "timeliness"
    VOLUME = "volume"
    SCHEMA = "schema"


class Severity(StrEnum):
    """Great Expectations' own three levels. `critical` decides a gate; the other two only weigh in the score. Compare with
    `rank`, never by text."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Place in the order info 0 < warning 1 < critical 2."""
        return list(reversed(Severity)).index(self)


class Effect(StrEnum):
    PERMIT = "permit"
    FORBID = "forbid"


class ConsumerKind(StrEnum):
    PERSON = "person"
    SERVICE = "service"
    AI_AGENT = "ai_agent"
    AI_MODEL = "ai_model"


class ConsumerStatus(StrEnum):
    """Only an active consumer gets answers; a retired one never comes back."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class AgreementStatus(StrEnum):
    """requested -> active -> expired or revoked; or requested -> rejected or withdrawn."""

    REQUESTED = "requested"
    ACTIVE = "active"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REVOKED = "revoked"


class DeliveryChannel(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryStatus(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Autonomy(StrEnum):
    """The share that the AI has in the decision, from least to most."""

    ADVISES = "advises"
    PROPOSES = "proposes"
    DECIDES_WITH_REVIEW = "decides_with_review"
    DECIDES_ALONE = "decides_alone"

    @property
    def decides(self) -> bool:
        """Whether the AI itself decides, reviewed or not."""
        return self in {Autonomy.DECIDES_WITH_REVIEW, Autonomy.DECIDES_ALONE}


class UseCaseStage(StrEnum):
    """How far a use case has come. Compare with `rank`. A retired one never comes back."""

    IDEA = "idea"
    PILOT = "pilot"
    APPROVED = "approved"
    PRODUCTION = "production"
    RETIRED = "retired"

    @property
    def rank(self) -> int:
        """Place in the order idea 0 < pilot 1 < approved 2 < production 3 < retired 4."""
        return list(UseCaseStage).index(self)

    @property
    def needs_readiness(self) -> bool:
        """Whether a use case comes here only when it is ready and somebody has approved it."""
        return self in {UseCaseStage.APPROVED, UseCaseStage.PRODUCTION}


class Better(StrEnum):
    """Which values of a measure reach its target: those that are at least, or at most, as high."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


BUILT_IN_PURPOSES: tuple[str, ...] = (
    "analytics",
    "ai.training",
    "ai.evaluation",
    "ai.retrieval",
    "ai.decision-support",
    "ai.autonomous-decision",
)
"""The purposes that every installation starts with; governance adds others as rows of `Purpose`."""
