"""The standard's own examples can be read, and no rule of theirs disappears."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.contracts.reader import read_contract
from tests.catalog.contracts.documents import EXAMPLES, TODAY


def test_all_examples_are_here() -> None:
    assert len(EXAMPLES) == 11


def quality_paths(document: dict[str, Any]) -> set[str]:
    paths = set()
    for number, schema in enumerate(document.get("schema") or []):
        places = [(f"schema[{number}]", schema)]
        places += [(f"schema[{number}].properties[{index}]", one) for index, one in enumerate(schema.get("properties") or [])]
        for place, value in places:
            for part in ("quality", "relationships"):
                paths |= {f"{place}.{part}[{index}]" for index in range(len(value.get(part) or []))}
    return paths | {f"slaProperties[{index}]" for index in range(len(document.get("slaProperties") or []))}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_rule_of_an_example_is_checked_or_named(path: Path) -> None:
    content = path.read_bytes()
    document = read_contract(content, today=TODAY)
    reported = {entry.path for entry in document.not_executable}
    checked = {str(one.meta["path"]) for suite in document.suites.values() for one in suite.expectations}
    assert quality_paths(yaml.safe_load(content)) <= reported | checked


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_port_of_an_example_that_cannot_be_read_is_unsupported_and_says_why(path: Path) -> None:
    document = read_contract(path.read_bytes(), today=TODAY)
    for port in document.ports:
        assert port.source_kind == "unsupported"
        assert port.location
        assert any(port.name in entry.rule and "cannot be read" in entry.reason for entry in document.not_executable)


def test_the_full_example_says_who_owns_it_and_what_it_holds() -> None:
    path = next(path for path in EXAMPLES if path.name == "full-example.odcs.yaml")
    document = read_contract(path.read_bytes(), today=TODAY)
    assert document.product.owner == "daustin"
    assert document.product.slug == "my-quantum"
    assert document.lifecycle == "published"
    assert [port.name for port in document.ports] == ["tbl", "receivers"]
    fields = {field.name: field for field in document.ports[0].fields}
    assert list(fields) == ["txn_ref_dt", "rcvr_id", "rcvr_cntry_code"]
    assert fields["rcvr_id"].sensitivity == "restricted"
    assert fields["rcvr_id"].required
