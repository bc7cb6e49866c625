"""Suites, evidence and runs for tests of the trust services: what an engine would hand over, without an engine."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from catalog.models import DataProduct, OutputPort, Person
from catalog.rules.claims import FieldClaims
from catalog.rules.expectation import Expectation, Json
from catalog.rules.vocabulary import Dimension, LogicalType, Severity
from tests.factories import NOW, make_governance, make_governed_product, make_port
from trust.evidence.rules.evidence import CheckEvidence, Failure, ObservedColumn, RunEvidence
from trust.evidence.rules.identity import suite_digest
from trust.evidence.services.runs import Claim, claim_run, request_run
from trust.evidence.services.source_resolution import suite_spec
from trust.models import Run, Suite, TrustPolicyVersion, Verdict, Waiver
from trust.verdicts.services.run_conclusion import complete_run, fail_run
from trust.verdicts.services.trust_policies import confirm_trust_policy, publish_trust_policy
from trust.verdicts.services.waivers import grant_waiver, request_waiver
from trust.vocabulary import CheckStatus, EvidenceStatus

FIELDS = (FieldClaims("id", LogicalType.INTEGER, critical=True), FieldClaims("name", LogicalType.STRING))


def _stored(
    type_: str, kwargs: dict[str, Json], dimension: Dimension, severity: Severity = Severity.CRITICAL
) -> dict[str, Json]:
    return {"type": type_, "kwargs": kwargs, "severity": severity.value, "dimension": dimension.value, "meta": {}}


# One check for every dimension that the default trust policy requires.
EXPECTATIONS = (
    _stored("expect_column_values_to_not_be_null", {"column": "id"}, Dimension.COMPLETENESS),
    _stored("expect_column_values_to_be_unique", {"column": "id"}, Dimension.UNIQUENESS),
    _stored("expect_column_values_to_be_between", {"column": "id", "min_value": 1, "max_value": 10}, Dimension.VALIDITY),
    _stored("expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 100}, Dimension.VOLUME),
    _stored("expect_table_columns_to_match_set", {"column_set": ["id", "name"], "exact_match": False}, Dimension.SCHEMA),
)


def make_suite(port: OutputPort, expectations: tuple[dict[str, Json], ...] = EXPECTATIONS, *, schedule: str = "") -> Suite:
    """The port's next suite version, current."""
    last = Suite.objects.filter(port=port).first()
    Suite.objects.filter(port=port, is_current=True).update(is_current=False)
    suite = Suite(
        port=port,
        version=last.version + 1 if last else 1,
        name=port.name,
        expectations=list(expectations),
        schedule=schedule,
    )
    suite.digest = suite_digest(suite_spec(suite))
    suite.save()
    return suite


def make_ready_port(product: DataProduct | None = None, name: str = "rows", *, schedule: str = "", **claims: Any) -> OutputPort:
    """A port of a governed product with a suite; once it ran well, its product is production-grade."""
    port = make_port(product or make_governed_product(), name, fields=FIELDS, **claims)
    make_suite(port, schedule=schedule)
    return port


def evidence_for(run: Run, *, failed: int = 0, status: CheckStatus = CheckStatus.FAILED, rows: int = 3) -> RunEvidence:
    """Evidence of the run's suite in which the first `failed` checks have `status` and the others passed."""
    results = tuple(
        _result(expectation, status if position < failed else CheckStatus.PASSED, rows)
        for position, expectation in enumerate(suite_spec(run.suite).expectations)
    )
    overall = EvidenceStatus.PASSED
    if failed:
        overall = EvidenceStatus.FAILED if status is CheckStatus.FAILED else EvidenceStatus.ERROR
    columns = (
        ObservedColumn("id", "BIGINT", frozenset({LogicalType.INTEGER})),
        ObservedColumn("name", "VARCHAR", frozenset({LogicalType.STRING})),
    )
    return RunEvidence(status=overall, seconds=0.1, rows=rows, results=results, columns=columns)


def _result(expectation: Expectation, status: CheckStatus, rows: int) -> CheckEvidence:
    counts = "column" in expectation.kwargs
    unexpected = (1 if status is CheckStatus.FAILED else 0) if counts else None
    return CheckEvidence(
        expectation=expectation,
        status=status,
        element_count=rows if counts else None,
        missing_count=0 if counts else None,
        unexpected_count=unexpected,
        unexpected_percent=None if unexpected is None else 100 * unexpected / rows,
        message="" if status is CheckStatus.PASSED else "Something does not hold.",
    )


def claim_new_run(port: OutputPort, now: datetime = NOW) -> Claim:
    """A run of the port, asked for and claimed."""
    run = request_run(port=port, actor=None, now=now)
    claim = claim_run(run_id=run.id, worker="test", now=now)
    assert claim is not None
    return claim


def run_well(port: OutputPort, now: datetime = NOW, *, failed: int = 0, status: CheckStatus = CheckStatus.FAILED) -> Verdict:
    """The verdict after a run of the port that found what `evidence_for` says."""
    claim = claim_new_run(port, now)
    evidence = evidence_for(Run.objects.get(id=claim.run_id), failed=failed, status=status)
    verdict = complete_run(claim=claim, evidence=evidence, now=now)
    assert verdict is not None
    return verdict


def run_badly(port: OutputPort, now: datetime = NOW) -> Verdict:
    """The verdict after a run of the port that could not look."""
    failure = Failure("source_missing", "There is no such file.", "Put it there.")
    verdict = fail_run(claim=claim_new_run(port, now), failure=failure, now=now)
    assert verdict is not None
    return verdict


def failure_of(run: Run) -> dict[str, str]:
    """Code, message and remedy of a failed run."""
    run.refresh_from_db()
    assert run.failure is not None
    return dict(run.failure)


def ask_for_waiver(product: DataProduct, *, now: datetime = NOW, **wanted: Any) -> Waiver:
    """A waiver of the gate `score` for 30 days that the product's owner asked for, unless told otherwise."""
    defaults: dict[str, Any] = {
        "reason": "Accepted for the pilot.",
        "owner": product.owner,
        "expires_at": now + timedelta(days=30),
        "actor": product.owner,
    }
    thing = {} if "check_key" in wanted else {"gate": "score"}
    return request_waiver(product=product, now=now, **{**defaults, **thing, **wanted})


def make_waiver(product: DataProduct, *, now: datetime = NOW, granted_by: Person | None = None, **wanted: Any) -> Waiver:
    """A waiver in force, made by two people: asked for as `ask_for_waiver` does, granted by governance."""
    waiver = ask_for_waiver(product, now=now, **wanted)
    return grant_waiver(waiver=waiver, actor=granted_by or make_governance(), now=now)


def loosen_trust_policy(changes: Mapping[str, Any], now: datetime = NOW) -> TrustPolicyVersion:
    """A version in force that lets through more: proposed by one person of governance, published by another."""
    proposed = publish_trust_policy(changes=changes, note="Looser.", actor=_governance_of_two(), now=now)
    return confirm_trust_policy(version=proposed, actor=make_governance(), now=now)


def _governance_of_two() -> Person:
    make_governance()
    return make_governance()
