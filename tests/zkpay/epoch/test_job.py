"""Proofs that are stopped or killed go on where they stood and come out the same, byte for byte; and no seed of masks
serves two proofs.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import zkpay
from tests.zkpay.epoch.folders import copy_of, make_committed
from tests.zkpay.epoch.killed_prove import SEED, stages_before
from tests.zkpay.epoch.test_prove import roots
from zkpay.epoch import job as module
from zkpay.epoch import prove as proving
from zkpay.epoch.job import JOB, Job, only_one, open_job, stored_bytes
from zkpay.epoch.stages import Progress
from zkpay.errors import Refused, Resumable
from zkpay.prover.prove import STORED
from zkpay.prover.stored import ELEMENTS, Array, Shape

ROOT = Path(__file__).parents[3]
OTHER_SEED = bytes(32)
Usage = namedtuple("Usage", "total used free")


def private_entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in (folder / "private").iterdir())


def job_seed(folder: Path) -> str:
    return str(json.loads((folder / "private" / module.FOLDER / JOB).read_bytes())["seed"])


def kill_at(folder: Path, where: str) -> None:
    """Prove with `SEED` in a process that is killed."""
    command = [sys.executable, "-m", "tests.zkpay.epoch.killed_prove", str(folder), where]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def proof_of(folder: Path) -> bytes:
    return (folder / "public" / "payout.zkproof").read_bytes()


@pytest.fixture(scope="module")
def expected(committed: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The proof that nobody interrupted, from `SEED`."""
    folder = copy_of(committed, tmp_path_factory.mktemp("uninterrupted") / "epoch")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "fresh_seed", lambda: SEED)
        zkpay.prove(folder)
    return proof_of(folder)


@pytest.fixture
def epoch(committed: Path, tmp_path: Path) -> Path:
    return copy_of(committed, tmp_path / "epoch")


@pytest.fixture
def other_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """New jobs in this process draw another seed than killed ones: equal proofs mean that theirs was found."""
    monkeypatch.setattr(module, "fresh_seed", lambda: OTHER_SEED)


@pytest.mark.usefixtures("other_seed")
@pytest.mark.parametrize("where", ["witness", "+buses", "+quotient", "+openings", "+write", "quotient"])
def test_a_killed_proof_goes_on_and_comes_out_the_same(
    epoch: Path, expected: bytes, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at(epoch, where)
    assert not (epoch / "public" / "payout.zkproof").exists()
    assert module.FOLDER in private_entries(epoch)
    if where.startswith("+"):
        # Nothing that is put away is computed again.
        finished = stages_before(where[1:])
        monkeypatch.setattr(proving, "build_witness", None)
        computed = ("commit_columns", "helper_columns", "quotient_coefficients")
        for name in computed[: finished - 1] if finished < 3 else (*computed, "commit_tree"):
            monkeypatch.setattr(f"zkpay.prover.prove.{name}", None)
    told: list[Progress] = []
    # Whatever the estimate says: what an earlier run left is used.
    zkpay.prove(epoch, report=told.append, store_from=1e9)
    assert proof_of(epoch) == expected
    assert zkpay.verify(epoch / "public").statement.epoch == "2025-08"
    assert private_entries(epoch) == ["contributions.bin", "seed", "settings.json"]
    notices = [progress.name for progress in told if progress.number == 0]
    if where.startswith("+"):
        assert any(f'"{STORED[finished - 1]}"' in notice for notice in notices)
        assert "witness" not in [progress.name for progress in told]


@pytest.mark.usefixtures("other_seed")
def test_what_is_put_away_is_for_the_owner_alone(epoch: Path) -> None:
    kill_at(epoch, "+openings")
    folder = epoch / "private" / module.FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    names = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in folder.iterdir()}
    assert names == dict.fromkeys((JOB, "commit-trace.stage", "buses.stage", "quotient.stage"), 0o600)


@pytest.mark.usefixtures("other_seed")
def test_after_a_proof_was_published_its_seed_is_gone(epoch: Path, expected: bytes) -> None:
    kill_at(epoch, "published")
    assert proof_of(epoch) == expected
    assert not (epoch / "private" / module.FOLDER / JOB).exists()
    before = roots(epoch / "public")
    zkpay.prove(epoch, store_from=0)
    assert not before & roots(epoch / "public")
    assert private_entries(epoch) == ["contributions.bin", "seed", "settings.json"]


