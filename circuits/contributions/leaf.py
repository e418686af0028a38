"""The leaf of a record in the circuit: one block after the other, each hashed with the digest before (SPEC §5.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zkpay.circuits.contributions.columns import RecordColumns
from zkpay.circuits.gadgets.poseidon import hash_leaf
from zkpay.ledger.encoding import TAG_CONTINUED, TAG_CONTRIBUTION
from zkpay.ledger.record_layout import (
    BLOCK_ELEMENTS,
    CONTINUED_PAYLOAD,
    FIRST_SLOT_ELEMENT,
    REASON_SHIFT,
    RecordLayout,
)
from zkpay.ledger.rules import ACCEPTED
from zkpay.stark.air import Table
from zkpay.stark.expression import Column, Expression, Public, constant, linear


def record_digest(
    table: Table, layout: RecordLayout, flags: Mapping[int, Column], salt: Sequence[Column], record: RecordColumns
) -> list[Expression]:
    """The digest of the last block, 8 expressions of degree 1; hashes are called `leaf` and `leaf block 1` and on."""
    packed: dict[tuple[int, int], list[tuple[int | Public, Expression]]] = {
        (0, 0): [(code << REASON_SHIFT, flag) for code, flag in flags.items() if code != ACCEPTED]
    }
    for place in layout.places:
        slot = record.slots[place.name][place.slot]
        packed.setdefault((place.block, place.element), []).append((1 << place.shift, slot))

    def slots(block: int, first: int) -> list[Expression]:
        return [linear(packed.get((block, element), [])) for element in range(first, BLOCK_ELEMENTS)]

    head = linear(packed[0, 0], TAG_CONTRIBUTION)
    elements = [head, *salt, *record.account, *record.fingerprint, *slots(0, FIRST_SLOT_ELEMENT)]
    digest = hash_leaf(table, "leaf", elements)
    for block in range(1, layout.blocks):
        elements = [constant(TAG_CONTINUED), *digest, *slots(block, CONTINUED_PAYLOAD)]
        digest = hash_leaf(table, f"leaf block {block}", elements)
    return digest
