"""Reads what a judgement may look at of output ports: a fixed number of queries, whatever the number of ports and checks."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.db import connection
from msgspec import UNSET

from catalog.models import DataProduct, Field, OutputPort
from catalog.rules.expectation import Expectation
from catalog.rules.reading import reading_of
from catalog.rules.vocabulary import Cadence, Dimension, LogicalType, Sensitivity, Severity, SourceKind
from trust.evidence.models.run import CheckResult, Run
from trust.evidence.models.suite import Suite
from trust.evidence.rules import schedule
from trust.evidence.rules.evidence import CheckEvidence, Failure, ObservedColumn, Source
from trust.evidence.rules.facts import CheckFacts, FieldFacts, PastRunFacts, PortFacts, RunFacts
from trust.evidence.rules.figures import PastFigures, RunFigures, figures_from_json, for_comparison
from trust.evidence.rules.identity import check_facts, source_digest
from trust.evidence.rules.redaction import Redaction, redact, redact_figures, redaction_of
from trust.vocabulary import CheckStatus, EvidenceStatus, RunStatus

# LATERAL reads only the newest rows of each port from its index, where a window function would read its whole history.
_PAST_RUNS = """
SELECT port.id, run.id::text, COALESCE(run.started_at, run.finished_at),
       run.status = 'completed' AND run.evidence_status <> 'error' AND NOT EXISTS (
           SELECT 1 FROM trust_checkresult result WHERE result.run_id = run.id
           AND (result.status = 'error' OR (result.status = 'failed' AND result.severity = 'critical'))),
       CASE WHEN row_number() OVER (PARTITION BY port.id ORDER BY run.finished_at DESC) <= %s THEN run.figures END
