"""From a document to claims and suites: all of it or nothing, twice is once, and what changes is told line by line."""

from hashlib import sha256
from pathlib import Path

import pytest

from catalog.callers import Caller, request_origin, set_caller
from catalog.models import AccessPolicy, ApiKey, Contract, DataProduct, OutputPort, Person
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import ConsumerKind, Lifecycle
from catalog.services.products import acknowledge_product, deprecate_product, publish_product, retire_product
from tests.catalog.contracts.documents import EXAMPLES, as_yaml, contract, orders, setting
from tests.catalog.registering import POLICY, register, rows
from tests.factories import NOW, make_consumer, make_governance, make_owner, make_person, make_product
from trust.intake.services.registration import register_files
from trust.models import CurrentVerdict, Run, RunCause, Suite
from trust.vocabulary import RunStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data")]


def test_a_document_becomes_a_product_with_port_suite_and_contract() -> None:
    content = as_yaml(contract())
    report = register(content)

    assert (report.slug, report.created) == ("orders", True)
    product = DataProduct.objects.get(slug="orders")
    assert (product.lifecycle, product.owner_name, product.sensitivity) == ("published", "ada", "internal")
    port = product.output_ports.get()
    assert [field.name for field in port.fields.all()] == ["id", "amount"]
    suite = port.suites.get()
    assert (suite.version, suite.is_current, suite.expectations[0]["dimension"]) == (1, True, "schema")
    kept = product.contracts.get()
    assert (bytes(kept.original), kept.sha256) == (content, sha256(content).hexdigest())
    assert CurrentVerdict.objects.get(product=product).invalidated
    assert any("acknowledge orders --as ada" in step for step in report.next_steps)


def test_the_same_bytes_again_change_nothing_at_all() -> None:
    register()
    before, stamp = rows(), DataProduct.objects.get().updated_at
    report = register()
    assert (report.created, report.changes) == (False, [])
    assert rows() == before
    assert DataProduct.objects.get().updated_at == stamp


def test_a_dry_run_tells_the_difference_and_writes_nothing() -> None:
    before = rows()
    told = register(contract(team=[{"username": "new", "role": "owner"}]), dry_run=True, add_people=True)
    assert told.created
    assert "person new: added" in told.changes
    assert rows() == before

    register()
    before = rows()
    told = register(contract(name="Orders of ours"), dry_run=True)
    assert "name: orders -> Orders of ours" in told.changes
    assert rows() == before


def test_every_change_is_told() -> None:
    register()
    places = [setting("location", "new.csv"), setting("schedule", "P1D")]
    changed = contract(
        version="1.1.0",
        name="All orders",
        schema=[orders({"name": "id", "required": True}, {"name": "when"}, customProperties=places)],
        customProperties=[setting("accessPolicies", [POLICY])],
    )
    report = register(changed)
    columns = "expect_table_columns_to_match_set"
    assert [line.partition(" (SHA")[0] for line in report.changes] == [
        "name: orders -> All orders",
        "version: 1.0.0 -> 1.1.0",
        "port orders.location: orders.csv -> new.csv",
        "field orders.amount: removed",
        "field orders.id.logical_type: integer -> none",
        "field orders.id.required: no -> yes",
        "field orders.when: added",
        "access policy readers: none -> v1 published (" + AccessPolicy.objects.get().digest[:8] + ")",
        "suite orders: v1 -> v2",
        "suite orders.schedule: none -> P1D",
        f"check orders: {columns}(column_set=['id', 'amount'], exact_match=False) critical schema: removed",
        f"check orders: {columns}(column_set=['id', 'when'], exact_match=False) critical schema: added",
        "check orders: expect_column_values_to_not_be_null(column=id) critical completeness: added",
        "contract: 1.0.0",
    ]
    assert any("new.csv" in warning and "no file" in warning for warning in report.warnings)
    assert Contract.objects.filter(is_current=True).get().version == "1.1.0"
    assert Contract.objects.count() == 2


