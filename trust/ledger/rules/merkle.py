"""Merkle trees as in RFC 6962, section 2.1 (Certificate Transparency), over SHA-256."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf; its prefix keeps it from being taken for a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in their order; of no leaves, the hash of nothing."""
    level = list(leaves) or [sha256(b"").digest()]
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root, lowest first. Raises IndexError."""
    if not 0 <= index < len(leaves):
        message = f"There is no leaf {index} among {len(leaves)}."
        raise IndexError(message)
    path, level = [], list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = _parents(level), index // 2
    return path


def is_included(leaf: bytes, index: int, size: int, path: Iterable[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf at `index` of a tree of `size` leaves to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if index % 2 or index == last:
            leaf = node_hash(sibling, leaf)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            leaf = node_hash(leaf, sibling)
        index, last = index // 2, last // 2
    return last == 0 and leaf == root


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes that stand one after the other in `data`."""
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def _parents(level: list[bytes]) -> list[bytes]:
    """The level above. A last node without sibling moves up as it is, which is what the RFC's split comes to."""
    parents = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return parents if len(level) % 2 == 0 else [*parents, level[-1]]
