"""The parts of a document: locations, inputs, policies and checks. What is refused, and what is reported."""

import time
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from catalog.models import AccessPolicy, Contract, DataProduct, OutputPort, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from tests.catalog.contracts.documents import contract, orders, setting
from tests.catalog.registering import POLICY, register
from tests.factories import NOW, make_governance, make_product
from tests.trust.evidence.rules.test_patterns import HOSTILE, SLOW_FOR_PYTHON
from trust.intake.services.registration import RegistrationReport
from trust.models import Suite
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.services.judging import judge_product
from trust.vocabulary import GateName, GateStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data")]


@pytest.mark.parametrize(
    "location",
    ["../secret.csv", "a/../../secret.csv", "/etc/passwd", "link.csv", "https://example.com/x.csv", "root/../../x.csv"],
)
def test_a_location_outside_of_the_roots_is_never_read(location: str, data: Path) -> None:
    (data.parent / "secret.csv").write_text("id\n1\n")
    (data / "link.csv").symlink_to(data.parent / "secret.csv")
    own = [setting("location", location), setting("format", "csv")]
    report = register(contract(schema=[orders(customProperties=own)]))
    assert unread(report) == ["port orders"]


def unread(report: RegistrationReport) -> list[str]:
    """The ports that are kept and never read: no suite runs on them, so the product stays unknown."""
    assert not Suite.objects.filter(is_current=True).exists()
    assert OutputPort.objects.get().source_kind == "unsupported"
    return [one.rule for one in report.not_executable if "cannot be read, so the product stays unknown" in one.reason]


def test_credentials_in_plain_text_are_refused_and_not_kept() -> None:
    document = postgres()
    document["servers"][0]["customProperties"] = [setting("connection", "postgresql://user:secret@db.example.com/d")]
    with pytest.raises(InvalidError) as refusal:
        register(document)
    assert "secret" not in str(refusal.value)
    assert not DataProduct.objects.exists()


def test_a_missing_file_is_a_warning(data: Path) -> None:
    report = register(contract(schema=[orders(customProperties=[setting("location", "later.csv")])]))
    assert any("later.csv" in warning for warning in report.warnings)


def postgres(host: str = "db.example.com") -> dict[str, Any]:
    server = {"server": "dwh", "type": "postgres", "host": host, "port": 5432, "database": "d", "schema": "public"}
    server["customProperties"] = [setting("connection", "env:H4_WAREHOUSE_URL")]
    return contract(schema=[orders(customProperties=None)], servers=[server])


def test_a_host_that_is_not_allowed_is_named_and_not_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = [one for one in register(postgres()).not_executable if one.rule == "port orders"]
    assert "db.example.com" in told.reason
    assert "TOUCHSTONE_DATABASE_HOSTS" in told.reason

    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"database_hosts": ["db.example.com"]})
    report = register(postgres())
    assert any("H4_WAREHOUSE_URL" in warning for warning in report.warnings)

    monkeypatch.setenv("H4_WAREHOUSE_URL", "postgresql://user:hidden@elsewhere.example.com/d")
    unusable = register(postgres())
    assert unusable.warnings == report.warnings, "whatever is wrong with a connection is answered alike"
    assert "hidden" not in str(unusable)
    assert "elsewhere" not in str(unusable)


def test_an_input_that_is_not_registered_keeps_the_product_from_being_production_grade() -> None:
    inputs = [{"product": "raw"}, {"product": "seasons", "required": False}]
    document = contract(customProperties=[setting("inputPorts", inputs)])
    report = register(document)
    assert [warning.partition(":")[0] for warning in report.warnings if "not registered" in warning] == [
        "input raw",
        "input seasons",
    ]
    product = DataProduct.objects.get(slug="orders")
    assert product.missing_inputs == ["raw"]
    gate = load_outcome(judge_product(product_id=product.pk, now=NOW, cause="test").outcome).gate(GateName.UPSTREAM)
    assert (gate.status, gate.code) == (GateStatus.UNKNOWN, "upstream_not_registered")
    assert register(document).changes == []

    make_product("raw")
    assert "input raw: found" in register(document).changes
    product.refresh_from_db()
    assert (product.missing_inputs, product.input_ports.get().upstream.slug) == ([], "raw")


def test_an_input_that_closes_a_circle_is_refused_with_its_path() -> None:
    register()
    make_product("report", inputs=(DataProduct.objects.get(slug="orders"),))
    with pytest.raises(ConflictError, match="orders <- report <- orders"):
        register(contract(customProperties=[setting("inputPorts", [{"product": "report"}])]))


def with_policy(**change: Any) -> dict[str, Any]:
    return contract(customProperties=[setting("accessPolicies", [{**POLICY, **change}])])


