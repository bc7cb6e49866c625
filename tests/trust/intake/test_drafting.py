"""A draft of honest data registers and passes as it is; of bad data it names the defect. Nothing is registered by drafting."""

import csv
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from catalog.models import DataProduct
from tests.factories import NOW, make_owner
from tests.honest.defects import with_defect
from tests.honest.tables import TABLES
from tests.honest.words import Rows, seeded
from trust.evidence.rules.evidence import SourceProblemError
from trust.evidence.rules.profiling.defects import DefectKind
from trust.intake.services.drafting import DraftedContract, draft_contract, draft_to_json
from trust.intake.services.registration import register_document
from trust.intake.services.trying import OF_PEOPLE, Trial, try_contract

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data")]
BY_NAME = {table.name: table for table in TABLES}


def write(rows: Rows, path: Path) -> Path:
    """The rows as the file's ending says."""
    if path.suffix == ".parquet":
        pq.write_table(pa.table(rows), path)
        return path
    with path.open("w", newline="") as file:
        records = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(record, default=str) + "\n" for record in records)
        else:
            writer = csv.DictWriter(file, list(rows))
            writer.writeheader()
            writer.writerows(
                {name: str(v).lower() if isinstance(v, bool) else v for name, v in record.items()} for record in records
            )
    return path


def drafted(_data: Path, name: str, *, show_values: bool = True) -> DraftedContract:
    return draft_contract(data=name, now=NOW, show_values=show_values)


def tried(draft: DraftedContract) -> Trial:
    return try_contract(content=draft.text.encode(), filename="d.yaml", actor=None, now=NOW)


def open_gates(trial: Trial) -> dict[str, str]:
    assert trial.failure is None, trial.failure
    assert trial.outcome is not None
    return {gate.gate.value: gate.message for gate in trial.outcome.open_gates if gate.gate not in OF_PEOPLE}


ENDINGS = ("csv", "parquet", "jsonl")


@pytest.mark.parametrize("place", range(len(TABLES)), ids=lambda place: f"{TABLES[place].name}-{ENDINGS[place % 3]}")
def test_a_draft_of_honest_data_registers_and_passes_as_it_is(data: Path, place: int) -> None:
    table, ending = TABLES[place], ENDINGS[place % 3]
    write(table.make(seeded(7), 400), data / f"{table.name}.{ending}")
    draft = drafted(data, f"{table.name}.{ending}")
    assert draft.defects == ()
    trial = tried(draft)
    assert {check.status.value for check in trial.checks} == {"passed"}, [c for c in trial.checks if c.status != "passed"]
    assert trial.not_checked == ()
    gates = open_gates(trial)
    assert set(gates) <= ({"coverage"} if not draft.draft.key else set()), gates
    register_document(content=draft.text.encode(), filename="d.yaml", actor=make_owner(), now=NOW)
    assert DataProduct.objects.get().slug == draft.name.replace("_", "-")


def small(data: Path, text: str, name: str = "small.csv") -> DraftedContract:
    (data / name).write_text(text)
    return drafted(data, name)


@pytest.mark.parametrize("kind", DefectKind)
def test_a_defect_in_a_file_is_named_and_not_made_into_a_rule(data: Path, kind: DefectKind) -> None:
    table = BY_NAME["orders" if kind is not DefectKind.MIXED_FORMAT else "products"]
    honest = table.make(seeded(3), 600)
    made = with_defect(table, honest, kind.value, 0.05, seeded(5))
    assert made is not None
    bad, column = made
    write(bad, data / "bad.csv")
    draft = drafted(data, "bad.csv")
    assert (kind, column) in {(defect.kind, defect.column) for defect in draft.defects}
    assert f"DEFECT {kind.value}" in draft.text
    write(honest, data / "bad.csv")
    clean = drafted(data, "bad.csv")
    rules = [[(d.key, d.value) for d in one.demands] for one in clean.draft.fields]
    assert [[(d.key, d.value) for d in one.demands] for one in draft.draft.fields] == rules, "the defect changed a demand"


