"""The zero-knowledge campaign in small: whichever protective part is off is missed, and a whole proof tells nothing."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest

from tests.campaigns.campaign import Tally
from tests.campaigns.zero_knowledge import campaign
from tests.campaigns.zero_knowledge.campaign import LEVEL, guess, statistics, telling
from tests.campaigns.zero_knowledge.cases import cubes_case, ledger_case, prove, tiny, toy_case, weakened
from tests.campaigns.zero_knowledge.distinguishers import EXPERIMENTS, Experiment
from tests.campaigns.zero_knowledge.ledger import Equations, possible
from tests.campaigns.zero_knowledge.observer import view
from tests.campaigns.zero_knowledge.payouts import compare_payouts
from tests.campaigns.zero_knowledge.span import have_common_root, in_span, solve
from tests.campaigns.zero_knowledge.statistics import alike, tails, two_sided, uniform
from tests.reference.stark import P
from tests.reference.toy import STATEMENT, verdict
from zkpay.prover import prove as prover
from zkpay.prover.commit import CommittedTree, open_rows
from zkpay.prover.prove import prove_circuit
from zkpay.prover.randomness import MaskSource
from zkpay.stark.parameters import PROFILES
from zkpay.stark.proof import TreeOpening

EXPERIMENT = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)


@EXPERIMENT
def test_a_missing_part_is_told_and_the_real_build_tells_nothing(experiment: Experiment) -> None:
    tally = telling("test/part", experiment, rounds=2)
    assert tally.findings == []
    assert tally.tables["Told right with the part switched off"] == {experiment.name: 2}


@EXPERIMENT
def test_the_campaign_finds_a_build_without_the_part(experiment: Experiment) -> None:
    """The part is off where the campaign thinks that it is on: each round is a finding."""
    with weakened(*experiment.weak, keep=experiment.keep):
        tally = telling("test/weak", experiment, rounds=2)
    places = [place for place, what in tally.findings if "in place" in what]
    assert places == ["test/weak round 0", "test/weak round 1"]
    assert tally.counts["guesses that are right by chance"] == 2


def test_guesses_on_the_real_build_are_as_good_as_a_coin() -> None:
    """60 rounds of the fastest distinguishers, at a level of 10^-3 on two sides; the seeds are fixed."""
    right = rounds = 0
    for number in (0, 1, 6):
        tally = telling(f"test/coin/{number}", EXPERIMENTS[number], rounds=20)
        assert tally.findings == []
        right += tally.counts["guesses that are right by chance"]
        rounds += tally.counts["rounds, nothing switched off"]
    assert rounds == 60
    assert two_sided(right, rounds) > 1e-3
    assert two_sided(rounds, rounds) < 1e-17
    assert [guess(told, "seed") for told in ((True, False), (False, True))] == [0, 1]


def test_masks_fit_any_witness_and_are_all_needed() -> None:
    """By all that a proof of the ledger reveals: with every kind of mask both witnesses are possible; an observer who
    could rule out one kind could rule out both witnesses, so there is no kind that reveals nothing."""
    case = ledger_case("test")
    equations = Equations(view(case, prove(case, 1, "test")))
    assert possible(equations) == (True, True)
    for name in ("main", "helper", "accumulator", "quotient", "fri"):
        assert possible(equations, (name,)) == (False, False), name


@pytest.mark.parametrize("make", [toy_case, ledger_case, cubes_case])
def test_both_witnesses_are_of_one_statement(make: type) -> None:
    case = make("test")
    assert any((case.witnesses[0][name] != case.witnesses[1][name]).any() for name in case.witnesses[0])
    for which in (0, 1):
        proof = prove(case, which, f"test/{which}")
        with tiny(case.queries):
            assert verdict(case.circuit, proof) == "accepted"
    with tiny(case.queries):
        witness = {name: values.copy() for name, values in case.witnesses[0].items()}
        first = next(iter(witness.values()))
        first[0, 0] = (int(first[0, 0]) + 1) % P
        false = prove_circuit(case.circuit, witness, STATEMENT, PROFILES["default"], check=False)
        assert verdict(case.circuit, false) != "accepted"


def test_proofs_of_two_witnesses_look_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 proofs of each witness under one set of coins; all that is shown is uniform, and the same for both."""
    monkeypatch.setattr(campaign, "WEAK_SAMPLES", 24)
    tally = statistics("test/ledger", ledger_case("test"), 64)
    assert tally.findings == []
    assert tally.counts["proofs compared by statistics"] == 128
    assert tally.counts["weakened builds by statistics"] == 3
    assert tally.counts["tests"] > 1000


