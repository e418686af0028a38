"""Trees: a node that passes for a leaf, borders that move, indices and sizes that wrap.

For each check that stands alone against one of these, a verifier without it is shown to accept. Sources: OpenZeppelin
#3091 and RFC 6962 (nodes for leaves); plonky2 #709, #723; Plonky3 #1757, #1768, #1793, #1921; Zellic on SP1 Hypercube
4.4, 4.5, 4.8; CVE-2012-2459 (a tree whose last leaf is repeated); winterfell #200.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import count

import numpy as np
import pytest

from tests.circuits.scenarios import POLICY
from tests.reference import stark
from tests.reference.toy import SEED, STATEMENT, use_light_parameters
from tests.reference.toy import verdict as verdict_of
from zkpay.errors import Rejected
from zkpay.ledger.encoding import decode_contribution_leaf, decode_payout_leaf, empty_leaf
from zkpay.ledger.tree import MerkleTree, empty_roots, root_from_path
from zkpay.poseidon.permutation import compress_nodes, hash_leaves
from zkpay.prover.prove import prove_circuit
from zkpay.stark.air import Bus, Circuit, PlacedTable, Table
from zkpay.stark.field import P
from zkpay.stark.layout import Group
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import Proof, TreeOpening
from zkpay.verifier.merkle import SALT_BYTES, open_tree

TREE, BLOWUP = 1, 4
WIDTH = 12
SIZE = 32
QUERIED = [3, 9, 20]
BUS = Bus("through", 1, 1)


def verdict(root: bytes, groups: Sequence[Group], indices: list[int], opening: TreeOpening) -> str:
    try:
        open_tree(root, TREE, groups, BLOWUP, indices, opening)
    except Rejected as rejection:
        return rejection.reason
    return "accepted"


def one_group(height: int, width: int) -> tuple[Group, ...]:
    return (Group(height, ((0, 0, width),)),)


def opened(tree: stark.Tree, rows: Sequence[bytes], salts: Sequence[bytes], indices: list[int]) -> TreeOpening:
    places = sorted(set(indices))
    return TreeOpening(
        (b"".join(rows[i] for i in places),), (b"".join(salts[i] for i in places),), tree.siblings(indices)
    )


@contextmanager
def bare() -> Iterator[None]:
    """Meanwhile no hash has a word in front that tells its use, neither the trees' nor the verifier's."""

    def nothing(value: int) -> bytes:
        return b""

    with pytest.MonkeyPatch.context() as crippled:
        crippled.setattr("zkpay.verifier.merkle.prefix_bytes", nothing)
        crippled.setattr(stark, "word64", nothing)
        yield


def ambiguous_tree() -> tuple[list[bytes], list[bytes], stark.Tree]:
    """Rows, salts and a tree of them. Salts are tried until each pair of digests can be read as another salt and a row:
    of a left digest 16 bytes are a salt, the rest and all of the right one are elements below P."""
    rows = [stark.row_bytes([position] * WIDTH) for position in range(SIZE)]
    salts, digests = [], []
    for position in range(SIZE):
        elements = slice(SALT_BYTES if position < SIZE // 2 else 0, None)
        for attempt in count():
            salt = attempt.to_bytes(SALT_BYTES, "little")
            digest = stark.leaf(TREE, 0, salt, [position] * WIDTH)
            if max(np.frombuffer(digest[elements], dtype="<u4").tolist()) < P:
                break
        salts.append(salt)
        digests.append(digest)
    return rows, salts, stark.Tree({SIZE: digests})


@pytest.mark.parametrize("is_bare", [True, False])
def test_the_children_of_a_node_as_a_row(is_bare: bool) -> None:
    """64 bytes that are two digests are a salt and twelve elements as well. Without a word in front that tells a leaf
    from a node, one root opens to the rows and to others, half as many, that nobody has committed to."""
    with bare() if is_bare else nullcontext():
        rows, salts, tree = ambiguous_tree()
        assert verdict(tree.root, one_group(8, WIDTH), QUERIED, opened(tree, rows, salts, QUERIED)) == "accepted"
        children = [tree.node(SIZE, i) + tree.node(SIZE, i + SIZE // 2) for i in range(SIZE // 2)]
        upper = stark.Tree({SIZE // 2: [tree.node(SIZE // 2, i) for i in range(SIZE // 2)]})
        assert upper.root == tree.root
        forged = opened(upper, [pair[SALT_BYTES:] for pair in children], [pair[:SALT_BYTES] for pair in children], [3])
        expected = "accepted" if is_bare else "wrong-root"
        assert verdict(tree.root, one_group(4, WIDTH), [3], forged) == expected


def test_nothing_but_lengths_tells_a_salt_from_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is an element too long, and a salt that is four bytes too short, hash to the same leaf."""
    rows, salts, tree = ambiguous_tree()
    moved_rows = [salt[12:] + row for salt, row in zip(salts, rows, strict=True)]
    moved = opened(tree, moved_rows, [salt[:12] for salt in salts], QUERIED)
    assert verdict(tree.root, one_group(8, WIDTH), QUERIED, moved) == "wrong-length"
    assert verdict(tree.root, one_group(8, WIDTH + 1), QUERIED, moved) == "wrong-length"
    monkeypatch.setattr("zkpay.verifier.merkle.SALT_BYTES", 12)
    assert verdict(tree.root, one_group(8, WIDTH + 1), QUERIED, moved) == "accepted"


