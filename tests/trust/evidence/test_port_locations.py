"""Nobody reads what another keeps to himself by naming its place, or by asking which of his guesses are there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from catalog.models import DataProduct, OutputPort, Person
from catalog.rules.claims import FieldClaims, PortClaims
from catalog.rules.errors import ForbiddenError
from catalog.rules.expectation import Json
from catalog.rules.vocabulary import LogicalType, Sensitivity, SourceKind
from catalog.services.products import claims_of, update_product
from tests.catalog.contracts.documents import as_yaml, contract
from tests.factories import NOW, make_governance, make_governed_product, make_owner, make_port, make_product
from tests.trust.builders import make_suite
from trust.evidence.rules.evidence import Source
from trust.evidence.services import ports
from trust.evidence.services.port_locations import data_location, ports_on_same_data
from trust.evidence.services.source_resolution import resolve_engine_input
from trust.intake.services.registration import register_document

pytestmark = pytest.mark.django_db

SSN = FieldClaims("ssn", LogicalType.INTEGER, sensitivity=Sensitivity.RESTRICTED, personal=True)
CODE = FieldClaims("code", LogicalType.INTEGER, sensitivity=Sensitivity.PUBLIC)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> Path:
    root = tmp_path / "root"
    (root / "hr").mkdir(parents=True)
    for name in ("rows.csv", "orders.csv", "hr/pay.csv"):
        (root / name).write_text("ssn,code\n1,2\n")
    settings.TOUCHSTONE = django_settings.TOUCHSTONE.model_copy(update={"data_roots": [str(root)]})
    return root


@pytest.fixture
def victor() -> Person:
    return make_owner("victor")


@pytest.fixture
def pay(victor: Person) -> OutputPort:
    """Pay slips: restricted, with one column that is public."""
    product = make_governed_product("pay", owner=victor, sensitivity=Sensitivity.RESTRICTED)
    return make_port(product, location="hr/pay.csv", fields=(SSN, CODE))


def claims_on(location: str, name: str = "mine", kind: SourceKind = SourceKind.CSV) -> PortClaims:
    return PortClaims(name=name, source_kind=kind, location=location, fields=(CODE,))


def add_steward(product: DataProduct, steward: Person) -> None:
    update_product(product=product, claims=replace(claims_of(product), stewards=(steward.username,)), actor=None)


SPELLINGS: list[Callable[[Path], str]] = [
    lambda _: "hr/pay.csv",
    lambda _: "./hr//pay.csv",
    lambda root: str(root / "hr" / "pay.csv"),
]


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize("kind", [SourceKind.CSV, SourceKind.JSON_LINES])
def test_a_port_on_what_somebody_else_keeps_is_refused(
    pay: OutputPort, root: Path, spell: Callable[[Path], str], kind: SourceKind
) -> None:
    mallory = make_owner("mallory")
    product = make_product(owner=mallory, sensitivity=Sensitivity.PUBLIC)

    with pytest.raises(ForbiddenError, match="another owner's product"):
        ports.put_output_port(product=product, claims=claims_on(spell(root), kind=kind), actor=mallory)
    assert not product.output_ports.exists()


def test_a_contract_on_what_somebody_else_keeps_is_kept_and_never_reads_it(pay: OutputPort) -> None:
    OutputPort.objects.filter(id=pay.id).update(location="orders.csv")
    ada = make_owner("ada")

    report = register_document(content=as_yaml(contract()), filename="orders.odcs.yaml", actor=ada, now=NOW)
    assert any("another owner's product" in one.reason for one in report.not_executable)
    port = DataProduct.objects.get(slug="orders").output_ports.get()
    assert (port.source_kind, port.suites.count()) == ("unsupported", 0)


def test_owner_stewards_and_governance_may_offer_the_same_data_again(pay: OutputPort, victor: Person) -> None:
    steward = make_owner("sam")
    add_steward(pay.product, steward)

    for person in (victor, steward, make_governance()):
        product = make_product(owner=person)
        ports.put_output_port(product=product, claims=claims_on("hr/pay.csv"), actor=person)


def test_what_is_open_may_be_offered_by_several(victor: Person) -> None:
    make_port(make_product(owner=victor), location="rows.csv", fields=(CODE,))
    mallory = make_owner()

    ports.put_output_port(product=make_product(owner=mallory), claims=claims_on("rows.csv"), actor=mallory)


def test_nobody_loses_a_port_because_another_claims_its_place_as_kept(victor: Person) -> None:
    product = make_product(owner=victor, sensitivity=Sensitivity.PUBLIC)
    ports.put_output_port(product=product, claims=claims_on("rows.csv"), actor=victor)
    make_port(make_product(), location="rows.csv", fields=(SSN,))

    again = PortClaims(name="mine", source_kind=SourceKind.CSV, location="./rows.csv", description="Said anew.", fields=(CODE,))
    put, _ = ports.put_output_port(product=product, claims=again, actor=victor)

    assert put.description == "Said anew."


def test_what_one_port_keeps_is_redacted_for_every_port_on_the_same_data(pay: OutputPort) -> None:
    port = make_port(make_product(sensitivity=Sensitivity.PUBLIC), location="./hr/pay.csv", fields=(CODE,))

    assert source_of(port, column="ssn").redacted_columns == {"ssn"}


def test_guesses_are_not_looked_up_in_what_somebody_else_keeps(pay: OutputPort) -> None:
    port = make_port(make_product(owner=make_owner()), fields=(CODE,))

    assert source_of(port, column="code", reference="pay/rows", reference_column="ssn").references == {}
    assert source_of(port, column="code", reference="pay/rows", reference_column_list=["code", "ssn"]).references == {}
    assert source_of(port, column="code", reference="pay/rows", reference_column="undeclared").references == {}
    assert set(source_of(port, column="x", reference="pay/rows", reference_column="code").references) == {"pay/rows"}


def test_a_person_who_answers_for_both_may_look_up(pay: OutputPort, victor: Person) -> None:
    own = make_port(make_product(owner=victor), fields=(CODE,))
    steward = make_owner()
    add_steward(pay.product, steward)
    let_in = make_port(make_product(owner=steward), fields=(CODE,))

    for port in (own, let_in):
        assert source_of(port, column="code", reference="pay/rows", reference_column="ssn").references


def test_a_draft_of_somebody_else_cannot_be_looked_into() -> None:
    make_port(make_product("plans", sensitivity=Sensitivity.PUBLIC), fields=(CODE,))
    port = make_port(make_product(owner=make_owner()), fields=(CODE,))

    assert source_of(port, column="code", reference="plans/rows", reference_column="code").references == {}


def test_tables_are_the_same_however_they_are_written(victor: Person) -> None:
    product = make_product(owner=victor)
    table = make_port(product, source_kind=SourceKind.POSTGRES, location='"hr".pay', connection="env:WAREHOUSE_URL")

    assert ports_on_same_data(SourceKind.POSTGRES, "hr.pay") == [table]
    assert ports_on_same_data(SourceKind.POSTGRES, "public.pay") == []


def test_a_location_that_leads_nowhere_is_nobody_s() -> None:
    assert data_location(SourceKind.POSTGRES, "a.b.c") == frozenset()
    assert data_location(SourceKind.CSV, "nul\0.csv") == frozenset()
    assert ports_on_same_data(SourceKind.CSV, "nul\0.csv") == []


def source_of(port: OutputPort, **kwargs: Json) -> Source:
    check: dict[str, Json] = {
        "type": "expect_column_values_to_exist_in_reference",
        "kwargs": dict(kwargs),
        "severity": "critical",
        "dimension": "consistency",
        "meta": {},
    }
    return resolve_engine_input(port=port, suite=make_suite(port, (check,))).source


def test_a_hard_link_is_the_same_data_under_whatever_name(pay: OutputPort, root: Path) -> None:
    (root / "mine").mkdir()
    (root / "mine" / "harmless.csv").hardlink_to(root / "hr" / "pay.csv")
    product = make_product("mine", owner=make_owner("mallory"))
    with pytest.raises(ForbiddenError):
        ports.put_output_port(product=product, claims=claims_on("mine/harmless.csv"), actor=product.owner)
    assert ports_on_same_data(SourceKind.CSV, "mine/harmless.csv") == [pay]
