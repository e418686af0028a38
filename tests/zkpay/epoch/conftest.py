"""Committed and proved epochs for all tests here; they are read only, tests that write take a copy."""

from pathlib import Path

import pytest

import zkpay
from tests.zkpay.epoch.folders import copy_of, make_committed, make_committed_rules


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_committed(tmp_path_factory.mktemp("committed"))


@pytest.fixture(scope="session")
def proved(committed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_of(committed, tmp_path_factory.mktemp("proved") / "epoch")
    zkpay.prove(folder)
    return folder


@pytest.fixture(scope="session")
def proved_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An epoch under every rule, with two pools and leaves of two blocks."""
    folder = make_committed_rules(tmp_path_factory.mktemp("rules"))
    zkpay.prove(folder)
    return folder
