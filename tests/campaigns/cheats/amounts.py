"""Cheats on amounts: payouts, scores, totals and the counts that a statement says."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.forgery import put_limbs
from tests.attacks.shares import scores_of, share_out
from tests.campaigns.cheats.kinds import NoLieError, witness
from tests.campaigns.cheats.lying import Lie, more, told
from tests.campaigns.cheats.scene import SHARES, Epoch, Scene
from zkpay.circuits.bounds import PAYOUT
from zkpay.stark.field import P

OTHERS = "all other accounts"
PAYEE = "the account that is paid less"
EVERYBODY = "everybody who relies on the statement"


class Overspent(Epoch):
    """Says that no more than the pool is paid, whatever the payouts add up to."""

    def pay(self, paid: int) -> None:
        super().pay(min(paid, self.policy.pool))


class Misadded(Overspent):
    """Says that totals are `off` more than what they add up to."""

    off = 0

    def added_up(self, name: str) -> int:
        return super().added_up(name) + (self.off if name != PAYOUT else 0)


class Misstated(Epoch):
    """Says that so much less is paid than the payouts add up to."""

    less = 0

    def pay(self, paid: int) -> None:
        super().pay(paid - self.less)


def paid_rows(epoch: Epoch) -> list[int]:
    """Rows of accounts that are paid something."""
    return [row for row, amount in enumerate(epoch.payouts()) if amount]


def two_payees(scene: Scene, epoch: Epoch) -> tuple[int, int]:
    """Row of one who is robbed, and of another one who gains."""
    rows = paid_rows(epoch)
    if len(rows) < 2:
        raise NoLieError("fewer than two accounts are paid")
    loser, winner = scene.dice.sample(rows, 2)
    return loser, winner


def repaid(epoch: Epoch, *lies: Lie) -> Epoch:
    """The epoch with these lies about payouts and all that follows, by the honest rules."""
    with told(*lies):
        epoch.after_tally()
    epoch.finish()
    return epoch


def payout(row: int, amount: int) -> Lie:
    """A payout that is so much more than due."""
    return Lie("payouts", "payout", (row,), more(amount))


@witness("an account is paid one unit that is another's", PAYEE, SHARES, folds=True)
def one_unit_to_another(scene: Scene) -> Epoch:
    epoch = scene.draft()
    loser, winner = two_payees(scene, epoch)
    return repaid(epoch, payout(loser, -1), payout(winner, 1))


@witness("an account is paid all that is another's", PAYEE, SHARES, folds=True)
def whole_payout_to_another(scene: Scene) -> Epoch:
    epoch = scene.draft()
    loser, winner = two_payees(scene, epoch)
    amount = epoch.payouts()[loser]
    return repaid(epoch, payout(loser, -amount), payout(winner, amount))


@witness("an account is paid the dust of the roundings", "whom the dust goes to by the policy", SHARES, folds=True)
def dust_into_own_account(scene: Scene) -> Epoch:
    epoch = scene.draft()
    if not epoch.statement.dust:
        raise NoLieError("there is no dust")
    return repaid(epoch, payout(scene.dice.choice(paid_rows(epoch)), epoch.statement.dust))


@witness("payouts are rounded up as long as there is dust", "whom the dust goes to by the policy", SHARES, folds=True)
def rounded_up(scene: Scene) -> Epoch:
    epoch = scene.draft()
    rows = paid_rows(epoch)[: epoch.statement.dust]
    return repaid(epoch, *(payout(row, 1) for row in rows))


@witness("a payout is one unit less than due, which stays in the pool", PAYEE, SHARES, folds=True)
def remainder_not_below_the_divisor(scene: Scene) -> Epoch:
    epoch = scene.draft()
    return repaid(epoch, payout(scene.dice.choice(paid_rows(epoch)), -1))


@witness("an account that has earned something is paid nothing", PAYEE, SHARES, folds=True)
def payout_kept_back(scene: Scene) -> Epoch:
    epoch = scene.draft()
    row = scene.dice.choice(paid_rows(epoch))
    return repaid(epoch, payout(row, -epoch.payouts()[row]))


@witness(
    "payouts exceed the pool, and the statement says that they are all of it", "who is paid last", SHARES, folds=True
)
def more_than_the_pool(scene: Scene) -> Epoch:
    epoch = Overspent(scene.records, scene.policy)
    extra = epoch.statement.dust + scene.dice.choice([1, 10**6, epoch.policy.pool // 3])
    return repaid(epoch, payout(scene.dice.choice(paid_rows(epoch)), extra))


@witness("less is paid by the statement than the payouts are", EVERYBODY, SHARES, folds=True)
def paid_less_than_the_payouts(scene: Scene) -> Epoch:
    epoch = Misstated(scene.records, scene.policy)
    epoch.less = scene.dice.choice([1, 2**10, 2**30, P])
    return repaid(epoch)


@witness("paid and dust are off by one, in the statement alone", EVERYBODY)
def paid_and_dust_in_the_statement(scene: Scene) -> Epoch:
    epoch = scene.draft()
    statement = epoch.statement
    step = scene.dice.choice([1, -1]) if statement.dust and statement.paid else 1 if statement.dust else -1
    epoch.finish(paid=statement.paid + step, dust=statement.dust - step)
    return epoch


def opened_by(times: int) -> Callable[[Scene], Epoch]:
    """The leaf's element opens as itself + times * P."""

    def tell(scene: Scene) -> Epoch:
        epoch = scene.draft()
        loser, winner = two_payees(scene, epoch)
        amount = times * P << 30
        if epoch.payouts()[loser] < amount:
            raise NoLieError("nobody is paid so much")
        with told(payout(loser, -amount)):
            epoch.after_tally()
        payouts = epoch["payouts"]
        limbs = payouts.group("payout")[3:6]
        opened = sum(int(limb) << (10 * k) for k, limb in enumerate(limbs[:, winner])) + times * P
        put_limbs(limbs, winner, (10, 10, 32), opened)
        epoch.after_payouts()
        epoch.pay(epoch.added_up(PAYOUT))
        epoch.finish()
        return epoch

    return tell


