"""Cheats on what was committed to: a record that is read as another one, or in another place, or not at all.

The contribution root stays that of the honest records wherever a cheat doesn't say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.attacks.forgery import hashes_of
from tests.campaigns.cheats.accounts import elements_of
from tests.campaigns.cheats.kinds import NoLieError, witness
from tests.campaigns.cheats.scene import PRESETS, SHARES, Epoch, Scene
from zkpay.circuits.gadgets.witness import fill_gadgets, leaf_digests
from zkpay.circuits.trace import Trace
from zkpay.kernels.poseidon import hash_leaves
from zkpay.ledger.encoding import TAG_CONTRIBUTION, TAG_PAYOUT
from zkpay.ledger.number_slots import slots_of_values
from zkpay.ledger.rules import ACCEPTED, BUILT_IN_REASONS
from zkpay.poseidon.permutation import DIGEST_SIZE
from zkpay.stark.field import P

OTHERS = "all other accounts, whose shares shrink"
RIVAL = "the account whose record it is"
WEIGHED = (*SHARES, "capped-pro-rata")
COUNTED = (*SHARES, "capped-pro-rata", "diminishing-per-kind", "pools-per-kind")


def hash_to(trace: Trace, row: int, digest: np.ndarray) -> None:
    """Make the row's last hash come to this digest, whatever it hashes."""
    columns = [column.index for column in hashes_of(trace)[-1].columns[-DIGEST_SIZE:]]
    off = (digest.astype(np.int64) - leaf_digests(trace)[:, row].astype(np.int64)) % P
    trace.values[columns, row] = (trace.values[columns, row].astype(np.int64) + off) % P


def reread(scene: Scene, index: int, change: Callable[[Trace], None]) -> Epoch:
    """A record is read as something else than its leaf says; the leaf's digest stays."""
    epoch = scene.draft()
    contributions = epoch["contributions"]
    digest = leaf_digests(contributions)[:, index].copy()
    change(contributions)
    epoch.refill_contributions()
    hash_to(contributions, index, digest)
    epoch.after_contributions()
    epoch.finish()
    return epoch


def some_record(scene: Scene) -> int:
    return scene.dice.randrange(len(scene.entries))


@witness("a record has a larger quantity than was committed to", OTHERS, COUNTED)
def another_quantity(scene: Scene) -> Epoch:
    index = some_record(scene)
    scene.change(index, quantity=scene.dice.randint(1, 10**6))
    quantity = scene.value(index, "quantity") * scene.dice.choice([2, 10, 900]) + 7_000

    def change(contributions: Trace) -> None:
        slots = contributions.group("quantity")
        slots[:, [index]] = slots_of_values([quantity], len(slots))

    return reread(scene, index, change)


@witness("a record is of another kind than was committed to", OTHERS, COUNTED)
def another_kind(scene: Scene) -> Epoch:
    index = some_record(scene)
    kinds = len(scene.policy.rules.symbols[0].values)
    kind = (scene.value(index, "kind") + scene.dice.randrange(1, kinds)) % kinds

    def change(contributions: Trace) -> None:
        contributions["kind"][index] = kind

    return reread(scene, index, change)


@witness("a record is another account's than was committed to", RIVAL)
def another_account(scene: Scene) -> Epoch:
    index = some_record(scene)
    account = scene.dice.choice([one for one in scene.accounts if one != scene.entries[index].row.account])

    def change(contributions: Trace) -> None:
        contributions.group("account")[:, index] = elements_of(account)

    return reread(scene, index, change)


@witness("a copy has another fingerprint than was committed to, and is paid", OTHERS, COUNTED)
def another_fingerprint(scene: Scene) -> Epoch:
    original = some_record(scene)
    copy = scene.add(scene.accounts[0], fingerprint=scene.entries[original].row.fingerprint)
    names = scene.policy.rules.usable_reasons

    def change(contributions: Trace) -> None:
        contributions.group("fingerprint")[-1, copy] ^= 1 << 20
        for code, name in names.items():
            contributions[f"reason {name}"][copy] = code == ACCEPTED

    return reread(scene, copy, change)


@witness("a record has another verdict than its leaf says", RIVAL)
def another_verdict(scene: Scene) -> Epoch:
    index = some_record(scene)

    def change(contributions: Trace) -> None:
        contributions[f"reason {BUILT_IN_REASONS[ACCEPTED]}"][index] = 0
        contributions[f"reason {scene.policy.rules.reasons[0]}"][index] = 1

    return reread(scene, index, change)


@witness("a record earns a weight that no kind has", OTHERS, WEIGHED)
def made_up_weight(scene: Scene) -> Epoch:
    index = some_record(scene)
    epoch = scene.draft()
    contributions = epoch["contributions"]
    contributions["weight[0]"][index] += scene.dice.choice([1, 5])
    # What follows from the entry, by the honest fillers, but not the entry itself.
    fill_gadgets(contributions)
    epoch.after_contributions()
    epoch.finish()
    return epoch


@witness("a record earns the weight of another kind", OTHERS, WEIGHED)
def weight_of_another_kind(scene: Scene) -> Epoch:
    index = some_record(scene)
    weights = scene.policy.tables["weight"].values
    others = [weight for weight in weights if weight != weights[scene.value(index, "kind")]]
    if not others:
        raise NoLieError("all kinds weigh the same")
    epoch = scene.draft()
    epoch["contributions"]["weight[0]"][index] = scene.dice.choice(others)
    fill_gadgets(epoch["contributions"])
    epoch.after_contributions()
    epoch.finish()
    return epoch


