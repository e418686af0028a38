"""The buses that join the tables, each a multiset of tuples of one width (SPEC §5.1).

`range`:    (width, value), value < 2^width, for widths 0 to 15
`kinds`:    (kind, known, weight limbs)
`tree`:     (tree, heap index, digest of 8), both Merkle trees
`records`:  (account of 6, accepted, points limbs), each contribution once, to the tally
`unique`:   (index, key of 8, valid, accepted), each contribution once, to the uniqueness table
`accounts`: (ordinal, account of 6, sums of points limbs, accepted count, rejected count), tally to payouts
"""

from dataclasses import dataclass
from typing import Final

from zkpay.ledger.encoding import ACCOUNT_ELEMENTS, FINGERPRINT_ELEMENTS
from zkpay.poseidon.permutation import DIGEST_SIZE
from zkpay.stark.air import Bus

RANGE: Final = Bus("range", 1, 2)
TREE: Final = Bus("tree", 2, 2 + DIGEST_SIZE)
UNIQUE: Final = Bus("unique", 3, 1 + FINGERPRINT_ELEMENTS + 2)

CONTRIBUTION_TREE: Final = 1
PAYOUT_TREE: Final = 2


@dataclass(frozen=True)
class Buses:
    """The buses whose width depends on how many limbs the policy's numbers take."""

    kinds: Bus
    records: Bus
    accounts: Bus


def buses_for(weight_limbs: int, points_limbs: int) -> Buses:
    """Buses for weights of `weight_limbs` limbs and points of `points_limbs` limbs."""
    return Buses(
        kinds=Bus("kinds", 4, 2 + weight_limbs),
        records=Bus("records", 5, ACCOUNT_ELEMENTS + 1 + points_limbs),
        accounts=Bus("accounts", 6, 1 + ACCOUNT_ELEMENTS + points_limbs + 2),
    )
