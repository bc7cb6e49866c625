"""Regular expressions of owners and agents, matched in linear time by RE2 with the answers of Python's `re.search`, but for `$`
(`pattern_syntax`).

Python's own engine never runs such a pattern: one that backtracks holds its process until that is killed. The characters of a
pattern are sorted into classes that it cannot tell apart, and RE2 matches one stand-in for each class. So `\\w`, `\\d`, `\\b`
and `(?i)` mean what they mean in Python, on any text.
"""

import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from trust.evidence.rules.pattern_alphabet import LINE_ANCHORS, LINE_FEED, Alphabet, alphabet_of
from trust.evidence.rules.pattern_syntax import (
    ASCII_WORD,
    Assertion,
    Chain,
    CharSet,
    Either,
    Node,
    PatternError,
    PatternPosition,
    Repeat,
    places,
    read_pattern,
)

MAX_INSTRUCTIONS = 20_000
"""Of RE2's program for one pattern (our choice): what a text costs grows with it."""
EMPTY_HAS_NO_BOUNDARY = sys.version_info >= (3, 14)
"""Whether `\\B` is found in an empty text: Python says so since 3.14."""
_NOTHING = r"[^\x00-\x{10FFFF}]"


class _Table(dict[int, str]):
    """For `str.translate`: the stand-in of each character, found once."""

    def __init__(self, alphabet: Alphabet, stand_ins: dict[tuple[int, bool, bool], str]) -> None:
        super().__init__()
        self._alphabet, self._stand_ins = alphabet, stand_ins

    def __missing__(self, code: int) -> str:
        found = self[code] = self._stand_ins[self._alphabet.key(code)]
        return found


class LinearPattern:
    """A pattern that is ready to be searched for. Raises `PatternError` where it cannot be in linear time."""

    def __init__(self, pattern: str) -> None:
        node = read_pattern(pattern)
        asked = places(node)
        alphabet = alphabet_of([node])
        has_lines = bool(asked & LINE_ANCHORS)
        stand_ins = _stand_ins(alphabet, has_lines=has_lines)
        self._table = _Table(alphabet, stand_ins)
        writer = _Writer(alphabet, stand_ins)
        self._expression = _compiled(writer.write(node))
        self._of_empty = self._expression
        if asked & {PatternPosition.NO_BOUNDARY, PatternPosition.NO_ASCII_BOUNDARY} and not EMPTY_HAS_NO_BOUNDARY:
            writer.knows_no_boundary = False
            self._of_empty = _compiled(writer.write(node))

    def is_found_in(self, text: str) -> bool:
        """Whether Python's `re.search` would find the pattern in `text`, were `$` the end of the text."""
        if not text:
            return self._of_empty.search("") is not None
        return self._expression.search(text.translate(self._table)) is not None


@lru_cache(maxsize=512)
def linear_pattern(pattern: str) -> LinearPattern:
    """The pattern, compiled once. Raises `PatternError`, whose message completes "the pattern ..."."""
    try:
        return LinearPattern(pattern)
    except RecursionError:
        raise PatternError("is nested too deep") from None


def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.never_nl = False
    try:
        compiled = re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"is too large to be run ({text[:80]})") from None
    if compiled.programsize > MAX_INSTRUCTIONS:
        raise PatternError("repeats too much: it is too large to be run")
    return compiled


def _stand_ins(alphabet: Alphabet, *, has_lines: bool) -> dict[tuple[int, bool, bool], str]:
    """A character for each symbol. RE2 knows ASCII words only, so what is part of a word must stand as an ASCII letter."""
    letters = iter("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
    others = (chr(code) for code in range(1, 0xD800) if code != LINE_FEED and _is_no_word(code))
    found: dict[tuple[int, bool, bool], str] = {}
    for key in alphabet.symbols:
        _, is_word, is_line_feed = key
        if is_line_feed and has_lines:
            found[key] = "\n"
        elif is_word:
            letter = next(letters, None)
            if letter is None:
                raise PatternError("distinguishes too many letters beside a word boundary")
            found[key] = letter
        else:
            found[key] = next(others)
    return found


def _is_no_word(code: int) -> bool:
    return not any(low <= code <= high for low, high in ASCII_WORD)


class _Writer:
    """Writes a pattern for RE2 in the stand-ins of an alphabet."""

    def __init__(self, alphabet: Alphabet, stand_ins: dict[tuple[int, bool, bool], str]) -> None:
        letters: list[list[str]] = [[] for _ in alphabet.sets]
        for (sets, _, _), letter in stand_ins.items():
            for number in _bits(sets):
                letters[number].append(letter)
        self._written = {one: _bracket(letters[number]) for one, number in alphabet.sets.items()}
        self.knows_no_boundary = True

    def write(self, node: Node) -> str:
        match node:
            case CharSet():
                return self._written[node]
            case Chain(parts=parts):
                return "".join(self.write(part) for part in parts)
            case Either(options=options):
                return "(?:" + "|".join(self.write(option) for option in options) + ")"
            case Repeat(part=part, least=least, most=most):
                return f"(?:{self.write(part)})" + _times(least, most)
            case Assertion(place=place):
                return self._place(place)

    def _place(self, place: PatternPosition) -> str:
        if place in {PatternPosition.NO_BOUNDARY, PatternPosition.NO_ASCII_BOUNDARY}:
            return r"\B" if self.knows_no_boundary else _NOTHING
        if place in {PatternPosition.BOUNDARY, PatternPosition.ASCII_BOUNDARY}:
            return r"\b"
        plain = {PatternPosition.TEXT_START: r"\A", PatternPosition.TEXT_END: r"\z", PatternPosition.LINE_START: "(?m:^)"}
        return plain.get(place, "(?m:$)")


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _bracket(letters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(letter):x}}}" for letter in letters) + "]" if letters else _NOTHING


def _times(least: int, most: int | None) -> str:
    if most is None:
        return {0: "*", 1: "+"}.get(least, f"{{{least},}}")
    return "?" if (least, most) == (0, 1) else f"{{{least},{most}}}"