for _times, _word in ((1, "p"), (2, "two_p")):
    witness(
        f"a payout is {_times} * p larger than the one that its leaf was made for, at another's cost",
        PAYEE,
        SHARES,
        folds=True,
        name=f"payout_opened_with_{_word}_more",
    )(opened_by(_times))


@witness("an account has a higher score than its records give", OTHERS, SHARES, folds=True)
def score_too_high(scene: Scene) -> Epoch:
    epoch = scene.draft()
    row = scene.dice.choice(paid_rows(epoch))
    return repaid(epoch, Lie("payouts", "score", (row,), more(scene.dice.choice([1, 100, 10**6]))))


@witness("an account has a lower score than its records give", PAYEE, SHARES, folds=True)
def score_too_low(scene: Scene) -> Epoch:
    epoch = scene.draft()
    row = scene.dice.choice(paid_rows(epoch))
    return repaid(epoch, Lie("payouts", "score", (row,), more(-1)))


@witness("a score is p times a power of two more than its points: a carry takes the wrap", OTHERS, ("pro-rata",))
def score_that_wraps(scene: Scene) -> Epoch:
    epoch = scene.draft()
    line = scene.dice.randrange(2)
    first, *rest = scores_of(epoch)
    share_out(epoch, [first + (P << (14 * line)), *rest], score_misses={line: -P})
    epoch.finish()
    return epoch


@witness("a payout is too low by a wrap of p: a carry takes it", PAYEE, ("pro-rata",))
def payout_that_wraps(scene: Scene) -> Epoch:
    epoch = scene.draft()
    scores = scores_of(epoch)
    line = scene.dice.randrange(3)
    off, divisor = P << (15 * line), sum(scores)
    product = epoch.policy.pool * scores[0]
    times = product % divisor // off + 1
    if product < times * off:
        raise NoLieError("the share is too small")
    share_out(epoch, scores, first=divmod(product - times * off, divisor), payout_misses={line: times * P})
    epoch.finish()
    return epoch


def misadded(off: Callable[[Scene], int]) -> Callable[[Scene], Epoch]:
    def tell(scene: Scene) -> Epoch:
        epoch = Misadded(scene.records, scene.policy)
        epoch.off = off(scene)
        return repaid(epoch)

    return tell


witness(
    "the total score is too small, so that everybody gets more",
    "who is paid last",
    SHARES,
    folds=True,
    name="total_too_small",
)(misadded(lambda scene: -scene.dice.choice([1, 7, 10**3])))
witness(
    "the total score is too large, so that everybody gets less", OTHERS, SHARES, folds=True, name="total_too_large"
)(misadded(lambda scene: scene.dice.choice([1, 2**10, 10**6])))
witness(
    "the total score is larger by p, so that everybody gets less", OTHERS, SHARES, folds=True, name="total_with_p_more"
)(misadded(lambda scene: P))


@witness("a total is another one, in the statement alone", EVERYBODY)
def total_in_the_statement(scene: Scene) -> Epoch:
    epoch = scene.draft()
    totals = dict(epoch.statement.totals)
    if not totals:
        raise NoLieError("the formula has no totals")
    text = scene.dice.choice(list(totals))
    totals[text] += scene.dice.choice([1, -1])
    epoch.finish(totals=tuple(totals.items()))
    return epoch


@witness("a record that was rejected at will is counted as rejected for another reason", EVERYBODY)
def counts_by_reason(scene: Scene) -> Epoch:
    scene.add(scene.accounts[0], choice=scene.spam())
    epoch = scene.draft()
    counts = dict(epoch.statement.counts)
    less = scene.policy.rules.reasons[0]
    more_of = scene.dice.choice([name for name in counts if name != less])
    counts[less] -= 1
    counts[more_of] += 1
    epoch.finish(counts=tuple(counts.items()))
    return epoch


@witness("one more account is paid than there is a leaf for", EVERYBODY)
def account_count_in_the_statement(scene: Scene) -> Epoch:
    epoch = scene.draft()
    epoch.finish(account_count=epoch.statement.account_count + scene.dice.choice([1, -1]))
    return epoch


@witness("there is one more record than was committed to", EVERYBODY)
def contribution_count_in_the_statement(scene: Scene) -> Epoch:
    epoch = scene.draft()
    counts = dict(epoch.statement.counts)
    counts[scene.dice.choice(list(counts))] += 1
    epoch.finish(contribution_count=epoch.statement.contribution_count + 1, counts=tuple(counts.items()))
    return epoch
