"""A long proof's stage files, so that the same command goes on where a killed one stood (SPEC §8.5).

DIR/private/proving/ holds job.json, with the seed of all masks and the digest of everything that the proof follows
from, and one file a finished stage. A seed serves one proof: it is used again only where that digest is the same, so
that the same proof comes out byte for byte, and it is deleted before that proof is put in place. Whatever else is
found there is deleted.

Stage files are as secret as the records. They live for one job, so nobody waits for them to reach the disk: after
a power failure a damaged one is noticed, and its stage is computed again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.epoch.files import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    decode_json,
    encode_json,
    incomplete_beside,
    put_one_of_many,
    read_capped,
    sync_folder,
)
from zkpay.errors import Refused, ZkpayError
from zkpay.prover.randomness import SEED_BYTES, fresh_seed
from zkpay.prover.stored import Array, Shape
from zkpay.threads import start_pool

try:
    import fcntl
except ImportError:  # no such thing on Windows; there, two commands at once are not noticed
    fcntl = None  # type: ignore[assignment]

FOLDER: Final = "proving"
JOB: Final = "job.json"
JOB_FORMAT: Final = "zkpay/job/v1"
MAX_JOB_BYTES: Final = 1 << 12
CHECKSUM_BYTES: Final = 32
CHUNK: Final = 1 << 23
_BLOCK_WORDS: Final = 1 << 13
SPARE_BYTES: Final = 1 << 30
"""Room on the disk that stage files leave to others."""
PATIENCE: Final = 5.0
"""Seconds that a stopped job waits for a stage file that is being written."""

Bytes = npt.NDArray[np.uint8]


@contextmanager
def only_one(private: Path) -> Iterator[None]:
    """Refused while another process is inside for the same private folder; the system lets go when a process ends."""
    if fcntl is None:
        yield
        return
    try:
        descriptor = os.open(private, os.O_RDONLY)
    except OSError:
        # Whoever reads its files next says what is wrong with the folder.
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Other errors: a file system without locks.
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise Refused(
                    f"{private.parent}: another zkpay prove is at work on it; wait until it is done"
                ) from None
        yield
    finally:
        os.close(descriptor)


class Job:
    """The stage files of one proof (a `StageStore`); made by `open_job`.

    seed: of the masks. found: stages that were finished by an earlier run, in order. damaged: whether a stage file
    was found to be unusable.
    """

    def __init__(self, folder: Path | None, seed: bytes, stages: Sequence[str]) -> None:
        self.seed = seed
        self.damaged = False
        self._folder = folder
        self._stages = tuple(stages)
        self._writer = start_pool(1, name="zkpay-stages")
        self._writing: list[Future[None]] = []
        self._stop = Event()
        self._lost: str | None = None
        self.found = self.finished()

    @property
    def is_kept(self) -> bool:
        """Whether there are files at all."""
        return self._folder is not None

    @property
    def trouble(self) -> str | None:
        """Why no more stage files are written, told once."""
        lost, self._lost = self._lost, None
        return lost

    def finished(self) -> tuple[str, ...]:
        """The stages whose files stand, up to the first that is missing."""
        whole = []
        for stage in self._stages:
            if self._folder is None or not self._path(stage).is_file():
                break
            whole.append(stage)
        return tuple(whole)

    def load(self, stage: str, shapes: Sequence[Shape]) -> list[Array] | None:
        """The arrays of a finished stage; a file that is not whole goes, and with it those of all later stages."""
        if self._folder is None:
            return None
        path = self._path(stage)
        try:
            arrays = _read(path, shapes)
        except FileNotFoundError:
            arrays = None
        except (OSError, ValueError):
            arrays, self.damaged = None, True
        if arrays is None:
            for later in self._stages[self._stages.index(stage) :]:
                with suppress(OSError):
                    self._path(later).unlink(missing_ok=True)
        return arrays

    def save(self, stage: str, arrays: Sequence[Array]) -> None:
        """Write the arrays of a finished stage, while the next one is computed. A failure costs the file, no more."""
        if self._folder is not None and not self._stop.is_set():
            self._writing.append(self._writer.submit(self._write, self._path(stage), arrays))

    def forget(self) -> None:
        """Delete the seed, durably: from now on the proof that was made of it is the only one."""
        if self._folder is not None:
            self._stop.set()
            (self._folder / JOB).unlink(missing_ok=True)
            sync_folder(self._folder)

    def delete(self) -> None:
        """Delete everything: the proof stands, or nothing of it is of use."""
        self.close(patience=0)
        if self._folder is not None:
            _remove(self._folder)
            self._folder = None

    def close(self, patience: float = PATIENCE) -> None:
        """End writing; what is being written has `patience` seconds to come to its end."""
        wait(self._writing, patience)
        # Forgotten: what is cancelled below never counts as done, and closing twice would wait for it.
        self._writing.clear()
        self._stop.set()
        self._writer.shutdown(wait=True, cancel_futures=True)

    def _path(self, stage: str) -> Path:
        folder = self._folder if self._folder is not None else Path()
        return folder / (stage.replace(" ", "-") + ".stage")

    def _write(self, path: Path, arrays: Sequence[Array]) -> None:
        temporary = incomplete_beside(path)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(temporary, flags, PRIVATE_FILE), "wb", buffering=0) as file:
                checksum = _Checksum()
                for chunk in _chunks(arrays):
                    if self._stop.is_set():
                        return
                    checksum.update(chunk)
                    _write_all(file.fileno(), chunk)
                _write_all(file.fileno(), np.frombuffer(checksum.digest(), dtype=np.uint8))
            os.replace(temporary, path)
        except OSError as error:
            self._stop.set()
            self._lost = f"no more stage files are written ({error.strerror or error}); the proof goes on without"
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def open_job(private: Path, identity: bytes, stages: Sequence[str], *, needed: int | None) -> Job:
    """The job of an earlier run if it was about the same (then it keeps its seed), else a new one.

    identity: digest of all that the proof follows from. needed: bytes that the stage files will take; None if the job
    is too short for them: then only what an earlier run left is used. Where there is no room there are no files.
    """
    folder = private / FOLDER
    seed = _found_seed(folder, identity)
    if seed is not None:
        for entry in folder.iterdir():
            # Half-written by a process that was killed: `only_one` says that it is gone.
            if entry.name not in {JOB, *(stage.replace(" ", "-") + ".stage" for stage in stages)}:
                _remove(entry)
        return Job(folder, seed, stages)
    _remove(folder)
    seed = fresh_seed()
    if needed is None or os.path.lexists(folder):
        return Job(None, seed, stages)
    content = {"format": JOB_FORMAT, "identity": identity.hex(), "seed": seed.hex()}
    try:
        if shutil.disk_usage(private).free < needed + SPARE_BYTES:
            raise OSError(errno.ENOSPC, f"stage files take {needed / 1e9:.1f} GB and there is no room for them")
        folder.mkdir(mode=PRIVATE_FOLDER)
        put_one_of_many(folder / JOB, encode_json(content), PRIVATE_FILE)
    except (OSError, ZkpayError) as error:
        _remove(folder)
        # Not the seed that may have reached the disk.
        job = Job(None, fresh_seed(), stages)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        job._lost = f"{reason}; if this is stopped it will begin anew"
        return job
    return Job(folder, seed, stages)


def _found_seed(folder: Path, identity: bytes) -> bytes | None:
    """The seed in a job folder, if it is one's own and of the same identity."""
    try:
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode):
            return None
        content = decode_json(read_capped(folder / JOB, MAX_JOB_BYTES), JOB, JOB_FORMAT)
        seed = bytes.fromhex(str(content.get("seed")))
    except (OSError, ValueError, ZkpayError):
        return None
    if content.get("identity") != identity.hex() or len(seed) != SEED_BYTES:
        return None
    return seed


