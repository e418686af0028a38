"""What was measured on, and with what: processor, memory, system, versions, commit, other load.

Everything is read from files and the standard library, so that asking needs next to no memory or time. What a system
doesn't tell is None.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import zkpay

PACKAGES: Final = ("numpy", "numba", "llvmlite", "pyarrow", "cryptography", "pycryptodome")
NOTABLE_FLAGS: Final = (
    "sse4_2", "avx", "avx2", "fma", "bmi2", "avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512ifma",
    "avx512vbmi", "neon", "asimd", "sve", "sve2",
)  # fmt: skip
"""Instruction sets that the kernels' speed depends on; a processor has a hundred other flags."""


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory, caches, system."""
    information = _processor()
    flags = set(information.get("flags", information.get("Features", "")).split())
    return {
        "processor": information.get("model name", platform.processor() or platform.machine()),
        "architecture": platform.machine(),
        "cores": usable_cores(),
        "memory_bytes": total_memory(),
        "last_cache_bytes": last_cache_bytes(),
        "instruction_sets": [flag for flag in NOTABLE_FLAGS if flag in flags],
        # Without what whoever built the kernel added to its version.
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
    }


def describe_versions() -> dict[str, Any]:
    """zkpay, its commit where it runs from a checkout, Python and the packages that matter for speed."""
    return {
        "zkpay": zkpay.__version__,
        **describe_commit(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{name: _version(name) for name in PACKAGES},
    }


def describe_commit() -> dict[str, Any]:
    """commit: its hash; modified: whether files under version control differ from it. None outside a checkout."""
    root = checkout()
    nothing: dict[str, Any] = {"commit": None, "modified": None}
    if root is None or shutil.which("git") is None:
        return nothing
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "modified": bool(_git(root, "status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return nothing


def checkout() -> Path | None:
    """The folder of the checkout that zkpay runs from, if it does."""
    root = Path(zkpay.__file__).resolve().parents[1]
    return root if (root / ".git").exists() and (root / "pyproject.toml").is_file() else None


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def total_memory() -> int | None:
    """Bytes of memory."""
    return _memory_line("MemTotal") or _from_sysconf("SC_PHYS_PAGES")


def available_memory() -> int | None:
    """Bytes that a new process could use without swapping."""
    return _memory_line("MemAvailable") or _from_sysconf("SC_AVPHYS_PAGES")


def last_cache_bytes() -> int | None:
    """Size of the largest cache of the first core."""
    sizes = []
    for entry in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = entry.read_text(encoding="ascii").strip()
        unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:], 1)
        sizes.append(int(text.rstrip("KM")) * unit)
    return max(sizes, default=None)


def load_average() -> float | None:
    """Processes that were running or ready, averaged over the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return None


def busy_seconds() -> float | None:
    """Core seconds that the whole machine has been busy since it started, stolen time included."""
    try:
        numbers = [int(entry) for entry in Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:]]
    except (OSError, ValueError):
        return None
    # user, nice, system, (idle, iowait), irq, softirq, steal; guest time is part of user time.
    return sum(numbers[:3] + numbers[5:8]) / os.sysconf("SC_CLK_TCK")


def is_supported() -> bool:
    """Whether peak memory of a process can be had here (POSIX)."""
    return hasattr(os, "wait4") and sys.platform != "win32"


def _processor() -> dict[str, str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.split("\n\n")[0].split("\n"))
    return {name.strip(): value.strip() for name, _, value in lines}


def _memory_line(name: str) -> int | None:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    found = [line.split() for line in text.split("\n") if line.startswith(f"{name}:")]
    return int(found[0][1]) * 1024 if found else None


def _from_sysconf(name: str) -> int | None:
    try:
        return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()
