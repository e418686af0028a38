"""Where compiled kernels are kept, seen from fresh processes."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import numpy as np
from zkpay.kernels import CACHE_FOLDER
assert "numba" not in sys.modules
from zkpay.kernels.deep import combine
print(combine(np.full((1, 2), 3, dtype=np.uint32), np.full((5, 1), 7, dtype=np.uint32)).tolist(),
CACHE_FOLDER)
"""
ROOT = Path(__file__).resolve().parents[3]


def run_with(cache: Path) -> str:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_a_writable_folder_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    assert run_with(folder) == f"{[[21, 21]] * 5} {folder}"
    assert list(folder.rglob("deep._combine_range*.nbi"))


def test_without_a_writable_folder_kernels_still_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run_with(tmp_path / "file" / "cache") == f"{[[21, 21]] * 5} None"