def test_a_null_of_one_row_in_a_hundred_fails_the_drafted_contract(data: Path) -> None:
    bad, _ = with_defect(BY_NAME["orders"], BY_NAME["orders"].make(seeded(3), 600), "nulls", 0.01, seeded(1)) or ({}, "")
    write(bad, data / "bad.csv")
    trial = tried(drafted(data, "bad.csv"))
    assert [c.expectation.type for c in trial.checks if c.status.value == "failed"] == ["expect_column_values_to_not_be_null"]


def test_leading_zeros_german_dates_and_words_for_nothing_are_read_as_they_are_meant(data: Path) -> None:
    rows = "".join(f"{n % 30:05d};{n % 28 + 1:02d}.03.2026;{n},5;{'NA' if n % 3 else n}\n" for n in range(60))
    draft = small(data, "zip;day;fee;extra\n" + rows)
    assert {one.name: one.logical_type.value for one in draft.draft.fields if one.logical_type} == {
        "zip": "string",
        "day": "date",
        "fee": "number",
        "extra": "integer",
    }
    assert 'format: "dd.MM.yyyy"' in draft.text or "format: dd.MM.yyyy" in draft.text
    assert "{property: touchstone.nullValues, value: [NA]}" in draft.text
    assert {check.status.value for check in tried(draft).checks} == {"passed"}


def test_a_country_called_na_is_a_value(data: Path) -> None:
    draft = small(data, "id,country\n" + "".join(f"{n},{['DE', 'FR', 'NA'][n % 3]}\n" for n in range(90)))
    assert "nullValues, value" not in draft.text
    assert "validValues: [DE, FR, NA]" in draft.text


def test_likely_personal_data_is_marked_and_its_values_are_not_shown(data: Path) -> None:
    write(BY_NAME["customers"].make(seeded(2), 300), data / "customers.csv")
    draft = drafted(data, "customers.csv")
    personal = {one.name for one in draft.draft.fields if one.privacy.personal}
    assert personal == {"first_name", "last_name", "email", "phone", "birth_date"}
    assert "Lovelace" not in draft.text
    assert "{property: touchstone.sensitivity, value: confidential}" in draft.text


def test_whoever_may_not_read_the_place_sees_no_value_of_it(data: Path) -> None:
    rows: Rows = {"id": list(range(300)), "secret": ["alpha", "beta", "gamma"] * 100}
    rows["amount"] = [1234.5 + n for n in range(300)]
    bad = rows | {"secret": ["Alpha" if n % 33 == 0 else one for n, one in enumerate(rows["secret"])]}
    write(bad, data / "hidden.csv")
    text = json.dumps(draft_to_json(drafted(data, "hidden.csv", show_values=False)))
    assert "wrong_category" in text
    assert not [value for value in ("alpha", "Alpha", "gamma", "1234", "1533") if value in text]
    shown = json.dumps(draft_to_json(drafted(data, "hidden.csv")))
    assert "Alpha" in shown


def test_data_that_is_renewed_gets_a_service_level_and_old_data_is_static(data: Path) -> None:
    for name, newest in (("fresh", NOW), ("old", NOW - timedelta(days=800))):
        rows = "".join(f"{n},{(newest - timedelta(hours=6 * n + 1)).isoformat()}\n" for n in range(100))
        (data / f"{name}.csv").write_text(f"id,updated_at\n{rows}")
    fresh, old = drafted(data, "fresh.csv"), drafted(data, "old.csv")
    assert "{property: latency, value: 3, unit: d, element: fresh.updated_at}" in fresh.text
    assert "cadence, value: static" in old.text
    assert all("freshness" not in open_gates(tried(one)) for one in (fresh, old))


@pytest.mark.parametrize(
    "text", ["id\n", "id,name\n1,x\n", "a,b\n,\n,\n", '"a b",ü,"x:y # z"\n1,2,"- [x]"\n3,4,"{y}: \u2028"\n']
)
def test_tiny_and_odd_files_give_a_contract_that_registers(data: Path, text: str) -> None:
    draft = small(data, text)
    assert draft.defects == ()
    assert tried(draft).failure is None or draft.draft.rows == 0
    register_document(content=draft.text.encode(), filename="d.yaml", actor=make_owner(), now=NOW)