def test_only_new_words_make_a_new_suite_with_the_same_digest() -> None:
    rule = {"metric": "nullValues", "mustBe": 0, "description": "Old words."}
    register(contract(schema=[orders({"name": "id", "quality": [rule]})]))
    register(contract(schema=[orders({"name": "id", "quality": [{**rule, "description": "New words."}]})]))
    old, new = Suite.objects.order_by("version")
    assert (old.digest, old.is_current, new.is_current) == (new.digest, False, True)
    assert new.expectations[-1]["meta"]["description"] == "New words."


def test_a_port_that_vanished_is_removed_and_its_evidence_is_kept() -> None:
    both = contract(schema=[orders(), {**orders(), "name": "lines", "customProperties": [setting("location", "lines.csv")]}])
    register(both)
    port = OutputPort.objects.get(name="lines")
    run = Run.objects.create(
        port=port,
        suite=port.suites.get(),
        status=RunStatus.FAILED,
        cause=RunCause.REQUEST,
        requested_at=NOW,
        not_before=NOW,
        finished_at=NOW,
        max_attempts=1,
        failure={"code": "x", "message": "x", "remedy": "x"},
    )
    report = register()

    assert "port lines: removed; its runs and verdicts are kept" in report.changes
    assert "suite lines: removed" in report.changes
    assert [one.name for one in DataProduct.objects.get().output_ports.all()] == ["orders"]
    assert Run.objects.get(pk=run.pk).port == port
    assert not port.suites.filter(is_current=True).exists()

    assert "port lines: added" in register(both).changes
    assert port.suites.filter(is_current=True).get().version == 2


def test_a_slug_that_belongs_to_another_contract_is_a_conflict_that_names_both() -> None:
    register()
    with pytest.raises(ConflictError) as refusal:
        register(contract(id="other-contract"))
    assert "orders-contract" in refusal.value.message
    assert "other-contract" in refusal.value.message
    assert refusal.value.code == "slug_exists"


def test_a_contract_that_belongs_to_another_product_is_a_conflict_that_names_both() -> None:
    register()
    moved = contract()
    moved["customProperties"][0] = setting("slug", "renamed")
    with pytest.raises(ConflictError) as refusal:
        register(moved)
    assert "'orders'" in refusal.value.message
    assert "'renamed'" in refusal.value.message
    assert DataProduct.objects.count() == 1


def test_a_product_without_a_contract_takes_one_on() -> None:
    make_product("orders", owner=Person.objects.get(username="ada"))
    report = register()
    assert not report.created
    assert report.changes[0] == "lifecycle: draft -> published"
    assert report.changes[-1].startswith("contract: none -> orders-contract 1.0.0")


def test_an_owner_who_does_not_exist_is_named_and_can_be_added() -> None:
    document = contract(team=[{"username": "new", "name": "New Person", "role": "owner"}])
    report = register(document)
    assert ("team", "owner new") in [(one.path, one.rule) for one in report.not_executable]
    product = DataProduct.objects.get()
    assert (product.owner, product.lifecycle) == (None, Lifecycle.DRAFT)

    register(document, add_people=True)
    added = Person.objects.get(username="new")
    assert (added.is_active, added.has_usable_password(), added.get_full_name()) == (True, False, "New Person")
    product.refresh_from_db()
    assert (product.owner, product.lifecycle) == (added, Lifecycle.PUBLISHED), "publishing waited for an owner"


def test_who_registers_a_contract_without_an_owner_owns_it_until_they_confirm() -> None:
    bob = make_owner("bob")
    report = register(contract(team=None), actor=bob)
    product = DataProduct.objects.get()
    assert (product.owner, product.owner_is_provisional, product.lifecycle) == (bob, True, Lifecycle.DRAFT)
    assert any("waits until bob acknowledges" in warning for warning in report.warnings)
    assert register(contract(team=None), actor=bob).changes == []

    acknowledge_product(product=product, actor=bob, now=NOW)
    product.refresh_from_db()
    assert (product.owner_is_provisional, product.lifecycle) == (False, Lifecycle.PUBLISHED)


