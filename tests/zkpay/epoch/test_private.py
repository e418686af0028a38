"""The announcement of the first compile, and commit off the main thread."""

import threading
from pathlib import Path

import pytest

import zkpay
from tests.zkpay.epoch.folders import copy_of, make_committed
from zkpay.epoch import private
from zkpay.kernels import CACHE_FOLDER


def test_the_first_compile_is_announced_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "CACHE_FOLDER", tmp_path)
    assert "once" in (private.compile_notice("poseidon") or "")
    (tmp_path / "kernels_1").mkdir()
    (tmp_path / "kernels_1" / "poseidon._permute_range-79.py311.nbi").touch()
    assert private.compile_notice("poseidon") is None
    assert private.compile_notice("poseidon", "ntt") is not None
    monkeypatch.setattr(private, "CACHE_FOLDER", None)
    assert "every run" in (private.compile_notice("poseidon") or "")


def test_after_a_proof_nothing_is_announced(proved: Path, tmp_path: Path) -> None:
    if CACHE_FOLDER is None:
        pytest.skip("there is no place for compiled kernels here")
    told: list[str] = []
    folder = copy_of(proved, tmp_path / "epoch")
    zkpay.prove(folder, report=lambda progress: told.append(progress.name) if progress.number == 0 else None)
    # What this process holds already may make an estimate worth a line.
    assert not [text for text in told if "compiling" in text]


def test_the_functions_work_off_the_main_thread(tmp_path: Path) -> None:
    done: list[Path] = []
    thread = threading.Thread(target=lambda: done.append(make_committed(tmp_path)))
    thread.start()
    thread.join(60)
    assert done == [tmp_path / "epoch"]
