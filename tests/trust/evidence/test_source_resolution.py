"""What a worker hands to the engine: checked locations, redacted columns, references."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from catalog.models import OutputPort
from catalog.rules.claims import FieldClaims
from catalog.rules.vocabulary import LogicalType, Sensitivity
from tests.factories import make_governed_product, make_port, make_product
from tests.trust.builders import make_suite
from trust.evidence.rules.evidence import Source, SourceProblemError
from trust.evidence.services.source_resolution import resolve_engine_input

pytestmark = pytest.mark.django_db

REFERENCE = {
    "type": "expect_column_values_to_exist_in_reference",
    "kwargs": {"column": "id", "reference": "airports/rows", "reference_column": "id"},
    "severity": "critical",
    "dimension": "consistency",
    "meta": {},
}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "rows.csv").write_text("id\n1\n")
    settings.TOUCHSTONE = django_settings.TOUCHSTONE.model_copy(update={"data_roots": [str(root)]})
    return root


def source_of(port: OutputPort, *expectations: dict[str, Any]) -> Source:
    return resolve_engine_input(port=port, suite=make_suite(port, expectations)).source


def test_a_location_is_resolved_below_the_allowed_roots(root: Path) -> None:
    port = make_port(null_values=("?",), time_column="id")

    source = source_of(port)

    assert (source.location, source.null_values, source.time_column) == (str(root / "rows.csv"), ("?", ""), "id")
    assert source.declared_types == {"id": LogicalType.INTEGER, "name": LogicalType.STRING}


@pytest.mark.parametrize(("stated", "read"), [(None, ("",)), ((), ("",)), (("", "NA"), ("", "NA"))])
def test_an_empty_cell_is_never_a_value(stated: tuple[str, ...] | None, read: tuple[str, ...] | None) -> None:
    assert source_of(make_port(null_values=stated)).null_values == read


def test_a_location_that_leads_out_is_refused_at_the_moment_of_the_run(root: Path) -> None:
    (root.parent / "outside.csv").write_text("id\n1\n")
    port = make_port()
    for location in ("../outside.csv", str(root.parent / "outside.csv"), "link.csv"):
        if location == "link.csv":
            (root / location).symlink_to(root.parent / "outside.csv")
        OutputPort.objects.filter(id=port.id).update(location=location)
        port.refresh_from_db()
        with pytest.raises(SourceProblemError) as refusal:
            source_of(port)
        assert refusal.value.failure.code == "source_location_refused"


FIELDS = (
    FieldClaims("plain", sensitivity=Sensitivity.INTERNAL),
    FieldClaims("secret", sensitivity=Sensitivity.CONFIDENTIAL),
    FieldClaims("email", sensitivity=Sensitivity.PUBLIC, personal=True),
    FieldClaims("unsaid"),
)


@pytest.mark.parametrize(
    ("sensitivity", "redacted"),
    [
        (Sensitivity.PUBLIC, {"secret", "email"}),
        (Sensitivity.RESTRICTED, {"secret", "email", "unsaid", "undeclared"}),
        (None, {"secret", "email", "unsaid", "undeclared"}),
    ],
)
def test_values_of_sensitive_personal_and_unclassified_columns_stay_in_the_engine(
    sensitivity: Sensitivity | None, redacted: set[str]
) -> None:
    port = make_port(make_governed_product(sensitivity=sensitivity), fields=FIELDS)
    check = {**REFERENCE, "type": "expect_column_values_to_be_unique", "kwargs": {"column": "undeclared"}}

    assert source_of(port, check).redacted_columns == redacted


def test_a_reference_leads_to_the_port_of_another_product(root: Path) -> None:
    airports = make_governed_product("airports", sensitivity=Sensitivity.RESTRICTED)
    (root / "airports.csv").write_text("id,name\n1,a\n")
    make_port(airports, location="airports.csv")

    source = source_of(make_port(make_product(owner=airports.owner)), REFERENCE)

    assert set(source.references) == {"airports/rows"}
    reference = source.references["airports/rows"]
    assert (reference.location, set(reference.redacted_columns)) == (str(root / "airports.csv"), {"id", "name"})


@pytest.mark.parametrize("reference", ["airports/none", "nowhere/rows", "airports", "airports/gone"])
def test_a_reference_that_cannot_be_read_is_left_out_so_that_only_its_check_errs(reference: str) -> None:
    product = make_governed_product("airports")
    make_port(product)
    make_port(product, "gone", location="gone.csv")
    check = {**REFERENCE, "kwargs": {"column": "id", "reference": reference}}

    assert source_of(make_port(), check).references == {}