def test_a_sample_of_a_large_table_gives_rules_that_all_rows_keep(data: Path) -> None:
    from trust.evidence.engines.gx import Access  # noqa: PLC0415
    from trust.evidence.engines.gx.profile import profile_source  # noqa: PLC0415
    from trust.evidence.rules.evidence import Source  # noqa: PLC0415
    from trust.evidence.sources.files import file_kind  # noqa: PLC0415
    from trust.intake.rules.contract_draft import draft_of  # noqa: PLC0415
    from trust.intake.rules.contract_text import contract_text  # noqa: PLC0415

    rows = BY_NAME["orders"].make(seeded(1), 3_000)
    rows["amount"][1] = 9_000_000.0  # between the rows of the sample
    path = write(rows, data / "large.csv")
    profile = profile_source(Source(kind=file_kind(path.name), location=str(path)), Access(), sampled_rows=1_000)
    draft = draft_of(profile, now=NOW.replace(tzinfo=None), show_values=True)
    assert (draft.rows, draft.looked_at) == (3_000, 1_000)
    text = contract_text(draft, name="large", location="large.csv", file_format="", drafted_on=NOW, show_values=True)
    trial = try_contract(content=text.encode(), filename="d.yaml", actor=None, now=NOW)
    assert {check.status.value for check in trial.checks} == {"passed"}


def test_drafting_reads_data_roots_only(data: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text("id\n1\n")
    with pytest.raises(SourceProblemError):
        draft_contract(data=str(tmp_path / "elsewhere.csv"), now=NOW, show_values=True)
    found = draft_contract(data=str(tmp_path / "elsewhere.csv"), now=NOW, show_values=True, roots=(str(tmp_path),))
    assert found.location == str(tmp_path / "elsewhere.csv")


def test_a_folder_of_files_is_drafted_as_one_table(data: Path) -> None:
    rows = BY_NAME["orders"].make(seeded(6), 400)
    (data / "parts").mkdir()
    for half in (0, 1):
        write({name: values[half::2] for name, values in rows.items()}, data / "parts" / f"{half}.parquet")
    draft = drafted(data, "parts")
    assert (draft.location, draft.draft.rows, draft.defects) == ("parts/", 400, ())
    assert {check.status.value for check in tried(draft).checks} == {"passed"}


def test_an_excel_file_is_drafted_with_the_types_of_its_cells(data: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["id", "amount", "city"])
    for n in range(60):
        book.active.append([n, n / 4, ["Rome", "Bonn", "Lyon"][n % 3]])
    book.save(data / "book.xlsx")
    draft = drafted(data, "book.xlsx")
    assert [one.logical_type.value for one in draft.draft.fields if one.logical_type] == ["integer", "number", "string"]
    assert {check.status.value for check in tried(draft).checks} == {"passed"}


def test_the_four_steps_of_the_command_line(data: Path, tmp_path: Path) -> None:
    make_owner("zoe")
    write(BY_NAME["orders"].make(seeded(4), 300), data / "sales.csv")
    out, said = tmp_path / "sales.odcs.yaml", StringIO()
    call_command("draft_contract", str(data / "sales.csv"), "--out", str(out), stdout=said)
    assert "300 rows" in said.getvalue()
    assert "{property: touchstone.location, value: sales.csv}" in out.read_text()
    with pytest.raises(CommandError, match="is there already"):
        call_command("draft_contract", str(data / "sales.csv"), "--out", str(out))
    call_command("register", str(out), "--as", "zoe", stdout=StringIO())
    assert DataProduct.objects.get().slug == "sales"


def test_a_try_of_a_data_file_drafts_first_and_registers_nothing(tmp_path: Path) -> None:
    rows = BY_NAME["orders"].make(seeded(4), 300)
    path, said = write(rows, tmp_path / "anywhere.parquet"), StringIO()
    call_command("try", str(path), "--json", stdout=said)
    found = json.loads(said.getvalue())
    assert (found["failure"], found["rows"]) == (None, 300)
    assert not DataProduct.objects.exists()
    bad, _ = with_defect(BY_NAME["orders"], rows, "nulls", 0.05, seeded(1)) or ({}, "")
    write(bad, path)
    errors = StringIO()
    with pytest.raises(SystemExit):
        call_command("try", str(path), stdout=StringIO(), stderr=errors)
    assert "defect: nulls in" in errors.getvalue()
