"""The epochs of which cells are changed: each shipped preset, in line and with folded hashes, with records that its
rules treat in as many ways as can be.

Amounts and limits of a preset are drawn as those of the consistent cheats are, so that a few records come to limits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import lru_cache

from tests.attacks.forgery import Draft
from tests.campaigns.cells.mutation import CellTable, Offers
from tests.campaigns.cheats.scene import PRESETS, Scene
from tests.circuits.folding import folding, in_line
from zkpay.ledger.fields import UNDECLARED, SymbolField
from zkpay.ledger.rules import BELOW_MINIMUM, OUT_OF_RANGE, UNDECLARED_VALUE

FORMS = ("in-line", "folded")
PLACES = tuple(f"{preset}/{form}" for preset in PRESETS for form in FORMS)
"""All presets in both forms of the circuit."""
CROWD = 6
"""Records of one account in one window: beyond every limit of a drawn policy."""


def form(name: str) -> AbstractContextManager[None]:
    """Meanwhile circuits have that form."""
    return folding() if name == "folded" else in_line()


class CellEpoch:
    """An honest epoch with its tables, ready to be changed."""

    def __init__(self, seed: str, preset: str, form_name: str) -> None:
        self.form = form_name
        self.scene = scene(random.Random(f"{seed}/{preset}"), preset)
        with form(form_name):
            self.draft = self.scene.draft()
        self.offers = Offers(self.draft.circuit)
        self.tables = {
            item.table.name: CellTable(self.draft.circuit, item, self.draft.witness, self.offers)
            for item in self.draft.circuit.placed
        }

    def another_draft(self) -> Draft:
        """The same epoch, to be forged."""
        with form(self.form):
            return self.scene.draft()


@lru_cache(maxsize=2)
def epoch(seed: str, preset: str, form_name: str) -> CellEpoch:
    """An epoch, made once for the units of it that a process runs one after another."""
    return CellEpoch(seed, preset, form_name)


def scene(dice: random.Random, preset: str) -> Scene:
    """Records of which some are paid, at both ends of every field's range, and some rejected for every reason that
    the policy has.
    """
    made = Scene(dice, preset)
    rules, (first, second, third) = made.policy.rules, made.accounts
    # Two accounts with the same records, which tie; each twice, so that the second is a duplicate or a tie as well.
    for account in (first, second):
        lowest = {f.name: 0 if isinstance(f, SymbolField) else f.minimum for f in rules.fields}
        for _ in range(2):
            made.add(account, fingerprint=7 if account == first else 8, **lowest)
    for values, choice in _strange(made):
        made.add(third, choice=choice, **values)
    made.add(third, choice=made.spam())
    made.add(dice.getrandbits(160), choice=made.spam(), fingerprint=7)
    made.add(dice.getrandbits(160), **{f.name: f.maximum for f in rules.numbers if f.name not in ("failures",)})
    if rules.corrections:
        corrected = made.add(second)
        made.add(second, replaces=corrected)
    if rules.account_limit is not None:
        time = {} if rules.window_limit is None else {rules.window_limit.time: rules.window_limit.length}
        for _ in range(CROWD):
            made.add(first, **time)
    return made


def _strange(made: Scene) -> Iterator[tuple[dict[str, int], int]]:
    """Values outside the policy's bounds, one at a time, with the reason that they deserve."""
    for field in made.policy.rules.fields:
        if isinstance(field, SymbolField):
            yield {field.name: UNDECLARED}, UNDECLARED_VALUE
            continue
        for value in (field.maximum + 1, field.recordable):
            yield {field.name: value}, OUT_OF_RANGE
        if field.minimum:
            yield {field.name: field.minimum - 1}, BELOW_MINIMUM
            yield {field.name: 0}, BELOW_MINIMUM
