"""Multi-openings: any index set verifies, and any change to rows, salts or siblings is rejected."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import stark
from zkpay.errors import Rejected
from zkpay.stark.domains import NODE
from zkpay.stark.field import P
from zkpay.stark.layout import Group
from zkpay.stark.proof import LayerOpening, TreeOpening
from zkpay.verifier import merkle
from zkpay.verifier.merkle import open_layer, open_tree

BLOWUP = 4
GROUPS = (Group(64, ((0, 0, 3), (1, 3, 2))), Group(16, ((2, 0, 1),)), Group(8, ((3, 0, 4),)))
SIZE = 64 * BLOWUP
TREE = 1
ARITY = 4
INDICES = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=30)


@cache
def built() -> tuple[list[np.ndarray], list[list[bytes]], stark.Tree]:
    generator = np.random.default_rng(5)
    rows, salts, levels = [], [], {}
    for number, group in enumerate(GROUPS):
        size = group.height * BLOWUP
        rows.append(generator.integers(0, P, (size, group.width)))
        salts.append([generator.bytes(16) for _ in range(size)])
        levels[size] = [stark.leaf(TREE, number, salts[-1][i], rows[-1][i]) for i in range(size)]
    return rows, salts, stark.Tree(levels)


def opening_of(indices: list[int]) -> TreeOpening:
    rows, salts, tree = built()
    opened_rows, opened_salts = [], []
    for number, group in enumerate(GROUPS):
        positions = sorted({i % (group.height * BLOWUP) for i in indices})
        opened_rows.append(b"".join(stark.row_bytes(rows[number][i]) for i in positions))
        opened_salts.append(b"".join(salts[number][i] for i in positions))
    return TreeOpening(tuple(opened_rows), tuple(opened_salts), tree.siblings(indices))


def verdict(indices: list[int], opening: TreeOpening, root: bytes | None = None, tree: int = TREE) -> str:
    try:
        open_tree(built()[2].root if root is None else root, tree, GROUPS, BLOWUP, indices, opening)
    except Rejected as rejection:
        return rejection.reason
    return "accepted"


@given(INDICES)
def test_any_index_set_opens_its_own_rows(indices: list[int]) -> None:
    """Repeated indices and indices with shared ancestors included; rows come back in query order."""
    rows = built()[0]
    opened = open_tree(built()[2].root, TREE, GROUPS, BLOWUP, indices, opening_of(indices))
    for group, own, values in zip(GROUPS, rows, opened, strict=True):
        assert np.array_equal(values, own[[i % (group.height * BLOWUP) for i in indices]])


@given(INDICES, st.data())
def test_no_digest_can_be_added_left_out_swapped_or_changed(indices: list[int], data: st.DataObject) -> None:
    """Plonky3 #1794 and `tampered_shared_node_is_rejected`; surplus data is malleability."""
    opening = opening_of(indices)
    digests = [opening.siblings[k : k + 32] for k in range(0, len(opening.siblings), 32)]

    def with_siblings(changed: bytes) -> TreeOpening:
        return TreeOpening(opening.rows, opening.salts, changed)

    assert verdict(indices, opening) == "accepted"
    assert verdict(indices, with_siblings(opening.siblings + bytes(32))) == "wrong-length"
    assert verdict(indices, with_siblings(opening.siblings + b"\0")) == "wrong-length"
    if digests:
        place = data.draw(st.integers(0, len(digests) - 1))
        fewer = digests[:place] + digests[place + 1 :]
        assert verdict(indices, with_siblings(b"".join(fewer))) == "wrong-length"
        assert verdict(indices, with_siblings(opening.siblings[:-1])) == "wrong-length"
        bit = data.draw(st.integers(0, 255))
        changed = bytearray(digests[place])
        changed[bit // 8] ^= 1 << bit % 8
        replaced = [*digests[:place], bytes(changed), *digests[place + 1 :]]
        assert verdict(indices, with_siblings(b"".join(replaced))) == "wrong-root"
        doubled = [*digests[: place + 1], *digests[place:]]
        assert verdict(indices, with_siblings(b"".join(doubled))) == "wrong-length"
    if len(digests) > 1:
        other = data.draw(st.integers(0, len(digests) - 1).filter(lambda k: digests[k] != digests[place]))
        swapped = list(digests)
        swapped[place], swapped[other] = swapped[other], swapped[place]
        assert verdict(indices, with_siblings(b"".join(swapped))) == "wrong-root"


@given(INDICES, st.integers(0, 2), st.data())
def test_rows_and_salts_of_every_group_are_bound(indices: list[int], number: int, data: st.DataObject) -> None:
    opening = opening_of(indices)
    rows, salts = list(opening.rows), list(opening.salts)
    place = data.draw(st.integers(0, len(rows[number]) // 4 - 1)) * 4
    value = (int.from_bytes(rows[number][place : place + 4], "little") + 1) % P
    rows[number] = rows[number][:place] + value.to_bytes(4, "little") + rows[number][place + 4 :]
    assert verdict(indices, TreeOpening(tuple(rows), opening.salts, opening.siblings)) == "wrong-root"
    changed = bytearray(salts[number])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 0x40
    salts[number] = bytes(changed)
    assert verdict(indices, TreeOpening(opening.rows, tuple(salts), opening.siblings)) == "wrong-root"


def test_opening_for_other_indices() -> None:
    assert verdict([3, 9], opening_of([3, 9])) == "accepted"
    assert verdict([9, 3], opening_of([3, 9])) == "accepted"
    assert verdict([5, 11], opening_of([3, 9])) == "wrong-root"
    # Far apart the shape differs, too.
    assert verdict([3], opening_of([3, 9])) == "wrong-length"
    assert verdict([3, 9], opening_of([3])) == "wrong-length"


def test_boundaries_between_groups_can_not_move() -> None:
    """Row bytes, salts or whole groups shifted from one group to the next (Plonky3 #1757, #1793)."""
    indices = [5, 100, 201]
    opening = opening_of(indices)
    first, second, third = opening.rows
    for rows in (
        (first[:-4], first[-4:] + second, third),
        (first + second[:4], second[4:], third),
        (second, first, third),
        (first + second, b"", third),
        (first, second),
        (first, second, third, b""),
    ):
        assert verdict(indices, TreeOpening(rows, opening.salts, opening.siblings)) == "wrong-length"
    one, two, three = opening.salts
    for salts in ((one[:-4], one[-4:] + two, three), (one + two, b"", three), (one, two), (one, two, three, b"")):
        assert verdict(indices, TreeOpening(opening.rows, salts, opening.siblings)) == "wrong-length"
    # Equal lengths, other order: groups of one width and height each keep their own tag.
    assert verdict(indices, TreeOpening(opening.rows, (two, one, three), opening.siblings)) == "wrong-root"
    # Salt bytes moved into the row (and back) keep the hashed bytes' length but not the format's.
    assert (
        verdict(indices, TreeOpening((one[-4:] + first[:-4], second, third), opening.salts, opening.siblings))
        != "accepted"
    )


def test_elements_have_one_encoding() -> None:
    """e + P hashes differently, but is refused before it is hashed."""
    indices = [7]
    opening = opening_of(indices)
    value = int.from_bytes(opening.rows[0][:4], "little") + P
    rows = (value.to_bytes(4, "little") + opening.rows[0][4:], *opening.rows[1:])
    assert verdict(indices, TreeOpening(rows, opening.salts, opening.siblings)) == "non-canonical-element"


def test_trees_are_told_apart() -> None:
    assert verdict([7], opening_of([7]), tree=0) == "wrong-root"
    assert verdict([7], opening_of([7]), root=bytes(32)) == "wrong-root"


def test_a_node_is_not_a_leaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node's two children, told as the salt and the row of a leaf one level up, open nothing (plonky2 #709).

    Of tags that are alike the same opening is accepted.
    """
    generator = np.random.default_rng(11)
    size, width = 8 * BLOWUP, (2 * 32 - 16) // 4

    def level() -> list[bytes]:
        return [stark.leaf(TREE, 0, generator.bytes(16), generator.integers(0, P, 4)) for _ in range(size)]

    def canonical(told: bytes) -> bool:
        return bool((np.frombuffer(told[16:], dtype="<u4") < P).all())

    while True:
        leaves = level()
        children = [leaves[index] + leaves[index + size // 2] for index in range(size // 2)]
        place = next((index for index, told in enumerate(children) if canonical(told)), None)
        if place is not None:
            break
    tree = stark.Tree({size: leaves})
    siblings = tree.siblings([place, place + size // 2])
    told = TreeOpening((children[place][16:],), (children[place][:16],), siblings)
    group = Group(size // 2 // BLOWUP, ((0, 0, width),))

    def opened() -> str:
        try:
            open_tree(tree.root, TREE, [group], BLOWUP, [place], told)
        except Rejected as rejection:
            return rejection.reason
        return "accepted"

    assert opened() == "wrong-root"
    monkeypatch.setattr(merkle, "leaf_prefix", lambda tree, group: NODE)
    assert opened() == "accepted"


@given(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=20), st.data())
def test_layers(indices: list[int], data: st.DataObject) -> None:
    word = np.random.default_rng(9).integers(0, P, (5, SIZE))
    fibres = word.reshape(5, ARITY, SIZE // ARITY).transpose(2, 1, 0)
    tree = stark.Tree({SIZE // ARITY: [stark.layer_leaf(2, fibre) for fibre in fibres]})
    leaves = SIZE // ARITY
    positions = sorted({i % leaves for i in indices})
    sent = [(i, k) for i in positions for k in range(ARITY) if i + k * leaves not in indices]
    opening = LayerOpening(b"".join(stark.row_bytes(fibres[i, k]) for i, k in sent), tree.siblings(indices))
    known = {i: stark.as_extension(word[:, i].tolist()) for i in indices}
    found, opened = open_layer(tree.root, 2, SIZE, ARITY, known, opening)
    assert found == positions
    assert np.array_equal(opened, fibres[positions])

    def reason(layer: int, fibre_bytes: bytes, siblings: bytes, values: dict = known) -> str:
        with pytest.raises(Rejected) as caught:
            open_layer(tree.root, layer, SIZE, ARITY, values, LayerOpening(fibre_bytes, siblings))
        return caught.value.reason

    # A known value that isn't the committed one, whichever it is and however many of its fibre are known.
    for index in set(indices):
        off = {**known, index: stark.add(known[index], (0, 0, 0, 0, 1))}
        assert reason(2, opening.fibres, opening.siblings, off) == "wrong-root"
    # Nor can a known entry be sent, too, in its place or in another's.
    whole = b"".join(stark.row_bytes(fibres[i]) for i in positions)
    assert reason(2, whole, opening.siblings) == "wrong-length"
    if not sent:
        return
    assert reason(2, opening.fibres[:-20], opening.siblings) == "wrong-length"
    if len(sent) > 1:
        assert reason(2, opening.fibres[20:] + opening.fibres[:20], opening.siblings) == "wrong-root"

    assert reason(1, opening.fibres, opening.siblings) == "wrong-root"
    assert reason(2, opening.fibres + bytes(4), opening.siblings) == "wrong-length"
    assert reason(2, opening.fibres, opening.siblings + bytes(32)) == "wrong-length"
    place = data.draw(st.integers(0, len(opening.fibres) // 4 - 1)) * 4
    value = (int.from_bytes(opening.fibres[place : place + 4], "little") + 1) % P
    changed = opening.fibres[:place] + value.to_bytes(4, "little") + opening.fibres[place + 4 :]
    assert reason(2, changed, opening.siblings) == "wrong-root"
