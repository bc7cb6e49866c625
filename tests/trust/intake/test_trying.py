"""A try tells what registering and running would lead to, and leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from catalog.models import DataProduct
from tests.catalog.contracts.documents import as_yaml, contract, orders, setting
from tests.catalog.registering import register, rows
from tests.factories import NOW, make_owner
from trust.intake.services.trying import Trial, trial_to_json, try_contract
from trust.models import Run, Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data")]

ID = {"name": "id", "logicalType": "integer", "required": True, "unique": True, "criticalDataElement": True}


def tried(document: dict[str, Any], **options: Any) -> Trial:
    return try_contract(content=as_yaml(document), filename="o.yaml", actor=None, now=NOW, **options)


def gates(trial: Trial) -> dict[str, str]:
    return {gate["gate"]: gate["status"] for gate in trial_to_json(trial)["gates"]}


def good(location: str = "orders.csv", **change: Any) -> dict[str, Any]:
    quality = [{"metric": "rowCount", "mustBeGreaterThan": 1}]
    fields = [{**ID, "classification": "internal"}]
    rule = {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": [1, 2, 3]}}
    fields[0]["quality"] = [rule]
    own = [setting("location", location)]
    return contract(schema=[orders(*fields, quality=quality, customProperties=own)], **change)


def test_a_try_judges_and_leaves_nothing_behind(data: Path) -> None:
    (data / "orders.csv").write_text("id\n1\n2\n3\n")
    before = rows()
    trial = tried(good())
    assert (trial.rows, trial.failure) == (3, None)
    assert {check.status.value for check in trial.checks} == {"passed"}
    assert gates(trial)["critical_checks"] == "passed"
    assert gates(trial)["acknowledgement"] == "failed"
    assert rows() == before
    assert [model.objects.count() for model in (DataProduct, Run, Verdict)] == [0, 0, 0]


def test_bad_data_is_not_production_grade_whatever_people_say(data: Path) -> None:
    (data / "orders.csv").write_text("id\n1\n1\n\n")
    trial = tried(good())
    assert trial.exit_code == 1
    assert gates(trial)["critical_checks"] == "failed"


def test_the_exit_code_asks_about_the_data_only(data: Path) -> None:
    (data / "orders.csv").write_text("id\n1\n2\n3\n")
    trial = tried(good(team=None))
    open_gates = {name for name, status in gates(trial).items() if status != "passed"}
    assert (trial.exit_code, open_gates & {"owner", "acknowledgement", "review"}) == (
        int(bool(open_gates - {"owner", "acknowledgement", "review", "policy", "lifecycle"})),
        {"owner", "acknowledgement", "review"},
    )


def test_other_data_is_read_in_the_place_of_what_the_contract_names(data: Path, tmp_path: Path) -> None:
    (data / "orders.csv").write_text("id\n1\n1\n")
    other = tmp_path / "other.csv"
    other.write_text("id\n1\n2\n")
    trial = tried(good(), data=str(other), roots=(str(tmp_path),))
    assert trial.failure is None
    assert (trial.rows, {check.status.value for check in trial.checks}) == (2, {"passed"})


def test_what_cannot_be_read_is_a_failure(data: Path) -> None:
    trial = tried(good("later.csv"))
    assert trial.exit_code == 2
    said = trial_to_json(trial)
    assert (said["rows"], said["failure"]["code"]) == (None, "source_missing")


def test_a_registered_product_is_not_touched(data: Path) -> None:
    (data / "orders.csv").write_text("id\n1\n2\n3\n")
    register(good())
    before = rows()
    assert tried(good(name="Another name")).rows == 3
    assert rows() == before


def test_the_command_prints_json_and_ends_with_its_code(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "orders.csv").write_text("id\n1\n1\n")
    path = tmp_path / "orders.odcs.yaml"
    path.write_bytes(as_yaml(good(team=[{"username": "ada", "role": "owner"}])))
    with pytest.raises(SystemExit) as ended:
        call_command("try", str(path), "--json")
    said = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert set(said) == {"verdict", "rows", "seconds", "checks", "gates", "not_checked", "failure"}
    with pytest.raises(SystemExit) as ended:
        call_command("try", str(tmp_path / "none.yaml"))
    assert ended.value.code == 2
    assert "cannot be read" in capsys.readouterr().out


def test_a_person_tries_under_their_own_name(data: Path) -> None:
    (data / "orders.csv").write_text("id\n1\n2\n3\n")
    trial = try_contract(content=as_yaml(good(team=None)), filename="o.yaml", actor=make_owner("bob"), now=NOW)
    codes = {gate["code"] for gate in trial_to_json(trial)["gates"]}
    assert "owner_provisional" in codes


def test_a_folder_of_files_is_tried_as_one_table(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "a.csv").write_text("id\n1\n2\n")
    (folder / "b.csv").write_text("id\n3\n")
    trial = tried(good(), data=str(folder), roots=(str(tmp_path),))
    assert trial.failure is None
    assert trial.rows == 3