def two_tables(first: int, second: int) -> Circuit:
    """Tables of one height, which share a row of the tree."""
    placed = []
    for name, width in (("one", first), ("two", second)):
        table = Table(name)
        columns = table.column_group("value", width)
        table.send(BUS, f"{name} out", columns[:1])
        table.receive(BUS, f"{name} in", columns[:1])
        placed.append(PlacedTable(table, 1024))
    return Circuit(tuple(placed), {}, (), {})


def test_the_border_between_two_tables_of_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree doesn't tell where in a row a table ends: 5 and 7 columns have the root of 7 and 5. The circuit tells, and
    is absorbed first."""
    use_light_parameters(monkeypatch, queries=6)
    ours, theirs = two_tables(5, 7), two_tables(7, 5)
    values = np.arange(12 * 1024, dtype=np.uint32).reshape(12, 1024)

    def prove(circuit: Circuit, border: int) -> Proof:
        witness = {"one": values[:border], "two": values[border:]}
        return prove_circuit(circuit, witness, STATEMENT, PROFILES["default"], seed=SEED)

    proof = prove(ours, 5)
    assert verdict_of(ours, proof) == verdict_of(theirs, prove(theirs, 7)) == "accepted"
    assert proof.main_root == prove(theirs, 7).main_root
    assert verdict_of(theirs, proof) == "constraints-unsatisfied"
    assert ours.digest != theirs.digest


# The trees of contributions and payouts.


@cache
def leaves(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, P, (8, count), dtype=np.uint32)


@pytest.mark.parametrize("index", [2 + 8, 2 + 8 * 5, 2 - 8, 2 + (1 << 64)])
def test_an_index_modulo_the_size(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its low bits say where a leaf lies: an account with a second index would have a second payout."""
    tree = MerkleTree.build(leaves(5))
    path = tree.path(2).tolist()
    assert root_from_path(leaves(5)[:, 2], 2, 5, path) == tree.root
    with pytest.raises(Rejected) as rejected:
        root_from_path(leaves(5)[:, 2], index, 5, path)
    assert rejected.value.reason == "leaf-index-out-of-range"
    monkeypatch.setattr("zkpay.ledger.tree._is_natural_below", lambda value, bound: True)
    assert root_from_path(leaves(5)[:, 2], index, 5, path) == tree.root


def test_a_node_of_a_smaller_tree() -> None:
    """Of five leaves and of three: who may say how many there are opens nodes as leaves. The number is the
    statement's."""
    tree = MerkleTree.build(leaves(5))
    node, path = tree.levels[1][:, 0], tree.path(0)[1:].tolist()
    assert root_from_path(node, 0, 3, path) == tree.root
    with pytest.raises(Rejected) as rejected:
        root_from_path(node, 0, 5, path)
    assert rejected.value.reason == "wrong-path-length"
    # Nor has a node's digest a leaf: whatever stands behind its children, another permutation hashes it.
    left, right = leaves(5)[:, :1], leaves(5)[:, 1:2]
    assert np.array_equal(compress_nodes(left, right), tree.levels[1][:, :1])
    for filler in (0, 1, P - 1):
        leaf = np.concatenate([left, right, np.full((8, 1), filler, dtype=np.uint32)])
        assert not np.array_equal(hash_leaves(leaf), compress_nodes(left, right))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7, 9])
def test_the_last_leaf_twice(count: int) -> None:
    """A tree that is filled up with its last leaf is that of one leaf more. This one is filled up with a leaf that
    nobody can have."""
    once, twice = leaves(count), np.concatenate([leaves(count), leaves(count)[:, -1:]], axis=1)
    assert MerkleTree.build(once).root != MerkleTree.build(twice).root
    empty = np.array(empty_roots(0)[0], dtype=np.uint32)[:, None]
    filled = MerkleTree.build(np.concatenate([once, empty], axis=1)).root
    assert (filled == MerkleTree.build(once).root) == (count & (count - 1) != 0)
    elements = empty_leaf()[:, 0].tolist()
    for decode in (decode_payout_leaf, lambda leaf: decode_contribution_leaf(leaf, POLICY.layout)):
        with pytest.raises(Rejected):
            decode(elements)
