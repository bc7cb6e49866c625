"""Contracts with a small file each, registered and run: data is read as its contract declares it."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Contract, DataProduct
from tests.battery.bench import Bench, as_csv, engine, open_gates, rows_of
from tests.factories import make_owner
from trust.evidence.models.run import Run
from trust.evidence.queries.facts import port_digest
from trust.evidence.services.runs import claim_run, request_run
from trust.evidence.services.source_resolution import resolve_engine_input
from trust.intake.services.registration import register_document
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.queries.product_facts import review_status
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.services.run_conclusion import complete_run

pytestmark = pytest.mark.django_db
CASES = Path(__file__).parents[1] / "cases"
DATA_GATES = {"readable", "schema", "critical_checks", "evidence"}


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})
    for path in CASES.iterdir():
        shutil.copy(path, tmp_path / path.name)
    make_owner("ada.fine")
    return tmp_path


def run_case(name: str, root: Path) -> tuple[Run, dict[str, str]]:
    """The run of a case's port, and what the gates say of its data."""
    content = (root / f"{name}.odcs.yaml").read_bytes()
    register_document(content=content, filename=f"{name}.odcs.yaml", actor=None, now=timezone.now())
    product = DataProduct.objects.get(contracts__contract_id=f"case-{name}")
    now = timezone.now()
    run = request_run(port=product.output_ports.get(), actor=None, now=now)
    claim = claim_run(run_id=run.id, worker="cases", now=now)
    assert claim is not None
    reading = resolve_engine_input(port=run.port, suite=run.suite)
    complete_run(claim=claim, evidence=engine().run(reading.suite, reading.source), now=now)
    outcome = load_outcome(Verdict.objects.filter(product=product).latest("id").outcome)
    return Run.objects.get(id=run.id), open_gates(outcome)


def failed(run: Run) -> list[str]:
    return [check.type for check in run.check_results.exclude(status="passed")]


@pytest.mark.parametrize("name", ["zip", "rates", "latin1", "flags", "namibia", "german", "allnull"])
def test_data_that_keeps_its_contract_passes(name: str, root: Path) -> None:
    run, gates = run_case(name, root)
    assert run.failure is None
    assert failed(run) == []
    assert {"schema", "critical_checks"} & gates.keys() == set()
    assert Contract.objects.get(contract_id=f"case-{name}").not_executable == []


def test_what_the_contract_leaves_open_is_named_in_the_evidence(root: Path) -> None:
    run, _ = run_case("rates", root)
    assert run.reading["delimiter"] == ";"
    assert run.reading["decimal sign"] == ","
    assert "decimal sign" in run.reading["sniffed"]
    assert "delimiter" not in run.reading["sniffed"]


def test_offsets_in_text_are_moments(root: Path) -> None:
    run, gates = run_case("offsets", root)
    assert failed(run) == ["expect_column_values_to_be_between"]
    late = run.check_results.get(type="expect_column_values_to_be_between")
    assert (late.unexpected_count, late.samples) == (1, ["2024-03-31T23:30:00-05:00"])
    assert gates["critical_checks"] == "critical_check_failed"
    assert "schema" not in gates


@pytest.mark.parametrize(("hours_old", "is_late"), [(12, True), (2, False)])
def test_local_times_are_read_in_their_time_zone(hours_old: int, is_late: bool, root: Path) -> None:
    local = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None) - timedelta(hours=hours_old)
    pq.write_table(pa.table({"ts": pa.array([local - timedelta(hours=1), local], pa.timestamp("us"))}), root / "tokyo.parquet")
    run, gates = run_case("tokyo", root)
    assert run.data_time is not None
    age = datetime.now(UTC) - run.data_time
    assert timedelta(hours=hours_old) < age < timedelta(hours=hours_old, minutes=5)
    assert ("freshness" in gates) == is_late


def test_local_times_in_text_are_read_in_their_time_zone(root: Path) -> None:
    local = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None) - timedelta(hours=12)
    (root / "tokyo.csv").write_text(f"ts\n{local.isoformat()}\n")
    contract = root / "tokyo.odcs.yaml"
    contract.write_text(contract.read_text().replace("tokyo.parquet", "tokyo.csv"))
    _, gates = run_case("tokyo", root)
    assert gates["freshness"] == "data_too_old"


def test_another_way_of_reading_is_not_shown_to_tighten(bench: Bench) -> None:
    bench.judged(as_csv(rows_of()))
    bench.table = {"decimalSign": ","}
    bench.register()
    review = review_status(bench.product.id, timezone.now())
    assert [str(one) for one in review.differences if one.is_looser] == ["port rows, decimal sign: none → ','"]
    assert Run.objects.get().port_digest != port_digest(bench.port)
