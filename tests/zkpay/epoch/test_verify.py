"""Verification reads public data only, needs no compiled kernel, and lets no changed byte through."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import zkpay
import zkpay.epoch.verify as verify_module
from tests.zkpay.epoch.folders import POLICY, copy_of, make_committed
from zkpay.epoch.files import encode_json
from zkpay.epoch.layout import MAX_BYTES
from zkpay.errors import InputError, Rejected
from zkpay.policy.policy import parse_policy
from zkpay.stark.field import P
from zkpay.stark.keccak import keccak256
from zkpay.stark.parameters import PROFILES, derive
from zkpay.stark.proof import Proof

ROOT = Path(__file__).resolve().parents[3]
FILES = ("policy.toml", "commitment.json", "leaves.bin", "statement.json", "payout.zkproof", "payouts.csv")

BLOCKED = """
import sys
for name in ("numba", "llvmlite", "pyarrow", "zkpay.kernels", "zkpay.prover"):
    sys.modules[name] = None
from zkpay.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def public(proved: Path, tmp_path: Path) -> Path:
    return copy_of(proved / "public", tmp_path / "public")


def reseal(public: Path, name: str, change: Callable[[dict[str, object]], None]) -> None:
    """Change a JSON file and write it in canonical form, as a forger would."""
    content = json.loads((public / name).read_bytes())
    change(content)
    (public / name).write_bytes(encode_json(content))


