"""The characters of some patterns, sorted into classes that the patterns cannot tell apart."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from trust.evidence.rules.pattern_syntax import (
    ASCII_WORD,
    LAST_CHARACTER,
    Category,
    CharSet,
    Node,
    PatternError,
    PatternPosition,
    char_sets,
    places,
)

MAX_PAIRS = 200_000
"""Of sets and classes of characters (our choice), which bounds the time that sorting them takes."""
LINE_FEED = 0x0A
LINE_ANCHORS = frozenset({PatternPosition.LINE_START, PatternPosition.LINE_END})
_BOUNDARIES = {PatternPosition.BOUNDARY, PatternPosition.NO_BOUNDARY}
_ASCII_BOUNDARIES = {PatternPosition.ASCII_BOUNDARY, PatternPosition.NO_ASCII_BOUNDARY}
_KNOWN_SORTS = (
    *range(0x80), 0x85, 0xA0, 0xAA, 0xB2, 0xE9, 0x660, 0x6F0, 0x966, 0x1680, 0x1E9E, *range(0x2000, 0x200B), 0x2028, 0x2029,
    0x202F, 0x205F, 0x2603, 0x3000, 0x4E2D, 0xAC00, 0xFF11, 0x1D7CE, 0x1F600, 0x20000,
)  # fmt: skip
"""Characters of every category, looked for in wide ranges."""
_SAMPLES = 256


@dataclass(frozen=True, slots=True)
class Symbol:
    """A class of characters that the patterns cannot tell apart. `sets`: a bit for each set that takes them.

    is_ordinary: a text may well hold one of them: it is neither unassigned nor half of a surrogate pair.
    """

    sets: int
    is_word: bool
    is_line_feed: bool
    is_ordinary: bool = True


@dataclass
class Alphabet:
    """The classes of characters of some patterns, and the class of any character."""

    sets: dict[CharSet, int]
    ascii_words: bool
    has_boundaries: bool
    symbols: dict[tuple[int, bool, bool], Symbol] = field(default_factory=dict)
    edges: list[int] = field(default_factory=list)
    classes: list[list[tuple[int, bool, bool]]] = field(default_factory=list)

    def key(self, code: int) -> tuple[int, bool, bool]:
        """What tells a character's symbol."""
        return self.classes[bisect_right(self.edges, code) - 1][_sort_of(code)]


def alphabet_of(nodes: Sequence[Node]) -> Alphabet:
    """The alphabet of all `nodes` together. Raises `PatternError` where they mix what one alphabet cannot express."""
    asked = frozenset[PatternPosition]().union(*(places(node) for node in nodes))
    if asked & _BOUNDARIES and asked & _ASCII_BOUNDARIES:
        raise PatternError("mixes word boundaries with and without the flag (?a)")
    sets: dict[CharSet, int] = {}
    for node in nodes:
        for one in char_sets(node):
            sets.setdefault(one, len(sets))
    ascii_words = bool(asked & _ASCII_BOUNDARIES)
    alphabet = Alphabet(sets, ascii_words, bool(asked & (_BOUNDARIES | _ASCII_BOUNDARIES)))
    edges = {0, LINE_FEED, LINE_FEED + 1}
    for low, high in [*(ASCII_WORD if ascii_words else ()), *(pair for one in sets for pair in one.ranges)]:
        edges |= {low, high + 1}
    alphabet.edges = sorted(edges - {LAST_CHARACTER + 1})
    _sort_characters(alphabet)
    return alphabet


def _sort_characters(alphabet: Alphabet) -> None:
    edges = alphabet.edges
    taken = [[0, 0, 0, 0] for _ in edges]
    pairs = 0
    for one, number in alphabet.sets.items():
        bit = 1 << number
        for index, sort in _classes_of(one, edges):
            taken[index][sort] |= bit
            pairs += 1
        if pairs > MAX_PAIRS:
            raise PatternError("has too many sets of characters")
    for index, (low, end) in enumerate(zip(edges, [*edges[1:], LAST_CHARACTER + 1], strict=True)):
        present, ordinary = _sorts_between(low, end)
        row = []
        for sort in range(4):
            if sort not in present:
                row.append((0, False, False))  # never asked for
                continue
            is_word = sort >= 2 if not alphabet.ascii_words else any(first <= low <= last for first, last in ASCII_WORD)
            key = (taken[index][sort], is_word and alphabet.has_boundaries, low == LINE_FEED)
            known = alphabet.symbols.get(key)
            if known is None or (sort in ordinary and not known.is_ordinary):
                alphabet.symbols[key] = Symbol(*key, is_ordinary=sort in ordinary)
            row.append(key)
        alphabet.classes.append(row)


def _classes_of(one: CharSet, edges: list[int]) -> Iterator[tuple[int, int]]:
    """Range and sort (`_sort_of`) of every class that the set takes."""
    inside = set()
    for low, high in one.ranges:
        first = bisect_right(edges, low) - 1
        last = bisect_right(edges, high) - 1
        inside |= set(range(first, last + 1))
    sorts = {sort for sort in range(4) if any(_is_in(sort, category) == wanted for category, wanted in one.categories)}
    if not one.negated and not sorts:
        for index in inside:
            yield from ((index, sort) for sort in range(4))
        return
    for index in range(len(edges)):
        for sort in range(4):
            if (index in inside or sort in sorts) != one.negated:
                yield index, sort


def _sort_of(code: int) -> int:
    """0: none of the following; 1: white space; 2: part of a word; 3: a decimal digit, which is part of a word too."""
    letter = chr(code)
    if letter.isdecimal():
        return 3
    if letter.isalnum() or letter == "_":
        return 2
    return 1 if letter.isspace() else 0


def _is_in(sort: int, category: Category) -> bool:
    return sort in {Category.DIGIT: (3,), Category.WORD: (2, 3), Category.SPACE: (1,)}[category]


def _sorts_between(low: int, end: int) -> tuple[set[int], set[int]]:
    """The sorts of the characters from `low` up to `end`, and of the assigned ones; a wide range is sampled for the second."""
    codes: Iterable[int] = range(low, end)
    if is_wide := end - low > _SAMPLES:
        step = (end - low) // _SAMPLES
        codes = [*range(low, end, step), *(code for code in _KNOWN_SORTS if low <= code < end)]
    assigned = {_sort_of(code) for code in codes if unicodedata.category(chr(code)) not in {"Cn", "Co", "Cs"}}
    return {0, 1, 2, 3} if is_wide else {_sort_of(code) for code in codes}, assigned
