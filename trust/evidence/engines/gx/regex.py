"""A Python regular expression in a backend's dialect, or None where the backend would answer differently.

Great Expectations on pandas answers as Python's `re.search` does, and so do we, but for `$`: it is the end of the text
(`pattern_syntax`). DuckDB has RE2, PostgreSQL its own dialect, and the three agree on less than one thinks: `\\d` knows Arabic
digits in Python only, `\\b` is a backspace in PostgreSQL. So the pattern is parsed by Python's own parser and written anew from
the parts that mean the same. What cannot be written (flags for a part) gives None, and the values go to
`evidence.rules.patterns` instead, which matches them in linear time.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trust.evidence.rules.pattern_syntax import parse

from re import _constants as words  # type: ignore[attr-defined]  # isort: skip  # the parser is what `re` itself uses


class Flavour(StrEnum):
    RE2 = "re2"
    POSTGRES = "postgres"


@dataclass(frozen=True, slots=True)
class Translated:
    """`pattern` for the backend. `ascii_only`: the same as Python on ASCII text only; other text is for Python to judge."""

    pattern: str
    ascii_only: bool


class _UntranslatableError(Exception):
    """The pattern uses what the backend lacks."""


# Python's \s on ASCII text also knows \v and the four separators 0x1c to 0x1f.
_CLASSES = {
    words.CATEGORY_DIGIT: "0-9",
    words.CATEGORY_WORD: "0-9A-Za-z_",
    words.CATEGORY_SPACE: "\t\n\x0b\f\r\x1c\x1d\x1e\x1f\x20",
}
_NEGATED = {
    words.CATEGORY_NOT_DIGIT: words.CATEGORY_DIGIT,
    words.CATEGORY_NOT_WORD: words.CATEGORY_WORD,
    words.CATEGORY_NOT_SPACE: words.CATEGORY_SPACE,
}
# RE2 refuses more than 1000 repetitions, PostgreSQL more than 255.
_MOST_REPEATS = {Flavour.RE2: 1000, Flavour.POSTGRES: 255}


def translate(pattern: str, flavour: Flavour) -> Translated | None:
    """`pattern` in `flavour`, or None where the backend lacks what it uses. Raises `PatternError`."""
    tree = parse(pattern)
    writer = _Writer(flavour, tree.state.flags)
    try:
        written = writer.sequence(list(tree))
    except _UntranslatableError:
        return None
    if flavour is Flavour.POSTGRES:
        written = "(?:" + written + ")" if written else ""
    return Translated(written, writer.ascii_only)


def _is_ascii_member(char: str, category: Any) -> bool:
    if category is words.CATEGORY_DIGIT:
        return char.isdecimal()
    return char.isspace() if category is words.CATEGORY_SPACE else char.isalnum() or char == "_"


class _Writer:
    def __init__(self, flavour: Flavour, flags: int) -> None:
        self.flavour = flavour
        self.flags = flags
        self.ascii_only = False

    def sequence(self, nodes: list[Any]) -> str:
        return "".join(self.node(op, value) for op, value in nodes)

    def node(self, op: Any, value: Any) -> str:  # noqa: PLR0911  # one branch for each kind of node
        if op is words.LITERAL or op is words.NOT_LITERAL:
            return self.members([(op if op is words.LITERAL else words.NEGATE, None), (words.LITERAL, value)])
        if op is words.ANY:
            return self.anything()
        if op is words.IN:
            return self.members(value)
        if op is words.BRANCH:
            return "(?:" + "|".join(self.sequence(list(branch)) for branch in value[1]) + ")"
        if op is words.SUBPATTERN:
            return self.group(value)
        if op in {words.MAX_REPEAT, words.MIN_REPEAT}:
            return self.repeat(value)
        if op is words.AT:
            return self.at(value)
        if op is words.CATEGORY:
            return self.members([(words.CATEGORY, value)])
        raise _UntranslatableError

    def anything(self) -> str:
        if self.flags & re.DOTALL:
            return r"(?s:.)" if self.flavour is Flavour.RE2 else "."
        return r"[^\n]"

    def group(self, value: Any) -> str:
        _, added, removed, nodes = value
        if removed or added & ~(re.ASCII | re.UNICODE):
            raise _UntranslatableError  # flags for a part of the pattern
        return "(?:" + self.sequence(list(nodes)) + ")"

    def repeat(self, value: Any) -> str:
        low, high, nodes = value
        most = _MOST_REPEATS[self.flavour]
        if low > most or (high is not words.MAXREPEAT and high > most):
            raise _UntranslatableError
        inner = "(?:" + self.sequence(list(nodes)) + ")"
        if high is words.MAXREPEAT:
            return inner + {0: "*", 1: "+"}.get(low, f"{{{low},}}")
        return inner + ("?" if (low, high) == (0, 1) else f"{{{low},{high}}}")

    def at(self, value: Any) -> str:
        multiline = bool(self.flags & re.MULTILINE)
        if value is words.AT_BEGINNING_STRING or (value is words.AT_BEGINNING and not multiline):
            return r"\A"
        if value is words.AT_END_STRING or (value is words.AT_END and not multiline):
            return r"\z" if self.flavour is Flavour.RE2 else r"\Z"
        if value in {words.AT_BOUNDARY, words.AT_NON_BOUNDARY} and not self.flags & re.ASCII:
            self.ascii_only = True
            if self.flavour is Flavour.RE2:
                return r"\b" if value is words.AT_BOUNDARY else r"\B"
            return r"\y" if value is words.AT_BOUNDARY else r"\Y"
        raise _UntranslatableError

    def members(self, items: list[Any]) -> str:
        """A bracket expression. Its first item may be the mark that turns it round."""
        negate, inside = False, ""
        for op, value in items:
            if op is words.NEGATE:
                negate = True
            elif op is words.LITERAL and value is not None:
                inside += self.literal(value)
            elif op is words.RANGE:
                inside += self.range(*value)
            elif op is words.CATEGORY:
                self.ascii_only = True
                if value in _NEGATED:
                    inside += self.complement(_NEGATED[value])
                else:
                    inside += self.members_of(value)
        if self.flags & re.IGNORECASE:
            self.ascii_only = True
        return f"[{'^' if negate else ''}{inside}]"

    def members_of(self, category: Any) -> str:
        known = _CLASSES[category]
        return "".join(self.escape(char) for char in known) if category is words.CATEGORY_SPACE else known

    def literal(self, code: int) -> str:
        both = {chr(code)}
        if self.flags & re.IGNORECASE:
            both |= {chr(code).lower(), chr(code).upper()}
        return "".join(self.escape(char) for char in sorted(both) if len(char) == 1)

    def range(self, low: int, high: int) -> str:
        written = f"{self.escape(chr(low))}-{self.escape(chr(high))}"
        if self.flags & re.IGNORECASE:
            for first, last, shift in ((65, 90, 32), (97, 122, -32)):
                start, end = max(low, first), min(high, last)
                if start <= end:
                    written += f"{chr(start + shift)}-{chr(end + shift)}"
        return written

    def complement(self, category: Any) -> str:
        """The ASCII characters outside a class, so that it can stand in a bracket with others."""
        first = 0 if self.flavour is Flavour.RE2 else 1
        return "".join(self.escape(chr(code)) for code in range(first, 128) if not _is_ascii_member(chr(code), category))

    def escape(self, char: str) -> str:
        """A character as it may stand in brackets. PostgreSQL's `\\x` takes any number of digits, hence its `\\u`."""
        code = ord(char)
        if char.isascii() and char.isalnum():
            return char
        if code == 0 and self.flavour is Flavour.POSTGRES:
            raise _UntranslatableError  # PostgreSQL has no NUL in text
        if code < 0x20 or code == 0x7F:
            return f"\\x{{{code:02x}}}" if self.flavour is Flavour.RE2 else f"\\u{code:04x}"
        return "\\" + char if char.isascii() else char
