"""The audit trail of what comes in versions: suites, contracts and trust policies, with who, when and what they change."""

from typing import Any

import pytest
from django.db import connection

from catalog.models import OutputPort
from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Severity
from tests.admin.cast import Cast, make_cast
from tests.catalog.contracts.documents import as_yaml, contract
from tests.factories import NOW, make_governance, make_port, make_product
from trust.evidence.services.suites import put_suite, remove_suite
from trust.intake.services.registration import register_document
from trust.verdicts.services.trust_policies import confirm_trust_policy, publish_trust_policy

pytestmark = pytest.mark.django_db
UNIQUE = Expectation("expect_column_values_to_be_unique", {"column": "id"}, severity=Severity.CRITICAL)
NOT_NULL = Expectation("expect_column_values_to_not_be_null", {"column": "name"}, severity=Severity.WARNING)


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make_port(make_product("orders", owner=cast.owner.person))


def trail(cast: Cast, **query: str) -> str:
    response = cast.auditor.client.get("/admin/audit/", query)
    assert response.status_code == 200
    return str(response.content.decode())


def put(port: OutputPort, cast: Cast, *expectations: Expectation, schedule: str = "") -> Any:
    return put_suite(port=port, expectations=expectations, schedule=schedule, actor=cast.owner.person, now=NOW)


def test_a_check_that_is_dropped_is_named_with_who_and_when(port: OutputPort, cast: Cast) -> None:
    put(port, cast, UNIQUE, NOT_NULL)
    put(port, cast, NOT_NULL)
    page = trail(cast, object="orders", kind="trust.suite")
    assert "check: expect_column_values_to_be_unique(column=id), critical, uniqueness → nothing" in page
    assert "olga" in page
    assert "put suite" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("severity", "expect_column_values_to_be_unique(column=id), info"),
        ("argument", "expect_column_values_to_be_unique(column=number), critical"),
        ("emptied", "→ nothing"),
        ("schedule", "schedule: nothing → P1D"),
        ("removed", "is current: True → False"),
    ],
)
def test_each_way_to_ask_less_is_in_the_trail(port: OutputPort, cast: Cast, change: str, words: str) -> None:
    put(port, cast, UNIQUE)
    if change == "severity":
        put(port, cast, Expectation(UNIQUE.type, UNIQUE.kwargs, severity=Severity.INFO))
    elif change == "argument":
        put(port, cast, Expectation(UNIQUE.type, {"column": "number"}, severity=Severity.CRITICAL))
    elif change == "emptied":
        put(port, cast)
    elif change == "schedule":
        put(port, cast, UNIQUE, schedule="P1D")
    else:
        remove_suite(port=port, actor=cast.owner.person)
    page = trail(cast, object="orders", kind="trust.suite")
    assert words in page
    assert ("remove suite" if change == "removed" else "put suite") in page


def test_a_suite_that_is_removed_by_sql_is_in_the_trail(port: OutputPort, cast: Cast) -> None:
    suite = put(port, cast, UNIQUE)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trust_suite SET is_current = false WHERE id = %s", [suite.pk])
    assert "is current: True → False" in trail(cast, object="orders", kind="trust.suite")


def test_the_owner_sees_their_suites_and_no_other_owner_does(port: OutputPort, cast: Cast) -> None:
    put(port, cast, UNIQUE)
    query = {"object": "orders", "kind": "trust.suite"}
    assert "expect_column_values_to_be_unique" in cast.owner.client.get("/admin/audit/", query).content.decode()
    assert "expect_column_values_to_be_unique" not in cast.other.client.get("/admin/audit/", query).content.decode()


def test_contracts_are_in_the_trail(cast: Cast) -> None:
    document = contract(team={"members": [{"username": "olga", "role": "owner"}]})
    register_document(content=as_yaml(document), filename="a.yaml", actor=cast.owner.person, now=NOW)
    page = trail(cast, object="orders", kind="catalog.contract")
    assert "contract" in page
    assert "olga" in page
    assert "a.yaml" in page


def test_trust_policies_are_in_the_trail_with_their_settings(cast: Cast) -> None:
    gina = cast.governance.person
    make_governance("greg")
    row = publish_trust_policy(changes={"minimum_score": 60}, note="Too strict.", actor=gina, now=NOW)
    confirm_trust_policy(version=row, actor=make_governance("gert"), now=NOW)
    page = trail(cast, kind="trust.trustpolicyversion")
    for words in (
        "minimum_score: 75.0 → 60.0",
        "Too strict.",
        "gina",
        "gert",
        "confirm trust policy",
        "is current: True → False",
    ):
        assert words in page
    assert "/admin/trust/trustpolicyversion/" in page


def test_the_list_of_kinds_names_each_once(cast: Cast) -> None:
    page = trail(cast)
    for kind in ("trust.suite", "catalog.contract", "trust.trustpolicyversion", "catalog.person", "catalog.person_groups"):
        assert page.count(f'value="{kind}"') == 1
