"""Cheats on verdicts: records that are accepted or rejected against the rules, whatever the operator would like."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.limits import judge
from tests.campaigns.cheats.kinds import NoLieError, witness
from tests.campaigns.cheats.lying import Lie, more, told
from tests.campaigns.cheats.scene import PRESETS, SHARES, WINDOW, Epoch, Scene
from zkpay.ledger.fields import UNDECLARED
from zkpay.ledger.rules import (
    ACCEPTED,
    BELOW_MINIMUM,
    BUILT_IN_REASONS,
    DUPLICATE,
    OUT_OF_RANGE,
    OVER_ACCOUNT_LIMIT,
    OVER_WINDOW_LIMIT,
    SUPERSEDED,
    UNDECLARED_VALUE,
)

OTHERS = "all other accounts, whose shares shrink"
RIVAL = "the account whose record is turned away"
WITH_KIND = tuple(name for name in PRESETS if name != "quadratic-match")
WITH_MINIMUM = ("fixed-price", "quadratic-match")
WITH_FINGERPRINT = WITH_KIND
WITH_LIMIT = ("capped-pro-rata", "fixed-price")
RULED = ("fixed-price",)


def judged(scene: Scene, reasons: dict[int, int], deserved: dict[int, int]) -> Epoch:
    """Records get these reasons instead of those that they deserve, which are told to be sure of them."""
    found = {index: record.reason for index, record in enumerate(scene.records) if index in deserved}
    if found != deserved:
        raise NoLieError(f"the records deserve {found}")
    epoch = scene.draft()
    judge(epoch, reasons)
    epoch.finish()
    return epoch


def out_of_range(scene: Scene) -> int:
    field = scene.dice.choice([field for field in scene.policy.rules.numbers if field.recordable > field.maximum])
    # Beyond by little: far beyond, what the formula makes of it wouldn't fit the statement.
    values = {other.name: max(other.minimum, 1) for other in scene.policy.rules.numbers}
    return scene.add(scene.accounts[0], choice=OUT_OF_RANGE, **values | {field.name: field.maximum + 1})


def undeclared(scene: Scene) -> int:
    return scene.add(scene.accounts[0], choice=UNDECLARED_VALUE, kind=UNDECLARED)


def below_minimum(scene: Scene) -> int:
    (field,) = (field for field in scene.policy.rules.numbers if field.minimum)
    return scene.add(scene.accounts[0], choice=BELOW_MINIMUM, **{field.name: field.minimum - 1})


def duplicate(scene: Scene) -> int:
    """A copy of a record: by its fingerprint, or by its account and donor."""
    original = scene.dice.randrange(len(scene.entries))
    row = scene.entries[original].row
    if scene.preset == "quadratic-match":
        return scene.add(row.account, donor=row.values["donor"])
    return (
        scene.add(scene.dice.choice(scene.accounts), fingerprint=row.fingerprint, submitted=60 * WINDOW)
        if (scene.preset == "fixed-price")
        else scene.add(scene.dice.choice(scene.accounts), fingerprint=row.fingerprint)
    )


def over_window(scene: Scene) -> int:
    """The third record of an account's day."""
    account = (scene.accounts[0] + 1) % 2**160
    for second in range(2):
        scene.add(account, submitted=50 * WINDOW + second)
    return scene.add(account, submitted=51 * WINDOW - 1)


def over_account(scene: Scene) -> int:
    """One record more than an account may have."""
    account, limit = scene.accounts[0], scene.policy.rules.account_limit or 0
    times = {"submitted": 60 * WINDOW} if scene.preset == "fixed-price" else {}
    while sum(record.account == account and not record.reason for record in scene.records) < limit:
        scene.add(account, **times)
        times = {"submitted": times["submitted"] + WINDOW} if times else {}
    return scene.add(account, **times)


def superseded(scene: Scene) -> int:
    """A record that a later one of its account replaces."""
    index = scene.dice.randrange(len(scene.entries))
    scene.add(scene.entries[index].row.account, replaces=index, submitted=70 * WINDOW)
    return index


ACCEPT: dict[int, tuple[Callable[[Scene], int], tuple[str, ...]]] = {
    OUT_OF_RANGE: (out_of_range, PRESETS),
    UNDECLARED_VALUE: (undeclared, WITH_KIND),
    BELOW_MINIMUM: (below_minimum, WITH_MINIMUM),
    DUPLICATE: (duplicate, PRESETS),
    OVER_WINDOW_LIMIT: (over_window, RULED),
    OVER_ACCOUNT_LIMIT: (over_account, WITH_LIMIT),
    SUPERSEDED: (superseded, RULED),
}
"""By reason: what adds a record that deserves it, and under which presets there is one."""


def accepted_instead(reason: int) -> Callable[[Scene], Epoch]:
    def tell(scene: Scene) -> Epoch:
        index = ACCEPT[reason][0](scene)
        return judged(scene, {index: ACCEPTED}, {index: reason})

    return tell


