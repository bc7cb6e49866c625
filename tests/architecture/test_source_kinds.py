"""A new kind of source must find every place that it needs: `SourceKind` lists them, and mypy names them."""

import re
from pathlib import Path

import pytest

from catalog.rules.vocabulary import SourceKind

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = [path for package in ("catalog", "trust", "api") for path in (ROOT / package).rglob("*.py")]
LISTED = set(re.findall(r"- `((?:catalog|trust)\.[a-z_.]+)`:", SourceKind.__doc__ or ""))


def test_every_place_that_treats_kinds_differently_is_listed() -> None:
    matching = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in PRODUCT if "case SourceKind." in path.read_text()
    }

    assert matching == LISTED | {"catalog.rules.vocabulary"}


@pytest.mark.parametrize("module", sorted(LISTED))
def test_every_listed_place_names_all_kinds(module: str) -> None:
    assert "assert_never(" in (ROOT / f"{module.replace('.', '/')}.py").read_text()


def test_no_place_takes_a_source_for_a_file_because_it_is_no_table() -> None:
    guesses = [str(path) for path in PRODUCT if re.search(r"(is not|!=) SourceKind\.POSTGRES", path.read_text())]

    assert guesses == []
