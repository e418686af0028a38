"""What the columns of the contributions table are called, and the slots and keys that they make (SPEC §5.3, §5.11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zkpay.ledger.encoding import ACCOUNT_ELEMENTS, FINGERPRINT_ELEMENTS
from zkpay.ledger.fields import SLOT_BITS
from zkpay.ledger.record_layout import REPLACES
from zkpay.ledger.rules import ACCOUNT, FINGERPRINT, Rules
from zkpay.stark.expression import Column, Expression, linear

INDEX: Final = "index"
SALT: Final = "salt"
CORRECTS: Final = "corrects"
GAP: Final = "replaced before"
WINDOW: Final = "window"
FIRST: Final = "first"

_OWN: Final = frozenset({INDEX, SALT, ACCOUNT, FINGERPRINT, REPLACES, CORRECTS, WINDOW, FIRST})


def flag_name(reason: str) -> str:
    """The column that is 1 on the rows with that reason."""
    return f"reason {reason}"


def field_name(field: str) -> str:
    """The column of a symbol field, or the group of a number field."""
    return f"{field} field" if field in _OWN else field


def known_name(field: str) -> str:
    """The column that is 1 where the symbol is a declared one."""
    return f"{field_name(field)} known"


def within_name(field: str) -> str:
    """The column that is 1 where the number is at most the field's maximum."""
    return f"{field_name(field)} within"


def below_name(field: str) -> str:
    """The column that is 1 where the number is below the field's minimum."""
    return f"{field_name(field)} below"


def table_name(table: str) -> str:
    """The group of limbs of a table's entry for the record's symbol."""
    return f"{table} table" if table in _OWN else table


def first_name(rule: int) -> str:
    """The column that is 1 where the record is the first valid one with its key under that unique rule."""
    return f"{FIRST}[{rule}]"


@dataclass(frozen=True)
class RecordColumns:
    """What a record says. `slots`: 14-bit columns of every field, and of the replaced index, by name."""

    account: Sequence[Column]
    fingerprint: Sequence[Column]
    slots: dict[str, Sequence[Column]]

    def key(self, combination: Sequence[str]) -> list[Expression]:
        """The elements by which records are alike under a unique rule: account, fingerprint, then slots by two."""
        elements: list[Expression] = []
        slots: list[Column] = []
        for name in combination:
            if name == ACCOUNT:
                elements += self.account
            elif name == FINGERPRINT:
                elements += self.fingerprint
            else:
                slots += self.slots[name]
        return [*elements, *packed(slots)]


def key_size(rules: Rules, combination: Sequence[str]) -> int:
    """How many elements a key has."""
    slots = sum(field.slots for field in rules.fields if field.name in combination)
    return (
        (ACCOUNT_ELEMENTS if ACCOUNT in combination else 0)
        + (FINGERPRINT_ELEMENTS if FINGERPRINT in combination else 0)
        + packed_size(slots)
    )


def packed(slots: Sequence[Expression]) -> list[Expression]:
    """Slots of 14 bits, two in an element."""
    return [
        linear([(1 << (SLOT_BITS * place), slot) for place, slot in enumerate(slots[start : start + 2])])
        for start in range(0, len(slots), 2)
    ]


def packed_size(slots: int) -> int:
    """How many elements so many slots take."""
    return -(-slots // 2)
