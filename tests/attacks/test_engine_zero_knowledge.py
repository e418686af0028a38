"""Zero knowledge: masks cover all that is revealed, nothing is shared between proofs, and a proof needs no witness.

Each test of hiding is itself tested: with the mask in question turned off it must turn red (SPEC §7).
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from tests.circuits.folding import folding, in_line
from tests.circuits.scenarios import Record, scenario
from tests.reference import stark
from tests.reference.stark_forger import Forger, false_circuit
from tests.reference.stark_prover import (
    AUXILIARY,
    CHUNKS,
    MAIN,
    QUOTIENT,
    LiteralProver,
    deep_word,
    opening_order,
    tree_groups,
)
from tests.reference.toy import SEED, STATEMENT, light_parameters, toy, use_light_parameters, verdict
from zkpay.circuits.heights import FOLDED_TREE
from zkpay.prover.groups import masked_coefficients
from zkpay.prover.prove import prove_circuit
from zkpay.prover.randomness import MaskSource
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.field import GENERATOR, P
from zkpay.stark.parameters import PROFILES, Parameters, derive
from zkpay.stark.proof import Proof
from zkpay.stark.protocol import begin, draw_alpha, draw_bus_challenges, draw_zeta
from zkpay.stark.transcript import Transcript

HEIGHTS = (2048, 2048, 1024)
QUERIES = 6


@cache
def literal_run() -> LiteralProver:
    case = toy(*HEIGHTS)
    run = LiteralProver(case.circuit, case.witness, STATEMENT, light_parameters(case.circuit, QUERIES), SEED)
    run.prove()
    return run


def rank(matrix: np.ndarray) -> int:
    """Rank over the base field, by elimination."""
    work = matrix % P
    found = 0
    for column in range(work.shape[1]):
        pivots = np.flatnonzero(work[found:, column])
        if not len(pivots):
            continue
        pivot = found + int(pivots[0])
        work[[found, pivot]] = work[[pivot, found]]
        work[found] = work[found] * pow(int(work[found, column]), -1, P) % P
        below = work[found + 1 :, column : column + 1]
        work[found + 1 :] = (work[found + 1 :] - below * work[found]) % P
        found += 1
        if found == len(work):
            break
    return found


def revealed_rows(height: int, ratio: int, blowup: int, indices: list[int], zeta: stark.Extension, length: int):  # type: ignore[no-untyped-def]
    """One row for each base-field value that the transcript fixes of a column: the mask's share of it, by coefficient.

    Queried points y = x^r and the next rows g_t y (which the quotient's sum reveals); five coordinates each of the
    values at zeta^r and g_t zeta^r.
    """
    generator = stark.omega(height)
    rows = []
    seen = set()
    for index in indices:
        point = pow(GENERATOR, ratio, P) * pow(stark.omega(blowup * height), index, P) % P
        for y in (point, point * generator % P):
            if y not in seen:
                seen.add(y)
                vanishing = pow(y, height, P) - 1
                assert vanishing % P
                rows.append([vanishing * pow(y, j, P) % P for j in range(length)])
    for opened in (stark.exponent(zeta, ratio), stark.scale(stark.exponent(zeta, ratio), generator)):
        entries = []
        power = stark.sub(stark.exponent(opened, height), (1, 0, 0, 0, 0))
        for _ in range(length):
            entries.append(power)
            power = stark.mul(power, opened)
        rows += [[entry[k] for entry in entries] for k in range(5)]
    return np.array(rows, dtype=np.int64)


def distinct_indices(count: int, domain: int, seed: int) -> list[int]:
    return np.random.default_rng(seed).choice(domain, count, replace=False).tolist()


@pytest.mark.parametrize(("height", "ratio"), [(1024, 1), (1024, 4), (2048, 2), (1024, 64)])
def test_masks_have_full_rank_on_what_is_revealed(height: int, ratio: int) -> None:
    """2 (e + q) values of a column are revealed; as many mask coefficients make them uniform, one less does not (design
    review, finding 8; Haboeck and Al Kindi, eprint 2024/1037)."""
    queries = 20
    zeta = Transcript("rank").extension("zeta")
    for seed in range(3):
        indices = distinct_indices(queries, 8 * height, seed)
        count = len(revealed_rows(height, ratio, 8, indices, zeta, 1))
        assert count == 2 * (5 + queries)
        assert rank(revealed_rows(height, ratio, 8, indices, zeta, count)) == count
        assert rank(revealed_rows(height, ratio, 8, indices, zeta, count - 1)) == count - 1


TIGHTEST = [(10, 10), (16, 10), (20, 10), (14, 14), (20, 14), (21, 14)]
"""Tallest and shortest table of a proof, as powers of two: least heights of both slacks, and the widest apart."""


def at_heights(log_tallest: int, log_shortest: int) -> Circuit:
    """The toy's tables at other heights; parameters don't depend on what stands in them."""
    circuit = toy().circuit
    logs = (log_tallest, log_shortest, log_shortest)
    return replace(
        circuit,
        placed=tuple(PlacedTable(item.table, 1 << log) for item, log in zip(circuit.placed, logs, strict=True)),
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("log_tallest", "log_shortest"), TIGHTEST)
def test_masks_of_the_real_parameters_have_full_rank(profile: str, log_tallest: int, log_shortest: int) -> None:
    """For the shortest and the tallest table of every profile, at all queries of a full proof, points that meet
    included. Main, helper and accumulator columns all have such masks, folded tables' too (see the next test). One
    coefficient less than values are shown is too few."""
    parameters = derive(PROFILES[profile], at_heights(log_tallest, log_shortest))
    zeta = Transcript("real").extension("zeta")
    indices = np.random.default_rng(4).integers(0, parameters.domain, parameters.queries).tolist()
    for log in {log_tallest, log_shortest}:
        ratio = parameters.height >> log
        positions = [index % (parameters.blowup << log) for index in indices]
        matrix = revealed_rows(1 << log, ratio, parameters.blowup, positions, zeta, parameters.mask_length)
        assert len(matrix) <= 2 * (5 + parameters.queries) <= parameters.mask_length
        assert rank(matrix) == len(matrix)
        assert rank(matrix[:, : len(matrix) - 1]) < len(matrix)


def masks_and_salts(circuit: Circuit, make: Callable[[], Proof], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each committed column has a mask to itself, as long as the parameters say, and each row a salt."""
    elements, data = MaskSource.elements, MaskSource.data
    shapes: dict[str, tuple[int, ...]] = {}
    streams: dict[str, int] = {}

    def drawn(self: MaskSource, label: str, shape: tuple[int, ...]) -> np.ndarray:
        assert shapes.setdefault(label, shape) == shape
        return elements(self, label, shape)

    def streamed(self: MaskSource, label: str, count: int) -> bytes:
        streams[label] = count
        return data(self, label, count)

    masked: list[tuple[int, ...]] = []

    def masking(values: Iterable[np.ndarray], height: int, masks: np.ndarray) -> np.ndarray:
        masked.append((height, *masks.shape))
        # No column's mask is empty or another one's.
        assert len(np.unique(masks, axis=0)) == len(masks)
        assert masks.any(axis=1).all()
        return masked_coefficients(values, height, masks)

    monkeypatch.setattr(MaskSource, "elements", drawn)
    monkeypatch.setattr(MaskSource, "data", streamed)
    monkeypatch.setattr("zkpay.prover.commit.masked_coefficients", masking)
    make()
    parameters = derive(PROFILES["default"], circuit)
    length = parameters.mask_length
    expected, groups = {}, {}
    for tree in (MAIN, AUXILIARY, QUOTIENT):
        for number, (height, keys) in enumerate(tree_groups(circuit, tree)):
            groups[f"salts/{tree}/{number}"] = 16 * parameters.blowup * height
            if tree != QUOTIENT:
                expected[f"masks/{tree}/{number}"] = (len(keys), length)
    assert sorted(masked) == sorted(
        (height, len(keys), length) for tree in (MAIN, AUXILIARY) for height, keys in tree_groups(circuit, tree)
    )
    expected["quotient"] = (5 * (CHUNKS - 1), length)
    expected["fri"] = (5, parameters.dimension - 1)
    assert shapes == expected
    assert {label: count for label, count in streams.items() if label not in expected} == groups


def test_every_column_has_a_mask_and_every_row_a_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    case = toy()
    masks_and_salts(
        case.circuit,
        lambda: prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"]),
        monkeypatch,
    )


@pytest.mark.parametrize("hashes", ["in line", "in rows"])
def test_every_column_of_a_payout_circuit_has_a_mask(hashes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tables of an epoch, with the folded ones of large epochs too."""
    with folding() if hashes == "in rows" else in_line():
        epoch = scenario([Record(account=7), Record(account=8, quantity=3)])
        assert any(item.table.name == FOLDED_TREE for item in epoch.circuit.placed) == (hashes == "in rows")
        masks_and_salts(
            epoch.circuit,
            lambda: prove_circuit(epoch.circuit, epoch.witness(), STATEMENT, PROFILES["default"]),
            monkeypatch,
        )


def test_quotient_masks_have_full_rank() -> None:
    """All chunks but the first, q_i - t_(i-1) + X^s t_i, are revealed at the queries and at zeta: e + q values of each
    for each coordinate; the t_i have h coefficients each. The first chunk follows from the others and the quotient.
    """
    parameters = derive(PROFILES["default"], toy().circuit)
    points = stark.domain(parameters.domain, GENERATOR)[distinct_indices(parameters.queries, parameters.domain, 5)]
    zeta = Transcript("quotient").extension("zeta")
    rows = [[pow(int(x), j, P) for j in range(parameters.mask_length)] for x in points]
    entries, power = [], stark.as_extension([1, 0, 0, 0, 0])
    for _ in range(parameters.mask_length):
        entries.append(power)
        power = stark.mul(power, zeta)
    rows += [[entry[k] for entry in entries] for k in range(5)]
    values = np.array(rows, dtype=np.int64)
    count, length = 5 + parameters.queries, parameters.mask_length
    assert rank(values) == count <= length
    # X^s t at the same points: s more powers, five coordinates of zeta^(s + j) at the last ones.
    lifted = [[pow(int(x), parameters.split + j, P) for j in range(length)] for x in points]
    power = stark.exponent(zeta, parameters.split)
    entries = []
    for _ in range(length):
        entries.append(power)
        power = stark.mul(power, zeta)
    lifted += [[entry[k] for entry in entries] for k in range(5)]
    matrix = np.zeros(((CHUNKS - 1) * count, (CHUNKS - 1) * length), dtype=np.int64)
    for chunk in range(1, CHUNKS):
        own = slice((chunk - 1) * count, chunk * count)
        matrix[own, (chunk - 1) * length : chunk * length] = -values
        if chunk < CHUNKS - 1:
            matrix[own, chunk * length : (chunk + 1) * length] = np.array(lifted, dtype=np.int64)
    assert rank(matrix) == (CHUNKS - 1) * count


def test_fri_mask_covers_the_whole_space_of_deep_words() -> None:
    """R has K - 1 free coefficients and the weight 1; every other term of the DEEP word has degree K - 2 at most."""
    run = literal_run()
    dimension = run.parameters.dimension
    mask = np.stack([run.polynomials[QUOTIENT, -1, 5 * CHUNKS + k] for k in range(5)])
    assert mask.shape[1] == dimension
    assert mask[:, : dimension - 1].any(axis=1).all()
    assert not mask[:, dimension - 1].any()
    assert len(np.unique(mask[:, : dimension - 1])) > 0.999 * 5 * (dimension - 1) - 10
    rest = stark.interpolate((run.deep_codeword() - stark.evaluate(mask, run.size, GENERATOR)) % P, GENERATOR)
    assert not rest[:, dimension - 1 :].any()
    assert rest[:, dimension - 2].any()


# Whole proofs, with masks and with one of them turned off.


@pytest.fixture
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    use_light_parameters(monkeypatch, QUERIES)


def prove(seed: bytes | None = None) -> Proof:
    case = toy(*HEIGHTS)
    return prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"], seed=seed)


def zeta_of(proof: Proof) -> stark.Extension:
    circuit = toy(*HEIGHTS).circuit
    transcript = begin(circuit, light_parameters(circuit, QUERIES), STATEMENT)
    draw_bus_challenges(transcript, circuit, proof.main_root)
    draw_alpha(transcript, proof.auxiliary_root)
    return draw_zeta(transcript, proof.quotient_root)


def leaks(proof: Proof) -> set[str]:
    """What an observer with a guess of the witness, right in this case, can confirm from the proof."""
    case = toy(*HEIGHTS)
    zeta = zeta_of(proof)
    claims = np.frombuffer(proof.out_of_domain, dtype="<u4").astype(np.int64).reshape(-1, 5)
    found = set()
    for number, ((tree, position, column), rotation) in enumerate(opening_order(case.circuit)):
        if tree == MAIN and column == 0:
            item = case.circuit.placed[position]
            point = stark.exponent(zeta, HEIGHTS[0] // item.height)
            point = stark.scale(point, stark.omega(item.height)) if rotation else point
            unmasked = stark.interpolate(case.witness[item.table.name][column].astype(np.int64))
            if stark.horner(unmasked, point) == stark.as_extension(claims[number].tolist()):
                found.add("masks")
    quotient_rows = np.frombuffer(proof.trees[QUOTIENT].rows[0], dtype="<u4").reshape(-1, 5 * CHUNKS + 5)
    if not quotient_rows[:, 5 * CHUNKS :].any():
        found.add("fri mask")
    salts = [salt[k : k + 16] for tree in proof.trees for salt in tree.salts for k in range(0, len(salt), 16)]
    if len(set(salts)) < len(salts):
        found.add("salts")
    return found


@pytest.mark.usefixtures("_light")
def test_claims_do_not_confirm_a_guess_of_the_witness() -> None:
    assert leaks(prove()) == set()


def zeroed(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    elements, data = MaskSource.elements, MaskSource.data

    def no_elements(self: MaskSource, label: str, shape: tuple[int, ...]) -> np.ndarray:
        return np.zeros(shape, dtype=np.uint32) if label.startswith(prefix) else elements(self, label, shape)

    def no_data(self: MaskSource, label: str, count: int) -> bytes:
        return bytes(count) if label.startswith(prefix) else data(self, label, count)

    monkeypatch.setattr(MaskSource, "elements", no_elements)
    monkeypatch.setattr(MaskSource, "data", no_data)


@pytest.mark.usefixtures("_light")
@pytest.mark.parametrize(
    ("prefix", "expected"), [("masks/0", "masks"), ("fri", "fri mask"), ("salts/1", "salts"), ("salts/2", "salts")]
)
def test_the_test_sees_a_missing_mask(prefix: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verifier can't tell; this file must."""
    zeroed(monkeypatch, prefix)
    proof = prove()
    assert verdict(toy(*HEIGHTS).circuit, proof) == "accepted"
    assert leaks(proof) == {expected}


@pytest.mark.usefixtures("_light")
@pytest.mark.parametrize("mask", ["masks/1", "quotient"])
def test_helpers_and_quotient_chunks_are_masked(mask: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Helper columns differ from their unmasked interpolants, quotient chunks from the plain split, unless the mask is
    off."""

    def visible(prover: LiteralProver) -> bool:
        if mask == "quotient":
            whole = prover.quotient()
            split, dimension = prover.parameters.split, prover.parameters.dimension
            plain = np.zeros((CHUNKS, dimension), dtype=np.int64)
            for chunk in range(CHUNKS - 1):
                plain[chunk, :split] = whole[0, chunk * split : (chunk + 1) * split]
            rest = whole[0, (CHUNKS - 1) * split : (CHUNKS - 1) * split + dimension]
            plain[-1, : len(rest)] = rest
            return any(
                np.array_equal(prover.polynomials[QUOTIENT, -1, 5 * chunk], plain[chunk]) for chunk in range(CHUNKS)
            )
        key = (AUXILIARY, 0, 0)
        values = stark.evaluate(prover.polynomials[key], HEIGHTS[0])
        return bool(np.array_equal(stark.interpolate(values), prover.polynomials[key][: HEIGHTS[0]]))

    assert not visible(literal_run())
    zeroed(monkeypatch, mask)
    # Not the remembered run: this one has no such mask.
    assert visible(literal_run.__wrapped__())


def pieces(proof: Proof) -> dict[str, list[bytes]]:
    """Everything in a proof that could be shared with another one, in its natural units."""
    circuit = toy(*HEIGHTS).circuit
    found: dict[str, list[bytes]] = {
        "roots": [proof.main_root, proof.auxiliary_root, proof.quotient_root, *proof.layer_roots],
        "claims": [proof.out_of_domain[k : k + 20] for k in range(0, len(proof.out_of_domain), 20)],
        "last polynomial": [proof.final_polynomial[k : k + 20] for k in range(0, len(proof.final_polynomial), 20)],
        "rows": [],
        "salts": [],
        "digests": [],
        "fibres": [],
    }
    for tree, opening in enumerate(proof.trees):
        for (_, keys), rows, salts in zip(tree_groups(circuit, tree), opening.rows, opening.salts, strict=True):
            size = 4 * len(keys)
            found["rows"] += [rows[k : k + size] for k in range(0, len(rows), size)]
            found["salts"] += [salts[k : k + 16] for k in range(0, len(salts), 16)]
        found["digests"] += [opening.siblings[k : k + 32] for k in range(0, len(opening.siblings), 32)]
    for layer in proof.layers:
        found["digests"] += [layer.siblings[k : k + 32] for k in range(0, len(layer.siblings), 32)]
        found["fibres"] += [layer.fibres[k : k + 20] for k in range(0, len(layer.fibres), 20)]
    return found


@pytest.mark.usefixtures("_light")
def test_two_proofs_of_one_witness_share_nothing() -> None:
    one, two = prove(), prove()
    circuit = toy(*HEIGHTS).circuit
    assert verdict(circuit, one) == verdict(circuit, two) == "accepted"
    for name, values in pieces(one).items():
        assert values
        assert not set(values) & set(pieces(two)[name]), name
        assert len(set(values)) == len(values), name


@pytest.mark.usefixtures("_light")
def test_a_seed_fixes_a_proof_and_must_not_serve_two() -> None:
    """The same seed under another statement repeats main columns, masks and all: why a seed serves one transcript."""
    assert prove(SEED) == prove(SEED)
    case = toy(*HEIGHTS)
    other = prove_circuit(case.circuit, case.witness, b"another", PROFILES["default"], seed=SEED)
    assert other.main_root == prove(SEED).main_root
    assert other.auxiliary_root != prove(SEED).auxiliary_root


@pytest.mark.usefixtures("_light")
def test_proof_length_depends_on_the_queries_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two witnesses, the same drawn queries: every part has the same length. The queries are public coins."""

    def fixed(transcript: Transcript, parameters: Parameters, nonce: int) -> list[int]:
        return [7, 1000, 1001, parameters.domain - 1, 8192, 4096][: parameters.queries]

    monkeypatch.setattr("zkpay.prover.prove.draw_queries", fixed)
    shapes = []
    for seed in (1, 2):
        case = toy(*HEIGHTS, seed=seed)
        proof = prove_circuit(case.circuit, case.witness, STATEMENT, PROFILES["default"])
        proof = replace(proof, nonce=0)
        shapes.append((len(proof.to_bytes()), [_shape(getattr(proof, entry.name)) for entry in fields(proof)]))
    assert shapes[0] == shapes[1]


def _shape(value: object) -> object:
    if isinstance(value, (bytes, str)):
        return len(value)
    if isinstance(value, tuple):
        return [_shape(entry) for entry in value]
    if isinstance(value, int):
        return 0
    return [_shape(getattr(value, entry.name)) for entry in fields(value)]  # type: ignore[arg-type]


@pytest.mark.parametrize("fill", [0, 1, P - 1])
def test_a_value_out_of_the_domain_is_uniform_whatever_the_column(fill: int) -> None:
    """For a fixed point and a fixed column, over fresh masks: chi-square in 16 buckets for each coordinate, 15 degrees
    of freedom; 50 is beyond the 99.99th percentile. Without masks the value is one constant."""
    height, length, samples = 64, 32, 600
    point = Transcript("fixed").extension("zeta")
    values = np.full((1, height), fill, dtype=np.uint32)
    powers = np.empty((5, height + length), dtype=np.int64)
    power = stark.as_extension([1, 0, 0, 0, 0])
    for j in range(height + length):
        powers[:, j] = power
        power = stark.mul(power, point)

    def value_under(mask: np.ndarray) -> list[int]:
        coefficients = masked_coefficients([values], values.shape[1], mask)[0].astype(np.int64)
        return ((powers * coefficients % P).sum(axis=1) % P).tolist()

    seen = np.array(
        [value_under(MaskSource(bytes([k % 256, k // 256] * 16)).elements("m", (1, length))) for k in range(samples)]
    )
    for coordinate in range(5):
        counts = np.bincount(seen[:, coordinate] * 16 // P, minlength=16)
        assert ((counts - samples / 16) ** 2 / (samples / 16)).sum() < 50
    nothing = np.zeros((1, length), dtype=np.uint32)
    assert value_under(nothing) == value_under(nothing) == [fill, 0, 0, 0, 0]


# A transcript without a witness.

ZETA = Transcript("simulator").extension("zeta")
LAMBDA = Transcript("simulator").extensions("lambda", len(opening_order(false_circuit())))


class Simulator(Forger):
    """Knows no witness, for there is none: it only chooses zeta and lambda beforehand.

    All columns are noise, all claims are noise but for the identity at zeta, and the DEEP word is a random polynomial:
    the mask R is what is left over.
    """

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit)
        self.witness = {name: np.zeros_like(values) for name, values in self.witness.items()}
        self.noise = np.random.default_rng(11)

    def adjust(self, tree: int) -> None:
        for _, keys in tree_groups(self.circuit, tree):
            for key in keys:
                size = self.blowup * (self.height // self.ratio(key[1]))
                self.words[key] = self.noise.integers(0, P, size)
        if tree == QUOTIENT:
            self.zeta, self.batching = ZETA, list(LAMBDA)
            count = len(opening_order(self.circuit))
            self.claimed = self.lie([stark.as_extension(row) for row in self.noise.integers(0, P, (count, 5)).tolist()])
            for k in range(5):
                self.words[QUOTIENT, -1, 5 * CHUNKS + k] = np.zeros(self.size, dtype=np.int64)
            rest = deep_word(self, self.words)
            wanted = self.noise.integers(0, P, (5, self.parameters.dimension - 1))
            mask = (stark.evaluate(wanted, self.size, GENERATOR) - rest) % P
            for k in range(5):
                self.words[QUOTIENT, -1, 5 * CHUNKS + k] = mask[k]

    def open_out_of_domain(self) -> None:
        self.zeta, self.batching = ZETA, list(LAMBDA)
        self.out_of_domain = stark.row_bytes(np.array(self.claimed))
        self.transcript.absorb("out of domain", self.out_of_domain)
        self.transcript.extensions("lambda", len(LAMBDA))


def lifted_false_circuit() -> Circuit:
    """Tables of two heights, and a sum that no witness has: claims of the shorter table pass the lifting check."""
    circuit = toy(2048, 1024, 1024).circuit
    return replace(circuit, sum_targets={**circuit.sum_targets, "amounts": (circuit.sum_targets["amounts"] + 1) % P})


@pytest.mark.parametrize("make", [false_circuit, lifted_false_circuit])
def test_a_simulator_needs_no_witness(make: Callable[[], Circuit], monkeypatch: pytest.MonkeyPatch) -> None:
    """With zeta and lambda programmed, a transcript without any witness passes all checks at uniformly drawn queries:
    so nothing in a transcript tells of one. The real oracle, of course, is not programmable."""
    use_light_parameters(monkeypatch, QUERIES)
    circuit = make()
    proof = Simulator(circuit).prove()
    with monkeypatch.context() as programmed:

        def zeta(transcript: Transcript, root: bytes) -> stark.Extension:
            draw_zeta(transcript, root)
            return ZETA

        def batching(transcript: Transcript, out_of_domain: bytes, count: int) -> tuple[stark.Extension, ...]:
            transcript.absorb("out of domain", out_of_domain)
            transcript.extensions("lambda", count)
            return LAMBDA

        programmed.setattr("zkpay.verifier.verify.draw_zeta", zeta)
        programmed.setattr("zkpay.verifier.verify.draw_lambda", batching)
        assert verdict(circuit, proof) == "accepted"
    assert verdict(circuit, proof) == "constraints-unsatisfied"
