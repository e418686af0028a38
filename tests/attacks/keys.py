"""Records by their keys under the first unique rule, whatever makes up the key, and its table filled by hand."""

from __future__ import annotations

from collections.abc import Sequence

from tests.attacks.forgery import Draft
from tests.circuits.scenarios import Record
from zkpay.circuits.contributions.columns import key_size
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS, FINGERPRINT_ELEMENTS
from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.rules import ACCEPTED, ACCOUNT, FINGERPRINT
from zkpay.policy.policy import Policy
from zkpay.stark.field import P

PADDING = -1
ELEMENT_BITS = 30
KEYED = {ACCOUNT: ACCOUNT_ELEMENTS, FINGERPRINT: FINGERPRINT_ELEMENTS}


def elements_of(policy: Policy) -> int:
    """How many elements a key has; in the order of rows the index follows them."""
    return key_size(policy.rules, policy.rules.unique[0])


def keyed(policy: Policy, account: int, quantity: int, reason: int = ACCEPTED, **elements: int) -> Record:
    """A record whose key has these elements: e0 (most significant) and on; 0 where not told. Where accounts are part of
    keys, `account` is not asked. ValueError if no record has such a key.
    """
    told = [elements.get(f"e{place}", 0) for place in range(elements_of(policy))]
    combination = policy.rules.unique[0]
    numbers = {ACCOUNT: account}
    for name in combination:
        if name in KEYED:
            own, told = told[: KEYED[name]], told[KEYED[name] :]
            numbers[name] = sum(value << (ELEMENT_BITS * place) for place, value in enumerate(reversed(own)))
    # What is left are the fields' slots, two in an element.
    slots = [part for value in told for part in (value & ((1 << SLOT_BITS) - 1), value >> SLOT_BITS)]
    values: list[tuple[str, int]] = []
    for name in combination:
        for field in policy.rules.fields:
            if field.name == name:
                own, slots = slots[: field.slots], slots[field.slots :]
                values.append((name, sum(slot << (SLOT_BITS * place) for place, slot in enumerate(own))))
    if any(slots):
        raise ValueError(f"no record has the key {elements} under {combination}")
    fingerprint = numbers.get(FINGERPRINT)
    return Record(numbers[ACCOUNT], quantity, fingerprint=fingerprint, reason=reason, values=tuple(values))


def arrange(draft: Draft, rows: Sequence[int]) -> Trace:
    """Fill the uniqueness table with these contributions, in this order, whatever their keys; PADDING is a gap."""
    by_row = {int(line[0]): line for line in draft["contributions"].sent("unique").T}
    draft.clear("uniqueness")
    table = draft["uniqueness"]
    for place, row in enumerate(rows):
        if row != PADDING:
            index, *key, valid, first = by_row[row]
            table["is_real"][place], table["index"][place] = 1, index
            table.group("key")[:, place] = key
            table["valid"][place], table["first"][place] = valid, first
    fill_gadgets(table)
    settle(table, len(rows))
    return table


def settle(table: Trace, count: int) -> None:
    """`earlier` of the first rows as its constraint demands."""
    earlier, valid, same = table["earlier"], table["valid"], table[f"order pick[{len(table.group('key'))}]"]
    for row in range(count):
        before = int(earlier[row]) + int(valid[row]) - int(earlier[row]) * int(valid[row])
        earlier[row + 1] = int(same[row]) * before % P