def test_two_proofs_share_no_commitment(epoch: Path) -> None:
    zkpay.prove(epoch, store_from=0)
    first = roots(epoch / "public")
    zkpay.prove(epoch, store_from=0)
    assert not first & roots(epoch / "public")


def stop_at(folder: Path, stage: str, profile: str = "default") -> str:
    """Prove and be stopped by a signal; returns the seed that the job has then."""

    def report(progress: Progress) -> None:
        if progress.name == stage:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Resumable, match="by Ctrl-C"):
        zkpay.prove(folder, profile=profile, report=report, store_from=0)
    return job_seed(folder)


def test_a_seed_is_for_one_profile_epoch_and_code(epoch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = [stop_at(epoch, "witness")]
    assert stop_at(epoch, "witness") == seeds[0]
    seeds.append(stop_at(epoch, "witness", "conservative"))
    seeds.append(stop_at(epoch, "witness"))
    # The same records committed to again, with the job folder of the first commitment.
    again = make_committed(tmp_path / "again")
    shutil.copytree(epoch / "private" / module.FOLDER, again / "private" / module.FOLDER)
    seeds.append(stop_at(again, "witness"))
    monkeypatch.setattr(proving, "_sources_digest", lambda: bytes(32))
    seeds.append(stop_at(again, "witness"))
    assert len(set(seeds)) == len(seeds)


def test_being_stopped_says_where_it_goes_on(epoch: Path, expected: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "fresh_seed", lambda: SEED)

    def report(progress: Progress) -> None:
        if progress.name == "quotient":
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Resumable, match=r'the same command goes on from after "buses"$'):
        zkpay.prove(epoch, report=report, store_from=0)
    monkeypatch.setattr(module, "fresh_seed", lambda: OTHER_SEED)
    zkpay.prove(epoch)
    assert proof_of(epoch) == expected


def test_short_proofs_leave_nothing_behind(epoch: Path) -> None:
    def report(progress: Progress) -> None:
        if progress.name == "quotient":
            assert module.FOLDER not in private_entries(epoch)
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Resumable, match=r"run the same command again$"):
        # Far above what any machine would take for it, kernels compiled anew included.
        zkpay.prove(epoch, report=report, store_from=1000.0)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.fixture(scope="module")
