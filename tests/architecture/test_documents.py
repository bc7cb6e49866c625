"""What the documents name exists: variables, commands, files, addresses, gates. A document that lies is worse than none."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from api.management.commands.config_table import configuration_table, variable_name, with_table
from api.urls import unknown_address
from catalog.rules.vocabulary import BUILT_IN_PURPOSES, Dimension
from config.environment import Environment
from trust.vocabulary import GateName, VerdictStatus

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = [
    *(ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")),
    ROOT / "demo/data/README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
FOLDERS = "api|benchmarks|bin|catalog|config|demo|docs|tests|trust|verify"


@pytest.fixture(params=NAMES)
def document(request: pytest.FixtureRequest) -> Path:
    return ROOT / str(request.param)


def found(pattern: str, document: Path) -> set[str]:
    return set(re.findall(pattern, document.read_text(encoding="utf-8")))


def headings(document: Path) -> set[str]:
    """The anchors that a reader of the rendered document can jump to."""
    lines = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def missing(names: Iterable[str], known: Iterable[str]) -> list[str]:
    return sorted(set(names) - set(known))


def test_the_readme_holds_the_configuration_table() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_table(readme) == readme, "run bin/manage config_table --write README.md"


def test_the_configuration_table_has_every_variable_once() -> None:
    rows = configuration_table().splitlines()[2:]
    names = [variable_name(name, field) for name, field in Environment.model_fields.items()]
    assert [row.split("`")[1] for row in rows] == names


def test_every_variable_that_a_document_names_is_read(document: Path) -> None:
    known = {variable_name(name, field) for name, field in Environment.model_fields.items()}
    known |= found(r"\$\{([A-Z_]+)", ROOT / "docker-compose.yml")
    assert not missing(found(r"\b(?:TOUCHSTONE_[A-Z_]+|DATABASE_URL|REDIS_URL)\b", document), known)


def test_every_management_command_that_a_document_names_exists(document: Path) -> None:
    assert not missing(found(r"(?:manage\.py|bin/manage) ([a-z_]+)", document), get_commands())


def test_every_path_that_a_document_names_exists(document: Path) -> None:
    paths = found(rf"(?<![\w/.\-])((?:{FOLDERS})/[\w./\-]*[\w/])", document)
    assert not [path for path in sorted(paths) if not (ROOT / path).exists()]


def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    broken = []
    for target in sorted(found(r"\]\(([^)\s]+)\)", document)):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        aim = (document.parent / path).resolve() if path else document
        if not aim.exists() or (anchor and anchor not in headings(aim)):
            broken.append(target)
    assert not broken


def test_the_readme_leads_to_every_document() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [path.name for path in sorted((ROOT / "docs").glob("*.md")) if f"](docs/{path.name})" not in readme]


def test_every_address_that_a_document_names_is_served(document: Path) -> None:
    unserved = []
    for address in sorted(found(r"(?<![\w.])(/(?:access|admin|api|healthz|readyz|\.well-known)[\w/{}.\-]*)", document)):
        numbered = re.sub(r"{(run|job)_id}", "00000000-0000-0000-0000-000000000001", address)
        concrete = re.sub(r"{(\w+)}", r"\1", re.sub(r"{(\w+_id|version)}", "1", numbered))
        try:
            is_served = resolve(concrete).func is not unknown_address  # which takes whatever nothing else takes below /api
        except Resolver404:
            is_served = False
        if not is_served:
            unserved.append(address)
    assert not unserved


@pytest.mark.parametrize("word", [*GateName, *Dimension, *VerdictStatus, *BUILT_IN_PURPOSES])
def test_the_concepts_and_the_glossary_explain_every_word_of_an_answer(word: str) -> None:
    assert any(word in (ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("concepts", "glossary"))


def faults() -> list[list[str]]:
    """The rows of the table in docs/security.md: fault or attack, what happens, test."""
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    section = text.split("## Faults and attacks, each with its test", 1)[1].split("\n## ", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")][2:]


def test_at_least_forty_faults_and_attacks_are_tabled_once_each() -> None:
    names = [row[0] for row in faults()]
    assert len(names) >= 40
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("row", faults(), ids=lambda row: row[0][:60])
def test_every_fault_and_attack_names_a_test_that_there_is(row: list[str]) -> None:
    _, outcome, tests = row
    assert outcome
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", tests)
    assert named
    for path, function in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert f"def {function or 'test_'}" in text
