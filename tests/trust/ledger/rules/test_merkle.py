"""The tree of RFC 6962, against the published vectors and against the RFC's own words."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.ledger.rules.merkle import inclusion_path, is_included, leaf_hash, node_hash, root_of, split_hashes

# The leaves and roots that Certificate Transparency's implementations are tested with (google/certificate-transparency).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in INPUTS]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word by word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(plain_root(leaves[:k]), plain_root(leaves[k:]))


def plain_path(leaves: list[bytes], m: int) -> list[bytes]:
    """RFC 6962, 2.1.1, word by word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*plain_path(leaves[:k], m), plain_root(leaves[k:])]
    return [*plain_path(leaves[k:], m - k), plain_root(leaves[:k])]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", [*range(1, 34), 64, 65, 100])
def test_every_path_of_every_size_is_the_plain_one_and_leads_to_the_root(size: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    root = root_of(leaves)
    assert root == plain_root(leaves)
    for index in range(size):
        path = inclusion_path(leaves, index)
        assert path == plain_path(leaves, index)
        assert is_included(leaves[index], index, size, path, root)


@given(data=st.data(), size=st.integers(1, 70))
def test_a_path_proves_no_other_leaf_place_size_or_root(data: st.DataObject, size: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    root, index = root_of(leaves), data.draw(st.integers(0, size - 1))
    path = inclusion_path(leaves, index)
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index)) if size > 1 else size
    assert not is_included(leaf_hash(b"other"), index, size, path, root)
    assert not is_included(leaves[index], other, size, path, root)
    assert not is_included(leaves[index], index, size, path, leaf_hash(b"other"))
    assert not is_included(leaves[index], index, size, [*path, root], root)
    if path:
        changed = data.draw(st.integers(0, len(path) - 1))
        assert not is_included(leaves[index], index, size, [*path[:changed], *path[changed + 1 :]], root)
        assert not is_included(leaves[index], index, size, [*path[:changed], root, *path[changed + 1 :]], root)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_path_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion_path(LEAVES[:3], index)
    assert not is_included(LEAVES[0], index, 3, [], LEAVES[0])


def test_hashes_in_a_row_are_told_apart() -> None:
    assert split_hashes(b"".join(LEAVES)) == LEAVES
    assert split_hashes(b"") == []