def killed(committed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An epoch whose proof was killed with all stages put away."""
    folder = copy_of(committed, tmp_path_factory.mktemp("killed") / "epoch")
    kill_at(folder, "+openings")
    return folder


@pytest.mark.usefixtures("other_seed")
@pytest.mark.parametrize(
    ("stage", "damage"),
    [
        ("commit-trace", flip),
        ("buses", cut),
        ("buses", Path.unlink),
        ("buses", replace_by_folder),
        ("buses", replace_by_pipe),
        ("quotient", flip),
    ],
)
def test_a_damaged_stage_is_computed_again(
    killed: Path, tmp_path: Path, expected: bytes, stage: str, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "epoch"
    shutil.copytree(killed, folder)
    damage(folder / "private" / module.FOLDER / f"{stage}.stage")
    zkpay.prove(folder, store_from=0)
    assert proof_of(folder) == expected
    assert private_entries(folder) == ["contributions.bin", "seed", "settings.json"]


@pytest.mark.usefixtures("other_seed")
@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"format":"zkpay/job/v1"}', b'{"format":"zkpay/job/v1","identity":1,"seed":[]}'],
)
def test_a_job_that_is_none_is_deleted(killed: Path, tmp_path: Path, expected: bytes, content: bytes) -> None:
    folder = tmp_path / "epoch"
    shutil.copytree(killed, folder)
    (folder / "private" / module.FOLDER / JOB).write_bytes(content)
    zkpay.prove(folder)
    assert proof_of(folder) != expected
    assert private_entries(folder) == ["contributions.bin", "seed", "settings.json"]


@pytest.mark.usefixtures("other_seed")
def test_stage_files_that_lead_to_no_proof_are_deleted(
    killed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "epoch"
    shutil.copytree(killed, folder)
    read = module._read

    def damaged(path: Path, shapes: Sequence[Shape]) -> list[Array]:
        arrays = read(path, shapes)
        if path.name == "commit-trace.stage":
            arrays[0][0, :100] ^= 1
        return arrays

    monkeypatch.setattr(module, "_read", damaged)
    with pytest.raises(Resumable, match="led to no proof"):
        zkpay.prove(folder)
    assert not (folder / "public" / "payout.zkproof").exists()
    assert private_entries(folder) == ["contributions.bin", "seed", "settings.json"]
    zkpay.prove(folder)


@pytest.mark.parametrize("place", ["file", "link"])
def test_something_else_in_the_place_of_the_folder(epoch: Path, tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    path = epoch / "private" / module.FOLDER
    path.write_text("?") if place == "file" else path.symlink_to(elsewhere)
    zkpay.prove(epoch, store_from=0)
    assert (elsewhere / "precious").read_text() == "mine"
    assert [entry.name for entry in elsewhere.iterdir()] == ["precious"]
    assert private_entries(epoch) == ["contributions.bin", "seed", "settings.json"]


def test_without_room_a_proof_goes_on_without_stage_files(epoch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1 << 40, 1 << 40, 1 << 20))
    told: list[Progress] = []
    zkpay.prove(epoch, report=told.append, store_from=0)
    notices = [progress.name for progress in told if progress.number == 0]
    assert len([notice for notice in notices if "no room" in notice]) == 1
    zkpay.verify(epoch / "public")


def test_a_disk_that_fills_while_stages_are_written(epoch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write_all", full)
    told: list[Progress] = []
    zkpay.prove(epoch, report=told.append, store_from=0)
    notices = [progress.name for progress in told if progress.number == 0]
    assert len([notice for notice in notices if "goes on without" in notice]) == 1
    zkpay.verify(epoch / "public")
    assert private_entries(epoch) == ["contributions.bin", "seed", "settings.json"]


def test_two_at_once_are_refused(epoch: Path) -> None:
    def second(progress: Progress) -> None:
        if progress.name == "circuit":
            with pytest.raises(Refused, match="another zkpay prove is at work"):
                zkpay.prove(epoch)

    zkpay.prove(epoch, report=second)
    with only_one(epoch / "private"):
        pass


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    arrays: list[np.ndarray] = [
        np.arange(2**22 + 3, dtype=np.uint32).reshape(1, -1),
        np.arange(12, dtype=np.uint64).reshape(4, 1, 3),
        np.zeros((0, 5), dtype=np.uint32),
    ]
    shapes = [Shape(np.dtype(array.dtype), array.shape) for array in arrays]
    job = open_job(tmp_path, bytes(32), STORED, needed=1)
    job.save(STORED[0], arrays)
    job.close()
    assert job.finished() == STORED[:1]
    path = tmp_path / module.FOLDER / "commit-trace.stage"
    assert path.stat().st_size == stored_bytes(shapes)
    found = open_job(tmp_path, bytes(32), STORED, needed=None)
    assert found.seed == job.seed
    back = found.load(STORED[0], shapes)
    assert back is not None
    assert all(np.array_equal(one, other) for one, other in zip(arrays, back, strict=True))
    # Other shapes of the same length are the caller's business, other lengths are not.
    assert found.load(STORED[0], [Shape(ELEMENTS, (1, 2**22))]) is None
    assert found.damaged
    assert not path.exists()


def test_a_stage_after_one_that_is_lost_is_not_used(tmp_path: Path) -> None:
    array = np.ones((1, 4), dtype=np.uint32)
    job = open_job(tmp_path, bytes(32), STORED, needed=1)
    for stage in STORED:
        job.save(stage, [array])
    job.close()
    found = Job(tmp_path / module.FOLDER, job.seed, STORED)
    assert found.found == STORED
    (tmp_path / module.FOLDER / "buses.stage").unlink()
    assert found.finished() == STORED[:1]
    shapes = [Shape(ELEMENTS, (1, 4))]
    assert found.load(STORED[0], shapes) is not None
    assert found.load(STORED[1], shapes) is None
    assert found.load(STORED[2], shapes) is None


@pytest.mark.parametrize("end", [Job.forget, partial(Job.close, patience=0), Job.delete])
def test_stages_that_still_wait_for_a_slow_disk_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: Callable[[Job], None]
) -> None:
    write, begun = module._write_all, threading.Event()

    def write_slowly(descriptor: int, data: module.Bytes) -> None:
        begun.set()
        time.sleep(0.1)
        write(descriptor, data)

    monkeypatch.setattr(module, "_write_all", write_slowly)
    job = open_job(tmp_path, bytes(32), STORED, needed=1)
    for stage in STORED:
        job.save(stage, [np.zeros(4 * module.CHUNK, dtype=np.uint8)])
    begun.wait()
    end(job)
    # As `prove` ends: a proof that stands must not be called a failure now.
    job.delete()
    job.close()
    assert list(tmp_path.iterdir()) == []
