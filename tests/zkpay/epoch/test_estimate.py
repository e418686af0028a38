"""What is told before a proof begins, and when it is refused."""

from pathlib import Path

import pytest

import zkpay
from tests.reference.toy import toy
from tests.zkpay.epoch.folders import contents, copy_of
from zkpay.epoch import estimate as module
from zkpay.epoch import prove as proving
from zkpay.epoch.estimate import Estimate, check_memory, duration, estimate, stage_seconds
from zkpay.epoch.stages import Progress
from zkpay.errors import Refused
from zkpay.prover.memory import peak_bytes
from zkpay.prover.prove import STAGES
from zkpay.prover.work import Counts, butterflies, row_permutations
from zkpay.stark.parameters import PROFILES, derive

CIRCUIT = toy(1 << 15, 1 << 14, 1 << 14).circuit
PARAMETERS = derive(PROFILES["default"], CIRCUIT)
COMPACT = derive(PROFILES["compact"], CIRCUIT)


def test_seconds_are_counts_times_rates() -> None:
    assert stage_seconds(Counts(), 1, 1) == module.STAGE_START
    counts = Counts(butterflies=1000, permutations=500)
    rates = module.RATES
    expected = module.STAGE_START + 2000 * rates["butterflies"] + 1500 * rates["permutations"]
    assert stage_seconds(counts, 2, 3) == pytest.approx(expected)
    assert set(rates) == set(vars(Counts()))


def test_an_estimate_covers_the_stages_of_prove(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_calibrate", lambda: pytest.fail("a short proof is not worth it"))
    monkeypatch.setattr(module, "resident_memory", lambda: 5)
    found = estimate(CIRCUIT, PARAMETERS, 10**9)
    assert list(found.stages) == ["witness", *STAGES, "verify", "write"]
    assert found.seconds == pytest.approx(sum(found.stages.values()))
    assert found.free_bytes == 10**9 + 5
    assert found.peak_bytes == peak_bytes(CIRCUIT, PARAMETERS, PARAMETERS.blowup) + 5


def test_longer_proofs_are_scaled_by_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = estimate(CIRCUIT, PARAMETERS, 10**9)
    monkeypatch.setattr(module, "_CALIBRATED_FROM", 0.0)
    monkeypatch.setattr(module, "_calibrate", lambda: (2.0, 3.0))
    after = estimate(CIRCUIT, PARAMETERS, 10**9)
    assert before.seconds < after.seconds < 3 * before.seconds
    start = module.STAGE_START
    assert after.stages["openings"] - start == pytest.approx(2 * (before.stages["openings"] - start))
    assert after.stages["folding"] - start == pytest.approx(3 * (before.stages["folding"] - start))


def test_compiling_is_expected_once() -> None:
    before, after = (estimate(CIRCUIT, PARAMETERS, 10**9, compiled=compiled) for compiled in (True, False))
    assert set(module.COMPILING) <= set(before.stages)
    assert after.seconds == pytest.approx(before.seconds + sum(module.COMPILING.values()))


def test_calibration_gives_two_factors() -> None:
    transforms, hashing = module._calibrate()
    assert transforms > 0
    assert hashing > 0


def test_a_machine_as_fast_as_the_reference_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, rows = module._CALIBRATION_COLUMNS, module._CALIBRATION_ROWS
    seconds = iter(
        (
            butterflies(columns, rows) * module._CALIBRATION_BUTTERFLY,
            rows * row_permutations(columns, salted=False) * module._CALIBRATION_PERMUTATION,
        )
    )
    monkeypatch.setattr(module, "_best_seconds", lambda run: next(seconds))
    assert module._calibrate() == pytest.approx((1.0, 1.0))


def test_words() -> None:
    found = Estimate({"witness": 12.0, "write": 18.4}, 10_949_000_000, 15_200_000_000, 0)
    assert str(found) == "about 30 s, 10.9 GB of memory (15.2 GB are free)"
    assert [duration(seconds) for seconds in (0.2, 99, 100, 3599, 5400)] == ["1 s", "99 s", "2 min", "60 min", "1.5 h"]


def test_enough_memory_is_not_refused() -> None:
    check_memory(CIRCUIT, PARAMETERS, peak_bytes(CIRCUIT, PARAMETERS, 0))


def test_a_refusal_says_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = peak_bytes(CIRCUIT, COMPACT, 0)
    monkeypatch.setattr(module, "resident_memory", lambda: 0)
    monkeypatch.setattr(module, "GIGABYTE", 10**6)
    monkeypatch.setattr(module, "_TENTH", 10**5)
    monkeypatch.setattr(module, "physical_memory", lambda: 2 * needed)
    with pytest.raises(Refused) as caught:
        check_memory(CIRCUIT, COMPACT, needed - 1)
    text = str(caught.value)
    assert f"takes {-(-needed // 10**5) / 10:.1f} GB of memory" in text
    assert f"a machine with {-(-needed * 5 // 4 // 10**6)} GB" in text
    assert "closing other programs" in text
    assert "--profile " in text
    assert "still too much" not in text
    monkeypatch.setattr(module, "physical_memory", lambda: needed)
    with pytest.raises(Refused, match="still too much here") as caught:
        check_memory(CIRCUIT, COMPACT, 1)
    assert "closing other programs" not in str(caught.value)


def test_a_refusal_names_the_memory_that_was_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = peak_bytes(CIRCUIT, PARAMETERS, 0)
    monkeypatch.setattr(module, "GIGABYTE", 10**6)
    monkeypatch.setattr(module, "_TENTH", 10**5)
    enough = -(-needed // 10**5) / 10
    with pytest.raises(Refused, match=rf"--memory allows 0\.5 GB; what would do: --memory {enough}\b") as caught:
        check_memory(CIRCUIT, PARAMETERS, 500_000, told=500_000)
    assert "are free" not in str(caught.value)
    check_memory(CIRCUIT, PARAMETERS, int(enough * 10**6), told=int(enough * 10**6))


def test_prove_refuses_before_it_begins(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copy_of(committed, tmp_path / "epoch")
    before = contents(folder)
    monkeypatch.setattr(proving, "build_witness", None)
    with pytest.raises(Refused, match="of memory and"):
        zkpay.prove(folder, memory=1 << 20)
    assert contents(folder) == before


def test_what_is_worth_a_line_is_told(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "WORTH_SECONDS", 0.0)
    told: list[Progress] = []
    folder = copy_of(committed, tmp_path / "epoch")
    zkpay.prove(folder, report=told.append)
    assert [progress.name for progress in told if progress.number == 0 and progress.name.startswith("about ")]
    assert [progress.seconds_left is None for progress in told if progress.number] == [
        progress.number < 4 for progress in told if progress.number
    ]
