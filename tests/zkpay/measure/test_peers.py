"""Inputs of the peer circuit are a true statement; its tools are found or named."""

import struct
from pathlib import Path

import pytest

from zkpay.measure.macro import NotMeasurableError
from zkpay.measure.peers import POOL, SCALE, WEIGHTS, circuit_inputs, constraint_count, find_tools


def test_inputs_say_the_truth() -> None:
    found = {name: [int(text) for text in texts] for name, texts in circuit_inputs(16, 4).items() if name != "pool"}
    points = [
        WEIGHTS[kind] * quantity * quality // SCALE
        for kind, quantity, quality in zip(found["kind"], found["quantity"], found["quality"], strict=True)
    ]
    pairs = list(zip(found["account"], points, strict=True))
    ordered = list(zip(found["sortedAccount"], found["sortedPoints"], strict=True))
    assert sorted(pairs) == ordered
    assert found["paidAccount"] == sorted(set(found["account"]))
    for account, score in zip(found["paidAccount"], found["score"], strict=True):
        assert score == sum(own for owner, own in pairs if owner == account)
    # What the circuit's ranges allow.
    assert max(found["quantity"]) < 2**30
    assert max(found["quality"]) <= SCALE
    assert max(points) < 2**50
    assert sum(points) < 2**64
    assert POOL < 2**90


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("NODE_PATH", "")
    with pytest.raises(NotMeasurableError, match="circom, snarkjs, circomlib not found"):
        find_tools(tmp_path)


def test_constraints_are_read_from_the_header() -> None:
    header = struct.pack("<I32sIIIIQI", 32, bytes(32), 10, 4, 1, 5, 20, 24117)
    other = struct.pack("<IQ", 2, 3) + b"abc"
    data = b"r1cs" + struct.pack("<II", 1, 2) + other + struct.pack("<IQ", 1, len(header)) + header
    assert constraint_count(data) == 24117
    with pytest.raises(ValueError, match=r"no \.r1cs file"):
        constraint_count(b"zkey" + data[4:])
