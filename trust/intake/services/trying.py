"""Judges a contract on its data without registering anything: what registering, running and judging would write is undone.

Nothing is locked while the engine looks: the contract is taken in and undone to learn what is to be read, then its data is
read, then it is taken in again, with what was found, and judged, and that is undone too.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from catalog.contracts.document import OtherData
from catalog.contracts.findings import NotExecutable
from catalog.contracts.reader import read_contract
from catalog.models import DataProduct, OutputPort, Person
from catalog.rules.vocabulary import SourceKind
from trust.evidence.models.run import Run
from trust.evidence.queries.facts import port_digest
from trust.evidence.rules.evidence import CheckEvidence, Failure, RunEvidence, SourceProblemError
from trust.evidence.services.runs import store_results
from trust.evidence.services.source_resolution import EngineInput, resolve_engine_input, unsupported_source
from trust.intake.services.drafting import find_data
from trust.intake.services.registration import put_document
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.rules.outcome import GateResult, Outcome
from trust.verdicts.services.execution import look
from trust.verdicts.services.judging import judge_product
from trust.vocabulary import EvidenceStatus, GateName, GateStatus, RunStatus, VerdictStatus

OF_PEOPLE = frozenset({GateName.OWNER, GateName.ACKNOWLEDGEMENT, GateName.REVIEW, GateName.POLICY, GateName.LIFECYCLE})
"""The gates that only people pass, by what they say and do about the product. A try asks about the data."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What registering a contract and running its checks would lead to.

    outcome: the judgement; None where nothing could be judged. checks: of all ports, in their order. rows: of all ports that
    were read; None where none was. failure: why something could not be read, the first of them.
    """

    outcome: Outcome | None
    rows: int | None
    seconds: float
    checks: tuple[CheckEvidence, ...] = ()
    not_checked: tuple[NotExecutable, ...] = ()
    failure: Failure | None = None

    @property
    def exit_code(self) -> int:
        """0: production-grade but for what people do; 1: not, or unknown for reasons of the data; 2: it could not be read."""
        if self.failure is not None or self.outcome is None:
            return 2
        return int(any(gate.gate not in OF_PEOPLE for gate in self.outcome.open_gates))


def try_contract(
    *,
    content: bytes,
    filename: str,
    actor: Person | None,
    now: datetime,
    data: str = "",
    roots: tuple[str, ...] = (),
) -> Trial:
    """What the engine finds in the data of a contract, and how it is judged.

    data: a file to read in the place of the one that the contract names. roots: folders that it may lie in besides the data
    roots. Raises what `register_document` does.
    """
    other = _other_data(data, roots) if data else None
    with _taken_in(content, filename, actor, now, other) as (product, not_checked):
        inputs = {port.name: _engine_input(port, roots) for port in product.output_ports.order_by("id")}
    found = {name: _looked_at(given, roots) for name, given in inputs.items()}
    seconds = sum(evidence.seconds for evidence in found.values())
    # What the engine took lies between the two: evidence from the future would not count.
    with _taken_in(content, filename, actor, now, other) as (product, not_checked):
        outcome = _judged(product, found, now, now + timedelta(seconds=seconds))
    rows = [evidence.rows for evidence in found.values() if evidence.rows is not None]
    return Trial(
        outcome=outcome,
        rows=sum(rows) if rows else None,
        seconds=seconds,
        checks=tuple(check for evidence in found.values() for check in evidence.results),
        not_checked=tuple(not_checked),
        failure=next((evidence.failure for evidence in found.values() if evidence.failure is not None), None),
    )


@contextmanager
def _taken_in(
    content: bytes, filename: str, actor: Person | None, now: datetime, other: OtherData | None
) -> Iterator[tuple[DataProduct, list[NotExecutable]]]:
    """The product as it would be registered, until the end of the block; nothing of it stays."""
    with transaction.atomic():
        report = put_document(
            document=read_contract(
                content, today=now.date(), other_data=other, variables=settings.TOUCHSTONE.variables_by_name
            ),
            content=content,
            filename=filename,
            actor=actor,
            now=now,
            trusted=other.location if other and other.is_trusted else "",
        )
        yield DataProduct.objects.get(slug=report.slug), report.not_executable
        transaction.set_rollback(True)


def _other_data(data: str, roots: tuple[str, ...]) -> OtherData:
    path, kind, _ = find_data(data, [*settings.TOUCHSTONE.data_roots, *roots])
    return OtherData(kind, path if roots else data, is_trusted=bool(roots))


def _engine_input(port: OutputPort, roots: tuple[str, ...]) -> EngineInput | RunEvidence:
    suite = port.suites.filter(is_current=True).first()
    try:
        if port.source_kind == SourceKind.UNSUPPORTED or suite is None:
            raise unsupported_source(port)
        return resolve_engine_input(port=port, suite=suite, roots=roots)
    except SourceProblemError as problem:
        return RunEvidence(EvidenceStatus.ERROR, 0.0, failure=problem.failure)


def _looked_at(given: EngineInput | RunEvidence, roots: tuple[str, ...]) -> RunEvidence:
    return look(given, roots=roots) if isinstance(given, EngineInput) else given


def _judged(product: DataProduct, found: Mapping[str, RunEvidence], began: datetime, ended: datetime) -> Outcome:
    for port in product.output_ports.order_by("id"):
        suite, evidence = port.suites.filter(is_current=True).first(), found[port.name]
        if suite is None:
            continue
        run = Run.objects.create(
            id=uuid4(),
            port=port,
            suite=suite,
            status=RunStatus.RUNNING,
            requested_at=began,
            not_before=began,
            started_at=began,
            max_attempts=1,
            attempt=1,
            lease_token=uuid4(),
            lease_expires_at=ended,
            port_digest=port_digest(port),
        )
        if evidence.failure is None:
            store_results(run=run, evidence=evidence, now=ended)
        else:
            failure = evidence.failure
            run.failure = {"code": failure.code, "message": failure.message, "remedy": failure.remedy}
            run.status, run.finished_at = RunStatus.FAILED, ended
            run.save()
    row = judge_product(product_id=product.pk, now=ended, cause="try")
    return load_outcome(row.outcome)


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """The trial as plain JSON values."""
    outcome, failure = trial.outcome, trial.failure
    return {
        "verdict": (outcome.verdict if outcome else VerdictStatus.UNKNOWN).value,
        "rows": None if failure else trial.rows,
        "seconds": round(trial.seconds, 3),
        "checks": [check_to_json(check) for check in trial.checks],
        "gates": [_gate(gate) for gate in (outcome.gates if outcome else ()) if gate.status is not GateStatus.OFF],
        "not_checked": [{"path": one.path, "reason": f"{one.rule}: {one.reason}"} for one in trial.not_checked],
        "failure": None if failure is None else {"code": failure.code, "message": failure.message, "remedy": failure.remedy},
    }


def failed_trial(code: str, message: str, remedy: str) -> dict[str, Any]:
    """The trial of what could not even be begun, as plain JSON values."""
    return trial_to_json(Trial(None, None, 0.0, failure=Failure(code, message, remedy)))


def check_to_json(result: CheckEvidence) -> dict[str, Any]:
    """The result of one check as plain JSON values."""
    expectation = result.expectation
    return {
        "type": expectation.type,
        "kwargs": dict(expectation.kwargs),
        "status": result.status.value,
        "dimension": expectation.dimension.value if expectation.dimension else None,
        "severity": expectation.severity.value,
        "element_count": result.element_count,
        "unexpected_count": result.unexpected_count,
        "unexpected_percent": result.unexpected_percent,
        "observed_value": result.observed_value,
        "samples": list(result.samples),
        "message": result.message,
    }


def _gate(gate: GateResult) -> dict[str, Any]:
    return {
        "gate": gate.gate.value,
        "status": gate.status.value,
        "code": gate.code,
        "message": gate.message,
        "remedy": gate.remedy,
    }