def test_a_provisional_owner_is_replaced_by_whom_the_contract_names() -> None:
    bob = make_owner("bob")
    register(contract(team=None), actor=bob)
    register(actor=make_governance())
    product = DataProduct.objects.get()
    assert (product.owner_name, product.owner_is_provisional, product.lifecycle) == ("ada", False, Lifecycle.PUBLISHED)


def test_a_machine_provides_no_owner_and_may_register_again() -> None:
    bob = make_owner("bob")
    pipeline = make_consumer("pipeline", owner=bob, kind=ConsumerKind.SERVICE)
    key = ApiKey.objects.create(consumer=pipeline, name="ci", prefix="ci", digest="0" * 64, scopes=["catalog:write"])
    with request_origin("r"):
        set_caller(Caller(key.pk, key.prefix, key.consumer_id, "pipeline", is_person=False))
        register(contract(team=None), actor=bob)
        register(contract(team=None, version="1.1.0"), actor=bob)
    product = DataProduct.objects.get()
    assert (product.owner, product.registered_by, product.version) == (None, bob, "1.1.0")
    with pytest.raises(ConflictError, match="has no owner"):
        publish_product(product=product, actor=None, now=NOW)


def test_a_contract_without_an_owner_belongs_to_whom_the_operator_names() -> None:
    make_person("bob")

    register(contract(team=None), owner="bob")
    assert DataProduct.objects.get().owner_name == "bob"

    register(contract(team=None, version="1.2.0"))
    assert DataProduct.objects.get().owner_name == "bob"


def test_a_named_owner_outweighs_the_operator() -> None:
    make_person("bob")

    report = register(owner="bob")

    assert DataProduct.objects.get(slug=report.slug).owner_name != "bob"


def test_the_owner_changes_with_the_contract_and_must_acknowledge_anew() -> None:
    register()
    make_person("bob")
    report = register(contract(team=[{"username": "bob", "role": "owner"}]))
    assert "owner: ada -> bob" in report.changes
    assert any("--as bob" in step for step in report.next_steps)


def test_a_retired_product_cannot_be_registered_again() -> None:
    register()
    product = DataProduct.objects.get()
    deprecate_product(product=product, ends_at=None, actor=None, now=NOW)
    retire_product(product=product, actor=None, now=NOW)
    with pytest.raises(ConflictError) as refusal:
        register()
    assert refusal.value.code == "product_retired"


def test_a_document_takes_its_product_through_life() -> None:
    register(contract(status="draft"))
    assert register(contract()).changes[0] == "lifecycle: draft -> published"
    ends = setting("deprecationEndsAt", "2027-01-31T00:00:00Z")
    changes = register(contract(status="deprecated", customProperties=[ends])).changes
    assert "lifecycle: published -> deprecated" in changes
    assert any(line.startswith("deprecation_ends_at: none -> 2027-01-31") for line in changes)
    later = setting("deprecationEndsAt", "2027-02-28T00:00:00Z")
    assert any("2027-02-28" in line for line in register(contract(status="deprecated", customProperties=[later])).changes)
    assert "lifecycle: deprecated -> retired" in register(contract(status="retired")).changes
    assert register(contract(status="retired")).changes == []


def test_a_step_that_life_does_not_allow_is_refused() -> None:
    register()
    with pytest.raises(ConflictError):
        register(contract(status="retired"))
    assert any("stays so" in warning for warning in register(contract(status="draft")).warnings)
    assert DataProduct.objects.get().lifecycle == Lifecycle.PUBLISHED


def test_a_new_product_may_start_deprecated() -> None:
    register(contract(status="deprecated"))
    assert DataProduct.objects.get().lifecycle == Lifecycle.DEPRECATED


