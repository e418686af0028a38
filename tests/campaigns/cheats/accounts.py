"""Cheats on accounts: who is listed, how often and where, and which records are added up for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tests.attacks.forgery import Draft
from tests.attacks.orders import claim, order_of
from tests.attacks.tallies import settle
from tests.campaigns.cheats.kinds import NoLieError, witness
from tests.campaigns.cheats.scene import SHARES, Epoch, Scene
from zkpay.circuits.bounds import PAYOUT
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.encoding import ACCOUNT_ELEMENTS
from zkpay.stark.field import P

RIVAL = "the account whose records they are"
OTHERS = "all other accounts, whose shares shrink"
PADDING = -1


def elements_of(account: int) -> list[int]:
    """An account as the tables hold it, most significant first."""
    return [account >> (30 * k) & (2**30 - 1) for k in reversed(range(ACCOUNT_ELEMENTS))]


def by_account(scene: Scene) -> list[int]:
    """Intake indices in the tally's order."""
    return sorted(range(len(scene.entries)), key=lambda index: scene.entries[index].row.account)


def arranged(epoch: Draft, rows: Sequence[int], owners: Mapping[int, int] | None = None) -> Trace:
    """Fill the tally with these contributions, in this order; PADDING is a gap, `owners` are accounts by place."""
    sent = epoch["contributions"].sent("records").T
    epoch.clear("tally")
    table = epoch["tally"]
    places = [table.places["account[0]"] + k for k in range(ACCOUNT_ELEMENTS)] + [table.places["accepted"]]
    places += [table.places["points[0]"] + k for k in range(sent.shape[1] - len(places))]
    for place, row in enumerate(rows):
        if row != PADDING:
            table["is_real"][place] = 1
            table.values[places, place] = sent[row]
        if owners and place in owners:
            table.group("account")[:, place] = elements_of(owners[place])
    fill_gadgets(table)
    settle(table, len(rows))
    return table


def tallied(epoch: Epoch) -> Epoch:
    """All that follows from the tally."""
    epoch.after_tally()
    epoch.finish()
    return epoch


