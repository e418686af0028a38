"""The buses that join the tables, each a multiset of tuples of one width (SPEC §5.1).

`range`:         (width, value), value < 2^width, for widths 0 to 15
`tree`:          (tree, heap index, digest of 8), both Merkle trees
`unique`, ...:   (index, key, valid, first), each contribution once, to the uniqueness table of each unique rule
`tables`:        (identifier, symbol or index, ...), what the policy's tables hold (`zkpay.circuits.lookups`)
`records`:       (account of 6, accepted, limbs of all aggregates' arguments), each contribution once, to the tally
`accounts`:      (ordinal, account of 6, limbs of all aggregates, accepted count, rejected count), tally to payouts
`replacements`:  (index, account of 6), from the record that replaces to the one that it replaces
`window_limit`:  (index, account of 6, window, passes), each record that comes as far as the window limit
`account_limit`: (index, account of 6, passes), each record that comes as far as the account limit
`payout_leaf`:   (index, account of 6, payout of 4, accepted count, rejected count), payouts to their folded leaves
`limbs`:         (index, number of the tuple, limbs), range checks of payouts that the folded leaves' table makes
"""

from dataclasses import dataclass
from typing import Final

from zkpay.ledger.encoding import ACCOUNT_ELEMENTS, PAYOUT_ELEMENTS
from zkpay.poseidon.permutation import DIGEST_SIZE
from zkpay.stark.air import Bus

RANGE: Final = Bus("range", 1, 2)
TREE: Final = Bus("tree", 2, 2 + DIGEST_SIZE)
REPLACEMENTS: Final = Bus("replacements", 7, 1 + ACCOUNT_ELEMENTS)
PAYOUT_LEAF: Final = Bus("payout_leaf", 12, 1 + ACCOUNT_ELEMENTS + PAYOUT_ELEMENTS + 2)

CONTRIBUTION_TREE: Final = 1
PAYOUT_TREE: Final = 2

_TABLES: Final = 4
_RECORDS: Final = 5
_ACCOUNTS: Final = 6
_WINDOW_LIMIT: Final = 8
_ACCOUNT_LIMIT: Final = 9
_UNIQUE: Final = (3, 10, 11)
_LIMBS: Final = 13


def unique_bus(rule: int, key_elements: int) -> Bus:
    """The bus of a unique rule, the first being 0, with keys of so many elements."""
    name = f"unique_{rule + 1}" if rule else "unique"
    return Bus(name, _UNIQUE[rule], 1 + key_elements + 2)


def window_limit_bus(window_elements: int) -> Bus:
    """The bus of the window limit, with windows of so many elements."""
    return Bus("window_limit", _WINDOW_LIMIT, 1 + ACCOUNT_ELEMENTS + window_elements + 1)


def account_limit_bus() -> Bus:
    """The bus of the account limit."""
    return Bus("account_limit", _ACCOUNT_LIMIT, 1 + ACCOUNT_ELEMENTS + 1)


def limbs_bus(limbs: int) -> Bus:
    """The bus of folded range checks, with so many limbs in a tuple."""
    return Bus("limbs", _LIMBS, 2 + limbs)


@dataclass(frozen=True)
class Buses:
    """The buses whose width depends on how many limbs the policy's numbers take."""

    tables: Bus
    records: Bus
    accounts: Bus


def buses_for(table_elements: int, argument_limbs: int, aggregate_limbs: int) -> Buses:
    """Buses for table entries of `table_elements` elements behind the identifier, and for so many limbs in all."""
    return Buses(
        tables=Bus("tables", _TABLES, 1 + table_elements),
        records=Bus("records", _RECORDS, ACCOUNT_ELEMENTS + 1 + argument_limbs),
        accounts=Bus("accounts", _ACCOUNTS, 1 + ACCOUNT_ELEMENTS + aggregate_limbs + 2),
    )
