"""The parts of a regular expression, read within limits by Python's own parser. Nothing is matched or compiled here.

They mean what they mean in Python, but for one: `$` is the end of the text, as in SQL and in JSON schemas. In Python a line
feed may follow, so that `^[A-Z]{2}$` would be found in a country code with a line feed behind it, which no join finds again.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any, TypeAlias

from re import _casefix  # type: ignore[attr-defined]  # isort: skip  # which characters `re` takes for one another
from re import _constants as words  # type: ignore[attr-defined]  # isort: skip  # the parser that `re` itself uses
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

MAX_CHARACTERS = 1_000
"""Of one pattern (our choice): the parser needs milliseconds for that many, and seconds for a million."""
MAX_DEPTH = 50
"""Of groups in groups (our choice): far below Python's own limit on recursion."""
LAST_CHARACTER = 0x10FFFF
ASCII_WORD = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))


class PatternError(ValueError):
    """A pattern is not run. The message completes "the pattern ..." and says why."""


class Category(Enum):
    """Classes of characters that Unicode defines."""

    DIGIT = auto()
    WORD = auto()
    SPACE = auto()


class PatternPosition(Enum):
    """Assertions about a place between two characters."""

    TEXT_START = auto()
    TEXT_END = auto()
    LINE_START = auto()
    LINE_END = auto()
    BOUNDARY = auto()
    NO_BOUNDARY = auto()
    ASCII_BOUNDARY = auto()
    NO_ASCII_BOUNDARY = auto()


@dataclass(frozen=True, slots=True)
class CharSet:
    """Takes one character: in one of `ranges` (ends included), in a category or outside of one. `negated`: any other."""

    ranges: tuple[tuple[int, int], ...] = ()
    categories: frozenset[tuple[Category, bool]] = frozenset()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Assertion:
    place: PatternPosition


@dataclass(frozen=True, slots=True)
class Chain:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    options: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """`most`: None without an upper limit."""

    part: "Node"
    least: int
    most: int | None


Node: TypeAlias = CharSet | Assertion | Chain | Either | Repeat

_CATEGORIES = {
    words.CATEGORY_DIGIT: (Category.DIGIT, True),
    words.CATEGORY_NOT_DIGIT: (Category.DIGIT, False),
    words.CATEGORY_WORD: (Category.WORD, True),
    words.CATEGORY_NOT_WORD: (Category.WORD, False),
    words.CATEGORY_SPACE: (Category.SPACE, True),
    words.CATEGORY_NOT_SPACE: (Category.SPACE, False),
}
_ASCII_RANGES = {
    Category.DIGIT: ((0x30, 0x39),),
    Category.WORD: ASCII_WORD,
    Category.SPACE: ((0x09, 0x0D), (0x20, 0x20)),
}
_REFUSED = {
    words.ASSERT: "look-ahead or look-behind",
    words.ASSERT_NOT: "look-ahead or look-behind",
    words.GROUPREF: "a back reference",
    words.GROUPREF_EXISTS: "a conditional group",
    words.ATOMIC_GROUP: "an atomic group",
    words.POSSESSIVE_REPEAT: "a possessive repeat",
}


def parse(pattern: str) -> Any:
    """Python's parse tree of `pattern`. Raises `PatternError` for what is too long, too deep, or no regular expression."""
    if len(pattern) > MAX_CHARACTERS:
        raise PatternError(f"has {len(pattern):,} characters; at most {MAX_CHARACTERS:,} are run")
    if _depth(pattern) > MAX_DEPTH:
        raise PatternError(f"has groups nested more than {MAX_DEPTH} deep")
    try:
        with warnings.catch_warnings(action="ignore"):
            return parser.parse(pattern)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise PatternError(f"is not a regular expression: {error}") from error


def read_pattern(pattern: str) -> Node:
    """The parts of `pattern`. Raises `PatternError` as `parse` does, and for parts that no linear engine matches."""
    tree = parse(pattern)
    return _chain(tree, tree.state.flags)


def char_sets(node: Node) -> Iterator[CharSet]:
    """Every set in `node`, in order, equal ones again and again."""
    match node:
        case CharSet():
            yield node
        case Chain(parts=inner) | Either(options=inner):
            for part in inner:
                yield from char_sets(part)
        case Repeat(part=part):
            yield from char_sets(part)


def places(node: Node) -> frozenset[PatternPosition]:
    """Every kind of assertion in `node`."""
    match node:
        case Assertion(place=place):
            return frozenset({place})
        case Chain(parts=inner) | Either(options=inner):
            return frozenset().union(*(places(part) for part in inner))
        case Repeat(part=part):
            return places(part)
    return frozenset()


