"""One attempt at a run in a worker: claim it, look, and write down what was found.

A heartbeat keeps the worker's hold on the run while the engine works, and ends the run when its time is over.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import TracebackType
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from catalog.rules.vocabulary import Lifecycle, SourceKind
from trust.clock import database_now
from trust.evidence.models.run import Run
from trust.evidence.queries.facts import port_digest
from trust.evidence.rules.evidence import Engine, Failure, RunEvidence, SourceProblemError
from trust.evidence.services.runs import Claim, claim_run, lease, renew_lease, time_limit, time_limit_failure
from trust.evidence.services.source_resolution import EngineInput, resolve_engine_input, unsupported_source
from trust.evidence.sources.files import without_roots
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.services.judging import judge_upstreams
from trust.verdicts.services.run_conclusion import complete_run, fail_run
from trust.vocabulary import EvidenceStatus

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 5.0  # for an engine to come back by itself once its time is over

logger = logging.getLogger(__name__)
Written = TypeVar("Written")
_DATABASE_PATIENCE_SECONDS = 120.0


class Heartbeat:
    """Renews the lease of a claim every third of it, from a thread with a database connection of its own, until left.

    Ends by itself when the claim is lost, or, having failed the run, when the attempt's time is over: whatever the
    engine then still finds is dropped for want of a valid claim. `on_hang` is called where the engine does not even come back
    some seconds after that. A database that cannot be reached is asked again.
    """

    def __init__(self, claim: Claim, on_hang: Callable[[], None]) -> None:
        self._claim = claim
        self._on_hang = on_hang
        self._left = threading.Event()
        self._deadline = time.monotonic() + time_limit().total_seconds()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of run {claim.run_id}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._left.set()
        self._thread.join(timeout=10)

    def _beat(self) -> None:
        pause = lease().total_seconds() / 3
        try:
            while not self._left.wait(max(0.0, min(pause, self._deadline - time.monotonic()))):
                if not self._is_still_held():
                    break
        finally:
            connection.close()
        if time.monotonic() >= self._deadline and not self._left.wait(_GRACE_SECONDS):
            logger.error("The engine does not come back from run %s.", self._claim.run_id)
            self._on_hang()

    def _is_still_held(self) -> bool:
        try:
            if time.monotonic() >= self._deadline:
                fail_run(claim=self._claim, failure=time_limit_failure(self._claim.started_at), now=database_now())
                return False
            if renew_lease(claim=self._claim, now=database_now()):
                return True
            logger.warning("Run %s was given to another worker: this one did not respond in time.", self._claim.run_id)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The lease of run %s could not be renewed yet: %s", self._claim.run_id, error)
            connection.close()
            self._left.wait(0.5)
            return True
        return False


def execute_run(*, run_id: UUID, worker: str, on_hang: Callable[[], None]) -> Verdict | None:
    """The verdict that the run led to; None when there was nothing to claim, or the run is to be tried again, or was lost.

    on_hang: what ends this process when the engine does not come back; called from another thread.
    """
    claim = claim_run(run_id=run_id, worker=worker, now=database_now())
    if claim is None:
        return None
    with Heartbeat(claim, on_hang):
        evidence = _look(claim)
        try:
            return _when_database_is_there(lambda: _conclude(claim, evidence))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("What run %s found could not be written.", claim.run_id)
            failure = _crash("Writing down what was found", error)
            return _when_database_is_there(lambda: fail_run(claim=claim, failure=failure, now=database_now()))


def _look(claim: Claim) -> RunEvidence:
    """What the engine found. Whatever goes wrong is evidence too: of not having been able to look."""
    try:
        reading = _when_database_is_there(lambda: _engine_input(claim))
        return reading if isinstance(reading, RunEvidence) else look(reading)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("Run %s could not be prepared.", claim.run_id)
        return _could_not_look(_crash("The engine", error))


def look(reading: EngineInput, *, roots: tuple[str, ...] = ()) -> RunEvidence:
    """What the engine finds. A crash of it is evidence too: of not having been able to look. roots: folders besides the data
    roots that it may read."""
    try:
        return _without_roots(_engine((*settings.TOUCHSTONE.data_roots, *roots)).run(reading.suite, reading.source))
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("The engine crashed.")
        return _could_not_look(_crash("The engine", error))


def _without_roots(evidence: RunEvidence) -> RunEvidence:
    """Every reader of a run reads its messages; where the data roots lie on the server is not theirs to know."""
    roots = settings.TOUCHSTONE.data_roots
    failure = evidence.failure and replace(evidence.failure, message=without_roots(evidence.failure.message, roots))
    results = tuple(replace(result, message=without_roots(result.message, roots)) for result in evidence.results)
    return replace(evidence, failure=failure, results=results)


def _engine_input(claim: Claim) -> EngineInput | RunEvidence:
    """What to look at, or the evidence that there is nothing to look at."""
    run = Run.objects.select_related("suite", "port__product").get(id=claim.run_id)
    if run.port.removed_at is not None or run.port.product.lifecycle == Lifecycle.RETIRED:
        return _could_not_look(_gone(run))
    if run.port.source_kind == SourceKind.UNSUPPORTED:
        return _could_not_look(unsupported_source(run.port).failure)
    if port_digest(run.port) != run.port_digest:
        return _could_not_look(_moved(run))
    try:
        return resolve_engine_input(port=run.port, suite=run.suite)
    except SourceProblemError as error:
        return _could_not_look(error.failure)


def _conclude(claim: Claim, evidence: RunEvidence) -> Verdict | None:
    judge_upstreams(product_id=claim.product_id, now=database_now())
    return complete_run(claim=claim, evidence=evidence, now=database_now())


@cache
def _engine(roots: tuple[str, ...]) -> Engine:
    """The engine of this worker process, made after the fork: it holds native memory and threads."""
    # Takes 1.5 s and 200 MB; web and beat never need it.
    from trust.evidence.engines.gx import Access, EngineLimits, GxEngine  # noqa: PLC0415

    environment = settings.TOUCHSTONE
    limits = EngineLimits(
        memory=f"{environment.engine_memory_mb}MB",
        threads=environment.engine_threads,
        temp_mb=environment.engine_temp_mb,
        statement_timeout_seconds=environment.engine_statement_seconds,
    )
    return GxEngine(Access(roots, tuple(environment.database_hosts), limits))


def _gone(run: Run) -> Failure:
    return Failure(
        code="port_gone",
        message=f"Data product {run.port.product.slug} is retired, or no longer has port {run.port.name}.",
        remedy="Publish the product again and register the port, if you need it.",
    )


def _moved(run: Run) -> Failure:
    # The claim wrote down which place is read; what is found at another must not be filed under that one.
    return Failure(
        code="port_moved",
        message=f"Port {run.port.name} was given another place just as the run began.",
        remedy="Nothing need be done: the run is tried again on the new place.",
        retryable=True,
    )


def _crash(what: str, error: Exception) -> Failure:
    # The text of an unforeseen exception may quote data or a connection: its kind is shown, the rest is in the worker's log.
    return Failure(
        code="engine_crashed",
        message=f"{what} crashed with {type(error).__name__}.",
        remedy="Ask the operator for the worker's log of this run, and report it with the suite that was run.",
    )


def _could_not_look(failure: Failure) -> RunEvidence:
    return RunEvidence(status=EvidenceStatus.ERROR, seconds=0.0, failure=failure)


def _when_database_is_there(write: Callable[[], Written]) -> Written:
    """What `write` gives, tried again while the database is away: an hour's work is not thrown away for a restart.

    The claim keeps a late writer from harm: who lost it writes nothing.
    """
    deadline = time.monotonic() + _DATABASE_PATIENCE_SECONDS
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline:
                raise
            logger.warning("The database is unavailable, and a result waits to be written: %s", error)
            close_old_connections()
            time.sleep(1.0)
