"""Every kernel case runs, counts what it does, and says so; ceilings are rates of this machine."""

import pytest

from zkpay.measure.ceilings import measure_ceilings
from zkpay.measure.kernels import KernelCase, kernel_cases, measure_kernel
from zkpay.measure.work import Ceilings

CASES = kernel_cases(6)
ANY = Ceilings(1e9, 1e9, 1e9, 1e9, 1e9, 1e9)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_case_runs_and_tells_its_rate(case: KernelCase) -> None:
    assert case.items > 0
    assert case.work.computing_seconds(ANY) > 0
    found = measure_kernel(case, ANY, rounds=1)
    assert found["rate"] == pytest.approx(case.items / found["seconds"])
    assert found["share_of_ceiling"] == pytest.approx(case.work.seconds(ANY) / found["seconds"])
    assert measure_kernel(case, None, rounds=1)["share_of_ceiling"] is None


def test_no_case_is_there_twice_and_none_is_too_large() -> None:
    titles = [case.title for case in kernel_cases(20)]
    assert len(set(titles)) == len(titles) > len(CASES)
    assert sum(case.name == "NTT forward" for case in CASES) == 1


def test_every_kernel_has_a_case() -> None:
    names = " ".join(case.name for case in CASES)
    for kernel in ("NTT forward", "NTT inverse", "Keccak leaves", "Keccak nodes", "Keccak grind", "Poseidon 16",
                   "Poseidon 24", "Constraints", "Helper columns", "Extension product", "Extension inverse",
                   "DEEP combine", "Out-of-domain values", "FRI fold by 8"):  # fmt: skip
        assert kernel in names


def test_ceilings_are_positive_rates() -> None:
    found = measure_ceilings(repeats=1, array_bytes=1 << 16, rounds=1).as_json()
    assert all(rate > 1e3 for rate in found.values())
