"""The package map names everything there is, the links of a checkout hold, and a wheel holds only zkpay."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]
FOLDERS = {"zkpay": "zkpay", "zkpay.circuits": "circuits", "zkpay.cli": "cli"}


def source_files() -> dict[str, set[str]]:
    """The package of every folder with Python files, with those files' names; symlinks are not followed."""
    found: dict[str, set[str]] = {}
    for package, folder in FOLDERS.items():
        for directory, _, names in os.walk(ROOT / folder):
            python = {name for name in names if name.endswith(".py")}
            if python:
                found[".".join((package, *Path(directory).relative_to(ROOT / folder).parts))] = python
    return found


def test_packages_are_the_folders_with_python_files() -> None:
    listed = SETUPTOOLS["packages"]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(source_files()), "tool.setuptools.packages in pyproject.toml is out of date"


def test_every_package_has_an_init() -> None:
    assert [package for package, names in source_files().items() if "__init__.py" not in names] == []


def test_the_map_and_the_links_say_the_same() -> None:
    assert SETUPTOOLS["package-dir"] == FOLDERS
    for package, folder in FOLDERS.items():
        if package != "zkpay":
            link = ROOT / package.replace(".", "/")
            assert link.is_symlink(), f"{link} must be a symlink to ../{folder}"
            assert os.readlink(link) == f"../{folder}"


def test_tests_are_no_packages() -> None:
    # An __init__.py in tests/zkpay would give its modules the names of the package under test.
    assert sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("__init__.py")) == []


def test_declared_version_is_the_installed_one() -> None:
    try:
        installed = importlib.metadata.version("zkpay")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("zkpay runs from a checkout here; make setup installs it")
    assert installed == PYPROJECT["project"]["version"]


def test_ci_and_scripts_can_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert PYPROJECT["project"]["scripts"] == {"zkpay": "zkpay.cli.start:main"}
    assert {"start.py", "__init__.py"} <= source_files().get("zkpay.cli", set()), "zkpay.cli.start is missing"


def test_a_wheel_holds_every_module_and_nothing_but_zkpay(tmp_path: Path) -> None:
    setuptools = importlib.metadata.version("setuptools")
    if int(setuptools.split(".")[0]) < 77:
        pytest.skip(f"the build needs setuptools 77, here is {setuptools}; make setup installs a newer one")
    # Built from a copy, so that no build folder or egg-info is left in the checkout; links go along as links.
    copy = tmp_path / "checkout"
    copy.mkdir()
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in FOLDERS.values():
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, copy / folder, symlinks=True, ignore=ignore)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, copy)
    build = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation",
         "--wheel-dir", str(tmp_path / "wheels"), str(copy)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert build.returncode == 0, build.stderr
    (wheel,) = (tmp_path / "wheels").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    inside = {name for name in names if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in inside} == {"zkpay"}
    expected = {f"{package.replace('.', '/')}/{name}" for package, files in source_files().items() for name in files}
    presets = {f"zkpay/policy/presets/{path.name}" for path in (ROOT / "zkpay/policy/presets").glob("*.toml")}
    assert presets
    assert inside == expected | presets | {"zkpay/py.typed"}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
