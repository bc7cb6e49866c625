"""Texts that people read keep to plain words: pages, labels, messages and documents."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture import imports
from tests.architecture.imports import ROOT, modules

PACKAGES = (*imports.PACKAGES, "verify")
DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")))

# What a text must not contain, as a pattern: what to write instead.
WORDS = {
    r"\bwhoever\b": "the role or the person: the requester, the owner, an attacker",
    r"\b(somebody|anybody|everybody)\b": "a person, a member of the group, everyone",
    r"(?<!`)(?<!')\bnobody\b(?!['`])": "no one, none, or a sentence with another subject",
    r"\banew\b": "again",
    r"\b(is|are|was|were) to be\b": "must be, or `review due`",
    r"\bstands for\b": "means",
    r"\bfell silent\b": "stopped responding",
    r"\bsign of life\b": "sign-in, response",
    r"\bmust not be relied on\b": "Do not rely on it",
    r"\b(first )?open gates?\b": "failing gates",
    r"\bholds? until\b": "is valid until",
    r"\blook(s|ed|ing)? at\b": "read, check",
    r"\bcould not look\b": "the data could not be read",
    r"\blook again\b": "check, read again",
    r"\blost its power\b": "was revoked",
    r"\bthe fault is ours\b": "internal error",
    r"\bas many requests .* as it may\b": "rate limit exceeded",
    r"\bexcepts nothing\b": "is no longer in effect",
    r"\bfor good\b": "permanently",
    r"\bwho minds\b": "if that matters to you",
    r"\bis no setting of\b": "unknown setting",
    r"\brows against\b": "failing rows",
    r"\bnever repeats?\b": "is unique",
    r"\bdemanded form\b": "required pattern",
    r"\bjudge again\b": "re-evaluate",
    r"\babsence of evidence\b": "no evidence never counts as a pass",
    r"\bthree rooms\b": "three parts",
    r"\brules of ruling\b": "how a decision is made",
    r"\bfor who has\b": "for callers that have",
    r"\bwithout a word\b": "silently, without a reason",
}
_NOT_TEXT = re.compile(r"\b(SELECT|INSERT|UPDATE|CREATE|DELETE|WITH)\b|^[\w.:/-]*$")


def _docstrings(tree: ast.AST) -> set[int]:
    """Ids of the nodes of strings that stand alone as a statement."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def texts_of_module(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string literal that is not a docstring, an identifier or SQL."""
    tree = ast.parse(source)
    passed_over = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            passed_over |= {id(part) for part in node.values}
            text = "{}".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed_over:
            text = node.value
        else:
            continue
        if not _NOT_TEXT.search(text):
            yield node.lineno, text


def texts() -> Iterator[tuple[str, str]]:
    for _, path in modules(PACKAGES):
        for line, text in texts_of_module(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}:{line}", text
    for path in sorted((ROOT / "trust/templates").rglob("*.html")):
        text = re.sub(r"{%.*?%}|{{.*?}}", "", path.read_text(encoding="utf-8"))
        yield from ((f"{path.relative_to(ROOT)}:{number}", line) for number, line in enumerate(text.splitlines(), 1))
    for path in DOCUMENTS:
        lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        yield from ((f"{path.relative_to(ROOT)}:{number}", line) for number, line in lines)


@cache
def all_texts() -> list[tuple[str, str]]:
    """Read by the first test that asks: every process of a run imports this module."""
    return list(texts())


@pytest.mark.parametrize("pattern", WORDS)
def test_no_text_uses_this_word(pattern: str) -> None:
    word = re.compile(pattern, re.IGNORECASE)
    found = [f"{place}: {text[:120]}" for place, text in all_texts() if word.search(text)]
    assert found == [], f"write instead: {WORDS[pattern]}"


def test_texts_are_found_and_docstrings_are_not() -> None:
    source = 'def f(name):\n    """Whoever."""\n    return f"Whoever {name} is", "identifier", "SELECT somebody FROM x"\n'
    assert list(texts_of_module(source)) == [(3, "Whoever {} is")]
    assert len(all_texts()) > 3000


def test_each_class_that_the_glossary_names_exists() -> None:
    rows = [line.split(" | ") for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()]
    named = {name for row in rows if len(row) > 2 for name in re.findall(r"`([A-Z][A-Za-z]+)`", row[-1])}
    classes = {
        node.name
        for _, path in modules(PACKAGES)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert len(named) > 40
    assert named <= classes
