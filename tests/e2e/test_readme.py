"""The README as a new user reads it: what it tells to type is typed, against real workers, and what it promises is so."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from catalog.models import Person
from catalog.rules.roles import PersonRole
from catalog.services.people import add_person
from tests.e2e.conftest import ROOT, Stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

README = (ROOT / "README.md").read_text(encoding="utf-8")


def typed(section: str) -> list[list[str]]:
    """What the code blocks of a section tell to type after `bin/manage`, in order."""
    text = README.partition(f"## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line.removeprefix("bin/manage ")) for line in lines if line.startswith("bin/manage ")]


def verdict_of(stage: Stage, slug: str) -> str:
    answer = json.loads(stage.manage("show_verdicts", "--wait", "60", "--json").stdout)
    return str(next(product["verdict"] for product in answer["products"] if product["product"] == slug))


def test_a_file_of_ones_own_becomes_production_grade_and_falls_when_it_goes_bad(
    stage: Stage, data_root: Path, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "docs/example/orders.csv", data_root)
    add_person(username="ruth.adler", email="ruth.adler@example.org", roles=[PersonRole.GOVERNANCE])
    stage.start_worker()
    commands = typed("Register a file of your own")
    assert [command[0] for command in commands] == [
        "draft_contract", "try", "register", "run_suite", "show_verdicts",
        "register", "acknowledge", "review", "run_suite", "show_verdicts",
    ]  # fmt: skip

    drafted = str(tmp_path / "orders.odcs.yaml")
    commands = [[drafted if word == "orders.odcs.yaml" else word for word in command] for command in commands]
    commands[0][1] = str(data_root / "orders.csv")
    for position, command in enumerate(commands):
        told = stage.manage(*command, check=command[0] != "try")
        if command[0] == "try":
            assert (told.returncode, "NOT PRODUCTION GRADE: 10 passed, 6 rows" in told.stdout) == (1, True)
        if position == 4:
            assert verdict_of(stage, "orders") == "not_production_grade"
    assert Person.objects.filter(username="sam.taylor", is_active=True).exists()
    assert verdict_of(stage, "shop-orders") == "production_grade"

    orders = data_root / "orders.csv"
    orders.write_text(orders.read_text().replace("340.00", "20000"))
    stage.manage("run_suite", "shop-orders", "--wait", "60")
    assert verdict_of(stage, "shop-orders") == "not_production_grade"


def test_the_first_commands_are_there_and_can_be_run() -> None:
    for command in ("up", "test"):
        assert f"\nbin/{command}\n" in README
        assert (ROOT / "bin" / command).stat().st_mode & 0o111