def _depth(pattern: str) -> int:
    """How deep groups are nested at most; brackets in a set count as groups too, which does no harm."""
    deepest = depth = 0
    is_escaped = False
    for letter in pattern:
        if is_escaped:
            is_escaped = False
        elif letter == "\\":
            is_escaped = True
        elif letter == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif letter == ")":
            depth -= 1
    return deepest


def _chain(nodes: Any, flags: int) -> Chain:
    return Chain(tuple(_node(op, value, flags) for op, value in nodes))


def _node(op: Any, value: Any, flags: int) -> Node:  # noqa: PLR0911  # one branch for each kind of node
    if op is words.LITERAL or op is words.NOT_LITERAL:
        return CharSet(_same_letters(value, value, flags), negated=op is words.NOT_LITERAL)
    if op is words.ANY:
        return CharSet(negated=True) if flags & re.DOTALL else CharSet(((0x0A, 0x0A),), negated=True)
    if op is words.IN:
        return _set(value, flags)
    if op is words.BRANCH:
        return Either(tuple(_chain(branch, flags) for branch in value[1]))
    if op is words.SUBPATTERN:
        _, added, removed, inner = value
        if added & (re.ASCII | re.UNICODE | re.LOCALE):
            flags &= ~(re.ASCII | re.UNICODE)
        return _chain(inner, (flags | added) & ~removed)
    if op is words.MAX_REPEAT or op is words.MIN_REPEAT:
        least, most, inner = value
        return Repeat(_chain(inner, flags), int(least), None if most is words.MAXREPEAT else int(most))
    if op is words.AT:
        return Assertion(_place(value, flags))
    raise PatternError(f"uses {_REFUSED.get(op, str(op))}, which cannot be matched in linear time")


def _place(value: Any, flags: int) -> PatternPosition:
    if value is words.AT_BEGINNING:
        return PatternPosition.LINE_START if flags & re.MULTILINE else PatternPosition.TEXT_START
    if value is words.AT_END:
        return PatternPosition.LINE_END if flags & re.MULTILINE else PatternPosition.TEXT_END
    if value is words.AT_BOUNDARY:
        return PatternPosition.ASCII_BOUNDARY if flags & re.ASCII else PatternPosition.BOUNDARY
    if value is words.AT_NON_BOUNDARY:
        return PatternPosition.NO_ASCII_BOUNDARY if flags & re.ASCII else PatternPosition.NO_BOUNDARY
    return PatternPosition.TEXT_START if value is words.AT_BEGINNING_STRING else PatternPosition.TEXT_END


def _set(items: Any, flags: int) -> CharSet:
    ranges: list[tuple[int, int]] = []
    categories: set[tuple[Category, bool]] = set()
    is_negated = False
    for op, value in items:
        if op is words.NEGATE:
            is_negated = True
        elif op is words.LITERAL:
            ranges += _same_letters(value, value, flags)
        elif op is words.RANGE:
            ranges += _same_letters(value[0], value[1], flags)
        elif flags & re.ASCII:
            category, is_in = _CATEGORIES[value]
            ranges += _ASCII_RANGES[category] if is_in else _others(_ASCII_RANGES[category])
        else:
            categories.add(_CATEGORIES[value])
    return CharSet(tuple(ranges), frozenset(categories), is_negated)


def _others(ranges: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), LAST_CHARACTER]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start <= end]


def _same_letters(low: int, high: int, flags: int) -> tuple[tuple[int, int], ...]:
    """The range, and with IGNORECASE whatever `re` takes for one of its letters."""
    if not flags & re.IGNORECASE:
        return ((low, high),)
    families = _families(is_ascii=bool(flags & re.ASCII))
    letters = (low,) if low == high else (letter for letter in families if low <= letter <= high)
    same = {other for letter in letters for other in families.get(letter, ()) if not low <= other <= high}
    return ((low, high), *((letter, letter) for letter in sorted(same)))


@cache
def _families(*, is_ascii: bool) -> dict[int, frozenset[int]]:
    """For each letter those that are the same but for their case. It looks at all characters once in a process."""
    if is_ascii:
        pairs = [frozenset({code, code + 32}) for code in range(0x41, 0x5B)]
        return {letter: pair for pair in pairs for letter in pair}
    families: dict[int, set[int]] = {}
    for code in range(LAST_CHARACTER + 1):
        lower = ord(chr(code).lower()[0])
        if lower != code:
            families.setdefault(lower, {lower}).add(code)
    own = {lower: frozenset(family) for lower, family in families.items()}
    for lower, others in _casefix._EXTRA_CASES.items():  # noqa: SLF001
        families.setdefault(lower, {lower}).update(*(own.get(other, {other}) for other in others))
    found: dict[int, frozenset[int]] = {}
    for family in families.values():
        for letter in family:
            found[letter] = found.get(letter, frozenset()) | family
    return found
