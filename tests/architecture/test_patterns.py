"""No pattern from outside is run by Python's own regular expressions, which can hold a process for ever."""

import ast
from collections.abc import Iterator

from config.environment import PROJECT_ROOT
from tests.architecture.imports import modules

_RUNS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
# Written from constants, from escaped slugs, and from the shape of texts (runs of classes, each of linear time).
_KNOWN = {
    "catalog/contracts/yaml_core.py",
    "trust/evidence/rules/profiling/keys.py",
    "trust/evidence/rules/profiling/texts.py",
    "trust/intake/rules/contract_draft.py",
    "trust/use_cases/rules/readiness/redaction.py",
}


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=attr)) if attr in _RUNS:
                yield node


def test_python_runs_only_patterns_that_are_written_in_the_code() -> None:
    found = {
        str(path.relative_to(PROJECT_ROOT))
        for _, path in modules()
        for call in _calls(ast.parse(path.read_text()))
        if not isinstance(call.args[0], ast.Constant)
    }

    assert found == _KNOWN


def test_python_names_no_other_way_to_run_a_pattern() -> None:
    texts = {str(path.relative_to(PROJECT_ROOT)): path.read_text() for _, path in modules()}

    assert [name for name, text in texts.items() if "from re import" in text] == [
        name for name in texts if name in {"trust/evidence/engines/gx/regex.py", "trust/evidence/rules/pattern_syntax.py"}
    ]
    assert [name for name, text in texts.items() if "__regex" in text or "__iregex" in text] == []
