"""What a cheat is: a lie by name, told in one of three places, beside the honest epoch that it is told about.

- `Witness`: in the tables, before the proof is made. The lie is told once, all after it is computed again.
- `Swap`: in the published files, after an honest proof.
- `Receipted`: in a receipt, or in the public files that it is checked against.

Each attempt also says what became of the honest epoch of the same records, which must be accepted: a cheat that is
rejected for something else than its lie shows nothing.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zkpay
from tests.campaigns.cheats.publishing import ACCEPTED, Files, has_committed_root, leaves_of, publish, verdict, write
from tests.campaigns.cheats.scene import PRESETS, Epoch, Scene
from tests.circuits.scenarios import contributions_of
from zkpay.circuits.checker import violated_names
from zkpay.epoch.layout import POLICY
from zkpay.errors import InputError, Rejected
from zkpay.ledger.contributions import Contributions

BY_THE_PROOF = ("constraints-unsatisfied",)
MODULES = ("accounts", "amounts", "committed", "formulas", "receipts", "statements", "verdicts")


class NoLieError(Exception):
    """What was drawn leaves nothing to lie about; another draw may."""


@dataclass(frozen=True)
class Attempt:
    """What became of a cheat and of its honest control: ACCEPTED, or the reason of the rejection."""

    honest: str
    cheated: str
    is_private: bool = False


@dataclass(frozen=True)
class Cheat(ABC):
    """says: what it states falsely. loses: at whose cost. presets: where it can be told. stopped_by: the reasons for
    which a verifier may reject it; any other one would mean that it was stopped by accident. folds: whether it
    touches payouts, and so is told in the form for large epochs as well.
    """

    name: str
    says: str
    loses: str
    presets: tuple[str, ...]
    stopped_by: tuple[str, ...]
    folds: bool

    @abstractmethod
    def attempt(self, scene: Scene, folder: Path, profile: str) -> Attempt:
        """Cheat, and be honest, below an empty folder; NoLieError if the scene has nothing to lie about."""


@dataclass(frozen=True)
class Witness(Cheat):
    """`tell` gives a finished draft."""

    tell: Callable[[Scene], Epoch]

    def told(self, scene: Scene) -> Epoch:
        """The finished draft of the lie, which states something else than the truth."""
        try:
            epoch = self.tell(scene)
        except Rejected as rejection:
            raise NoLieError(f"no statement says it: {rejection}") from rejection
        if not epoch.forgery.is_false:
            raise NoLieError("the statement is the honest one")
        return epoch

    def objections(self, scene: Scene) -> set[str]:
        """What the row checker objects to."""
        epoch = self.told(scene)
        return violated_names(epoch.circuit, epoch.witness)

    def attempt(self, scene: Scene, folder: Path, profile: str) -> Attempt:
        epoch = self.told(scene)
        control = scene.draft()
        control.finish()
        honest = publish(scene.text, control, profile)
        # Where the lie is about what was committed to, that stays committed.
        same = epoch.statement.contribution_root == control.statement.contribution_root
        files = publish(scene.text, epoch, profile, leaves_of(control) if same else None)
        return Attempt(
            verdict(write(folder / "honest", honest)),
            verdict(write(folder / "cheated", files), leaves=has_committed_root(files)),
            is_private=len(files) < len(honest),
        )


@dataclass(frozen=True)
class Swap(Cheat):
    """`swap` changes the files of an honest epoch."""

    swap: Callable[[Scene, Files], Files]

    def attempt(self, scene: Scene, folder: Path, profile: str) -> Attempt:
        control = scene.draft()
        control.finish()
        honest = publish(scene.text, control, profile)
        files = self.swap(scene, honest)
        if files == honest:
            raise NoLieError("nothing was changed")
        return Attempt(verdict(write(folder / "honest", honest)), verdict(write(folder / "cheated", files)))


@dataclass(frozen=True)
class Proved:
    """An honest epoch by zkpay's own commands, with the receipts of all accounts."""

    folder: Path
    receipts: dict[int, bytes]

    @property
    def public(self) -> Path:
        return self.folder / "public"


@dataclass(frozen=True)
class Receipted(Cheat):
    """`forge` gives a receipt, and the public folder that it is shown with."""

    forge: Callable[[Scene, Proved, Path], tuple[bytes, Path]]

    def attempt(self, scene: Scene, folder: Path, profile: str) -> Attempt:
        proved = prove(scene, folder / "honest", profile)
        honest = {self._check(folder, proved.receipts[account], proved.public) for account in proved.receipts}
        receipt, public = self.forge(scene, proved, folder / "other")
        if receipt in proved.receipts.values() and public == proved.public:
            raise NoLieError("nothing was changed")
        return Attempt(min(honest), self._check(folder, receipt, public))

    @staticmethod
    def _check(folder: Path, receipt: bytes, public: Path) -> str:
        path = folder / "shown.receipt.json"
        path.write_bytes(receipt)
        try:
            zkpay.verify_receipt(path, public=public)
        except Rejected as rejection:
            return rejection.reason
        except InputError:
            return "unreadable"
        return ACCEPTED


def prove(scene: Scene, folder: Path, profile: str, *, private: bool = False, epoch: str = "1") -> Proved:
    """Commit, prove and issue receipts as an operator does."""
    folder.mkdir(parents=True)
    policy = folder / POLICY
    policy.write_text(scene.text, encoding="utf-8")
    records: Contributions = contributions_of(scene.records, scene.policy)
    place = folder / "epoch"
    zkpay.commit(records, policy, epoch=epoch, origin="tests", out=place, private_payouts=private)
    zkpay.prove(place, profile=profile)
    issued = zkpay.issue_receipts(place, out=folder / "receipts")
    return Proved(place, {int(one.account, 16): one.path.read_bytes() for one in issued})


CHEATS: dict[str, Cheat] = {}


def _register(cheat: Cheat) -> None:
    if cheat.name in CHEATS:
        raise ValueError(f"two cheats are called {cheat.name}")
    CHEATS[cheat.name] = cheat


def witness(
    says: str, loses: str, presets: tuple[str, ...] = PRESETS, *, folds: bool = False, name: str | None = None
) -> Callable[[Callable[[Scene], Epoch]], Callable[[Scene], Epoch]]:
    """Register a cheat in the tables, by its function's name."""

    def register(tell: Callable[[Scene], Epoch]) -> Callable[[Scene], Epoch]:
        _register(Witness(name or tell.__name__, says, loses, presets, BY_THE_PROOF, folds, tell))
        return tell

    return register


def swap(
    says: str, loses: str, stopped_by: tuple[str, ...] = BY_THE_PROOF, presets: tuple[str, ...] = PRESETS
) -> Callable[[Callable[[Scene, Files], Files]], Callable[[Scene, Files], Files]]:
    """Register a cheat in the published files."""

    def register(change: Callable[[Scene, Files], Files]) -> Callable[[Scene, Files], Files]:
        _register(Swap(change.__name__, says, loses, presets, stopped_by, False, change))
        return change

    return register


Forge = Callable[[Scene, Proved, Path], tuple[bytes, Path]]


def receipt(
    says: str, loses: str, stopped_by: tuple[str, ...], presets: tuple[str, ...] = PRESETS
) -> Callable[[Forge], Forge]:
    """Register a cheat with receipts."""

    def register(forge: Forge) -> Forge:
        _register(Receipted(forge.__name__, says, loses, presets, stopped_by, False, forge))
        return forge

    return register


def load_all() -> None:
    """Import all modules that register cheats."""
    for module in MODULES:
        importlib.import_module(f"tests.campaigns.cheats.{module}")
