"""SQL text names tables of its own app or of one below: an import contract cannot see what stands in a string."""

import ast
import re
from pathlib import Path

from tests.architecture.imports import modules

BELOW = {"catalog": {"catalog"}, "trust": {"catalog", "trust"}, "api": {"catalog", "trust", "api"}}
TABLE = re.compile(r"\b(catalog|trust|api)_[a-z]+\b")
IS_SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN|TRUNCATE)\b")


def tables_in(path: Path) -> set[str]:
    """Apps whose tables the SQL of a file names."""
    texts = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    return {match[1] for text in texts if isinstance(text, str) and IS_SQL.search(text) for match in TABLE.finditer(text)}


def test_sql_names_tables_of_its_own_app_or_below() -> None:
    wrong = {
        module: sorted(above)
        for module, path in modules()
        if (app := module.split(".")[0]) in BELOW and (above := tables_in(path) - BELOW[app])
    }
    assert wrong == {}


def test_the_tests_see_sql() -> None:
    seen = [module for module, path in modules() if tables_in(path)]
    assert len(seen) > 15
