"""A draft of honest data registers and passes as it is; of bad data it names the defect. Nothing is registered by drafting."""

import csv
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from catalog.models import DataProduct
from tests.factories import NOW, make_owner
from tests.honest_tables import TABLES, HonestTable, Rows, with_defect
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
            writer.writerows({name: str(v).lower() if isinstance(v, bool) else v for name, v in record.items()} for record in records)
    return path


def drafted(data: Path, name: str, *, show_values: bool = True) -> DraftedContract:
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
    write(table.make(random.Random(7), 400), data / f"{table.name}.{ending}")
    draft = drafted(data, f"{table.name}.{ending}")
    assert draft.defects == ()
    trial = tried(draft)
    assert {check.status.value for check in trial.checks} == {"passed"}, [c for c in trial.checks if c.status != "passed"]
    assert trial.not_checked == ()
    gates = open_gates(trial)
    assert set(gates) <= ({"coverage"} if not draft.draft.key else set()), gates
    register_document(content=draft.text.encode(), filename="d.yaml", actor=make_owner(), now=NOW)
    assert DataProduct.objects.get().slug == draft.name.replace("_", "-")