FROM unnest(%s::bigint[]) AS port(id)
CROSS JOIN LATERAL (
    SELECT id, status, evidence_status, started_at, finished_at, figures FROM trust_run
    WHERE port_id = port.id AND status IN ('completed', 'failed')
    ORDER BY finished_at DESC LIMIT %s
) AS run
"""

_MOST_FIGURES = 10
"""Runs that the latest is compared with: enough for a median, and few to store with each verdict. Our choice."""


def past_runs(port_ids: Sequence[int], window: int) -> Mapping[int, Sequence[tuple[PastRunFacts, RunFigures | None]]]:
    """Port id -> its last `window` finished runs, those that finished last. Ports that never ran are absent.

    Each with its figures where it is one of the few that the latest run is compared with.
    """
    found: dict[int, list[tuple[PastRunFacts, RunFigures | None]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_PAST_RUNS, [_MOST_FIGURES + 1, list(port_ids), window])
        for port_id, run_id, started_at, is_success, figures in cursor.fetchall():
            stored = msgspec.json.decode(figures) if isinstance(figures, str) else figures or {}
            found[port_id].append((PastRunFacts(run_id, started_at, is_success), figures_from_json(stored)))
    return found


def _past_figures(runs: Sequence[tuple[PastRunFacts, RunFigures | None]], latest: UUID) -> tuple[PastFigures, ...]:
    """Newest first, without the latest. A run that failed is no measure for others."""
    return tuple(
        PastFigures(run.id, run.started_at, for_comparison(figures))
        for run, figures in sorted(runs, key=lambda pair: (pair[0].started_at, pair[0].id), reverse=True)
        if figures is not None and run.is_success and run.id != str(latest)
    )[:_MOST_FIGURES]


Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


def port_digest(port: OutputPort) -> str:
    """What names the place that a port is read from, and how: evidence about another place says nothing about this one.

    Fields stay out (their sensitivity, their types): they change what is demanded of the data and not which data is read.
    """
    return source_digest(
        Source(
            kind=SourceKind(port.source_kind),
            location=port.location,
            connection=port.connection or None,
            time_column=port.time_column or None,
            null_values=None if port.null_values is None else tuple(port.null_values),
            reading=reading_of(port.reading),
        )
    )


@dataclass(frozen=True, slots=True)
class PortRows:
    """What the database knows of the output ports of some products. By product: ports. By run: checks. Else by port."""

    ports: Mapping[int, Sequence[OutputPort]]
    fields: Mapping[int, tuple[FieldFacts, ...]]
    suites: Mapping[int, Suite]
    past: Mapping[int, Sequence[tuple[PastRunFacts, RunFigures | None]]]
    latest: Mapping[int, Run]
    pending: Mapping[int, UUID]
    checks: Mapping[UUID, Sequence[CheckResult]]

    def facts_of(self, product: DataProduct) -> tuple[PortFacts, ...]:
        """The ports of one of the products. Raises `ValueError` where a row says what nobody understands."""
        sensitivity = _sensitivity(product.sensitivity)
        return tuple(self._port(port, Cadence(product.cadence), sensitivity) for port in self.ports.get(product.pk, ()))

    def _port(self, port: OutputPort, cadence: Cadence, sensitivity: Sensitivity | None) -> PortFacts:
        fields = self.fields.get(port.id, ())
        redaction, past = redaction_of(fields, sensitivity), self.past.get(port.id, ())
        figures = _past_figures(past, self.latest[port.id].id) if port.id in self.latest else ()
        return _port(
            port,
            cadence,
            fields=fields,
            suite=self.suites.get(port.id),
            latest_run=self._run(port, redaction),
            pending=self.pending.get(port.id),
            past=tuple(run for run, _ in past),
            past_figures=tuple(replace(one, figures=redact_figures(one.figures, redaction)) for one in figures),
        )

    def _run(self, port: OutputPort, redaction: Redaction) -> RunFacts | None:
        run = self.latest.get(port.id)
        if run is None:
            return None
        found = (check_facts_of(result, port.name) for result in self.checks.get(run.id, ()))
        facts = _run(run, tuple(redact(check, redaction) for check in found))
        figures = figures_from_json(run.figures)
        return replace(facts, figures=UNSET if figures is None else redact_figures(figures, redaction))


def port_rows(product_ids: Collection[int], window: int) -> PortRows:
    """The ports of these products with what is known of each: seven queries at most, one where there are no ports.

    window: how many finished runs per port count for reliability (the trust policy says).
    """
    ports = list(OutputPort.objects.filter(product_id__in=product_ids))
    ids = [port.id for port in ports]
    if not ids:
        return PortRows({}, {}, {}, {}, {}, {}, {})
    past = past_runs(ids, window)
    latest = {port_id: max((run.started_at, run.id) for run, _ in runs)[1] for port_id, runs in past.items()}
    runs = Run.objects.filter(id__in=list(latest.values())).select_related("suite").defer("suite__expectations")
    pending = Run.objects.filter(port_id__in=ids, status__in=[RunStatus.QUEUED, RunStatus.RUNNING])
    return PortRows(
        ports=_by(ports, lambda port: port.product_id),
        fields=_fields(ids),
        suites={suite.port_id: suite for suite in Suite.objects.filter(port_id__in=ids, is_current=True).defer("expectations")},
        past=past,
        latest={run.port_id: run for run in runs},
        pending=dict(pending.order_by("requested_at").values_list("port_id", "id")),
        checks=_by(CheckResult.objects.filter(run_id__in=list(latest.values())).defer("samples"), lambda row: row.run_id),
    )


def _by(rows: Iterable[Row], key: Callable[[Row], Key]) -> Mapping[Key, Sequence[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _port(
    port: OutputPort,
    cadence: Cadence,
    *,
    fields: tuple[FieldFacts, ...],
    suite: Suite | None,
    latest_run: RunFacts | None,
    pending: UUID | None,
    past: tuple[PastRunFacts, ...],
    past_figures: tuple[PastFigures, ...],
) -> PortFacts:
    return PortFacts(
        name=port.name,
        cadence=cadence,
        service_level=port.service_level,
        schedule_interval=_interval(suite) if suite else None,
        allows_empty=port.allow_empty,
        suite_digest=suite.digest if suite else None,
        source_digest=port_digest(port),
        fields=fields,
        latest_run=latest_run,
        pending_run_id=str(pending) if pending else None,
        past_runs=past,
        past_figures=past_figures or UNSET,
    )


def _fields(port_ids: list[int]) -> Mapping[int, tuple[FieldFacts, ...]]:
    found: dict[int, tuple[FieldFacts, ...]] = defaultdict(tuple)
    for field in Field.objects.filter(port_id__in=port_ids):
        found[field.port_id] += (
            FieldFacts(
                name=field.name,
                logical_type=LogicalType(field.logical_type) if field.logical_type else None,
                sensitivity=_sensitivity(field.sensitivity),
                is_personal_data=field.personal,
                is_critical=field.critical,
            ),
        )
    return found


def redaction_for(port: OutputPort) -> Redaction:
    """What the port keeps today; one query, two where its product is not at hand."""
    return redaction_of(_fields([port.id]).get(port.id, ()), _sensitivity(port.product.sensitivity))


def check_facts_of(row: CheckResult, port: str) -> CheckFacts:
    """What one stored result says, for a judgement and for whoever words it. `port` is the name of its port."""
    return check_facts(str(row.id), port, _check_result(row))


def _run(row: Run, checks: tuple[CheckFacts, ...]) -> RunFacts:
    if row.finished_at is None:  # the database refuses it; this is for the type checker and for whoever drops that constraint
        raise ValueError(f"Run {row.id} is {row.status} without a time at which it finished.")
    return RunFacts(
        id=str(row.id),
        status=RunStatus(row.status),
        started_at=row.started_at or row.finished_at,
        finished_at=row.finished_at,
        suite_digest=row.suite.digest,
        source_digest=row.port_digest,
        evidence_status=EvidenceStatus(row.evidence_status) if row.evidence_status else None,
        rows=row.rows,
        data_time=row.data_time,
        columns=tuple(_column(column) for column in row.columns),
        checks=checks,
        failure=Failure(**{name: row.failure[name] for name in ("code", "message", "remedy")}) if row.failure else None,
        schedule_interval=_interval(row.suite),
    )


def _interval(suite: Suite) -> timedelta | None:
    return schedule.interval(suite.schedule) if suite.schedule else None


def _column(column: Mapping[str, Any]) -> ObservedColumn:
    types = frozenset(LogicalType(name) for name in column["logical_types"])
    return ObservedColumn(column["name"], column["physical_type"], types)


def _check_result(row: CheckResult) -> CheckEvidence:
    return CheckEvidence(
        expectation=Expectation(row.type, row.kwargs, Severity(row.severity), Dimension(row.dimension)),
        status=CheckStatus(row.status),
        element_count=row.element_count,
        missing_count=row.missing_count,
        unexpected_count=row.unexpected_count,
        unexpected_percent=row.unexpected_percent,
        observed_value=row.observed_value,
        message=row.message,
    )


def _sensitivity(value: str | None) -> Sensitivity | None:
    return Sensitivity(value) if value else None


def shown_results(run: Run) -> list[CheckResult]:
    """The rows, in the order of the suite and not to be saved, without samples and observed values of what the port keeps."""
    redaction = redaction_for(run.port)
    rows = list(CheckResult.objects.filter(run=run))
    for row in rows:
        facts = redact(check_facts_of(row, run.port.name), redaction)
        row.observed_value, row.message = facts.observed_value, facts.message
        row.samples = [] if redaction.concerns(row.kwargs) else row.samples
    return rows