@pytest.mark.parametrize("label", ["masks/0", "masks/1", "quotient", "fri"])
def test_statistics_find_a_missing_mask(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "EVERY_MASK", ())
    with weakened(label):
        found = statistics("test/weak", ledger_case("test"), 24).findings
    assert any("p = " in what for _, what in found)


def test_statistics_find_masks_that_are_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "EVERY_MASK", ())
    source = MaskSource.__init__
    with mock.patch.object(MaskSource, "__init__", lambda self, seed: source(self, bytes(32))):
        found = statistics("test/twice", ledger_case("test"), 2).findings
    assert any("shares a root, salt, claim or digest" in what for _, what in found)


def test_statistics_find_a_length_that_depends_on_the_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "EVERY_MASK", ())

    def longer(tree: CommittedTree, indices: list[int]) -> TreeOpening:
        opening = open_rows(tree, indices)
        return TreeOpening(opening.rows, opening.salts, opening.siblings + bytes(32 * (tree.root[0] & 1)))

    with mock.patch.object(prover, "open_rows", longer):
        found = statistics("test/longer", ledger_case("test"), 8).findings
    assert any("shapes of proofs" in what for _, what in found)


@pytest.mark.parametrize("number", [0, 1])
def test_payout_proofs_of_two_epochs(number: int) -> None:
    """With the hashes of payouts in line and in rows."""
    tally = compare_payouts(f"test/payouts/{number}")
    assert tally.findings == []
    assert tally.counts["payout proofs"] == 2
    assert tally.counts["claims held against a guess"] > 1000


def test_payout_proofs_without_masks_are_found() -> None:
    with weakened("masks/0"):
        found: Tally = compare_payouts("test/payouts/2")
    assert any("columns without masks" in what for _, what in found.findings)


def test_chi_square_tails() -> None:
    """Textbook quantiles for 15 degrees of freedom, and uniform elements by the million."""
    quantiles = [7.261, 14.339, 24.996, 30.578, 37.697]
    assert tails(quantiles) == pytest.approx([0.95, 0.5, 0.05, 0.01, 0.001], rel=2e-3)
    assert 0 < tails([120.0])[0] < 1e-17
    counts = np.random.default_rng(5).multinomial(256, [1 / 16] * 16, size=200_000)
    for level in (1e-1, 1e-2, 1e-3, 1e-4):
        assert (uniform(counts) < level).mean() == pytest.approx(level, rel=0.3)
        assert (alike(counts[::2], counts[1::2]) < level).mean() == pytest.approx(level, rel=0.5)
    assert (uniform(counts) > LEVEL).all()
    # 24 proofs with one constant.
    assert uniform(np.array([[24] + [0] * 15]))[0] < LEVEL


def test_linear_algebra() -> None:
    matrix = np.array([[1, 2], [3, 4], [5, 6]])
    assert in_span(matrix, matrix @ [7, 9], np.array([1, 0, 0])) == (True, False)
    assert in_span(np.zeros((2, 0), dtype=np.int64), np.zeros(2, dtype=np.int64), np.array([0, 1])) == (True, False)
    system = np.array([[2, 3, 5], [7, 11, 13]])
    one, direction = solve(system, np.array([17, 19]))
    assert direction.any()
    for t in (0, 1, P - 5):
        solution = [int(value) for value in (one + t * direction) % P]
        assert [sum(int(a) * b for a, b in zip(row, solution, strict=True)) % P for row in system] == [17, 19]
    # (x - 3)(x - 5), (x - 3)(x + 1)^2 and (x - 4)(x - 5).
    first, second, third = [15, -8, 1], [-3, -5, -1, 1], [20, -9, 1]
    assert have_common_root([first, second])
    assert have_common_root([first, third])
    assert not have_common_root([first, second, third])
