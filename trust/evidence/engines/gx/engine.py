"""The way in: `GxEngine.run(suite, source)`.

One engine per process, made after the fork and not shared between threads: Great Expectations keeps registries per process
and DuckDB a connection per run. It never raises for bad data, sources or expectations; it reports them.
"""

import logging
import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import sqlalchemy as sa

from catalog.rules.expectation import Expectation, SuiteSpec
from trust.evidence.engines.gx.checks import PlannedCheck, make_check
from trust.evidence.engines.gx.execution import TouchstoneExecutionEngine
from trust.evidence.engines.gx.figures import figure_measurements, run_figures, unreadable_columns
from trust.evidence.engines.gx.file_problems import damaged_columns, file_problem
from trust.evidence.engines.gx.findings import CheckFinding
from trust.evidence.engines.gx.measure import run_measurements
from trust.evidence.engines.gx.observation import data_time, observe, observed_columns
from trust.evidence.engines.gx.postgres_tables import connection_problem
from trust.evidence.engines.gx.reference import References
from trust.evidence.engines.gx.requests import Measurement
from trust.evidence.engines.gx.results import error_result, is_redacted, overall, passed_or_failed
from trust.evidence.engines.gx.sources import Access, Opening, OpenSource
from trust.evidence.rules.dimensions import dimension_of
from trust.evidence.rules.evidence import CheckEvidence, Failure, RunEvidence, Source, SourceProblemError
from trust.vocabulary import CheckStatus, EvidenceStatus

logger = logging.getLogger(__name__)

EMPTY_SUITE = Failure(
    "empty_suite", "The suite has no expectations, so nothing was checked.", "Add at least one expectation to the suite."
)
NOTHING_EXECUTED = Failure(
    "nothing_executed",
    "No check could be executed: there was no data to check.",
    "Read the messages of the skipped checks; add data, or a check that passes on an empty table.",
)


@dataclass
class _Planned:
    """An expectation on its way to a result: its check, or the error that stopped it."""

    expectation: Expectation
    check: PlannedCheck | None = None
    error: Exception | None = None
    finding: CheckFinding | None = None


class GxEngine:
    """An `Engine` on Great Expectations. `access` says which files and hosts it may read, and how much of the machine."""

    def __init__(self, access: Access | None = None) -> None:
        self._access = access or Access()

    def run(self, suite: SuiteSpec, source: Source) -> RunEvidence:
        started = time.monotonic()
        try:
            evidence = self._run(suite, source)
        except SourceProblemError as problem:
            evidence = RunEvidence(EvidenceStatus.ERROR, 0, failure=problem.failure)
        except sa.exc.DBAPIError as error:
            evidence = RunEvidence(EvidenceStatus.ERROR, 0, failure=_refusal(source, error).failure)
        except Exception as error:  # a fault of ours must become evidence too, never a lost run
            logger.exception("The engine broke on a %s source.", source.kind.value)
            failure = Failure(
                "engine_fault",
                f"The engine itself broke ({type(error).__name__}).",
                "Look into the worker's log and report it.",
            )
            evidence = RunEvidence(EvidenceStatus.ERROR, 0, failure=failure)
        return replace(evidence, seconds=time.monotonic() - started)

    def _run(self, suite: SuiteSpec, source: Source) -> RunEvidence:
        if not suite.expectations:
            return RunEvidence(EvidenceStatus.ERROR, 0, failure=EMPTY_SUITE)
        with Opening(source, self._access) as opened:
            return _look(suite, opened)


def _refusal(source: Source, error: sa.exc.DBAPIError) -> SourceProblemError:
    """Why the source cannot be read after all, in our words."""
    if isinstance(error.orig, duckdb.Error):
        return file_problem(source, error.orig)
    return connection_problem(error, source.location)


