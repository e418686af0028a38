"""A story told by the whole circuit: hashes, trees, real heights and the statement that the tables come to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from tests.attacks.forgery import Draft, Forgery
from tests.campaigns.deletion.ground import Story, reduced
from tests.campaigns.differential.epochs import WITNESSES, Edit
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.gadgets.poseidon import Hash
from zkpay.circuits.gadgets.witness import fill_gadget, leaf_digests
from zkpay.circuits.nodes.witness import fill_nodes
from zkpay.circuits.trace import Trace
from zkpay.policy.policy import Policy


@contextmanager
def edited(edit: Edit | None) -> Iterator[None]:
    """Meanwhile `edit` is called on every table before the first gadget is filled and after each but the hashes."""

    failed: dict[str, ValueError] = {}

    def apply(trace: Trace, number: int) -> None:
        if edit is None:
            return
        try:
            edit(trace, number)
        except ValueError as error:
            # Before totals are known payouts are filled for others, where a lie may have no room.
            failed[trace.table.name] = error

    def fill_gadgets(trace: Trace) -> None:
        failed.pop(trace.table.name, None)
        apply(trace, -1)
        for number, gadget in enumerate(trace.table.gadgets):
            fill_gadget(trace, gadget)
            if not isinstance(gadget, Hash):
                apply(trace, number)
        if edit is not None:
            # What the last edit changed, leaves hold.
            for gadget in trace.table.gadgets:
                if isinstance(gadget, Hash):
                    fill_gadget(trace, gadget)

    with ExitStack() as restored:
        for module in WITNESSES:
            holder = sys.modules[f"zkpay.circuits.{module}.witness"]
            restored.callback(setattr, holder, "fill_gadgets", holder.fill_gadgets)
            holder.fill_gadgets = fill_gadgets  # type: ignore[attr-defined]
        yield
    for error in failed.values():
        raise error


class _Claiming(Draft):
    """The epoch of a story, whose totals are what it claims, whatever the limbs of the payouts add up to."""

    def __init__(self, story: Story, policy: Policy) -> None:
        super().__init__(story.records, policy)
        honest = dict(self.epoch.statement.totals)
        self.claimed = {text: honest[text] + excess for text, excess in story.excess.items()}

    def added_up(self, name: str) -> int:
        return self.claimed[name] if name in self.claimed else super().added_up(name)


def forge(policy: Policy, story: Story) -> Forgery:
    """The forgery of a story. ValueError or Rejected if no statement can say it."""
    draft = _Claiming(story, policy)
    contributions = draft["contributions"]
    for row, record in enumerate(story.claimed):
        for code, name in policy.rules.usable_reasons.items():
            contributions[flag_name(name)][row] = code == record.reason
    with edited(story.edit and reduced(story.edit)):
        draft.refill_contributions()
        draft.after_contributions()
    _plant(draft, "contribution", len(story.records))
    _plant(draft, "payout", draft.statement.account_count)
    if story.paid:
        draft.state(paid=draft.statement.paid + story.paid, dust=draft.statement.dust - story.paid)
    if story.post is not None:
        story.post(draft["totals"])
    return draft.finish()


def _plant(draft: Draft, tree: str, count: int) -> None:
    """The tree of so many leaves, whatever rows beyond them say."""
    draft.clear(f"{tree}_nodes")
    digests = leaf_digests(draft[f"{tree}s"])[:, :count].astype(np.uint32)
    fill_nodes(draft[f"{tree}_nodes"], digests)
