"""The prover's bulk arithmetic, compiled by Numba (SPEC §2).

Columns are numpy uint32 arrays of canonical values in [0, P); extension columns have shape (5, n), one row a
coordinate.  Kernels work on a range of lanes or columns and release the interpreter lock; `parallel_ranges`
spreads them over the cores.  Nothing here is imported by the verifier.

Importing this package chooses where compiled code is kept, which has to happen before Numba is first
imported.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

import platformdirs


def _sources_digest() -> str:
    """Names the kernels' sources: Numba looks only at a function's own file to tell stale code from fresh."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _choose_cache_folder() -> Path | None:
    """The folder of compiled kernels, or None where none can be written (kernels then compile in every
    process)."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(chosen) if chosen else Path(platformdirs.user_cache_dir("zkpay"), "numba", _sources_digest())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return None
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


CACHE_FOLDER: Final = _choose_cache_folder()
