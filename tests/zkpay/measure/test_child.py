"""Measured processes: their output, stages and own memory; failures with their last words; nobody left behind."""

import os
import resource
import signal
import threading
import time
from pathlib import Path

import pytest

from zkpay.measure import child
from zkpay.measure.child import ChildFailedError, run_child
from zkpay.measure.macro import summary


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a module that children can run; tests write it."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return str(tmp_path / "measured.py")


def test_output_stages_and_memory_are_the_childs(module: str) -> None:
    Path(module).write_text(
        "import sys, time\n"
        "held = bytearray(200_000_000)\n"
        "for line in ('[note] compiling', '[1/2] first (0.0 s)', '[2/2] second', 'a warning'):\n"
        "    print(line, file=sys.stderr, flush=True); time.sleep(0.02)\n"
        "print(sys.argv[1])\n"
    )
    done = run_child(["measured", "hello"])
    assert done.output == "hello\n"
    assert list(done.stages) == ["start", "first", "second"]
    assert sum(done.stages.values()) == pytest.approx(done.seconds)
    # A system may count for a child what its parent held when it was started.
    own = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert 200_000_000 < done.peak_bytes < max(400_000_000, own + 100_000_000)
    assert done.computing_seconds > 0
    assert done.other_load is None or 0 <= done.other_load < 2
    told = done.as_json()
    assert told["peak_bytes"] == done.peak_bytes
    assert list(told["stages"]) == ["start", "first", "second"]


def test_a_stage_that_is_told_again_goes_on() -> None:
    told = [(0.5, "[1/2] first (0.1 s)"), (0.75, "[1/2] first (0.3 s, 2 s left)"), (1.0, "[2/2] second (0.9 s)")]
    assert child._stages(told, 2.0) == {"start": 0.5, "first": 0.5, "second": 1.0}


def test_failures_carry_code_and_last_words(module: str) -> None:
    Path(module).write_text("import sys\nprint('[1/1] trying', file=sys.stderr)\nsys.exit('no luck')\n")
    with pytest.raises(ChildFailedError, match="exit code 1: no luck") as caught:
        run_child(["measured"])
    assert caught.value.code == 1
    with pytest.raises(ChildFailedError, match="exit code 4: nowhere: no such folder") as caught:
        run_child(["zkpay.cli.main", "verify", "nowhere", "--json"])
    assert caught.value.code == 4
    Path(module).write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    with pytest.raises(ChildFailedError, match="ended by signal 9") as caught:
        run_child(["measured"])
    assert caught.value.code == -9


def test_an_interrupted_measurement_ends_its_child(module: str, tmp_path: Path) -> None:
    place = tmp_path / "number"
    Path(module).write_text(
        "import os, pathlib, sys, time\n"
        "pathlib.Path(sys.argv[1] + '.new').write_text(str(os.getpid()))\n"
        "os.rename(sys.argv[1] + '.new', sys.argv[1])\n"
        "time.sleep(120)\n"
    )

    def interrupt() -> None:
        while not place.exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_child(["measured", str(place)])
    thread.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(place.read_text()), 0)


def test_medians_and_the_largest_peak() -> None:
    runs = [
        child.Finished("", seconds, 1.0, peak, 0.0, {"start": seconds / 2, "work": seconds / 2})
        for seconds, peak in ((3.0, 10), (1.0, 30), (2.0, 20))
    ]
    found = summary(runs)
    assert (found["seconds"], found["peak_bytes"]) == (2.0, 30)
    assert found["stages"] == {"start": 1.0, "work": 1.0}
    assert [run["seconds"] for run in found["runs"]] == [3.0, 1.0, 2.0]