@witness("a record that was committed and accepted earns nothing", RIVAL, SHARES)
def record_left_out(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = by_account(scene)
    # Each account keeps one, so that none disappears with it.
    rows.remove(scene.dice.randrange(len(scene.accounts)) * 2)
    arranged(epoch, rows)
    return tallied(epoch)


@witness("a record is paid twice", OTHERS, SHARES)
def record_counted_twice(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = by_account(scene)
    place = scene.dice.randrange(len(rows))
    arranged(epoch, [*rows[: place + 1], *rows[place:]])
    return tallied(epoch)


@witness("an account is paid for another account's record", RIVAL, SHARES)
def record_of_another(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = by_account(scene)
    thief, victim = scene.dice.sample(range(len(scene.accounts)), 2)
    stolen = rows.pop(2 * victim + 1)
    place = 2 * thief + (2 if thief < victim else 1)
    rows.insert(place, stolen)
    arranged(epoch, rows, {place: scene.accounts[thief]})
    return tallied(epoch)


@witness("an account is paid for more points than its record has earned", OTHERS, SHARES)
def points_in_the_tally(scene: Scene) -> Epoch:
    epoch = scene.draft()
    tally = epoch["tally"]
    row = scene.dice.randrange(len(scene.entries))
    tally["points[0]"][row] += scene.dice.choice([1, 1_000])
    settle(tally, len(scene.entries))
    return tallied(epoch)


@witness("an account's sum starts above nothing", OTHERS, SHARES)
def sum_starts_above_nothing(scene: Scene) -> Epoch:
    epoch = scene.draft()
    column = epoch["tally"]["sum(points)[0]"]
    settle(epoch["tally"], len(scene.entries), {("sum(points)[0]", 0): int(column[0]) + 5_000})
    return tallied(epoch)


@witness("an account is paid for a row of padding", OTHERS, SHARES)
def padding_with_points(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = by_account(scene)
    place = 2 * scene.dice.randrange(1, len(scene.accounts))
    table = arranged(epoch, [*rows[:place], PADDING, *rows[place:]])
    table.group("account")[:, place] = table.group("account")[:, place + 1]
    table["points[0]"][place] = 5_000
    fill_gadgets(table)
    settle(table, len(rows) + 1)
    return tallied(epoch)


@witness("one account has two leaves", OTHERS, SHARES, folds=True)
def account_in_two_groups(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = by_account(scene)
    place = 2 * scene.dice.randrange(len(scene.accounts))
    table = arranged(epoch, rows)
    # Between its two records no place is picked, so that nothing has to rise.
    claim(table, place, {})
    settle(table, len(rows))
    return tallied(epoch)


@witness("one account has two leaves, another one's between them", OTHERS, SHARES, folds=True)
def account_around_another(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = by_account(scene)
    table = arranged(epoch, [rows[0], rows[2], rows[3], rows[1], *rows[4:]])
    place, picked = 2, len(order_of(table).picks) - 1
    claim(table, place, {scene.dice.randrange(picked + 1): 1})
    settle(table, len(rows))
    return tallied(epoch)


@witness("an account is paid for all of another account's records, which has no leaf", RIVAL, SHARES, folds=True)
def two_accounts_in_one_group(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = by_account(scene)
    place = 2 * scene.dice.randrange(1, len(scene.accounts)) - 1
    table = arranged(epoch, rows)
    claim(table, place, {}, same=1)
    settle(table, len(rows))
    return tallied(epoch)


@witness("an account with accepted records isn't paid and has no leaf: its group has no end", RIVAL, SHARES, folds=True)
def account_without_an_end(scene: Scene) -> Epoch:
    epoch = scene.draft()
    place = 2 * scene.dice.randrange(len(scene.accounts)) + 1
    settle(epoch["tally"], len(scene.entries), {("ends", place): 0})
    return tallied(epoch)


@witness("an account with accepted records isn't paid and has no leaf: none was seen", RIVAL, SHARES, folds=True)
def account_overlooked(scene: Scene) -> Epoch:
    epoch = scene.draft()
    place = 2 * scene.dice.randrange(len(scene.accounts)) + 1
    settle(epoch["tally"], len(scene.entries), {("seen", place): 0})
    return tallied(epoch)


@witness("an account of which every record was rejected has a leaf", "everybody: absence means nothing", SHARES)
def account_without_accepted_records(scene: Scene) -> Epoch:
    scene.add(scene.accounts[-1] + 1 if scene.accounts[-1] + 1 < 1 << 160 else 1, choice=scene.spam())
    epoch = scene.draft()
    place = by_account(scene).index(len(scene.entries) - 1)
    settle(epoch["tally"], len(scene.entries), {("seen", place): 1})
    return tallied(epoch)


@witness(
    "leaves of the payout tree are not in account order", "who looks for an account in the list", SHARES, folds=True
)
def leaves_out_of_order(scene: Scene) -> Epoch:
    epoch = scene.draft()
    payouts = epoch["payouts"]
    first = scene.dice.randrange(len(scene.accounts) - 1)
    exchange(payouts, first, first + 1)
    epoch.rehash("payouts")
    epoch.after_payouts()
    epoch.finish()
    return epoch


def exchange(payouts: Trace, first: int, second: int) -> None:
    """Exchange two rows of payouts, their places aside."""
    index = payouts["index"].copy()
    payouts.values[:, [first, second]] = payouts.values[:, [second, first]]
    payouts["index"][:] = index


def one_more_row(scene: Scene, epoch: Epoch) -> None:
    """A row of payouts after the last, for the largest account there is, with points that nobody has earned."""
    payouts = epoch["payouts"]
    row = int(payouts["is_real"].sum())
    payouts["is_real"][row] = 1
    payouts.group("account")[:, row] = elements_of(2**160 - 1)
    payouts.group("account high")[:, row] = payouts.group("account")[1:, row] >> 15
    payouts["sum(points)[0]"][row] = scene.dice.choice([1, 999])
    payouts["accepted_count"][row] = 1
    fill_gadgets(payouts)
    epoch.rehash("payouts")


@witness("an account without any record is paid", OTHERS, SHARES, folds=True)
def account_without_records(scene: Scene) -> Epoch:
    epoch = scene.draft()
    one_more_row(scene, epoch)
    epoch.state(account_count=epoch.statement.account_count + 1)
    epoch.after_payouts()
    epoch.pay(min(epoch.added_up(PAYOUT), epoch.policy.pool))
    epoch.finish()
    return epoch


@witness("a leaf stands beyond the last one", OTHERS, SHARES, folds=True)
def leaf_beyond_the_last(scene: Scene) -> Epoch:
    epoch = scene.draft()
    one_more_row(scene, epoch)
    epoch.after_payouts()
    epoch.finish()
    return epoch


@witness("a payout goes to another account than the one that has earned it", RIVAL, folds=True)
def payout_redirected(scene: Scene) -> Epoch:
    epoch = scene.draft()
    payouts = epoch["payouts"]
    row = scene.dice.randrange(int(payouts["is_real"].sum()))
    account = sum(int(element) << (30 * k) for k, element in enumerate(reversed(payouts.group("account")[:, row])))
    payouts.group("account")[:, row] = elements_of(account ^ 1)
    fill_gadgets(payouts)
    payouts.group("account high")[:, row] = payouts.group("account")[1:, row] >> 15
    epoch.rehash("payouts")
    epoch.after_payouts()
    epoch.finish()
    return epoch


@witness("a leaf counts another number of accepted records than the account has", RIVAL, SHARES, folds=True)
def accepted_count_in_the_leaf(scene: Scene) -> Epoch:
    return miscounted(scene, "accepted_count")


@witness("a leaf hides that records of the account were rejected", RIVAL, SHARES, folds=True)
def rejected_count_in_the_leaf(scene: Scene) -> Epoch:
    return miscounted(scene, "rejected_count")


def miscounted(scene: Scene, column: str) -> Epoch:
    scene.add(scene.accounts[0], choice=scene.spam())
    epoch = scene.draft()
    payouts = epoch["payouts"]
    payouts[column][0] = (int(payouts[column][0]) - 1) % P
    epoch.rehash("payouts")
    epoch.after_payouts()
    epoch.finish()
    return epoch


@witness("a record of the account is counted that there isn't, in the tally", RIVAL, SHARES)
def accepted_count_in_the_tally(scene: Scene) -> Epoch:
    epoch = scene.draft()
    row = 2 * scene.dice.randrange(len(scene.accounts)) + 1
    column = scene.dice.choice(["accepted_count", "rejected_count"])
    settle(epoch["tally"], len(scene.entries), {(column, row): int(epoch["tally"][column][row]) + 1})
    return tallied(epoch)


@witness("a payout's leaf is of an account of more than 160 bits, which nobody has", OTHERS, SHARES, folds=True)
def account_of_more_bits(scene: Scene) -> Epoch:
    epoch = scene.draft()
    last = [index for index in range(len(scene.entries)) if scene.entries[index].row.account == scene.accounts[-1]]
    epoch["contributions"].group("account")[0, last] |= np.uint32(1 << scene.dice.randrange(10, 30))
    epoch.refill_contributions()
    epoch.after_contributions()
    epoch.finish()
    return epoch


@witness("an element of an account is written as itself and more than 30 bits", OTHERS, SHARES, folds=True)
def account_element_of_31_bits(scene: Scene) -> Epoch:
    epoch = scene.draft()
    last = [index for index in range(len(scene.entries)) if scene.entries[index].row.account == scene.accounts[-1]]
    if len(last) != 2:
        raise NoLieError("accounts that are one")
    epoch["contributions"].group("account")[scene.dice.randrange(1, 6), last] = P - 1 - scene.dice.randrange(100)
    epoch.refill_contributions()
    epoch.after_contributions()
    epoch.finish()
    return epoch
