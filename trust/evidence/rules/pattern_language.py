"""What patterns find at all: every text, or none. Decided on their parts; no pattern is run, and the work is bounded."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache

from trust.evidence.rules.pattern_alphabet import Alphabet, Symbol, alphabet_of
from trust.evidence.rules.pattern_syntax import (
    Assertion,
    Chain,
    CharSet,
    Either,
    Node,
    PatternError,
    PatternPosition,
    Repeat,
    read_pattern,
)
from trust.evidence.rules.patterns import EMPTY_HAS_NO_BOUNDARY

MAX_STATES = 4_000
"""Of the automaton of some patterns together (our choice)."""
MAX_STEPS = 20_000
"""Of following it through the texts (our choice): some 10 ms. What takes longer is not decided."""


class Beside(Enum):
    """What lies on one side of a place in a text."""

    NOTHING = auto()
    WORD = auto()
    OTHER = auto()
    LINE_FEED = auto()


class _UndecidedError(Exception):
    """The answer would take more work than is spent."""


@dataclass(slots=True)
class _State:
    """Leads on without a character (to a state, under an assertion or none), or with one character of a set."""

    free: list[tuple[PatternPosition | None, int]] = field(default_factory=list)
    sets: int = 0
    follows: int = -1


@lru_cache(maxsize=4096)
def find_every_text(patterns: tuple[str, ...]) -> bool:
    """Whether each text is one in which a search finds at least one of `patterns`.

    Only texts of assigned characters are asked about. False also where that cannot be decided, or a pattern cannot be read.
    """
    try:
        return _Automaton(patterns).finds_all()
    except (PatternError, _UndecidedError, RecursionError):
        return False


@lru_cache(maxsize=4096)
def find_no_text(patterns: tuple[str, ...]) -> bool:
    """Whether there is no text in which a search finds one of `patterns`. False also where that cannot be decided."""
    try:
        return not _Automaton(patterns).finds_some()
    except (PatternError, _UndecidedError, RecursionError):
        return False


class _Automaton:
    def __init__(self, patterns: tuple[str, ...]) -> None:
        nodes = [read_pattern(pattern) for pattern in patterns]
        self._alphabet: Alphabet = alphabet_of(nodes)
        self._symbols = [symbol for symbol in self._alphabet.symbols.values() if symbol.is_ordinary]
        self._states: list[_State] = []
        self._end = self._add()
        self._start = self._add()
        self._states[self._start].free = [(None, self._build(node, self._end)) for node in nodes]
        self._steps = 0

    def _add(self) -> int:
        if len(self._states) >= MAX_STATES:
            raise _UndecidedError
        self._states.append(_State())
        return len(self._states) - 1

    def _build(self, node: Node, after: int) -> int:
        """The state from which `node` leads to `after`."""
        match node:
            case Chain(parts=parts):
                for part in reversed(parts):
                    after = self._build(part, after)
                return after
            case Repeat(part=part, least=least, most=most):
                return self._build_repeat(part, least, most, after)
        here = self._add()
        state = self._states[here]
        match node:
            case CharSet():
                state.sets, state.follows = 1 << self._alphabet.sets[node], after
            case Assertion(place=place):
                state.free.append((place, after))
            case Either(options=options):
                state.free += [(None, self._build(option, after)) for option in options]
        return here

    def _build_repeat(self, part: Node, least: int, most: int | None, after: int) -> int:
        if most is None:
            here = self._add()
            self._states[here].free += [(None, self._build(part, here)), (None, after)]
        else:
            here = after
            for _ in range(most - least):
                option = self._add()
                self._states[option].free += [(None, self._build(part, here)), (None, after)]
                here = option
        for _ in range(least):
            before = here
            here = self._build(part, before)
            if here == before:
                break  # a part of nothing, however often
        return here

    def finds_all(self) -> bool:
        """Whether no text leads past the end. Follows all texts together, as far as they differ for the patterns."""
        waiting = deque([(frozenset[int](), Beside.NOTHING)])  # short texts first: most patterns fail on one of them
        known = set(waiting)
        while waiting:
            states, before = waiting.popleft()
            if self._end not in self._reach(states | {self._start}, before, Beside.NOTHING):
                return False
            for symbol in self._symbols:
                after = _kind(symbol)
                reached = self._reach(states | {self._start}, before, after)
                if self._end in reached:
                    continue
                following = (self._step(reached, symbol), after)
                if following not in known:
                    known.add(following)
                    waiting.append(following)
        return True

    def finds_some(self) -> bool:
        """Whether a text leads to the end. No two ways have to be followed together, so this is cheap."""
        waiting = [(self._start, before) for before in Beside]
        known = set(waiting)
        while waiting:
            state, before = waiting.pop()
            for symbol in [None, *self._symbols]:
                after = Beside.NOTHING if symbol is None else _kind(symbol)
                reached = self._reach({state}, before, after)
                if self._end in reached:
                    return True
                for one in self._step(reached, symbol) if symbol is not None else ():
                    if (one, after) not in known:
                        known.add((one, after))
                        waiting.append((one, after))
        return False

    def _reach(self, states: Collection[int], before: Beside, after: Beside) -> set[int]:
        """The states that are reached at a place without a character."""
        reached, waiting = set(states), list(states)
        while waiting:
            free = self._states[waiting.pop()].free
            self._spend(1 + len(free))
            for place, following in free:
                if following not in reached and (place is None or _holds(place, before, after)):
                    reached.add(following)
                    waiting.append(following)
        return reached

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise _UndecidedError

    def _step(self, states: Collection[int], symbol: Symbol) -> frozenset[int]:
        self._spend(len(states))
        found = (self._states[one] for one in states)
        return frozenset(state.follows for state in found if state.sets & symbol.sets)


def _kind(symbol: Symbol) -> Beside:
    if symbol.is_line_feed:
        return Beside.LINE_FEED
    return Beside.WORD if symbol.is_word else Beside.OTHER


def _holds(place: PatternPosition, before: Beside, after: Beside) -> bool:
    is_boundary = (before is Beside.WORD) != (after is Beside.WORD)
    match place:
        case PatternPosition.TEXT_START:
            return before is Beside.NOTHING
        case PatternPosition.TEXT_END:
            return after is Beside.NOTHING
        case PatternPosition.LINE_START:
            return before in {Beside.NOTHING, Beside.LINE_FEED}
        case PatternPosition.LINE_END:
            return after in {Beside.NOTHING, Beside.LINE_FEED}
        case PatternPosition.BOUNDARY | PatternPosition.ASCII_BOUNDARY:
            return is_boundary
    is_empty = before is Beside.NOTHING and after is Beside.NOTHING
    return not is_boundary and (EMPTY_HAS_NO_BOUNDARY or not is_empty)
