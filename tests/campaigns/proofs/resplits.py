"""Changes that keep all bytes and move the borders between them, or the order in which they stand.

A verifier that checks only sums of lengths, or hashes parts one behind the other without telling them apart, takes some
of these: a column opened in another tree (yetanotherco/lambda_vm PR 909), rows that run into their neighbours (Plonky3
PR 1757 and 1793), openings of another query order, siblings in another order or more than are needed (Plonky3 PR 1794).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.campaigns.proofs.document import File, Map, Place, Step, places
from tests.campaigns.proofs.manifest import DIGEST, ELEMENT, SALT
from zkpay.stark.field import EXTENSION_DEGREE
from zkpay.stark.layout import Layout

Dice = random.Random
EXTENSION = ELEMENT * EXTENSION_DEGREE


@dataclass(frozen=True)
class Group:
    """One row group of a tree: bytes of a row, and where its rows and salts stand."""

    tree: int
    number: int
    height: int
    row_bytes: int

    def rows(self, file: File) -> Place:
        return Place(file, ("trees", self.tree, "rows", self.number))

    def salts(self, file: File) -> Place:
        return Place(file, ("trees", self.tree, "salts", self.number))


def groups_of(layout: Layout) -> list[Group]:
    """All row groups of all trees."""
    return [
        Group(tree, number, group.height, ELEMENT * group.width)
        for tree in range(3)
        for number, group in enumerate(layout.groups(tree))
    ]


Resplit = Callable[[File, Sequence[Group], Dice], None]


def column_to_another_group(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """A column's opened values leave their rows for the rows of another tree or group; no byte is lost."""
    source, target = dice.sample(list(groups), 2)
    rows = _parts(source.rows(file).value, source.row_bytes)
    others = _parts(target.rows(file).value, target.row_bytes)
    start = ELEMENT * dice.randrange(source.row_bytes // ELEMENT)
    column = [row[start : start + ELEMENT] for row in rows]
    place = ELEMENT * dice.randrange(target.row_bytes // ELEMENT + 1)
    source.rows(file).value = b"".join(row[:start] + row[start + ELEMENT :] for row in rows)
    # Groups of other heights may have fewer opened rows; what is left over goes to the end.
    grown = [row[:place] + value + row[place:] for row, value in zip(others, column, strict=False)]
    rest = others[len(column) :] + column[len(others) :]
    target.rows(file).value = b"".join(grown + rest)


def bytes_to_the_neighbour(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """The last bytes of a byte string become the first of the next one in the file, or the other way round."""
    strings = [Place(file, steps) for _, steps in places(file) if isinstance(Place(file, steps).value, bytes)]
    number = dice.randrange(len(strings) - 1)
    one, other = strings[number], strings[number + 1]
    together = one.value + other.value
    border = len(one.value) + dice.choice([-1, 1]) * dice.choice([1, ELEMENT, SALT, EXTENSION, DIGEST])
    border = min(max(border, 0), len(together))
    one.value, other.value = together[:border], together[border:]


def salt_against_row(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """A leaf is hashed as salt, then row: the row's first bytes go to the salt, or the salt's last to the row."""
    group = dice.choice(groups)
    salts = _parts(group.salts(file).value, SALT)
    rows = _parts(group.rows(file).value, group.row_bytes)
    shift = dice.choice([-SALT, -ELEMENT, ELEMENT, group.row_bytes])
    leaves = [salt + row for salt, row in zip(salts, rows, strict=True)]
    chosen = range(len(leaves)) if dice.random() < 0.5 else [dice.randrange(len(leaves))]
    for k in chosen:
        salts[k], rows[k] = leaves[k][: SALT + shift], leaves[k][SALT + shift :]
    group.salts(file).value, group.rows(file).value = b"".join(salts), b"".join(rows)


def openings_of_two_positions(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """Rows and salts of two positions change places: in one group, in a whole tree or in all."""
    scope, reach = dice.choice(groups), dice.choice(["group", "tree", "all"])
    chosen = [group for group in groups if group.height == scope.height and _reaches(scope, group, reach)]
    count = len(scope.salts(file).value) // SALT
    if count < 2:
        return
    one, other = dice.sample(range(count), 2)
    for group in chosen:
        for place, unit in ((group.rows(file), group.row_bytes), (group.salts(file), SALT)):
            parts = _parts(place.value, unit)
            parts[one], parts[other] = parts[other], parts[one]
            place.value = b"".join(parts)


def _reaches(scope: Group, group: Group, reach: str) -> bool:
    return {"group": group == scope, "tree": group.tree == scope.tree, "all": True}[reach]


def a_position_twice_or_not_at_all(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """All groups of one height open a position twice, as if openings weren't deduplicated, or leave one out."""
    height = dice.choice(groups).height
    chosen = [group for group in groups if group.height == height]
    count = len(chosen[0].salts(file).value) // SALT
    position, target = dice.randrange(count), dice.randrange(count + 1)
    twice = dice.random() < 0.5
    for group in chosen:
        for place, unit in ((group.rows(file), group.row_bytes), (group.salts(file), SALT)):
            parts = _parts(place.value, unit)
            if twice:
                parts.insert(target, parts[position])
            else:
                del parts[position]
            place.value = b"".join(parts)


def siblings_reordered(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """Sibling digests of one tree or layer: two swapped, turned round, or shuffled."""
    place = _some_siblings(file, dice)
    parts = _parts(place.value, DIGEST)
    if len(parts) < 2:
        return
    way = dice.randrange(3)
    if way == 0:
        one, other = dice.sample(range(len(parts)), 2)
        parts[one], parts[other] = parts[other], parts[one]
    elif way == 1:
        parts.reverse()
    else:
        dice.shuffle(parts)
    place.value = b"".join(parts)


def surplus_siblings(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """A digest more than the opened rows need, anywhere: one of the proof's own, a root, zeros; or one fewer."""
    place = _some_siblings(file, dice)
    parts = _parts(place.value, DIGEST)
    if parts and dice.random() < 0.25:
        del parts[dice.randrange(len(parts))]
    else:
        own = [bytes(DIGEST), file[0].get("main_root"), dice.choice(parts) if parts else bytes(DIGEST)]
        parts.insert(dice.choice([dice.randrange(len(parts) + 1), len(parts)]), dice.choice(own))
    place.value = b"".join(parts)


def whole_openings_swapped(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """Two trees or two layers change places: openings, siblings or roots alone, or openings with their roots."""
    trees = dice.random() < 0.6
    name = "trees" if trees else "layers"
    entries = file[0].get(name)
    if len(entries) < 2:
        return
    one, other = sorted(dice.sample(range(len(entries)), 2))
    roots: list[tuple[Step, ...]] = [("layer_roots", one), ("layer_roots", other)]
    if trees:
        names = ("main_root", "auxiliary_root", "quotient_root")
        roots = [(names[one],), (names[other],)]
    what = dice.choice(["openings", "siblings", "roots", "both"])
    if what in ("openings", "both"):
        entries[one], entries[other] = entries[other], entries[one]
    if what == "siblings":
        _exchange(Place(file, (name, one, "siblings")), Place(file, (name, other, "siblings")))
    if what in ("roots", "both"):
        _exchange(Place(file, roots[0]), Place(file, roots[1]))


def groups_merged(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """The rows and salts of two groups of a tree as those of one, row by row or one behind the other."""
    trees = [tree for tree in range(3) if sum(group.tree == tree for group in groups) > 1]
    tree = dice.choice(trees) if trees else dice.randrange(3)
    first, *rest = [group for group in groups if group.tree == tree]
    if not rest:
        # A tree of one group: cut its rows in two instead.
        opening: Map = file[0].get("trees")[tree]
        cut = ELEMENT * dice.randrange(1, max(first.row_bytes // ELEMENT, 2))
        rows = _parts(first.rows(file).value, first.row_bytes)
        opening.put("rows", [b"".join(row[:cut] for row in rows), b"".join(row[cut:] for row in rows)])
        opening.put("salts", [first.salts(file).value] * dice.choice([1, 2]))
        return
    second = rest[0]
    for one, other, units in (
        (first.rows(file), second.rows(file), (first.row_bytes, second.row_bytes)),
        (first.salts(file), second.salts(file), (SALT, SALT)),
    ):
        left, right = _parts(one.value, units[0]), _parts(other.value, units[1])
        if len(left) == len(right) and dice.random() < 0.5:
            one.value = b"".join(a + b for a, b in zip(left, right, strict=True))
        else:
            one.value = one.value + other.value
        del other.entries[other.index]


def entry_that_the_verifier_computes(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """A layer's fibres with an entry more, in the place of one that the verifier computes itself; or one fewer."""
    place = Place(file, ("layers", dice.randrange(len(file[0].get("layers"))), "fibres"))
    parts = _parts(place.value, EXTENSION)
    if not parts or dice.random() < 0.25:
        parts = parts[1:]
    else:
        parts.insert(dice.randrange(len(parts) + 1), dice.choice([*parts, bytes(EXTENSION)]))
    place.value = b"".join(parts)


def claims_to_the_last_polynomial(file: File, groups: Sequence[Group], dice: Dice) -> None:
    """Whole extension values move between out-of-domain values and the last polynomial, or turn about in one."""
    claims, last = Place(file, ("out_of_domain",)), Place(file, ("final_polynomial",))
    way = dice.randrange(4)
    if way == 0:
        claims.value, last.value = claims.value + last.value[:EXTENSION], last.value[EXTENSION:]
    elif way == 1:
        claims.value, last.value = claims.value[:-EXTENSION], claims.value[-EXTENSION:] + last.value
    else:
        chosen = claims if way == 2 else last
        turn = EXTENSION * dice.randrange(1, len(chosen.value) // EXTENSION)
        chosen.value = chosen.value[turn:] + chosen.value[:turn]


def _some_siblings(file: File, dice: Dice) -> Place:
    return Place(file, dice.choice([steps for path, steps in places(file) if path.endswith(".siblings")]))


def _exchange(one: Place, other: Place) -> None:
    one.value, other.value = other.value, one.value


def _parts(data: bytes, unit: int) -> list[bytes]:
    return [data[start : start + unit] for start in range(0, len(data), unit)]


RESPLITS: dict[str, Resplit] = {
    "a column in another group": column_to_another_group,
    "bytes to the neighbour": bytes_to_the_neighbour,
    "salt against row": salt_against_row,
    "two positions swapped": openings_of_two_positions,
    "a position twice or not at all": a_position_twice_or_not_at_all,
    "siblings reordered": siblings_reordered,
    "siblings too many or too few": surplus_siblings,
    "trees or layers swapped": whole_openings_swapped,
    "groups merged or cut": groups_merged,
    "entries of fibres": entry_that_the_verifier_computes,
    "values at zeta against the last polynomial": claims_to_the_last_polynomial,
}