def test_a_decision_taken_elsewhere_is_not_undone_by_the_same_status() -> None:
    register()
    product = DataProduct.objects.get()
    deprecate_product(product=product, ends_at=None, actor=None, now=NOW)
    report = register(contract(name="Renamed"))
    product.refresh_from_db()
    assert product.lifecycle == Lifecycle.DEPRECATED
    assert any("stays deprecated" in warning for warning in report.warnings)
    publish_product(product=product, actor=None, now=NOW)


def test_what_somebody_changed_by_hand_is_brought_back_in_line() -> None:
    register()
    DataProduct.objects.update(name="By hand")
    assert register().changes == ["name: By hand -> orders"]


def test_a_version_that_goes_backwards_is_told() -> None:
    register(contract(version="1.10.0"))
    assert any("goes backwards" in warning for warning in register(contract(version="1.9.0")).warnings)
    assert not any("goes backwards" in warning for warning in register(contract(version="1.10")).warnings)


def test_owners_register_their_own_and_nobody_else_s() -> None:
    ada, bob, eve = Person.objects.get(username="ada"), make_owner("bob"), make_person("eve")
    with pytest.raises(ForbiddenError):
        register(actor=eve)
    for_ada = contract(id="for-ada")
    for_ada["customProperties"][0] = setting("slug", "for-ada")
    report = register(for_ada, actor=bob)
    assert DataProduct.objects.get(slug="for-ada").owner == bob, "nobody makes another the owner"
    assert any("hand it over to ada" in one.reason for one in report.not_executable)
    register(actor=ada)
    with pytest.raises(ForbiddenError):
        register(contract(name="Mine now"), actor=bob)
    assert Contract.objects.get(product__slug="orders").registered_by == ada


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_standard_s_examples_come_back_byte_for_byte(path: Path) -> None:
    content = path.read_bytes()
    register(content)
    kept = Contract.objects.get()
    assert bytes(kept.original) == content
    assert kept.sha256 == sha256(content).hexdigest()
    assert register(content).changes == []


def test_files_are_registered_inputs_first_and_one_refusal_stops_no_other(data: Path) -> None:
    report_ = contract(id="report-contract", customProperties=[setting("inputPorts", [{"product": "orders"}])])
    report_["customProperties"][0] = setting("slug", "report")
    files = {"report.yaml": as_yaml(report_), "bad.yaml": b"- not a contract", "orders.yaml": as_yaml(contract())}

    outcomes = register_files(files=files, actor=None, now=NOW, dry_run=True)
    assert not DataProduct.objects.exists()
    assert [(one.filename, one.error is None) for one in outcomes] == [
        ("report.yaml", True),
        ("bad.yaml", False),
        ("orders.yaml", True),
    ]
    outcomes = register_files(files=files, actor=None, now=NOW)
    assert DataProduct.objects.count() == 2
    assert isinstance(outcomes[1].error, InvalidError)


def test_files_that_need_one_another_are_refused_with_the_path() -> None:
    files = {}
    for slug, upstream in [("a", "b"), ("b", "a")]:
        document = contract(id=slug, customProperties=[setting("inputPorts", [{"product": upstream}])])
        document["customProperties"][0] = setting("slug", slug)
        files[f"{slug}.yaml"] = as_yaml(document)
    outcomes = register_files(files=files, actor=None, now=NOW)
    assert all(isinstance(one.error, ConflictError) and "circle" in one.error.message for one in outcomes)


def test_nothing_is_left_of_a_registration_that_fails_late(data: Path) -> None:
    before = rows()
    with pytest.raises(DomainError):
        register(
            contract(
                team=[{"username": "new", "role": "owner"}],
                schema=[orders(customProperties=[setting("location", "orders.csv"), setting("schedule", "nonsense")])],
            ),
            add_people=True,
        )
    assert rows() == before


def test_an_owner_whose_account_was_closed_is_named() -> None:
    register()
    Person.objects.filter(username="ada").update(is_active=False)
    report = register(contract(name="New name"))
    assert [one.rule for one in report.not_executable] == ["owner ada"]
    assert DataProduct.objects.get().owner_name == "ada", "the gate owner fails until governance names another"
