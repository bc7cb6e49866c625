"""Connections are granted: a reference that others may use is no reference of ours."""

import pytest
from pytest_django import Settings

from catalog.rules.claims import FieldClaims, PortClaims
from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import LogicalType, SourceKind
from tests.factories import make_owner, make_product
from trust.evidence.rules.evidence import SourceProblemError
from trust.evidence.services.ports import put_output_port
from trust.evidence.services.source_resolution import resolve_engine_input
from trust.models import Suite

pytestmark = pytest.mark.django_db
GRANTS = ["env:SALES=anna;omar", "env:PUBLIC=*", "file:/run/secrets/hr=omar"]


def claims(connection: str) -> PortClaims:
    return PortClaims(
        name="rows",
        source_kind=SourceKind.POSTGRES,
        location="public.orders",
        connection=connection,
        fields=(FieldClaims("id", LogicalType.INTEGER),),
    )


def allow(settings: Settings, *grants: str) -> None:
    changes = {"connections": list(grants), "database_hosts": ["db.example"]}
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update=changes)


@pytest.mark.parametrize(
    ("owner", "connection", "is_granted"),
    [
        ("anna", "env:SALES", True),
        ("omar", "env:SALES", True),
        ("omar", "file:/run/secrets/hr", True),
        ("eve", "env:PUBLIC", True),
        ("eve", "env:SALES", False),
        ("ann", "env:SALES", False),
        ("anna", "env:SALE", False),
        ("anna", "env:sales", False),
        ("anna", "env:OTHER", False),
        ("anna", "file:/run/secrets/hr", False),
        ("anna", "file:/run/secrets/../secrets/hr", False),
    ],
)
def test_a_connection_is_for_those_to_whom_it_is_granted(
    settings: Settings, owner: str, connection: str, *, is_granted: bool
) -> None:
    allow(settings, *GRANTS)
    product = make_product("orders", owner=make_owner(owner))
    if is_granted:
        port, _ = put_output_port(product=product, claims=claims(connection), actor=product.owner)
        assert port.connection == connection
        return
    with pytest.raises(InvalidError) as refusal:
        put_output_port(product=product, claims=claims(connection), actor=product.owner)
    assert refusal.value.code in {"connection_not_granted", "connection_reference_invalid"}


@pytest.mark.parametrize("connection", ["env:SALES", "env:ANYTHING", "file:/run/secrets/hr"])
def test_without_a_list_every_connection_may_be_named(settings: Settings, connection: str) -> None:
    allow(settings)
    product = make_product("orders", owner=make_owner("eve"))
    assert put_output_port(product=product, claims=claims(connection), actor=product.owner)[0].connection == connection


@pytest.mark.parametrize("after", [["env:SALES=omar"], ["env:OTHER=*"], ["env:SALES="]])
def test_a_grant_that_was_taken_back_ends_with_the_next_run(settings: Settings, after: list[str]) -> None:
    allow(settings, *GRANTS)
    product = make_product("orders", owner=make_owner("anna"))
    port, _ = put_output_port(product=product, claims=claims("env:SALES"), actor=product.owner)
    allow(settings, *after)
    with pytest.raises(SourceProblemError) as refusal:
        resolve_engine_input(port=port, suite=Suite(port=port, name="s", expectations=[]))
    assert refusal.value.failure.code == "connection_not_granted"


@pytest.mark.parametrize(
    "name", ["TOUCHSTONE_OWNER_DATABASE_URL", "touchstone_secret_key", "DATABASE_URL", "PGPASSWORD", "REDIS_URL"]
)
def test_no_secret_of_touchstone_is_a_connection(settings: Settings, name: str) -> None:
    allow(settings)
    product = make_product("orders", owner=make_owner("eve"))
    with pytest.raises(InvalidError, match="contradicts itself"):
        put_output_port(product=product, claims=claims(f"env:{name}"), actor=product.owner)
