"""Output ports and their fields, input ports: put, changed, removed; contradictions and circles refused."""

from dataclasses import replace
from typing import Any

import pytest

from catalog.models import InputPort, OutputPort
from catalog.rules.claims import FieldClaims, InputClaims
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import Lifecycle, LogicalType, Sensitivity, SourceKind
from catalog.services.ports import claims_of_port, put_input_ports, put_output_port, remove_output_port
from tests.factories import NOW, make_owner, make_port, make_product

pytestmark = pytest.mark.django_db


def test_a_port_is_put_with_its_fields_in_order() -> None:
    port = make_port(
        fields=(FieldClaims("b", LogicalType.DATE, sensitivity=Sensitivity.PUBLIC, critical=True), FieldClaims("a"))
    )
    assert [(field.name, field.position) for field in port.fields.all()] == [("b", 0), ("a", 1)]
    assert claims_of_port(port).fields[0].critical


def test_changes_are_told_and_only_they_are_written() -> None:
    port = make_port(make_product("orders"))
    claims = claims_of_port(port)
    fields = (replace(claims.fields[1], personal=True), FieldClaims("new"))
    changed, lines = put_output_port(
        product=port.product, claims=replace(claims, location="other.csv", fields=fields), actor=port.product.owner
    )

    assert changed.pk == port.pk
    assert lines == [
        "port rows.location: rows.csv -> other.csv",
        "field rows.id: removed",
        "field rows.name.personal: no -> yes",
        "field rows.new: added",
    ]
    assert put_output_port(product=port.product, claims=claims_of_port(changed), actor=None)[1] == []


def test_a_removed_port_keeps_its_row_and_comes_back() -> None:
    port = make_port()
    product, claims = port.product, claims_of_port(port)
    remove_output_port(port=port, actor=None, now=NOW)
    assert not product.output_ports.exists()
    assert OutputPort.with_removed.get(product=product).removed_at == NOW

    again, lines = put_output_port(product=product, claims=claims, actor=None)
    assert (again.pk, again.removed_at, lines) == (port.pk, None, ["port rows: added"])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"fields": (FieldClaims("a"), FieldClaims("a"))}, "named twice: a"),
        ({"time_column": "when"}, "no field 'when'"),
        ({"source_kind": SourceKind.POSTGRES, "connection": "postgres://u:p@h/d"}, "must be a reference"),
        ({"source_kind": SourceKind.POSTGRES, "connection": "env:DATABASE_URL"}, "secret of Touchstone"),
        ({"source_kind": SourceKind.POSTGRES, "connection": "env:TOUCHSTONE_SECRET_KEY"}, "secret of Touchstone"),
        ({"source_kind": SourceKind.POSTGRES}, "needs one"),
        ({"connection": "env:X"}, "has none"),
        ({"name": ""}, "name"),
        ({"location": "x" * 2000}, "location"),
    ],
    ids=str,
)
def test_a_port_that_contradicts_itself_is_refused(change: dict[str, Any], fault: str) -> None:
    port = make_port()
    with pytest.raises(InvalidError) as refusal:
        put_output_port(product=port.product, claims=replace(claims_of_port(port), **change), actor=None)
    assert fault in " ".join(refusal.value.details)
    assert "u:p@h" not in str(refusal.value)
    port.refresh_from_db()
    assert port.location == "rows.csv"


def test_only_owner_and_governance_put_ports() -> None:
    port = make_port()
    claims = replace(claims_of_port(port), location="stolen.csv")
    with pytest.raises(ForbiddenError):
        put_output_port(product=port.product, claims=claims, actor=make_owner())
    with pytest.raises(ForbiddenError):
        remove_output_port(port=port, actor=make_owner(), now=NOW)


def test_a_retired_product_gets_no_port() -> None:
    with pytest.raises(ConflictError):
        make_port(make_product(lifecycle=Lifecycle.RETIRED))


def test_inputs_are_replaced_as_a_whole() -> None:
    first, second = make_product("first"), make_product("second", lifecycle=Lifecycle.PUBLISHED)
    product = make_product("orders", inputs=(first,))
    lines = put_input_ports(
        product=product, inputs=[InputClaims("first", required=False), InputClaims("second")], actor=product.owner
    )
    assert lines == ["input first.required: yes -> no", "input second: added"]
    assert put_input_ports(product=product, inputs=[InputClaims("second")], actor=None) == ["input first: removed"]
    assert [port.upstream for port in product.input_ports.all()] == [second]


@pytest.mark.parametrize("is_draft", [True, False])
def test_a_draft_of_somebody_else_is_an_input_that_does_not_exist(is_draft: bool) -> None:
    make_product("foreign", lifecycle=Lifecycle.DRAFT if is_draft else Lifecycle.PUBLISHED)
    product = make_product("orders")
    for name in ["foreign", "nothing"] if is_draft else ["nothing"]:
        with pytest.raises(InvalidError, match=f"names the input '{name}', which is not registered"):
            put_input_ports(product=product, inputs=[InputClaims(name)], actor=product.owner)
    if not is_draft:
        assert put_input_ports(product=product, inputs=[InputClaims("foreign")], actor=product.owner)


def test_an_input_that_is_not_registered_is_named() -> None:
    product = make_product("orders")
    with pytest.raises(InvalidError, match="'nothing', which is not registered"):
        put_input_ports(product=product, inputs=[InputClaims("nothing")], actor=None)


def test_an_input_twice_is_refused() -> None:
    make_product("first")
    with pytest.raises(InvalidError, match="twice"):
        put_input_ports(product=make_product(), inputs=[InputClaims("first"), InputClaims("first")], actor=None)


def test_a_circle_is_refused_and_its_path_is_told() -> None:
    raw = make_product("raw")
    clean = make_product("clean", inputs=(raw,))
    make_product("report", inputs=(clean,))
    with pytest.raises(ConflictError) as refusal:
        put_input_ports(product=raw, inputs=[InputClaims("report")], actor=None)
    assert "raw <- report <- clean <- raw" in refusal.value.message
    with pytest.raises(ConflictError, match="raw <- raw"):
        put_input_ports(product=raw, inputs=[InputClaims("raw")], actor=None)
    assert InputPort.objects.count() == 2
