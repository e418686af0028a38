"""What a document says of its machine: enough to judge it, nothing of who ran it."""

import getpass
import json
import socket
from pathlib import Path

from zkpay.measure import machine


def test_machine_and_versions_are_told_without_names() -> None:
    found = {**machine.describe_machine(), **machine.describe_versions()}
    assert found["cores"] >= 1
    assert found["memory_bytes"] is None or found["memory_bytes"] > 1 << 28
    assert found["numpy"]
    assert found["numba"]
    assert found["python"].startswith(("CPython", "PyPy"))
    text = json.dumps(found)
    for name in (socket.gethostname(), getpass.getuser(), str(Path.home())):
        assert f'"{name}"' not in text


def test_a_checkout_tells_its_commit() -> None:
    root = machine.checkout()
    assert root is None or (root / "zkpay").is_dir()
    found = machine.describe_commit()
    assert found["commit"] is None or len(found["commit"]) == 40


def test_memory_and_load_are_numbers_where_the_system_tells() -> None:
    free, whole, busy = machine.available_memory(), machine.total_memory(), machine.busy_seconds()
    assert free is None or whole is None or 0 < free <= whole
    assert busy is None or busy > 0
