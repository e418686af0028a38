"""The transcript against its literal twin, and the properties that Fiat-Shamir needs of it."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import stark
from tests.reference.toy import toy
from zkpay.stark import domains
from zkpay.stark.field import P, is_base
from zkpay.stark.keccak import keccak256
from zkpay.stark.parameters import PROFILES, derive
from zkpay.stark.protocol import begin, grinding_passes
from zkpay.stark.transcript import Transcript

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("absorb"), st.text(max_size=6), st.binary(max_size=70)),
        st.tuples(st.just("extension"), st.text(max_size=6), st.just(b"")),
        st.tuples(st.just("extensions"), st.text(max_size=6), st.binary(max_size=40)),
        st.tuples(st.just("indices"), st.just("queries"), st.binary(max_size=3)),
    ),
    max_size=8,
)


@given(STEPS)
def test_equals_the_literal_twin(steps: list[tuple[str, str, bytes]]) -> None:
    transcript, literal = Transcript("zkpay/stark/v1"), stark.Transcript()
    for kind, label, data in steps:
        if kind == "absorb":
            transcript.absorb(label, data)
            literal.absorb(label, data)
        elif kind == "extension":
            assert transcript.extension(label) == literal.extension(label)
        elif kind == "extensions":
            assert list(transcript.extensions(label, len(data))) == literal.extensions(label, len(data))
        else:
            count = 1 + len(data) * 7
            assert transcript.indices(label, 19, count) == literal.indices(19, count)
    assert transcript.seed("end") == literal.squeeze("end", 1)


def test_keccak_is_not_sha3() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"").hex() == empty


def challenge_after(*messages: tuple[str, bytes]) -> bytes:
    transcript = Transcript("p")
    for label, data in messages:
        transcript.absorb(label, data)
    return transcript.seed("x")


def test_messages_can_not_be_split_joined_or_relabelled() -> None:
    """Length prefixes: [1,2,3][4,5] is not [1,2][3,4,5], a message is not itself with zeros appended, and labels count
    (Plonky3 #1769; Zellic on SP1 Hypercube, 3.13)."""
    results = [
        challenge_after(),
        challenge_after(("a", b"")),
        challenge_after(("a", b"\0")),
        challenge_after(("a", b"\0\0")),
        challenge_after(("a", b"12345")),
        challenge_after(("a", b"123"), ("a", b"45")),
        challenge_after(("a", b"12"), ("a", b"345")),
        challenge_after(("a1", b"2345")),
        challenge_after(("b", b"12345")),
        challenge_after(("a", b"45"), ("a", b"123")),
    ]
    assert len(set(results)) == len(results)


def test_consecutive_challenges_differ() -> None:
    """Each squeeze moves the state (plutus-halo2-verifier-gen #65)."""
    transcript = Transcript("p")
    drawn = [transcript.extension("same") for _ in range(20)]
    assert len(set(drawn)) == 20
    assert transcript.seed("same") != transcript.seed("same")
    one, two = Transcript("p"), Transcript("p")
    assert one.extension("beta") != two.extension("gamma")
    assert Transcript("p").seed("x") != Transcript("q").seed("x")


def test_a_squeeze_binds_what_follows() -> None:
    one, two = Transcript("p"), Transcript("p")
    one.extension("beta")
    one.absorb("a", b"1")
    two.absorb("a", b"1")
    assert one.seed("x") != two.seed("x")


def test_challenges_leave_the_base_field() -> None:
    for number in range(50):
        transcript = Transcript("p")
        transcript.absorb("n", number.to_bytes(4, "little"))
        challenge = transcript.extension("zeta")
        assert not is_base(challenge)
        assert all(0 <= coordinate < P for coordinate in challenge)


def test_a_challenge_in_the_base_field_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    transcript = Transcript("p")
    asked: list[str] = []

    def words(label: str, count: int) -> list[int]:
        asked.append(label)
        return [7, 0, 0, 0, 0] if len(asked) == 1 else [7, 0, 0, 1, 0]

    monkeypatch.setattr(transcript, "_words", words)
    assert transcript.extension("zeta") == (7, 0, 0, 1, 0)
    assert asked == ["zeta/0", "zeta/1"]


def test_many_challenges_are_uniform_and_apart() -> None:
    """Weights are drawn from the whole field, each word from its own hash bits."""
    drawn = Transcript("p").extensions("lambda", 3000)
    assert len(set(drawn)) == len(drawn) == 3000
    words = [word for value in drawn for word in value]
    assert all(0 <= word < P for word in words)
    counts = Counter(word * 16 // P for word in words)
    assert all(abs(counts[k] - len(words) / 16) < 5 * (len(words) * 15 / 256) ** 0.5 for k in range(16))
    assert Transcript("p").extensions("lambda", 3000) == drawn
    assert not set(drawn) & set(Transcript("p").extensions("other", 3000))


def test_weights_may_lie_in_the_base_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out of a weight's range, zero included: the proof's error counts it."""
    transcript = Transcript("p")
    monkeypatch.setattr(transcript, "_squeeze", lambda label, blocks: bytes(32 * blocks))
    assert transcript.extensions("lambda", 2) == ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0))


def test_elements_are_rejected_not_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of P or more are dropped, so that no value is likelier than another."""
    transcript = Transcript("p")
    data = b"".join(word.to_bytes(4, "little") for word in (P, P - 1, 2**31 - 1, 5, 2**31 | 6, 7, P + 9, 8))
    monkeypatch.setattr(transcript, "_squeeze", lambda label, blocks: data)
    assert transcript.extension("zeta") == (P - 1, 5, 6, 7, 8)


@pytest.mark.parametrize("bits", [10, 15, 24])
def test_indices_are_uniform_and_whole(bits: int) -> None:
    """Every index of the domain can be drawn: raw hash bits, no remainder (Plonky3 #1598, #1774)."""
    drawn: list[int] = []
    for number in range(40):
        transcript = Transcript("p")
        transcript.absorb("n", number.to_bytes(4, "little"))
        drawn += transcript.indices("queries", bits, 100)
    assert min(drawn) >= 0
    assert max(drawn) < 1 << bits
    # The top and the bottom three bits, each bucket within five standard deviations.
    for shift in (bits - 3, 0):
        counts = Counter(index >> shift & 7 for index in drawn)
        assert all(abs(counts[k] - 500) < 5 * (500 * 7 / 8) ** 0.5 for k in range(8))


def test_all_uses_of_the_hash_are_apart() -> None:
    """Transcript, leaf, node, inject, FRI leaf and proof of work never hash the same bytes (ovm2 audit, 0d)."""
    words = [
        domains.prefix_bytes(word)
        for word in (
            *(domains.leaf_prefix(tree, group) for tree in range(3) for group in range(20)),
            *(domains.fri_leaf_prefix(layer) for layer in range(8)),
            domains.NODE,
            domains.INJECT,
            domains.GRIND,
            domains.TRANSCRIPT_ABSORB,
            domains.TRANSCRIPT_SQUEEZE,
            domains.TRANSCRIPT_ADVANCE,
        )
    ]
    assert all(len(word) == 8 for word in words)
    assert len(set(words)) == len(words)


def test_proof_of_work_counts_exactly_the_bits_asked_for() -> None:
    """No bits means no work; one more bit halves the chance; the seed binds (Plonky3 #1747)."""
    seed = bytes(range(32))
    for nonce in range(300):
        word = int.from_bytes(stark.hashed(stark.word64(4), seed, stark.word64(nonce))[:8], "little")
        for bits in (0, 1, 7, 20, 40):
            assert grinding_passes(seed, nonce, bits) == (word % 2**bits == 0)
    passing = {nonce for nonce in range(300) if grinding_passes(seed, nonce, 4)}
    assert passing
    assert passing != {nonce for nonce in range(300) if grinding_passes(bytes(32), nonce, 4)}


def test_five_words_are_enough_for_a_challenge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a block of eight words three may be dropped; only with a fourth one is there another squeeze."""
    for dropped, squeezes in ((3, ["zeta/0#0"]), (4, ["zeta/0#0", "zeta/0#1"])):
        transcript = Transcript("p")
        asked: list[str] = []
        block = b"".join(word.to_bytes(4, "little") for word in [P] * dropped + [3] * (8 - dropped))

        def squeeze(label: str, blocks: int, asked: list[str] = asked, block: bytes = block) -> bytes:
            asked.append(label)
            return block * blocks

        monkeypatch.setattr(transcript, "_squeeze", squeeze)
        assert transcript.extension("zeta") == (3, 3, 3, 3, 3)
        assert asked == squeezes


@pytest.mark.parametrize("bits", [1, 8, 24, 25, 32])
def test_an_index_is_the_low_bits_of_its_own_word(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    transcript = Transcript("p")
    data = bytes(range(1, 65))
    monkeypatch.setattr(transcript, "_squeeze", lambda label, blocks: data[: 32 * blocks])
    expected = [int.from_bytes(data[4 * k : 4 * k + 4], "little") % 2**bits for k in range(9)]
    assert transcript.indices("queries", bits, 9) == expected


def test_only_missing_words_are_squeezed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven words take two blocks; the one that is still missing takes one."""
    transcript = Transcript("p")
    asked: list[int] = []

    def squeeze(label: str, blocks: int) -> bytes:
        asked.append(blocks)
        words = [P] * 6 + [5] * 10 if len(asked) == 1 else [7] * 8 * blocks
        return b"".join(word.to_bytes(4, "little") for word in words)

    monkeypatch.setattr(transcript, "_squeeze", squeeze)
    assert transcript._words("w", 11) == [5] * 10 + [7]
    assert asked == [2, 1]


def test_the_order_in_which_values_are_named_says_nothing() -> None:
    """Both sides build their circuit; scalars and sums are told by name."""
    circuit = toy().circuit
    parameters = derive(PROFILES["default"], circuit)
    backwards = replace(
        circuit,
        publics=dict(reversed(list(circuit.publics.items()))),
        sum_targets=dict(reversed(list(circuit.sum_targets.items()))),
    )
    assert begin(circuit, parameters, b"s").seed("x") == begin(backwards, parameters, b"s").seed("x")
