"""The least that each stage of a proof must do, by the algorithm, for one circuit at its heights (SPEC §4, §5).

Heights, widths, blowup and cosets come from the circuit and the parameters; operations of constraints and buses from
the expressions. Bytes are counted once: a column is read once and written once, however often a cache would miss.
Reading and checking files, the policy's integers, masks and salts (ChaCha20) are not counted: such stages have no
floor here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from zkpay.circuits.heights import node_count
from zkpay.ledger.record_layout import RecordLayout
from zkpay.measure.operations import constraint_work, division_work, fraction_work
from zkpay.measure.work import EXTENSION_PRODUCT, Work, butterflies, keccak, poseidon, total
from zkpay.policy.policy import Policy
from zkpay.poseidon.permutation import PERMUTATION_16, PERMUTATION_24
from zkpay.prover.work import row_permutations
from zkpay.stark.air import Circuit
from zkpay.stark.field import EXTENSION_DEGREE
from zkpay.stark.layout import QUOTIENT_WIDTH, Group, layout_of
from zkpay.stark.parameters import Parameters

ELEMENT: Final = 4
DIGEST: Final = 32
SALT: Final = 16


@dataclass(frozen=True)
class Step:
    """One part of a stage: the stage's name as `zkpay prove` tells it, the part's, and its work."""

    stage: str
    name: str
    work: Work

    def as_json(self) -> dict[str, Any]:
        """The step by names."""
        return {"stage": self.stage, "step": self.name, "work": self.work.as_json()}


def proof_steps(circuit: Circuit, parameters: Parameters) -> list[Step]:
    """Everything that proving a witness takes, in order."""
    layout = layout_of(circuit)
    return [
        *_commitment("commit trace", "main", layout.main, parameters),
        *_bus_steps(circuit, parameters),
        *_commitment("buses", "helper", layout.auxiliary, parameters),
        *_quotient_steps(circuit, parameters),
        *_opening_steps(circuit, parameters),
        *_folding_steps(parameters),
        Step("queries", "grind, on average", keccak(2**parameters.grinding_bits)),
    ]


def hashing_steps(policy: Policy, circuit: Circuit, records: int, accounts: int) -> list[Step]:
    """Poseidon of leaves and nodes: once when the epoch is opened and compared, once more for the witness."""
    blocks = RecordLayout(policy.rules).blocks
    leaf = poseidon(PERMUTATION_24.width, PERMUTATION_24.partial_rounds)
    node = poseidon(PERMUTATION_16.width, PERMUTATION_16.partial_rounds)
    recorded = leaf.times(blocks * records) + node.times(node_count(records))
    paid = leaf.times(accounts) + node.times(node_count(accounts))
    cells = sum(item.table.width * item.height for item in circuit.placed)
    return [
        Step("open epoch", "contribution tree", recorded),
        Step("payouts", "payout tree", paid),
        Step("witness", "permutations, columns written", recorded + paid + Work(bytes_written=ELEMENT * cells)),
    ]


def _commitment(stage: str, what: str, groups: Sequence[Group], parameters: Parameters) -> Iterator[Step]:
    """Interpolate, extend and hash the columns of each group of one tree."""
    blowup = parameters.blowup
    cells = sum(group.width * group.height for group in groups)
    yield Step(
        stage,
        f"{what} columns: interpolate",
        total(butterflies(group.width, group.height) for group in groups)
        + Work(bytes_read=ELEMENT * cells, bytes_written=ELEMENT * cells),
    )
    yield _extension(stage, what, [(group.width, group.height) for group in groups], blowup)
    yield from _tree(stage, what, [(group.width, group.height) for group in groups], blowup)


def _extension(stage: str, what: str, shapes: Sequence[tuple[int, int]], blowup: int) -> Step:
    cells = sum(width * height for width, height in shapes)
    return Step(
        stage,
        f"{what} columns: extend",
        total(butterflies(blowup * width, height) for width, height in shapes)
        + Work(bytes_read=ELEMENT * cells, bytes_written=ELEMENT * blowup * cells),
    )


def _tree(stage: str, what: str, shapes: Sequence[tuple[int, int]], blowup: int) -> Iterator[Step]:
    """Rows hashed with their salts, then a binary tree over the tallest, shorter groups joining on their level."""
    rows = [(width, blowup * height) for width, height in shapes]
    tallest = max(count for _, count in rows)
    leaves = sum(count * row_permutations(width, salted=True) for width, count in rows)
    values = sum(width * count for width, count in rows)
    total_rows = sum(count for _, count in rows)
    yield Step(
        stage,
        f"{what} rows: hash",
        keccak(leaves) + Work(bytes_read=ELEMENT * values + SALT * total_rows, bytes_written=DIGEST * total_rows),
    )
    joined = tallest - 1 + sum(count for _, count in rows if count < tallest)
    yield Step(stage, f"{what} tree: hash", _nodes(joined))


def _nodes(count: int) -> Work:
    return keccak(count) + Work(bytes_read=2 * DIGEST * count, bytes_written=DIGEST * count)


def _bus_steps(circuit: Circuit, parameters: Parameters) -> Iterator[Step]:
    fractions, divisions = Work(), Work()
    for item in circuit.placed:
        helpers = EXTENSION_DEGREE * len(item.table.helpers)
        fractions += fraction_work(item.table).times(item.height)
        fractions += Work(bytes_read=ELEMENT * item.table.width * item.height)
        divisions += division_work(item.table).times(item.height)
        divisions += Work(bytes_written=ELEMENT * helpers * item.height)
    yield Step("buses", "fractions", fractions)
    yield Step("buses", "inverses and helpers", divisions)
    steps = Work(additions=2 * EXTENSION_DEGREE, bytes_read=20, bytes_written=20)
    yield Step("buses", "accumulator", steps.times(parameters.height))


def _quotient_steps(circuit: Circuit, parameters: Parameters) -> Iterator[Step]:
    cosets, height = parameters.quotient_cosets, parameters.height
    constraints = Work()
    for item in circuit.placed:
        columns = item.table.width + EXTENSION_DEGREE * len(item.table.helpers)
        own = constraint_work(item.table) + Work(bytes_read=ELEMENT * columns)
        constraints += own.times(cosets * item.height)
    written = Work(bytes_written=ELEMENT * EXTENSION_DEGREE * cosets * height)
    yield Step("quotient", "constraints", constraints + written)
    yield Step(
        "quotient",
        "interpolate and split",
        butterflies(EXTENSION_DEGREE * cosets, height)
        + Work(accumulations=EXTENSION_DEGREE * cosets * cosets * height)
        + Work(bytes_read=written.bytes_written, bytes_written=ELEMENT * QUOTIENT_WIDTH * height),
    )
    yield _extension("quotient", "quotient", [(QUOTIENT_WIDTH, height)], parameters.blowup)
    yield from _tree("quotient", "quotient", [(QUOTIENT_WIDTH, height)], parameters.blowup)


def _opening_steps(circuit: Circuit, parameters: Parameters) -> Iterator[Step]:
    """Every opened column at its points; one weighted sum of all columns for each height and point, as polynomials;
    these sums on the domain, each divided there by the distance from its point."""
    height, blowup = parameters.height, parameters.blowup
    opened, held = 0, 0
    for item in circuit.placed:
        width = item.table.width + EXTENSION_DEGREE * len(item.table.helpers)
        length = item.height + parameters.mask_length
        opened += (width + len(item.table.next_row_columns)) * length
        held += width * length
    # Accumulator at two points, quotient chunks at one; the FRI mask is only added.
    chunks = QUOTIENT_WIDTH - EXTENSION_DEGREE
    opened += (2 * EXTENSION_DEGREE + chunks) * parameters.dimension
    held += (EXTENSION_DEGREE + chunks) * parameters.dimension
    # Five products for each coefficient and point, once for its value and once for the sum.
    work = Work(accumulations=EXTENSION_DEGREE * opened, bytes_read=ELEMENT * held)
    yield Step("openings", "out of the domain", work)
    yield Step("openings", "weighted sums", work)
    here = {item.height for item in circuit.placed} | {height}
    following = {item.height for item in circuit.placed if item.table.next_row_columns} | {height}
    sums = [*here, *following]
    yield Step(
        "openings",
        "sums on the domain",
        total(butterflies(EXTENSION_DEGREE * blowup, size) for size in sums)
        + Work(
            bytes_read=ELEMENT * EXTENSION_DEGREE * sum(sums),
            bytes_written=ELEMENT * EXTENSION_DEGREE * parameters.domain,
        ),
    )
    # One denominator for each height (of two factors for lifted tables), and one for the next row: inverted and used.
    products = sum(5 if size < height else 4 for size in here) + 4
    yield Step("openings", "denominators", EXTENSION_PRODUCT.times(products * parameters.domain))


def _folding_steps(parameters: Parameters) -> Iterator[Step]:
    size = parameters.domain
    folded, hashed = Work(), Work()
    for arity in parameters.arities:
        fibres = size // arity
        hashed += keccak(fibres * row_permutations(EXTENSION_DEGREE * arity, salted=False)) + _nodes(fibres - 1)
        hashed += Work(bytes_read=ELEMENT * EXTENSION_DEGREE * size, bytes_written=DIGEST * fibres)
        folded += butterflies(EXTENSION_DEGREE, arity).times(fibres)
        folded += (EXTENSION_PRODUCT + Work(additions=EXTENSION_DEGREE)).times((arity - 1) * fibres)
        folded += Work(bytes_read=ELEMENT * EXTENSION_DEGREE * size, bytes_written=ELEMENT * EXTENSION_DEGREE * fibres)
        size = fibres
    yield Step("folding", "layers: hash", hashed)
    yield Step("folding", "layers: fold", folded)
