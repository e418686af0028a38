"""A slice of the campaign of changed proofs, and verifiers with one check missing, in which it finds what it should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.campaigns.campaign import Tally
from tests.campaigns.proofs import campaign
from tests.campaigns.proofs.campaign import EVERY_BYTE, PAIRS, SOME_BYTES, STRUCTURED, Proofs, run_trials
from tests.campaigns.proofs.subjects import SUBJECTS, parameters_of, subject
from zkpay.errors import Rejected
from zkpay.stark.field import P
from zkpay.stark.layout import Group
from zkpay.stark.parameters import PROFILES, Parameters
from zkpay.stark.proof import Proof, TreeOpening, parse_elements
from zkpay.verifier import merkle

SEED = "slice"


@pytest.mark.parametrize(
    ("word", "name", "trials", "counted"),
    [
        ("every-byte", "three-heights", 0, EVERY_BYTE),
        ("some-bytes", "default", 12, SOME_BYTES),
        ("structured", "small", 250, STRUCTURED),
        ("structured", "frozen", 250, STRUCTURED),
        ("structured", "default", 60, STRUCTURED),
        ("structured", "epoch", 6, STRUCTURED),
        ("pairs", "frozen", 60, PAIRS),
    ],
)
def test_a_slice_finds_nothing(word: str, name: str, trials: int, counted: str) -> None:
    tally = run_trials(f"{SEED}/{word}/{name}/5", subject(name, SEED), word, (160, trials), 5)
    assert not tally.findings
    assert tally.counts[counted] > 0.8 * trials
    assert sum(tally.tables["What the verifier says"].values()) == tally.counts[counted]
    assert campaign.UNCHANGED not in tally.counts or tally.counts[campaign.UNCHANGED] <= 0.1 * tally.counts[counted]


def test_units_are_the_same_each_time() -> None:
    assert Proofs().run(f"{SEED}/pairs/small/0") == Proofs().run(f"{SEED}/pairs/small/0")


def test_the_names_of_units_are_known() -> None:
    units = list(Proofs().units("x"))
    assert {unit.split("/")[1] for unit in units} == set(campaign.WORDS)
    assert {unit.split("/")[2] for unit in units} == set(SUBJECTS)
    for what, target in Proofs.targets.items():
        word = next(word for word, counted in campaign.WORDS.items() if counted == what)
        planned = sum(units * trials for units, trials in campaign.AMOUNTS[word].values())
        # What leaves a proof as it was isn't counted: some to spare. All bytes of two proofs have four changes each.
        assert planned > 1.02 * target or (planned == target and word != "structured") or what == EVERY_BYTE


# Verifiers that each lack one check. All of them accept honest proofs; some file made from a proof passes as well, or
# leads to an error that nobody expects.


class AnyEncoding(bytes):
    """Equal to all other bytes, as if nobody compared."""

    def __ne__(self, other: object) -> bool:
        return False


_to_bytes, _check_root, _open_tree = Proof.to_bytes, merkle._check_root, merkle.open_tree


def not_written_again(proof: Proof) -> bytes:
    """A file needn't be the one encoding of its content (Plonky3 #1765 and #1773)."""
    return AnyEncoding(_to_bytes(proof))


def modulo_p(data: bytes, count: int, what: str) -> NDArray[np.int64]:
    """An element of P or more counts as what it is modulo P (SP1 audit by rkm0959, 3-2)."""
    if len(data) != 4 * count:
        return parse_elements(data, count, what)
    return np.frombuffer(data, dtype="<u4").astype(np.int64) % P


def surplus_siblings(root: bytes, levels: Mapping[int, Mapping[int, bytes]], siblings: bytes, what: str) -> None:
    """Sibling digests that nobody needs are left lying (Plonky3 #1794)."""
    while True:
        try:
            return _check_root(root, levels, siblings, what)
        except Rejected as rejection:
            if "more sibling digests" not in rejection.detail:
                raise
            siblings = siblings[:-32]