def _look(suite: SuiteSpec, opened: OpenSource) -> RunEvidence:
    source, table = opened.source, opened.table
    engine = TouchstoneExecutionEngine(table)
    references = References(tuple(source.references), opened.reference)
    planned = [_plan(expectation, engine, references, source.approved_queries) for expectation in suite.expectations]
    outcomes = _measure(planned, opened)
    _need_connection(outcomes)
    if unreadable := unreadable_columns(table, outcomes):
        raise damaged_columns(source.location, unreadable)
    for plan in planned:
        _conclude(plan, outcomes)
    _fetch_samples(planned, opened)
    results = tuple(_result(plan, source) for plan in planned)
    rows = outcomes["observed", "rows"]
    if isinstance(rows, Exception):
        raise rows
    status = overall(results)
    nothing = not any(result.status is not CheckStatus.SKIPPED for result in results)
    return RunEvidence(
        status=status,
        seconds=0,
        rows=rows,
        results=results,
        columns=observed_columns(table, outcomes),
        data_time=data_time(outcomes),
        figures=run_figures(table, outcomes),
        failure=NOTHING_EXECUTED if nothing else None,
        reading=table.reading,
    )


def _plan(
    expectation: Expectation, engine: TouchstoneExecutionEngine, references: References, approved_queries: frozenset[str]
) -> _Planned:
    if expectation.dimension is None:
        expectation = replace(expectation, dimension=dimension_of(expectation.type))
    try:
        return _Planned(expectation, make_check(expectation, engine, references, approved_queries))
    except Exception as error:  # a wrong expectation is the evidence `error` of this one check
        return _Planned(expectation, error=error)


def _measure(planned: Iterable[_Planned], opened: OpenSource) -> dict[Hashable, Any]:
    measurements = observe(opened.table, opened.source) | figure_measurements(opened.table, opened.source)
    for plan in planned:
        if plan.check is not None:
            try:
                measurements |= {key: m for key, m in plan.check.measurements().items() if key not in measurements}
            except Exception as error:  # as above
                plan.error = error
    return run_measurements(opened.table, measurements)


def _need_connection(outcomes: dict[Hashable, Any]) -> None:
    """A database that went away in the middle of a run is a failure of the run, not an error of its checks."""
    for outcome in outcomes.values():
        if isinstance(outcome, sa.exc.DBAPIError) and outcome.connection_invalidated:
            raise outcome


def _conclude(plan: _Planned, outcomes: dict[Hashable, Any]) -> None:
    if plan.check is None or plan.error is not None:
        return
    try:
        plan.finding = plan.check.conclude(outcomes)
    except Exception as error:  # as above
        plan.error = error


def _fetch_samples(planned: Iterable[_Planned], opened: OpenSource) -> None:
    """A second look, only for what failed, and only for columns whose values may be shown."""
    samplers: dict[Hashable, Measurement] = {}
    for index, plan in enumerate(planned):
        if plan.finding is None or plan.check is None or not plan.finding.wants_samples:
            continue
        if is_redacted(plan.expectation, plan.check.columns, opened.source.redacted_columns):
            continue
        sampler = plan.check.sampler()
        if sampler is not None:
            samplers[index] = sampler
    found = run_measurements(opened.table, samplers)
    for index, plan in enumerate(planned):
        samples = found.get(index)
        if plan.finding is not None and isinstance(samples, list):
            plan.finding.samples = tuple(samples)


def _result(plan: _Planned, source: Source) -> CheckEvidence:
    named = plan.check.columns if plan.check is not None else _columns_in(plan.expectation)
    redacted = is_redacted(plan.expectation, named, source.redacted_columns)
    if plan.finding is None or plan.error is not None:
        error = plan.error or RuntimeError("The check was not evaluated.")
        return error_result(plan.expectation, error, redacted=redacted)
    return passed_or_failed(plan.expectation, plan.finding, redacted=redacted)


def _columns_in(expectation: Expectation) -> set[str]:
    names: set[str] = set()
    for key in ("column", "column_A", "column_B", "column_list"):
        value = expectation.kwargs.get(key)
        names |= {value} if isinstance(value, str) else {str(v) for v in value} if isinstance(value, list) else set()
    return names
