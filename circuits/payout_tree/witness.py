"""Filling the payout_tree table from the payouts table (SPEC §5.15)."""

from __future__ import annotations

import numpy as np

from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.folded_look_ups import LIMB
from zkpay.circuits.gadgets.folded_poseidon import HASH_ROWS, PERIOD, STATE
from zkpay.circuits.gadgets.folded_witness import LEAF_START, NODE_START, fill_folded
from zkpay.circuits.nodes.witness import node_rows
from zkpay.circuits.payouts.air import LEAF_PAYLOAD
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import LEAF_ELEMENTS, TAG_PAYOUT
from zkpay.poseidon.permutation import DIGEST_SIZE

_SALT = slice(1, LEAF_PAYLOAD.start)


def put_salts(trace: Trace, salts: Elements) -> None:
    """Write the salts uint32[5, A], which no other table has, to where the leaves have them."""
    trace.group(STATE)[_SALT, LEAF_START : PERIOD * salts.shape[1] : PERIOD] = salts


def fill_payout_tree(trace: Trace, payouts: Trace) -> None:
    """Fill all columns from what the payouts table sends, and the salts that are there."""
    fill_tree_nodes(trace, fill_leaves(trace, payouts))
    fill_limbs(trace, payouts)


def fill_leaves(trace: Trace, payouts: Trace) -> Elements:
    """Fill the leaves; their digests, uint32[8, A]."""
    slots = trace.height // PERIOD
    place, *payload = payouts.sent("payout_leaf")
    count = len(place)
    leaves = np.zeros((LEAF_ELEMENTS, slots), dtype=np.uint32)
    leaves[0] = TAG_PAYOUT
    leaves[_SALT] = trace.group(STATE)[_SALT, LEAF_START::PERIOD]
    leaves[LEAF_PAYLOAD.start : LEAF_PAYLOAD.stop, :count] = payload
    places = np.arange(slots)
    places[:count] = place
    _mark(trace, LEAF_START, places, count)
    return fill_folded(trace, LEAF_START, leaves)[:, :count]


def fill_limbs(trace: Trace, payouts: Trace) -> None:
    """Fill the limbs of range checks that payouts sends."""
    places = trace["place"][LEAF_START::PERIOD]
    limbs = trace.group(LIMB)
    limbs = limbs.reshape(len(limbs), -1, PERIOD)
    for k, interaction in enumerate(item for item in payouts.table.interactions if item.bus.name == "limbs"):
        sent = payouts.in_field(*interaction.payload[2:])
        for place, values in zip(limbs, sent, strict=True):
            place[:, LEAF_START + k] = values[places]


def fill_tree_nodes(trace: Trace, digests: Elements) -> None:
    """Fill the nodes above leaves of these digests, uint32[8, n]."""
    slots = trace.height // PERIOD
    index, left, right = node_rows(digests)
    count = len(index)
    children = np.zeros((2 * DIGEST_SIZE, slots), dtype=np.uint32)
    children[:DIGEST_SIZE, :count], children[DIGEST_SIZE:, :count] = left, right
    places = np.zeros(slots, dtype=np.int64)
    places[:count] = index
    _mark(trace, NODE_START, places, count)
    fill_folded(trace, NODE_START, children)


def _mark(trace: Trace, start: int, places: np.ndarray, count: int) -> None:
    """Write place and is_real of all hashes that begin on row `start` of every 16, of which `count` are real."""
    rows = slice(start, start + HASH_ROWS)
    trace["place"].reshape(-1, PERIOD)[:, rows] = places[:, None]
    trace["is_real"].reshape(-1, PERIOD)[:, rows] = (np.arange(len(places)) < count)[:, None]
