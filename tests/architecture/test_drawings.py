"""The drawings of docs/architecture.md show what the code imports."""

import re
from importlib import import_module

import pytest

from tests.architecture.imports import ROOT, imports_of, package_graph, reduced

DOCUMENT = (ROOT / "docs" / "architecture.md").read_text()
PACKAGES, ANSWER = re.findall(r"```mermaid\n(.*?)```", DOCUMENT, re.DOTALL)
ARROW = re.compile(r'^ +([\w.]+)(?:\["[^"]*"\])? --> ([\w.]+)', re.MULTILINE)
CALLS = ARROW.findall(ANSWER)


def test_the_packages_are_drawn_as_they_import_one_another() -> None:
    assert sorted(ARROW.findall(PACKAGES)) == sorted(reduced(package_graph()))


def split(name: str) -> tuple[str, str]:
    """Module and function of a box; a module alone has no function."""
    module, _, function = name.rpartition(".")
    return (name, "") if (ROOT / name.replace(".", "/")).is_dir() else (module, function)


@pytest.mark.parametrize(("caller", "called"), CALLS)
def test_each_call_on_the_way_of_an_answer_exists(caller: str, called: str) -> None:
    for name in (caller, called):
        module, function = split(name)
        assert not function or hasattr(import_module(module), function), name
    path = ROOT / f"{split(caller)[0].replace('.', '/')}.py"
    module, function = split(called)
    assert set(imports_of(path)) & {called, f"{module}.{function}", module}, f"{caller} does not import {called}"
