"""Products and what they are built from, as a graph: in which order to judge, what runs in a circle, how a path is written."""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

Product = TypeVar("Product", bound=Hashable)

MOST_ON_A_PATH = 1_000
"""Products of a path that an outcome names, the first and the last among them (our choice: some 20 KB)."""
_NAMED_WHOLE = 4


def upstreams_first(inputs: Mapping[Product, Collection[Product]]) -> list[tuple[Product, ...]]:
    """The keys and values of `inputs` (product -> what it is built from), each after all that it is built from.

    In groups: a group of more than one runs in circles, each of its members being built from every other. The order is the
    same for the same mapping. Tarjan's algorithm without recursion: a chain may be of any length.
    """
    return list(_Groups(inputs).found())


class _Groups(Generic[Product]):
    """One walk over a graph. index: when a product was first seen. low: the earliest that it leads back to."""

    def __init__(self, inputs: Mapping[Product, Collection[Product]]) -> None:
        self.inputs = inputs
        self.index: dict[Product, int] = {}
        self.low: dict[Product, int] = {}
        self.open: list[Product] = []
        self.is_open: set[Product] = set()

    def found(self) -> Iterator[tuple[Product, ...]]:
        for start in self.inputs:
            if start not in self.index:
                yield from self._from(start)

    def _from(self, start: Product) -> Iterator[tuple[Product, ...]]:
        trail = [(start, self._see(start))]
        while trail:
            product, upstreams = trail[-1]
            following = next(upstreams, None)
            if following is None:
                trail.pop()
                if trail:
                    below = trail[-1][0]
                    self.low[below] = min(self.low[below], self.low[product])
                if self.low[product] == self.index[product]:
                    yield self._close(product)
            elif following not in self.index:
                trail.append((following, self._see(following)))
            elif following in self.is_open:
                self.low[product] = min(self.low[product], self.index[following])

    def _see(self, product: Product) -> Iterator[Product]:
        self.index[product] = self.low[product] = len(self.index)
        self.open.append(product)
        self.is_open.add(product)
        return iter(self.inputs.get(product, ()))

    def _close(self, product: Product) -> tuple[Product, ...]:
        group = [self.open.pop()]
        while group[-1] != product:
            group.append(self.open.pop())
        self.is_open.difference_update(group)
        return tuple(reversed(group))


def longer_path(slug: str, path: Sequence[str], left_out: int) -> tuple[tuple[str, ...], int]:
    """`path` with `slug` in front, and how many products it leaves out in its middle: `left_out`, one more where it is full.

    The first half of a full path stays, and so does the end, where the trouble is.
    """
    if len(path) < MOST_ON_A_PATH:
        return (slug, *path), left_out
    middle = MOST_ON_A_PATH // 2
    return (slug, *path[: middle - 1], *path[middle:]), left_out + 1


def path_for_sentence(path: Sequence[str], left_out: int) -> list[str]:
    """A path for a sentence: whole while it is short, else its first two and its last, and how many lie between."""
    if len(path) <= _NAMED_WHOLE:
        return list(path)
    return [*path[:2], f"{len(path) + left_out - 3:,} more", path[-1]]