def no_root(root: bytes, levels: Mapping[int, Mapping[int, bytes]], siblings: bytes, what: str) -> None:
    """Whatever the opened rows hash to will do."""


def surplus_salts(
    root: bytes, tree: int, groups: Sequence[Group], blowup: int, indices: Sequence[int], opening: TreeOpening
) -> list[NDArray[np.int64]]:
    """Salts may be longer than they need be (Plonky3 #1793)."""
    counts = [len({index % (group.height * blowup) for index in indices}) for group in groups]
    salts = tuple(salt[: merkle.SALT_BYTES * count] for salt, count in zip(opening.salts, counts, strict=False))
    return _open_tree(root, tree, groups, blowup, indices, TreeOpening(opening.rows, salts, opening.siblings))


class AnyProfile(dict[str, Any]):
    """Every name that is unknown means the default profile (winterfell #160)."""

    def get(self, name: str, default: Any = None) -> Any:
        return PROFILES.get(name, PROFILES["default"])


def no_shape(proof: Proof, parameters: Parameters) -> None:
    """Numbers of roots, layers and nonces aren't looked at (Zellic on SP1 Hypercube 3.6)."""


def no_folds(*_: object) -> None:
    """Layers aren't followed down to the last polynomial, nor opened."""


ACCEPTED, CRASH = "another file is accepted", "Traceback"


@pytest.mark.parametrize(
    ("target", "replacement", "path", "kind", "fault"),
    [
        ("zkpay.stark.proof.Proof.to_bytes", not_written_again, "nonce", "encode", ACCEPTED),
        ("zkpay.stark.proof.Proof.to_bytes", not_written_again, "trees[]", "permute", ACCEPTED),
        ("zkpay.stark.proof.Proof.to_bytes", not_written_again, "", "extend", ACCEPTED),
        ("zkpay.verifier.merkle.parse_elements", modulo_p, "trees[].rows[]", "offset", ACCEPTED),
        ("zkpay.verifier.merkle._check_root", surplus_siblings, "trees[].siblings", "extend", ACCEPTED),
        ("zkpay.verifier.merkle._check_root", surplus_siblings, "", "siblings too many or too few", ACCEPTED),
        ("zkpay.verifier.merkle._check_root", no_root, "trees[].salts[]", "flip", ACCEPTED),
        ("zkpay.verifier.merkle._check_root", no_root, "", "siblings reordered", ACCEPTED),
        ("zkpay.verifier.verify.open_tree", surplus_salts, "trees[].salts[]", "extend", ACCEPTED),
        ("zkpay.verifier.verify.PROFILES", AnyProfile(), "profile", "extend", ACCEPTED),
        ("zkpay.verifier.verify.check_layers", no_folds, "final_polynomial", "offset", ACCEPTED),
        ("zkpay.verifier.verify.check_layers", no_folds, "layers[].fibres", "duplicate", ACCEPTED),
        ("zkpay.verifier.verify.check_layers", no_folds, "layer_roots[]", "replace", ACCEPTED),
        ("zkpay.verifier.verify._check_shape", no_shape, "nonce", "offset", CRASH),
        ("zkpay.verifier.verify._check_shape", no_shape, "trees", "truncate", CRASH),
    ],
)
def test_a_missing_check_is_found(
    monkeypatch: pytest.MonkeyPatch, target: str, replacement: Any, path: str, kind: str, fault: str
) -> None:
    monkeypatch.setattr(campaign, "COMBINATIONS", [(path, kind)])
    # With challenges that follow from the messages, a changed message is found out by what comes after it.
    made = subject("frozen" if replacement is no_folds else "small", SEED)

    def found() -> Tally:
        return run_trials(f"{SEED}/structured/weak/0", made, "structured", (1, 30), 0)

    assert not found().findings
    monkeypatch.setattr(target, replacement)
    with parameters_of(made):
        made.verify(made.data)
    findings = found().findings
    assert findings
    assert all(fault in what for _, what in findings)
