"""Variables of a contract: from what is given alone, never from the process's environment, and never literally as a place."""

from typing import Any

import pytest

from catalog.contracts.document import ContractDocument
from catalog.contracts.reader import read_contract
from catalog.rules.errors import TooLargeError
from catalog.rules.vocabulary import SourceKind
from config.environment import Environment
from tests.catalog.contracts.documents import TODAY, as_yaml, contract, orders, reasons, setting

LOCATION = {"customProperties": [setting("location", "${STAGE}/orders.csv")]}


def read(document: dict[str, Any], **variables: str) -> ContractDocument:
    return read_contract(as_yaml(document), today=TODAY, variables=variables)


def test_a_variable_is_replaced_wherever_a_text_has_it() -> None:
    code = {"name": "code", "enum": [{"value": "${FIRST}"}, {"value": "b"}]}
    document = read(contract(name="Orders of ${STAGE}", schema=[orders(code, **LOCATION)]), STAGE="prod", FIRST="a")
    assert document.product.name == "Orders of prod"
    assert document.ports[0].location == "prod/orders.csv"
    (check,) = (one for one in document.suites["orders"].expectations if "value_set" in one.kwargs)
    assert check.kwargs["value_set"] == ["a", "b"]
    assert not document.not_executable


def test_the_environment_of_the_process_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "secret")
    monkeypatch.setenv("TOUCHSTONE_STAGE", "secret")
    assert "secret" not in str(read(contract(schema=[orders(**LOCATION)])))


@pytest.mark.parametrize("name", ["location", "connection", "format"])
def test_a_place_with_an_unknown_variable_is_not_read(name: str) -> None:
    given = {"location": "orders.csv", "format": "csv"} | {name: "${STAGE}"}
    document = read(contract(schema=[orders(customProperties=[setting(key, value) for key, value in given.items()])]))
    assert document.ports[0].source_kind is SourceKind.UNSUPPORTED
    assert "orders" not in document.suites
    assert any("the variable STAGE is not in TOUCHSTONE_VARIABLES" in reason for reason in reasons(document))


@pytest.mark.parametrize("part", ["host", "port", "database", "schema"])
def test_a_server_with_an_unknown_variable_is_not_read(part: str) -> None:
    server: dict[str, Any] = {"server": "db", "type": "postgres", "host": "h", "port": 5432, "database": "d", "schema": "s"}
    server |= {part: "${WHAT}", "customProperties": [setting("connection", "env:WAREHOUSE")]}
    whole = contract(schema=[orders(customProperties=None)], servers=[server])
    assert read(whole).ports[0].source_kind is SourceKind.UNSUPPORTED
    known = read(whole, WHAT="5433")
    assert known.ports[0].source_kind is SourceKind.POSTGRES
    if part == "port":
        assert known.hosts["orders"] == "h:5433"


def test_a_table_with_an_unknown_variable_in_its_name_is_not_read() -> None:
    server = {"server": "files", "type": "local", "path": "./{model}.csv", "format": "csv"}
    document = read(contract(schema=[orders(physicalName="${STAGE}_orders", customProperties=None)], servers=[server]))
    assert document.ports[0].source_kind is SourceKind.UNSUPPORTED


@pytest.mark.parametrize(
    "amount",
    [
        {"name": "amount", "logicalTypeOptions": {"pattern": "^${CODE}$"}},
        {"name": "amount", "enum": [{"value": "${CODE}"}]},
        {"name": "amount", "quality": [{"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ["${CODE}"]}}]},
    ],
    ids=str,
)
def test_a_rule_with_an_unknown_variable_is_kept_and_says_why_it_is_not_run(amount: dict[str, Any]) -> None:
    document = read(contract(schema=[orders({"name": "id", "required": True}, amount)]))
    marked = [one for one in document.suites["orders"].expectations if "unknown_variables" in one.meta]
    assert {one.kwargs["column"] for one in marked} == {"amount"}
    assert any("${CODE}" in reason for reason in reasons(document))


def test_two_dollars_stand_for_the_text() -> None:
    code = {"name": "code", "enum": [{"value": "$${NAME}"}]}
    document = read(contract(schema=[orders(code)]), NAME="x")
    (check,) = (one for one in document.suites["orders"].expectations if "value_set" in one.kwargs)
    assert check.kwargs["value_set"] == ["${NAME}"]
    assert not document.not_executable


def test_a_short_document_does_not_become_a_huge_one() -> None:
    with pytest.raises(TooLargeError):
        read(contract(description={"purpose": "${A}" * 10_000}), A="x" * 1_000)


def test_the_setting_names_values() -> None:
    given = Environment(variables="STAGE=prod, URL=a=b ,EMPTY=")  # type: ignore[arg-type]
    assert given.variables_by_name == {"STAGE": "prod", "URL": "a=b", "EMPTY": ""}


@pytest.mark.parametrize("text", ["STAGE", "=prod", "1A=x", "A-B=x", "A=1,A=2"])
def test_a_setting_of_another_form_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError, match=r"entries such as|each name once"):
        Environment(variables=text)  # type: ignore[arg-type]
