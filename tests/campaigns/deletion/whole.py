"""A story told by the whole circuit: hashes, trees, real heights and the statement that the tables come to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np

from tests.attacks.forgery import Draft, Forgery
from tests.campaigns.deletion.ground import Story, reduced
from tests.campaigns.differential.epochs import WITNESSES, Edit
from zkpay.circuits.bounds import PAYOUT
from zkpay.circuits.contributions.columns import flag_name
from zkpay.circuits.gadgets.poseidon import Hash
from zkpay.circuits.gadgets.witness import fill_gadget, leaf_digests
from zkpay.circuits.nodes.witness import fill_nodes
from zkpay.circuits.trace import Trace
from zkpay.circuits.witness import fill_accounts_and_salts
from zkpay.ledger.salts import expand_salts
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


def forge(policy: Policy, story: Story) -> Forgery:
    """The forgery of a story. ValueError or Rejected if no statement can say it."""
    draft = Draft(story.records, policy)
    contributions = draft["contributions"]
    for row, record in enumerate(story.claimed):
        for code, name in policy.rules.usable_reasons.items():
            contributions[flag_name(name)][row] = code == record.reason
    with edited(story.edit and reduced(story.edit)):
        draft.refill_contributions()
        draft.after_contributions()
        for text, excess in story.excess.items():
            _claim_total(draft, text, excess)
    _plant_records(draft, len(story.records))
    if story.paid:
        draft.state(paid=draft.statement.paid + story.paid, dust=draft.statement.dust - story.paid)
    if story.post is not None:
        story.post(draft["totals"])
    return draft.finish()


def _claim_total(draft: Draft, text: str, excess: int) -> None:
    """Say another total, and pay by it."""
    totals = dict(draft.statement.totals)
    totals[text] += excess
    draft.state(totals=tuple(totals.items()))
    draft.clear("payouts")
    count = draft.statement.account_count
    fill_accounts_and_salts(draft.tables, draft.bounds, expand_salts(bytes(32), b"payouts", count))
    draft.after_payouts()
    draft.pay(draft.added_up(PAYOUT))


def _plant_records(draft: Draft, count: int) -> None:
    """The tree of so many leaves, whatever rows beyond them say."""
    draft.clear("contribution_nodes")
    digests = leaf_digests(draft["contributions"])[:, :count].astype(np.uint32)
    fill_nodes(draft["contribution_nodes"], digests)
