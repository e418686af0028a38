"""The count of bytes holds against what the prover's arrays really take, and decides how much is kept."""

import tracemalloc

import pytest

from tests.reference.toy import STATEMENT, toy
from zkpay.prover import memory
from zkpay.prover.memory import KEPT_AT_MOST, available_memory, kept_cosets, peak_bytes, resident_memory
from zkpay.prover.prove import prove_circuit
from zkpay.stark.parameters import PROFILES, derive

HEIGHTS = (1 << 15, 1 << 14, 1 << 14)


@pytest.mark.parametrize(("profile", "all_kept"), [("default", True), ("default", False), ("compact", False)])
def test_the_count_is_what_arrays_take(profile: str, all_kept: bool) -> None:
    case = toy(*HEIGHTS)
    parameters = derive(PROFILES[profile], case.circuit)
    keep = parameters.blowup if all_kept else 0
    counted = peak_bytes(case.circuit, parameters, keep)
    prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES[profile])  # loads kernels and tables of roots
    witness = sum(values.nbytes for values in case.witness.values())
    tracemalloc.start()
    try:
        most = 1 << 40 if all_kept else 0
        prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES[profile], memory=most)
        taken = tracemalloc.get_traced_memory()[1] + witness
    finally:
        tracemalloc.stop()
    assert 0.9 * taken <= counted <= 1.6 * taken


def test_as_many_cosets_are_kept_as_fit() -> None:
    case = toy(*HEIGHTS)
    parameters = derive(PROFILES["default"], case.circuit)
    peaks = [peak_bytes(case.circuit, parameters, keep) for keep in range(parameters.blowup + 1)]
    assert peaks == sorted(peaks)
    assert kept_cosets(case.circuit, parameters, 0) == 0
    assert kept_cosets(case.circuit, parameters, KEPT_AT_MOST) == parameters.blowup
    for keep in range(1, parameters.blowup + 1):
        enough = int(peaks[keep] / memory.SHARE) + 1
        assert kept_cosets(case.circuit, parameters, enough) >= keep
        assert peaks[kept_cosets(case.circuit, parameters, enough)] <= enough


def test_a_control_group_limits_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    5000 kB\n"}
    monkeypatch.setattr(memory, "_lines", lambda path: files.get(path, "").splitlines())
    assert available_memory() == 5000 * 1024
    files |= {"/sys/fs/cgroup/memory.max": "max\n", "/sys/fs/cgroup/memory.current": "77\n"}
    assert available_memory() == 5000 * 1024
    files["/sys/fs/cgroup/memory.max"] = "1077\n"
    assert available_memory() == 1000
    files["/sys/fs/cgroup/memory.max"] = "7\n"
    assert available_memory() == 0


def test_this_process_holds_some_memory() -> None:
    assert resident_memory() == 0 or resident_memory() > 10**7