def test_policies_are_published_by_governance_and_the_system_and_drafted_by_owners() -> None:
    ada, governance = Person.objects.get(username="ada"), make_governance()
    report = register(with_policy(), actor=ada)
    assert AccessPolicy.objects.get().status == "draft"
    assert any("until governance publishes it" in warning for warning in report.warnings)
    with pytest.raises(ForbiddenError):
        register(with_policy(), actor=ada, publish_policies=True)

    assert len(register(with_policy(), actor=governance).changes) == 1
    assert AccessPolicy.objects.get().published_by == governance
    register(with_policy(minimumScore=80))
    assert list(AccessPolicy.objects.order_by("version").values_list("status", "minimum_score")) == [
        ("withdrawn", None),
        ("published", 80),
    ]


def test_a_policy_that_vanished_is_withdrawn_by_those_who_may() -> None:
    register(with_policy())
    report = register(contract(), actor=Person.objects.get(username="ada"))
    assert any("until governance withdraws it" in warning for warning in report.warnings)
    assert AccessPolicy.objects.get().status == "published"
    register(contract())
    assert AccessPolicy.objects.get().status == "withdrawn"


def test_a_policy_for_a_purpose_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidError, match="fun"):
        register(with_policy(purposes=["fun"]))
    assert not DataProduct.objects.exists()


def test_a_type_that_nobody_knows_is_reported_and_stays_in_the_suite() -> None:
    rule = {"type": "custom", "engine": "gx", "name": "moon", "implementation": {"type": "expect_full_moon", "kwargs": {}}}
    report = register(contract(schema=[orders({"name": "id", "quality": [rule]})]))
    (entry,) = report.not_executable
    assert (entry.path, entry.rule) == ("schema[0].properties[0].quality[0]", "moon")
    assert Suite.objects.get().expectations[-1]["type"] == "expect_full_moon"
    assert Contract.objects.get().not_executable == [entry.as_json()]


def test_a_foreign_key_that_leads_nowhere_is_reported_and_stays_in_the_suite() -> None:
    link = {"relationships": [{"to": "crm.odcs.yaml#people.key"}]}
    document = contract(schema=[orders({"name": "customer", **link})])
    assert "no port 'crm/people'" in register(document).not_executable[0].reason

    people = contract(id="crm-contract", schema=[{**orders({"name": "code"}), "name": "people"}])
    people["customProperties"][0] = setting("slug", "crm")
    register(people)
    assert "no field 'key'" in register(document).not_executable[0].reason

    people["schema"] = [{**orders({"name": "key"}), "name": "people"}]
    register(people)
    report = register(document)
    assert report.not_executable == []
    assert any("'crm'" in warning and "inputPorts" in warning for warning in report.warnings)


def test_a_check_that_cannot_fail_is_told() -> None:
    rule = {
        "type": "custom",
        "engine": "gx",
        "implementation": {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}},
    }
    report = register(contract(schema=[orders(quality=[rule])]))
    assert any("cannot fail" in warning for warning in report.warnings)


def test_a_schedule_that_cannot_be_followed_is_refused() -> None:
    own = [setting("location", "orders.csv"), setting("schedule", "now and then")]
    with pytest.raises(InvalidError) as refusal:
        register(contract(schema=[orders(customProperties=own)]))
    assert refusal.value.code == "invalid_schedule"


@pytest.mark.parametrize("dry_run", [True, False])
def test_patterns_that_are_never_run_are_kept_and_named(dry_run: bool) -> None:
    hostile = {pattern: why for pattern, why in HOSTILE.items() if "mixes" not in why}  # of Python's kinds of \\b ECMA has one
    fields = [
        {"name": f"f{number}", "logicalType": "string", "logicalTypeOptions": {"pattern": pattern}}
        for number, pattern in enumerate(hostile)
    ]
    before = time.monotonic()

    report = register(contract(schema=[orders(*fields)]), dry_run=dry_run)

    reasons = [entry.reason for entry in report.not_executable]
    assert len(reasons) == len(hostile)
    assert [reason for reason, why in zip(reasons, hostile.values(), strict=True) if why not in reason] == []
    assert all("comes out as an error" in reason for reason in reasons)
    assert time.monotonic() - before < 5
    if not dry_run:
        kinds = [one["type"] for one in Suite.objects.get().expectations]
        assert kinds.count("expect_column_values_to_match_regex") == len(hostile)


@pytest.mark.parametrize("pattern", SLOW_FOR_PYTHON)
def test_a_pattern_that_is_slow_for_python_is_registered_at_once(pattern: str) -> None:
    field = {"name": "f", "logicalType": "string", "logicalTypeOptions": {"pattern": pattern}}
    before = time.monotonic()

    assert register(contract(schema=[orders(field)])).not_executable == []

    assert time.monotonic() - before < 2