def test_a_fresh_process_elsewhere_verifies_without_numba_and_prover(public: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "somewhere" / "else"
    elsewhere.parent.mkdir()
    shutil.move(public, elsewhere)
    run = subprocess.run(
        [sys.executable, "-c", BLOCKED, "verify", "else", "--leaves"],
        cwd=elsewhere.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "TRUE" in run.stdout
    assert "example.org/rewards" in run.stdout
    assert "statistical + 20 of grinding" in run.stdout
    assert "1 spam, 0 withdrawn" in run.stdout
    assert "scores are fair" in run.stdout


def test_the_verdict_tells_what_was_proved(public: Path) -> None:
    verdict = zkpay.verify(public, leaves=True)
    assert verdict.statement.contribution_count == 9
    assert verdict.discretionary == {"spam": 1, "withdrawn": 0}
    assert verdict.security.proven >= 100
    assert verdict.security.query + verdict.security.grinding >= verdict.security.proven
    assert verdict.proof_digest == keccak256((public / "payout.zkproof").read_bytes())
    assert verdict.sizes == {name: (public / name).stat().st_size for name in FILES}
    assert [check.id for check in verdict.checks] == [
        "encodings", "commitment", "policy", "counts", "pool", "accounts", "totals", "payout-totals", "payout-root",
        "circuit", "proof", "leaves-digest", "leaves-root",
    ]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_any_changed_byte_fails(public: Path, name: str) -> None:
    path = public / name
    data = path.read_bytes()
    choose = random.Random(name)
    # A changed proof often costs a whole verification; the other files are short, or fail at their digest.
    count = 30 if name == "payout.zkproof" else 150
    positions = choose.sample(range(len(data)), min(count, len(data)))
    for position in positions:
        changed = bytearray(data)
        changed[position] ^= 1 << choose.randrange(8)
        path.write_bytes(changed)
        if name == "policy.toml" and counts_for_nothing(bytes(changed)):
            continue
        with pytest.raises((Rejected, InputError)):
            zkpay.verify(public)


def counts_for_nothing(text: bytes) -> bool:
    """Whether a changed policy still says the same: the change hit a comment or white space."""
    try:
        return parse_policy(text, "policy").digest == parse_policy(POLICY.encode(), "policy").digest
    except InputError:
        return False


@pytest.mark.parametrize("name", FILES)
def test_cut_extended_empty_and_missing_files_fail(public: Path, name: str) -> None:
    path = public / name
    data = path.read_bytes()
    for changed in (data[:-1], data[: len(data) // 2], b"", data + b"\0", data + data):
        path.write_bytes(changed)
        if name == "policy.toml" and counts_for_nothing(changed):
            continue
        with pytest.raises((Rejected, InputError)):
            zkpay.verify(public)
    path.unlink()
    with pytest.raises((Rejected, InputError)):
        zkpay.verify(public)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_plain_file_or_too_large_is_unreadable(public: Path, name: str) -> None:
    path = public / name
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match=r"plain file|can't be read"):
        zkpay.verify(public)
    path.rmdir()
    # Nobody writes to this pipe: a reader that doesn't look first would wait for ever.
    os.mkfifo(path)
    with pytest.raises(InputError, match="plain file"):
        zkpay.verify(public)
    path.unlink()
    with open(path, "wb") as file:
        file.truncate(MAX_BYTES[name] + 1)
    with pytest.raises(InputError, match="over the limit"):
        zkpay.verify(public)


def test_every_file_must_be_canonical(public: Path) -> None:
    for name in ("commitment.json", "statement.json"):
        data = (public / name).read_bytes()
        (public / name).write_text(json.dumps(json.loads(data), indent=1))
        with pytest.raises((Rejected, InputError), match=r"canonical|one encoding"):
            zkpay.verify(public)
        (public / name).write_bytes(data)
    payouts = (public / "payouts.csv").read_text()
    header, *rows = payouts.splitlines(keepends=True)
    for changed in (payouts.replace("\n", "\r\n"), payouts.upper(), payouts + "\n", header + "".join(rows[::-1])):
        (public / "payouts.csv").write_text(changed, newline="")
        with pytest.raises((Rejected, InputError)):
            zkpay.verify(public)


def test_a_list_with_the_right_sums_and_other_payees_fails(public: Path) -> None:
    header, *rows = (public / "payouts.csv").read_text().splitlines()
    cells = [row.split(",") for row in rows]
    cells[0][1], cells[1][1] = cells[1][1], cells[0][1]
    (public / "payouts.csv").write_text("\n".join([header, *map(",".join, cells)]) + "\n")
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "payout-root-mismatch"


def test_a_salt_of_p_or_more_fails(public: Path) -> None:
    header, first, *rest = (public / "payouts.csv").read_text().splitlines()
    first = first[:-40] + f"{P:08x}" + first[-32:]
    (public / "payouts.csv").write_text("\n".join([header, first, *rest]) + "\n")
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "non-canonical-element"


def test_a_public_list_that_was_left_out_is_noticed(public: Path) -> None:
    (public / "payouts.csv").unlink()
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "payouts-missing"


def test_payouts_can_not_be_declared_private_later(public: Path) -> None:
    (public / "payouts.csv").unlink()
    reseal(public, "commitment.json", lambda content: content.update({"private_payouts": True}))
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "commitment-mismatch"
    # Nor with a statement about the forged commitment: the proof is about another statement.
    digest = keccak256((public / "commitment.json").read_bytes()).hex()
    reseal(public, "statement.json", lambda content: content.update({"commitment_digest": digest}))
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "constraints-unsatisfied"


def test_forged_statements_fail_by_their_numbers_or_by_the_proof(tmp_path: Path) -> None:
    # Without a list of payouts, which would tell some of the lies first.
    folder = make_committed(tmp_path, private_payouts=True)
    zkpay.prove(folder)
    public = folder / "public"
    original = (public / "statement.json").read_bytes()
    assert "single payouts" in " ".join(zkpay.verify(public).not_checked)

    def add(name: str, amount: int) -> Callable[[dict[str, object]], None]:
        return lambda content: content.update({name: str(int(str(content[name])) + amount)})

    def both(content: dict[str, object]) -> None:
        add("paid", 1)(content)
        add("dust", -1)(content)

    def counts(content: dict[str, object]) -> None:
        content["counts"] = [
            [name, count + {"spam": -1, "withdrawn": 1}.get(name, 0)] for name, count in json.loads(original)["counts"]
        ]

    def totals(content: dict[str, object]) -> None:
        content["totals"] = [[text, str(int(value) + 1)] for text, value in json.loads(original)["totals"]]

    reasons = {}
    for label, change in {
        "paid": add("paid", 1), "pool": add("pool", 1), "paid and dust": both, "totals": totals,
        "counts": counts, "accounts": lambda content: content.update({"account_count": 2}),
        "circuit": lambda content: content.update({"circuit_digest": "00" * 32}),
        "root": lambda content: content.update({"payout_root": "00000001" * 8}),
    }.items():  # fmt: skip
        (public / "statement.json").write_bytes(original)
        reseal(public, "statement.json", change)
        with pytest.raises(Rejected) as caught:
            zkpay.verify(public)
        reasons[label] = caught.value.reason
    assert reasons["paid"] == reasons["pool"] == "pool-mismatch"
    assert reasons["circuit"] == "circuit-mismatch"
    # Nothing but the proof tells that these are false.
    assert reasons["paid and dust"] == reasons["totals"] == reasons["counts"] == reasons["root"]
    assert reasons["root"] not in ("pool-mismatch", "counts-mismatch", "accounts-mismatch")


def test_leaves_forged_with_their_digest_fail(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = zkpay.verify(public)
    assert "--leaves" in " ".join(verdict.not_checked)
    leaves = bytearray((public / "leaves.bin").read_bytes())
    leaves[43] ^= 1  # the low byte of an element, which stays below P
    (public / "leaves.bin").write_bytes(leaves)
    reseal(public, "commitment.json", lambda content: content.update({"leaves_digest": keccak256(bytes(leaves)).hex()}))
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "commitment-mismatch"
    # An operator who commits to such leaves from the start gets a proof for them; the rebuilt root tells.
    digest = keccak256((public / "commitment.json").read_bytes()).hex()
    reseal(public, "statement.json", lambda content: content.update({"commitment_digest": digest}))
    monkeypatch.setattr(
        verify_module, "verify_proof", lambda circuit, statement, proof: derive(PROFILES["default"], circuit)
    )
    zkpay.verify(public)
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public, leaves=True)
    assert caught.value.reason == "leaves-root-mismatch"


def test_a_proof_of_another_epoch_fails(public: Path, tmp_path: Path) -> None:
    other = make_committed(tmp_path / "other", epoch="2025-09")
    zkpay.prove(other)
    (public / "payout.zkproof").write_bytes((other / "public" / "payout.zkproof").read_bytes())
    with pytest.raises(Rejected):
        zkpay.verify(public)
    (public / "statement.json").write_bytes((other / "public" / "statement.json").read_bytes())
    with pytest.raises(Rejected) as caught:
        zkpay.verify(public)
    assert caught.value.reason == "commitment-mismatch"


def test_a_profile_of_the_provers_own_choice_fails(public: Path) -> None:
    proof = Proof.from_bytes((public / "payout.zkproof").read_bytes())
    for profile in ("compact", "conservative", "none"):
        forged = Proof(**{**vars(proof), "profile": profile})
        (public / "payout.zkproof").write_bytes(forged.to_bytes())
        with pytest.raises(Rejected):
            zkpay.verify(public)


def test_expectations(public: Path, tmp_path: Path) -> None:
    statement = json.loads((public / "statement.json").read_bytes())
    policy = tmp_path / "mine.toml"
    policy.write_text("# my copy\n" + POLICY)
    verdict = zkpay.verify(
        public,
        expect_policy=policy,
        expect_origin="example.org/rewards",
        expect_root="0x" + statement["contribution_root"].upper(),
    )
    assert {"expected-policy", "expected-origin", "expected-root"} <= {check.id for check in verdict.checks}
    assert len(verdict.not_checked) == len(zkpay.verify(public).not_checked) - 1
    policy.write_text(POLICY.replace("data = 3", "data = 4"))
    for expected, reason in (
        ({"expect_policy": policy}, "unexpected-policy"),
        ({"expect_origin": "example.org"}, "unexpected-origin"),
        ({"expect_root": "00000001" * 8}, "unexpected-root"),
    ):
        with pytest.raises(Rejected) as caught:
            zkpay.verify(public, **expected)
        assert caught.value.reason == reason
    with pytest.raises(InputError):
        zkpay.verify(public, expect_root="12")


def test_unknown_files_are_ignored_with_a_warning(public: Path) -> None:
    (public / "notes\x1b[31m.txt").write_text("?")
    (warning,) = zkpay.verify(public).warnings
    assert "notes" in warning


def test_no_folder(proved: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="verification reads"):
        zkpay.verify(proved)
    with pytest.raises(InputError, match="no such folder"):
        zkpay.verify(tmp_path / "nowhere")
    with pytest.raises(InputError, match="can't be read"):
        zkpay.verify(tmp_path)
