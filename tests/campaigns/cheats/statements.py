"""Cheats after an honest proof: statement, commitment, policy, lists or proof are exchanged, and agree with each other.

Whatever can be computed again is: the digests that one file holds of another, and the circuit's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.campaigns.cheats.kinds import NoLieError, swap
from tests.campaigns.cheats.publishing import Files, leaves_of, publish
from tests.campaigns.cheats.scene import Scene
from zkpay.circuits.payout_circuit import build_circuit
from zkpay.epoch.commitment import Commitment
from zkpay.epoch.layout import COMMITMENT, LEAVES, PAYOUTS, POLICY, PROOF, STATEMENT
from zkpay.epoch.payouts import PayoutList
from zkpay.errors import Rejected
from zkpay.policy.policy import parse_policy
from zkpay.stark.field import P
from zkpay.stark.keccak import keccak256
from zkpay.stark.statement import Statement

OF_ANOTHER_POLICY = ("constraints-unsatisfied", "wrong-length")
"""Numbers of another width make tables of another shape."""
EVERYBODY = "everybody who relies on the statement"
PAYEE = "the account whose payout is said to be less"


def restated(
    files: Files, committed: Mapping[str, Any] | None = None, policy: str | None = None, **stated: Any
) -> dict[str, bytes]:
    """The files with another commitment, policy or statement; NoLieError if the statement contradicts itself."""
    text = files[POLICY] if policy is None else policy.encode()
    terms = parse_policy(text, POLICY)
    commitment = replace(Commitment.from_bytes(files[COMMITMENT]), policy_digest=terms.digest, **dict(committed or {}))
    statement = replace(
        Statement.from_bytes(files[STATEMENT]),
        policy_digest=terms.digest,
        commitment_digest=commitment.digest,
        origin=commitment.origin,
        epoch=commitment.epoch,
        contribution_root=commitment.contribution_root,
        contribution_count=commitment.contribution_count,
        **stated,
    )
    try:
        statement = replace(statement, circuit_digest=build_circuit(terms, statement).digest)
    except Rejected as rejection:
        raise NoLieError(str(rejection)) from rejection
    changed = {**files, POLICY: text, COMMITMENT: commitment.to_bytes(), STATEMENT: statement.to_bytes()}
    if commitment.private_payouts:
        changed.pop(PAYOUTS, None)
    return changed


def statement_of(files: Files) -> Statement:
    return Statement.from_bytes(files[STATEMENT])


@swap("a proof is of another epoch than it was made for", EVERYBODY)
def another_epochs_label(scene: Scene, files: Files) -> Files:
    return restated(files, {"epoch": scene.dice.choice(["2", "1 ", "10"]).strip() + "b"})


@swap("a proof is of another operator's ledger than it was made for", EVERYBODY)
def another_origin(scene: Scene, files: Files) -> Files:
    return restated(files, {"origin": "example.org/rival"})


@swap("payouts are in another token than the policy had", "all payees")
def another_token(scene: Scene, files: Files) -> Files:
    return restated(files, policy=scene.text.replace('symbol = "TOKEN"', 'symbol = "OTHER"'))


@swap("a payout is of fewer decimals, a thousand times as much", "who pays", OF_ANOTHER_POLICY)
def other_decimals(scene: Scene, files: Files) -> Files:
    text = re.sub(r'(\w*pool|payout_cap|\w+_price|\w+_penalty) = "([0-9.]+)"', _thousandfold, scene.text)
    return restated(files, policy=text.replace("decimals = 18", "decimals = 15"))


def _thousandfold(found: re.Match[str]) -> str:
    whole, _, part = found[2].partition(".")
    return f'{found[1]} = "{int(whole + part.ljust(3, "0")[:3])}{"." + part[3:] if part[3:] else ""}"'


@swap("the pool is larger than the one that was shared out", EVERYBODY, OF_ANOTHER_POLICY)
def another_pool(scene: Scene, files: Files) -> Files:
    text = re.sub(r'^(\w*pool) = "(\d+)', lambda found: f'{found[1]} = "1{found[2]}', scene.text, count=1, flags=re.M)
    pool = parse_policy(text.encode(), POLICY).pool
    statement = statement_of(files)
    return restated(files, policy=text, pool=pool, dust=pool - statement.paid)


@swap("payouts follow another weight or price than the one that they were computed with", EVERYBODY, OF_ANOTHER_POLICY)
def another_formula(scene: Scene, files: Files) -> Files:
    text = re.sub(r"10_000", "5_000", scene.text)
    if text == scene.text:
        text = scene.text.replace("failure_penalty = ", "failure_penalty = ").replace('"0.5"', '"0.4"')
    return restated(files, policy=text)


@swap("the policy of an epoch is one that was not committed to", EVERYBODY, ("policy-mismatch",))
def policy_alone(scene: Scene, files: Files) -> Files:
    return {**files, POLICY: scene.text.replace('name = "', 'name = "New ').encode()}


@swap("a proof is about the records of another epoch", EVERYBODY)
def another_contribution_root(scene: Scene, files: Files) -> Files:
    other = scene.another().draft()
    other.finish()
    leaves = leaves_of(other)
    committed = {"contribution_root": other.statement.contribution_root, "leaves_digest": keccak256(leaves)}
    return {**restated(files, committed), LEAVES: leaves}


@swap("a proof is about the payouts of another epoch", "all payees")
def another_payout_root(scene: Scene, files: Files) -> Files:
    other = scene.another().draft()
    other.finish()
    return restated(files, {"private_payouts": True}, payout_root=other.statement.payout_root)


@swap("a proof of another epoch under the same policy is a proof of this one", EVERYBODY)
def proof_of_another_epoch(scene: Scene, files: Files) -> Files:
    other = scene.another().draft()
    other.finish()
    return {**files, PROOF: publish(scene.text, other)[PROOF]}


@swap("less is paid and more is left than was proved", "all payees")
def paid_and_dust(scene: Scene, files: Files) -> Files:
    statement = statement_of(files)
    step = scene.dice.choice([1, -1, P])
    if not (0 <= statement.paid + step and 0 <= statement.dust - step):
        raise NoLieError("nothing to move")
    return restated(files, {"private_payouts": True}, paid=statement.paid + step, dust=statement.dust - step)


@swap("the total score is another one than was proved", "all payees")
def another_total(scene: Scene, files: Files) -> Files:
    totals = dict(statement_of(files).totals)
    text = scene.dice.choice(list(totals))
    totals[text] += scene.dice.choice([1, -1])
    return restated(files, totals=tuple(totals.items()))


@swap("another number of records was rejected at will than was proved", EVERYBODY)
def other_counts(scene: Scene, files: Files) -> Files:
    counts = dict(statement_of(files).counts)
    counts["accepted"] -= 1
    counts[scene.dice.choice([name for name in counts if name != "accepted"])] += 1
    return restated(files, {"private_payouts": True}, counts=tuple(counts.items()))


@swap("another number of accounts is paid than was proved", EVERYBODY)
def another_account_count(scene: Scene, files: Files) -> Files:
    count = statement_of(files).account_count
    return restated(files, {"private_payouts": True}, account_count=count + scene.dice.choice([1, -1]))


@swap("payouts were private all along", "who would have looked their payout up")
def private_after_all(scene: Scene, files: Files) -> Files:
    return restated(files, {"private_payouts": True})


@swap("payouts are public, and there is no list", "who would look their payout up", ("payouts-missing",))
def list_left_out(scene: Scene, files: Files) -> Files:
    return {name: data for name, data in files.items() if name != PAYOUTS}


def relisted(files: Files, **columns: Any) -> Files:
    return {**files, PAYOUTS: replace(PayoutList.from_bytes(files[PAYOUTS]), **columns).to_bytes()}


@swap("one payout root has two lists: two accounts' payouts are exchanged", PAYEE, ("payout-root-mismatch",))
def second_list_for_one_root(scene: Scene, files: Files) -> Files:
    listed = PayoutList.from_bytes(files[PAYOUTS])
    first, second = scene.dice.sample(range(len(listed)), 2)
    payouts = list(listed.payouts)
    payouts[first], payouts[second] = payouts[second], payouts[first]
    return relisted(files, payouts=payouts)


@swap("a listed payout is one unit more, and another one less", PAYEE, ("payout-root-mismatch",))
def one_unit_in_the_list(scene: Scene, files: Files) -> Files:
    payouts = list(PayoutList.from_bytes(files[PAYOUTS]).payouts)
    rich = [place for place, amount in enumerate(payouts) if amount]
    loser = scene.dice.choice(rich)
    winner = scene.dice.choice([place for place in range(len(payouts)) if place != loser])
    payouts[loser] -= 1
    payouts[winner] += 1
    return relisted(files, payouts=payouts)


@swap("a listed payout is one unit more", "who pays", ("payouts-mismatch",))
def one_unit_more_in_the_list(scene: Scene, files: Files) -> Files:
    payouts = list(PayoutList.from_bytes(files[PAYOUTS]).payouts)
    payouts[scene.dice.randrange(len(payouts))] += 1
    return relisted(files, payouts=payouts)


@swap("a listed leaf has another salt", "who holds a receipt for it", ("payout-root-mismatch",))
def another_salt_in_the_list(scene: Scene, files: Files) -> Files:
    salts = PayoutList.from_bytes(files[PAYOUTS]).salts.copy()
    salts[scene.dice.randrange(len(salts)), scene.dice.randrange(salts.shape[1])] ^= 1
    return relisted(files, salts=salts)


@swap("an account that is paid is not in the list", "the account", ("payouts-mismatch",))
def account_left_out_of_the_list(scene: Scene, files: Files) -> Files:
    lines = files[PAYOUTS].splitlines(keepends=True)
    lines.pop(scene.dice.randrange(1, len(lines)))
    return {**files, PAYOUTS: b"".join(lines)}


@swap("the list is in another order", "who looks for an account in it", ("accounts-not-increasing",))
def list_out_of_order(scene: Scene, files: Files) -> Files:
    header, *lines = files[PAYOUTS].splitlines(keepends=True)
    return {**files, PAYOUTS: b"".join([header, *reversed(lines)])}


@swap("leaves.bin has a record that was not committed to", EVERYBODY, ("leaves-mismatch",))
def another_leaf(scene: Scene, files: Files) -> Files:
    leaves = bytearray(files[LEAVES])
    leaves[scene.dice.randrange(len(leaves))] ^= 1
    return {**files, LEAVES: bytes(leaves)}


@swap("leaves.bin is what was committed to, and has another root", EVERYBODY, ("leaves-root-mismatch",))
def leaves_of_another_root(scene: Scene, files: Files) -> Files:
    leaves = bytearray(files[LEAVES])
    # The low byte of an element, so that it stays below the modulus.
    leaves[4 * scene.dice.randrange(len(leaves) // 4) + 3] ^= 1
    epoch = scene.draft()
    epoch.finish()
    # Committed to and proved like that: nothing but building the root again shows it.
    return publish(scene.text, epoch, leaves=bytes(leaves))