def rejected_instead(reason: int) -> Callable[[Scene], Epoch]:
    def tell(scene: Scene) -> Epoch:
        account = scene.accounts[0]
        own = [index for index, entry in enumerate(scene.entries) if entry.row.account == account]
        index = scene.dice.choice(own)
        return judged(scene, {index: reason}, {index: ACCEPTED})

    return tell


for _reason, (_, _presets) in ACCEPT.items():
    _name = BUILT_IN_REASONS[_reason]
    witness(
        f"a record that is {_name.replace('_', ' ')} is accepted and paid", OTHERS, _presets, name=f"accept_{_name}"
    )(accepted_instead(_reason))
    witness(
        f"a record that isn't {_name.replace('_', ' ')} is rejected for it", RIVAL, _presets, name=f"reject_as_{_name}"
    )(rejected_instead(_reason))


@witness("a copy is accepted and paid, its original is rejected as the copy", "who handed it in first")
def copy_preferred(scene: Scene) -> Epoch:
    copy = duplicate(scene)
    row = scene.entries[copy].row
    (original,) = (
        index
        for index, entry in enumerate(scene.entries[:copy])
        if entry.row.fingerprint == row.fingerprint
        or (scene.preset == "quadratic-match" and (entry.row.account, entry.row.values) == (row.account, row.values))
        or (
            scene.preset == "quadratic-match"
            and entry.row.account == row.account
            and entry.row.values["donor"] == row.values["donor"]
        )
    )
    return judged(scene, {original: DUPLICATE, copy: ACCEPTED}, {original: ACCEPTED, copy: DUPLICATE})


@witness("content that was handed in before is paid again under another kind", OTHERS, WITH_FINGERPRINT)
def copy_of_another_kind(scene: Scene) -> Epoch:
    copy = duplicate(scene)
    scene.change(copy, kind=(scene.value(copy, "kind") + 1) % len(scene.policy.rules.symbols[0].values))
    return judged(scene, {copy: ACCEPTED}, {copy: DUPLICATE})


@witness("a record passes a full day, as it is said to be of another one", OTHERS, RULED)
def another_window(scene: Scene) -> Epoch:
    index = over_window(scene)
    if scene.records[index].reason != OVER_WINDOW_LIMIT:
        raise NoLieError("the day isn't full")
    epoch = scene.draft()
    with told(Lie("contributions", "window", (index,), more(scene.dice.choice([1, -1])))):
        judge(epoch, {index: ACCEPTED})
    epoch.finish()
    return epoch


def replaced(scene: Scene, by: int, target: int, reasons: dict[int, int]) -> Epoch:
    """The record `by` is made to name `target` as the one that it corrects."""
    epoch = scene.draft()
    contributions = epoch["contributions"]
    contributions["replaces[0]"][by] = target + 1
    judge(epoch, reasons)
    epoch.finish()
    return epoch


@witness("two records correct the same one, and both are paid", OTHERS, RULED)
def correction_used_twice(scene: Scene) -> Epoch:
    target = superseded(scene)
    second = scene.add(scene.entries[target].row.account, submitted=80 * WINDOW)
    return replaced(scene, second, target, {})


@witness("somebody's record is superseded by another account's", RIVAL, RULED)
def correction_of_another_account(scene: Scene) -> Epoch:
    thief, victim = scene.dice.sample(scene.accounts, 2)
    (target, *_) = (index for index, entry in enumerate(scene.entries) if entry.row.account == victim)
    by = scene.add(thief, submitted=80 * WINDOW)
    return replaced(scene, by, target, {target: SUPERSEDED})


@witness("a record is superseded by an earlier one", RIVAL, RULED)
def correction_of_a_later_record(scene: Scene) -> Epoch:
    account = scene.dice.choice(scene.accounts)
    earlier, later = (index for index, entry in enumerate(scene.entries) if entry.row.account == account)
    return replaced(scene, earlier, later, {later: SUPERSEDED})


@witness("a correction is paid, and what it corrects is not superseded: it names nothing", OTHERS, RULED)
def correction_without_effect(scene: Scene) -> Epoch:
    target = superseded(scene)
    epoch = scene.draft()
    judge(epoch, {target: ACCEPTED})
    contributions = epoch["contributions"]
    by = len(scene.entries) - 1
    contributions["corrects"][by], contributions["replaced before[0]"][by] = 0, 0
    epoch.after_contributions()
    epoch.finish()
    return epoch


@witness("an account is paid for a record that was rejected at will", OTHERS, SHARES)
def points_of_the_rejected(scene: Scene) -> Epoch:
    index = scene.add(scene.accounts[0], choice=scene.spam())
    epoch = scene.draft()
    epoch["contributions"]["points[0]"][index] = scene.dice.choice([1, 5_000])
    epoch.after_contributions()
    epoch.finish()
    return epoch