def opened(times: int) -> Callable[[Scene], Epoch]:
    """Two slots of a leaf's element open as themselves + times * P."""

    def tell(scene: Scene) -> Epoch:
        index = some_record(scene)
        scene.change(index, quantity=scene.dice.randint(1, 1_000), quality=10_000)
        epoch = scene.draft()
        contributions = epoch["contributions"]
        pairs: dict[tuple[int, int], dict[int, str]] = {}
        for place in scene.policy.layout.places:
            pairs.setdefault((place.block, place.element), {})[place.shift] = f"{place.name}[{place.slot}]"
        packed = [slots for slots in pairs.values() if set(slots) == {0, 14}]
        if not packed:
            raise NoLieError("no element holds two slots")
        slots = scene.dice.choice(packed)
        low, high = (contributions[slots[shift]] for shift in (0, 14))
        value = int(low[index]) + (int(high[index]) << 14) + times * P
        low[index], high[index] = value & 0x3FFF, value >> 14
        epoch.refill_contributions()
        epoch.after_contributions()
        epoch.finish()
        return epoch

    return tell


for _times, _word in ((1, "p"), (2, "two_p")):
    witness(
        f"the same leaf opens to a quantity that is more by {_times} * p, which earns more",
        OTHERS,
        COUNTED,
        name=f"quantity_opened_with_{_word}_more",
    )(opened(_times))


@witness("a leaf of the contribution tree has the tag of a payout", "who holds a receipt for it")
def contribution_tagged_as_payout(scene: Scene) -> Epoch:
    epoch = scene.draft()
    if epoch.policy.layout.blocks > 1:
        raise NoLieError("a leaf of several blocks")
    index = some_record(scene)
    contributions = epoch["contributions"]
    retag(contributions, index, TAG_PAYOUT - TAG_CONTRIBUTION)
    epoch.after_contributions()
    epoch.finish()
    return epoch


@witness("a leaf of the payout tree has the tag of a contribution", "who holds a receipt for it")
def payout_tagged_as_contribution(scene: Scene) -> Epoch:
    epoch = scene.draft()
    payouts = epoch["payouts"]
    retag(payouts, scene.dice.randrange(int(payouts["is_real"].sum())), TAG_CONTRIBUTION - TAG_PAYOUT)
    epoch.after_payouts()
    epoch.finish()
    return epoch


def retag(trace: Trace, row: int, off: int) -> None:
    """Let the row's leaf come to the digest that it would have with another tag."""
    inputs = trace.elements(hashes_of(trace)[-1].inputs)[:, [row]]
    inputs[0] = int(inputs[0, 0]) + off
    hash_to(trace, row, hash_leaves(np.ascontiguousarray(inputs))[:, 0])


@witness("a record that was committed to is dropped, and those after it have moved up", RIVAL)
def record_dropped(scene: Scene) -> Epoch:
    committed = scene.draft()
    index = some_record(scene)
    dropped = scene.entries.pop(index)
    epoch = scene.draft()
    scene.entries.insert(index, dropped)
    return epoch_under(committed, epoch)


@witness("a record is added that was not committed to", OTHERS)
def record_added(scene: Scene) -> Epoch:
    committed = scene.draft()
    scene.add(scene.accounts[0])
    epoch = scene.draft()
    scene.entries.pop()
    return epoch_under(committed, epoch)


@witness("records are in another order than they were handed in", "who was first")
def records_reordered(scene: Scene) -> Epoch:
    copied = scene.entries[0].row
    if scene.preset != "quadratic-match":
        scene.add(scene.accounts[-1], fingerprint=copied.fingerprint)
    committed = scene.draft()
    scene.entries.reverse()
    epoch = scene.draft()
    scene.entries.reverse()
    return epoch_under(committed, epoch)


def epoch_under(committed: Epoch, epoch: Epoch) -> Epoch:
    """The epoch with the root and the number of records that were committed to; its counts are made to add up."""
    statement = committed.statement
    counts = dict(epoch.statement.counts)
    counts["accepted"] += statement.contribution_count - epoch.statement.contribution_count
    epoch.finish(
        committed.epoch,
        contribution_root=statement.contribution_root,
        contribution_count=statement.contribution_count,
        counts=tuple(counts.items()),
    )
    return epoch


@witness("a contribution root that none of the records is below", "who holds a receipt")
def root_of_other_leaves(scene: Scene) -> Epoch:
    epoch = scene.draft()
    nodes = epoch["contribution_nodes"]
    root = int(nodes["is_real"].sum()) - 1
    nodes[scene.dice.choice(["left[0]", "right[7]"])][root] = scene.dice.randrange(P)
    epoch.rehash("contribution_nodes")
    epoch.finish()
    return epoch


@witness("a payout root that some account is not below", "the account that is not below it", PRESETS)
def root_of_other_payouts(scene: Scene) -> Epoch:
    epoch = scene.draft()
    nodes = epoch["payout_nodes"]
    root = int(nodes["is_real"].sum()) - 1
    nodes[scene.dice.choice(["left[0]", "right[7]"])][root] = scene.dice.randrange(P)
    epoch.rehash("payout_nodes")
    epoch.finish()
    return epoch