def _remove(path: Path) -> None:
    """Remove a file, a link or a folder, as far as the system allows."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _read(path: Path, shapes: Sequence[Shape]) -> list[Array]:
    """The arrays of a stage file; ValueError if its length or its checksum is wrong."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        # Before any memory is taken for it.
        if not stat.S_ISREG(found.st_mode) or found.st_size != stored_bytes(shapes):
            raise ValueError("not the length of this stage's file")
        arrays: list[Array] = [np.empty(shape.sizes, dtype=shape.kind) for shape in shapes]
        checksum = _Checksum()
        for chunk in _chunks(arrays):
            view = chunk.data
            while view:
                count = file.readinto(view)
                if not count:
                    raise ValueError("the file ends early")
                view = view[count:]
            checksum.update(chunk)
        if file.read(CHECKSUM_BYTES) != checksum.digest():
            raise ValueError("wrong checksum")
    return arrays


def stored_bytes(shapes: Sequence[Shape]) -> int:
    """Size of a stage file."""
    return sum(shape.byte_count for shape in shapes) + CHECKSUM_BYTES


def _chunks(arrays: Sequence[Array]) -> Iterator[Bytes]:
    """The bytes of the arrays, one after the other, a few megabytes at a time; views, so that they can be read into."""
    for array in arrays:
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for start in range(0, len(flat), CHUNK):
            yield flat[start : start + CHUNK]


def _write_all(descriptor: int, data: Bytes) -> None:
    view = data.data
    while view:
        view = view[os.write(descriptor, view) :]


class _Checksum:
    """BLAKE2b over the sums of 64 KiB blocks: finds damage as fast as memory can be read, no forger."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=CHECKSUM_BYTES)

    def update(self, chunk: Bytes) -> None:
        whole = len(chunk) // 8 * 8
        words = chunk[:whole].view("<u8")
        for start in range(0, len(words), _BLOCK_WORDS):
            # Sums modulo 2^64.
            self._hash.update(int(words[start : start + _BLOCK_WORDS].sum(dtype=np.uint64)).to_bytes(8, "little"))
        self._hash.update(chunk[whole:].tobytes())

    def digest(self) -> bytes:
        return self._hash.digest()
