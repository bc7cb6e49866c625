"""A product that is rightly production-grade, built from parts that each test spoils in one place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog.rules.vocabulary import Cadence, Dimension, Effect, Lifecycle, LogicalType, Sensitivity, Severity
from trust.evidence.rules.evidence import Failure, ObservedColumn
from trust.evidence.rules.facts import CheckFacts, FieldFacts, PastRunFacts, PortFacts, RunFacts
from trust.verdicts.rules.facts import IncidentFacts, PersonFacts, PolicyFacts, ProductFacts, UpstreamFacts, WaiverFacts
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.outcome import GateResult, Outcome
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import CheckStatus, EvidenceStatus, GateName, RunStatus, VerdictStatus

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
POLICY = TrustPolicy()
OWNER = PersonFacts("ana", name="Ana Alves")
STEWARD = PersonFacts("sam", name="Sam Stern")

_TYPES: dict[Dimension, tuple[str, dict[str, Any]]] = {
    Dimension.COMPLETENESS: ("expect_column_values_to_not_be_null", {"column": "id"}),
    Dimension.UNIQUENESS: ("expect_column_values_to_be_unique", {"column": "id"}),
    Dimension.VALIDITY: ("expect_column_values_to_be_between", {"column": "size", "min_value": 0, "max_value": 9}),
    Dimension.VOLUME: ("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 1_000_000}),
    Dimension.SCHEMA: ("expect_column_to_exist", {"column": "id"}),
    Dimension.CONSISTENCY: ("expect_column_pair_values_to_be_equal", {"column_A": "id", "column_B": "size"}),
    Dimension.ACCURACY: ("expect_column_mean_to_be_between", {"column": "size", "min_value": 1, "max_value": 5}),
    Dimension.TIMELINESS: ("expect_column_max_to_be_between", {"column": "size", "min_value": 1}),
}
REQUIRED = tuple(POLICY.required_dimensions)


def make_check(dimension: Dimension = Dimension.VALIDITY, **changes: Any) -> CheckFacts:
    """A critical check of 1,000 rows that passed."""
    kind, kwargs = _TYPES[dimension]
    check = CheckFacts(
        id=f"check-{dimension}",
        key=f"orders:{kind}:{dimension}",
        type=kind,
        dimension=dimension,
        severity=Severity.CRITICAL,
        status=CheckStatus.PASSED,
        kwargs=kwargs,
        element_count=1000,
        missing_count=0,
        unexpected_count=0,
    )
    return replace(check, **changes)


def failing(dimension: Dimension = Dimension.VALIDITY, severity: Severity = Severity.CRITICAL, **changes: Any) -> CheckFacts:
    """A check that 100 of 1,000 rows do not pass."""
    settings = {"status": CheckStatus.FAILED, "severity": severity, "unexpected_count": 100, "id": f"bad-{dimension}"}
    return make_check(dimension, **(settings | {"key": f"orders:bad:{dimension}"} | changes))


def make_checks() -> tuple[CheckFacts, ...]:
    """One passed critical check for each required dimension."""
    return tuple(make_check(dimension) for dimension in REQUIRED)


def make_run(**changes: Any) -> RunFacts:
    """A completed run of an hour ago on 1,000 rows whose newest is two hours old."""
    run = RunFacts(
        id="run-1",
        status=RunStatus.COMPLETED,
        started_at=NOW - HOUR,
        finished_at=NOW - HOUR + timedelta(minutes=1),
        suite_digest="suite",
        source_digest="source",
        evidence_status=EvidenceStatus.PASSED,
        rows=1000,
        data_time=NOW - 2 * HOUR,
        columns=(
            ObservedColumn("id", "VARCHAR", frozenset({LogicalType.STRING})),
            ObservedColumn("size", "BIGINT", frozenset({LogicalType.INTEGER, LogicalType.NUMBER})),
        ),
        checks=make_checks(),
    )
    return replace(run, **changes)


def failed_run(**changes: Any) -> RunFacts:
    """A run of half an hour ago that could not look."""
    failure = Failure("file_missing", "The file orders.csv does not exist.", "Put the file back.")
    bare: dict[str, Any] = {"checks": (), "columns": (), "rows": None, "data_time": None, "evidence_status": None}
    settings = {"id": "run-2", "status": RunStatus.FAILED, "started_at": NOW - HOUR / 2, "finished_at": NOW, "failure": failure}
    return make_run(**(bare | settings | changes))


def field(name: str = "id", **changes: Any) -> FieldFacts:
    """A critical text field."""
    return replace(FieldFacts(name, LogicalType.STRING, is_critical=True), **changes)


def past_runs(successes: int = 20, failures: int = 0) -> tuple[PastRunFacts, ...]:
    """Finished runs, one a day, the failures last."""
    results = [True] * successes + [False] * failures
    return tuple(PastRunFacts(f"past-{n}", NOW - (100 - n) * DAY, good) for n, good in enumerate(results))


def make_port(name: str = "orders", **changes: Any) -> PortFacts:
    """A port that runs daily, with a service level of a day and one critical field."""
    port = PortFacts(
        name=name,
        cadence=Cadence.SCHEDULED,
        service_level=DAY,
        schedule_interval=DAY,
        suite_digest="suite",
        source_digest="source",
        fields=(FieldFacts("id", LogicalType.STRING, is_critical=True), FieldFacts("size", LogicalType.INTEGER)),
        latest_run=make_run(),
        past_runs=past_runs(),
    )
    return replace(port, **changes)


def make_upstream(slug: str = "parts", **changes: Any) -> UpstreamFacts:
    """A production-grade required input."""
    upstream = UpstreamFacts(slug, True, VerdictStatus.PRODUCTION_GRADE, 90.0, NOW + DAY, owner="uma")
    return replace(upstream, **changes)


def make_waiver(gate: GateName | None = None, check_key: str | None = None, **changes: Any) -> WaiverFacts:
    """A waiver in force for four more weeks."""
    waiver = WaiverFacts("waiver-1", OWNER, "Known and accepted.", NOW - DAY, NOW + 28 * DAY, gate, check_key)
    return replace(waiver, **changes)


def make_incident(severity: Severity = Severity.CRITICAL, **changes: Any) -> IncidentFacts:
    """An open incident."""
    return replace(IncidentFacts("incident-1", "Duplicate orders", severity, NOW - HOUR), **changes)


def make_policy(**changes: Any) -> PolicyFacts:
    """A published permit without an end."""
    return replace(PolicyFacts("policy-1", "Everybody inside", 2, Effect.PERMIT, is_published=True), **changes)


def make_product(**changes: Any) -> ProductFacts:
    """A product whose every gate passes."""
    product = ProductFacts(
        slug="shop-orders",
        known_at=NOW,
        lifecycle=Lifecycle.PUBLISHED,
        name="Orders",
        sensitivity=Sensitivity.INTERNAL,
        has_purpose=True,
        has_limitations=True,
        has_intended_use=True,
        owner=OWNER,
        steward=STEWARD,
        reviewed_at=NOW - 10 * DAY,
        reviewed_by="gus",
        acknowledged_at=NOW - 5 * DAY,
        acknowledged_by="ana",
        ports=(make_port(),),
        upstreams=(make_upstream(),),
        policies=(make_policy(),),
    )
    return replace(product, **changes)


def with_port(**changes: Any) -> ProductFacts:
    """The product with its port spoilt."""
    return make_product(ports=(make_port(**changes),))


def with_run(**changes: Any) -> ProductFacts:
    """The product with its latest run spoilt."""
    return with_port(latest_run=make_run(**changes))


def with_checks(*extra: CheckFacts, without: Dimension | None = None) -> ProductFacts:
    """The product with more checks in its run, and without those of one dimension."""
    return with_run(checks=(*(check for check in make_checks() if check.dimension is not without), *extra))


def gate_of(name: GateName, facts: ProductFacts, policy: TrustPolicy = POLICY, now: datetime = NOW) -> GateResult:
    """The result of one gate."""
    return judge(facts, policy, now).gate(name)


def outcome_of(facts: ProductFacts, now: datetime = NOW, **settings: Any) -> Outcome:
    """The outcome under the default policy with `settings` changed."""
    return judge(facts, replace(POLICY, **settings), now)
