"""`manage.py register`: what it prints, and what it exits with."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from catalog.models import AccessPolicy, DataProduct
from tests.catalog.contracts.documents import as_json, as_yaml, contract, setting
from tests.factories import make_governance, make_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ada(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "orders.csv").write_text("id,amount\n1,2\n")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})
    make_owner("ada")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "orders.odcs.yaml"
    policy = {"name": "readers", "effect": "permit", "purposes": ["analytics"]}
    path.write_bytes(as_yaml(contract(customProperties=[setting("accessPolicies", [policy])])))
    return path


def register(*words: object) -> str:
    out = StringIO()
    call_command("register", *map(str, words), stdout=out, stderr=out)
    return out.getvalue()


def test_it_tells_what_it_did_and_what_to_do_next(file: Path) -> None:
    said = register(file)
    assert f"{file}: orders created" in said
    assert "  port orders: added" in said
    assert "bin/manage run_suite orders" in said
    assert register(file) == f"{file}: orders unchanged\n" + "".join(
        f"{line}\n" for line in ["  warnings:", "    access policy readers: v1 is a draft until governance publishes it"]
    )


def test_a_dry_run_writes_nothing(file: Path) -> None:
    assert "orders would be created" in register(file, "--dry-run")
    assert not DataProduct.objects.exists()


def test_policies_are_published_when_that_is_asked_for_or_governance_registers(file: Path) -> None:
    register(file)
    assert AccessPolicy.objects.get().status == "draft"
    register(file, "--as", make_governance("gov").username)
    assert AccessPolicy.objects.get().status == "published"


def test_the_operator_may_publish_for_governance(file: Path) -> None:
    register(file, "--publish-policies")
    assert AccessPolicy.objects.get().status == "published"


def test_one_bad_file_exits_1_and_the_others_are_registered(file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1.0\nkind: Something\n")
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2 files were rejected") as refusal:
        call_command("register", str(bad), str(file), stdout=out, stderr=out)
    assert refusal.value.returncode == 1
    assert "version: is a number, not text" in out.getvalue()
    assert "kind: is 'Something'" in out.getvalue()
    assert DataProduct.objects.count() == 1


@pytest.mark.parametrize("name", ["nothing.yaml", "."])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        register(tmp_path / name)


def test_a_person_who_does_not_exist_cannot_register(file: Path) -> None:
    with pytest.raises(CommandError, match="no active person 'nobody'"):
        register(file, "--as", "nobody")


def test_json_is_registered_too(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_bytes(as_json(contract()))
    assert "orders created" in register(path)
