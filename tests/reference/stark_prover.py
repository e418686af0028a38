"""A prover written from the protocol's definitions, step by step over whole words: the twin of `zkpay.prover`.

It commits what its column tables say and believes what its polynomials say; an honest prover keeps the two equal. The
attacks subclass it and override one step. Only the expression graph, the masks and the proof's record type are the
package's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tests.reference import stark
from tests.reference.stark import SHIFT, Array, Extension, P
from zkpay.prover.randomness import MaskSource
from zkpay.stark.air import Circuit, PlacedTable
from zkpay.stark.expression import Column, Expression, Phase, read
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import LayerOpening, Proof, TreeOpening

MAIN, AUXILIARY, QUOTIENT = 0, 1, 2
CHUNKS = 3
ACCUMULATOR = -1
Key = tuple[int, int, int]
"""(tree, table position or ACCUMULATOR, column)."""
Opening = tuple[Key, int]
"""(column, 0 for zeta or 1 for the next row)."""


class RowReader:
    """Reads expressions row by row: int64[n] values mod P, `following` being the values one row on."""

    def __init__(self, main: Array, following: Array, preprocessed: Array, publics: Mapping[str, int]) -> None:
        self.main, self.following, self.preprocessed, self.publics = main, following, preprocessed, publics
        self.rows = main.shape[1]

    def constant(self, value: int) -> Array:
        return np.full(self.rows, value % P, dtype=np.int64)

    def public(self, name: str) -> Array:
        return self.constant(self.publics[name])

    def column(self, column: Column) -> Array:
        if column.phase is Phase.PREPROCESSED:
            return self.preprocessed[column.index]
        return self.following[column.index] if column.rotation else self.main[column.index]

    def linear(self, terms: list[tuple[int | str, Array]], constant: int) -> Array:
        result = self.constant(constant)
        for coefficient, value in terms:
            factor = self.publics[coefficient] if isinstance(coefficient, str) else coefficient
            result = (result + factor % P * value) % P
        return result

    def product(self, left: Array, right: Array) -> Array:
        return left * right % P


def next_columns(item: PlacedTable) -> list[int]:
    """Main columns read on the next row, ascending."""
    found: set[int] = set()
    memory: dict[Expression, None] = {}

    class Finder:
        def constant(self, value: int) -> None: ...
        def public(self, name: str) -> None: ...
        def linear(self, terms: list[tuple[int | str, None]], constant: int) -> None: ...
        def product(self, left: None, right: None) -> None: ...
        def column(self, column: Column) -> None:
            if column.rotation:
                found.add(column.index)

    for constraint in item.table.constraints:
        read(constraint.expression, Finder(), memory)
    return sorted(found)


def tree_groups(circuit: Circuit, tree: int) -> list[tuple[int, list[Key]]]:
    """(height, columns) of each row group, tallest first."""
    tallest = max(item.height for item in circuit.placed)
    if tree == QUOTIENT:
        return [(tallest, [(QUOTIENT, ACCUMULATOR, column) for column in range(5 * CHUNKS + 5)])]
    groups = []
    for height in sorted({item.height for item in circuit.placed}, reverse=True):
        keys: list[Key] = []
        for position, item in enumerate(circuit.placed):
            if item.height == height:
                width = item.table.width if tree == MAIN else 5 * len(item.table.helpers)
                keys += [(tree, position, column) for column in range(width)]
        if tree == AUXILIARY and height == tallest:
            keys += [(AUXILIARY, ACCUMULATOR, column) for column in range(5)]
        if keys:
            groups.append((height, keys))
    return groups


def opening_order(circuit: Circuit) -> list[Opening]:
    """Every out-of-domain value in its place; number k has the weight lambda_k."""
    order: list[Opening] = []
    for position, item in enumerate(circuit.placed):
        order += [((MAIN, position, column), 0) for column in range(item.table.width)]
        order += [((AUXILIARY, position, column), 0) for column in range(5 * len(item.table.helpers))]
        order += [((MAIN, position, column), 1) for column in next_columns(item)]
    order += [((AUXILIARY, ACCUMULATOR, column), 0) for column in range(5)]
    order += [((AUXILIARY, ACCUMULATOR, column), 1) for column in range(5)]
    return order + [((QUOTIENT, ACCUMULATOR, column), 0) for column in range(5 * CHUNKS)]


class LiteralProver:
    """One run. Words are by key, in natural order over the column's own domain; polynomials are in the tallest
    table's variable X."""

    def __init__(
        self, circuit: Circuit, witness: Mapping[str, Array], statement: bytes, parameters: Parameters, seed: bytes
    ) -> None:
        self.circuit, self.witness, self.statement, self.parameters = circuit, witness, statement, parameters
        self.masks = MaskSource(seed)
        self.height, self.blowup = parameters.height, parameters.blowup
        self.size = self.height * self.blowup
        self.points = stark.domain(self.size, SHIFT)
        self.transcript = stark.Transcript()
        self.words: dict[Key, Array] = {}
        self.polynomials: dict[Key, Array] = {}
        self.salts: dict[tuple[int, int], list[bytes]] = {}
        self.trees: list[stark.Tree] = []

    def prove(self) -> Proof:
        """All steps in order."""
        self.begin()
        self.commit_main()
        self.commit_auxiliary()
        self.commit_quotient()
        self.open_out_of_domain()
        self.commit_layers()
        return self.finish()

    # Round 0.

    def begin(self) -> None:
        circuit = self.circuit
        say = self.transcript.absorb
        say("circuit", circuit.digest)
        say("parameters", self.parameters.to_bytes())
        say("heights", b"".join(stark.word64(item.height) for item in circuit.placed))
        say("statement", self.statement)
        say("publics", repr(sorted(circuit.publics.items())).encode())
        terms = [(term.bus.identifier, term.payload, term.multiplicity) for term in circuit.public_terms]
        say("public terms", repr(terms).encode())
        say("sum targets", repr(sorted(circuit.sum_targets.items())).encode())

    # Round 1.

    def ratio(self, position: int) -> int:
        return 1 if position == ACCUMULATOR else self.height // self.circuit.placed[position].height

    def commit_columns(self, tree: int, values: Mapping[Key, Array]) -> None:
        """Mask, extend and hash; `values` hold each column on its own table's rows."""
        for number, (height, keys) in enumerate(tree_groups(self.circuit, tree)):
            length = self.parameters.mask_length
            masks = self.masks.elements(f"masks/{tree}/{number}", (len(keys), length)).astype(np.int64)
            coefficients = stark.masked(np.stack([values[key] for key in keys]), masks)
            ratio = self.height // height
            words = stark.evaluate(coefficients, self.blowup * height, pow(SHIFT, ratio, P))
            polynomials = stark.lifted(coefficients, ratio)
            for row, key in enumerate(keys):
                self.words[key], self.polynomials[key] = words[row], polynomials[row]
        self.adjust(tree)
        self.commit_words(tree)

    def adjust(self, tree: int) -> None:
        """Attackers replace words and polynomials here, before they are committed."""

    def commit_words(self, tree: int) -> None:
        levels = {}
        for number, (height, keys) in enumerate(tree_groups(self.circuit, tree)):
            data = self.masks.data(f"salts/{tree}/{number}", 16 * self.blowup * height)
            # The stream holds, coset by coset, all first halves and then all second halves of the salts.
            halves = np.frombuffer(data, dtype="<u8").reshape(self.blowup, 2, height)
            salts = []
            for index in range(self.blowup * height):
                first, second = halves[index % self.blowup, :, index // self.blowup].tolist()
                salts.append(stark.word64(first) + stark.word64(second))
            self.salts[tree, number] = salts
            rows = np.stack([self.words[key] for key in keys], axis=1)
            levels[self.blowup * height] = [
                stark.leaf(tree, number, salt, row) for salt, row in zip(salts, rows.tolist(), strict=True)
            ]
        self.trees.append(stark.Tree(levels))

    def commit_main(self) -> None:
        values = {
            (MAIN, position, column): self.witness[item.table.name][column].astype(np.int64)
            for position, item in enumerate(self.circuit.placed)
            for column in range(item.table.width)
        }
        self.commit_columns(MAIN, values)
        self.transcript.absorb("main root", self.trees[MAIN].root)
        self.beta = self.transcript.extension("beta")
        self.gamma = self.transcript.extension("gamma")
        self.delta = self.transcript.extension("delta")

    # Round 2.

    def reader(self, position: int, size: int, shift: int) -> RowReader:
        """The table at `position` over shift * <omega_size> in X, by its polynomials; size a multiple of N."""
        item = self.circuit.placed[position]
        keys = [(MAIN, position, column) for column in range(item.table.width)]
        main = np.stack([stark.evaluate(self.polynomials[key], size, shift) for key in keys])
        fixed = np.zeros((len(item.table.preprocessed_values), size), dtype=np.int64)
        for row, values in zip(fixed, item.table.preprocessed_values, strict=True):
            # Row i of the table has values[i mod period]: so has row i of the tallest one, whose period it is, too.
            coefficients = stark.lifted(stark.interpolate(np.resize(values, item.height)), self.ratio(position))
            row[:] = stark.evaluate(coefficients, size, shift)
        return RowReader(main, np.roll(main, -(size // self.height), axis=1), fixed, self.circuit.publics)

    def denominator(self, reader: RowReader, identifier: int, payload: Sequence[Expression], memory: dict) -> Array:
        """gamma + sum beta^k payload_k + beta^W identifier."""
        width = max(each.bus.width for item in self.circuit.placed for each in item.table.interactions)
        result = stark.columns(self.gamma, reader.rows)
        weight: Extension = (1, 0, 0, 0, 0)
        for place in range(width + 1):
            if place < len(payload):
                entry = read(payload[place], reader, memory)
                result = (result + stark.columns(weight, reader.rows) * entry) % P
            if place == width:
                result = (result + stark.columns(stark.scale(weight, identifier), reader.rows)) % P
            weight = stark.mul(weight, self.beta)
        return result

    def sum_weight(self, target: str) -> Extension:
        return stark.exponent(self.delta, 1 + sorted(self.circuit.sum_targets).index(target))

    def row_sums(self, position: int, reader: RowReader, helpers: Sequence[Array]) -> Array:
        """Helpers plus weighted sum terms, on every row of the reader."""
        memory: dict[Expression, Array] = {}
        result = np.zeros((5, reader.rows), dtype=np.int64)
        for helper in helpers:
            result = (result + helper) % P
        for term in self.circuit.placed[position].table.sums:
            weight = stark.columns(self.sum_weight(term.target), reader.rows)
            result = (result + weight * read(term.expression, reader, memory)) % P
        return result

    def bus_target(self) -> Extension:
        result: Extension = (0, 0, 0, 0, 0)
        width = max(each.bus.width for item in self.circuit.placed for each in item.table.interactions)
        for term in self.circuit.public_terms:
            bottom = self.gamma
            for place, entry in enumerate(term.payload):
                bottom = stark.add(bottom, stark.scale(stark.exponent(self.beta, place), entry))
            bottom = stark.add(bottom, stark.scale(stark.exponent(self.beta, width), term.bus.identifier))
            result = stark.sub(result, stark.scale(stark.inverse(bottom), term.multiplicity))
        for name, target in self.circuit.sum_targets.items():
            result = stark.add(result, stark.scale(self.sum_weight(name), target))
        return result

    def commit_auxiliary(self) -> None:
        values: dict[Key, Array] = {}
        steps = np.zeros((5, self.height), dtype=np.int64)
        for position, item in enumerate(self.circuit.placed):
            reader = self.reader(position, self.height, 1)
            memory: dict[Expression, Array] = {}
            helpers = []
            for number, group in enumerate(item.table.helpers):
                helper = np.zeros((5, self.height), dtype=np.int64)
                for each in group:
                    bottom = self.denominator(reader, each.bus.identifier, each.payload, memory)
                    multiplicity = each.sign * read(each.multiplicity, reader, memory)
                    helper = (helper + stark.reciprocals(bottom) * multiplicity) % P
                helpers.append(helper)
                for column in range(5):
                    values[AUXILIARY, position, 5 * number + column] = helper[column, : item.height]
            share = pow(self.ratio(position), -1, P)
            steps = (steps + self.row_sums(position, reader, helpers) * share) % P
        self.target = self.bus_target()
        steps = (steps - stark.columns(stark.scale(self.target, pow(self.height, -1, P)), self.height)) % P
        running = np.cumsum(steps, axis=1) % P
        self.balanced = not running[:, -1].any()
        for column in range(5):
            values[AUXILIARY, ACCUMULATOR, column] = np.concatenate([[0], running[column, :-1]])
        self.commit_columns(AUXILIARY, values)
        self.transcript.absorb("auxiliary root", self.trees[AUXILIARY].root)
        self.alpha = self.transcript.extension("alpha")

    # Round 3.

    def extension_column(self, tree: int, position: int, first: int, size: int) -> Array:
        keys = [(tree, position, first + k) for k in range(5)]
        return np.stack([stark.evaluate(self.polynomials[key], size, SHIFT) for key in keys])

    def numerator(self) -> Array:
        """The folded constraints on the whole domain."""
        size = self.size
        result = np.zeros((5, size), dtype=np.int64)
        row_sums = np.zeros((5, size), dtype=np.int64)
        weight: Extension = (1, 0, 0, 0, 0)
        vanishing = stark.columns((1, 0, 0, 0, 0), size)[0] * 0 + np.array(
            [pow(int(x), self.height, P) - 1 for x in self.points[: self.blowup]] * self.height, dtype=np.int64
        )
        for position, item in enumerate(self.circuit.placed):
            reader = self.reader(position, size, SHIFT)
            memory: dict[Expression, Array] = {}
            own = np.array([pow(int(x), self.ratio(position), P) for x in self.points], dtype=np.int64)
            last = pow(stark.omega(item.height), -1, P)
            selectors = {
                "every": np.ones(size, dtype=np.int64),
                "transition": (own - last) % P,
                "first": vanishing * _inverses((own - 1) % P) % P,
                "last": vanishing * _inverses((own - last) % P) % P,
            }
            for constraint in item.table.constraints:
                value = read(constraint.expression, reader, memory) * selectors[str(constraint.where)] % P
                result = (result + stark.columns(weight, size) * value) % P
                weight = stark.mul(weight, self.alpha)
            helpers = []
            for number, group in enumerate(item.table.helpers):
                helper = self.extension_column(AUXILIARY, position, 5 * number, size)
                bottoms = [self.denominator(reader, each.bus.identifier, each.payload, memory) for each in group]
                left = helper
                for bottom in bottoms:
                    left = stark.times(left, bottom)
                right = np.zeros_like(left)
                for each, interaction in enumerate(group):
                    multiplicity = read(interaction.multiplicity, reader, memory)
                    part = stark.columns((interaction.sign % P, 0, 0, 0, 0), size) * multiplicity % P
                    for other, bottom in enumerate(bottoms):
                        if other != each:
                            part = stark.times(part, bottom)
                    right = (right + part) % P
                result = (result + stark.times((left - right) % P, stark.columns(weight, size))) % P
                weight = stark.mul(weight, self.alpha)
                helpers.append(helper)
            share = pow(self.ratio(position), -1, P)
            row_sums = (row_sums + self.row_sums(position, reader, helpers) * share) % P
        accumulator = self.extension_column(AUXILIARY, ACCUMULATOR, 0, size)
        step = np.roll(accumulator, -self.blowup, axis=1) - accumulator - row_sums
        step = (step + stark.columns(stark.scale(self.target, pow(self.height, -1, P)), size)) % P
        return (result + stark.times(step, stark.columns(weight, size))) % P

    def quotient(self) -> Array:
        """int64[5, n] coefficients of numerator / (X^N - 1); all of them, so a false witness shows at the top."""
        vanishing = np.array(
            [pow(int(x), self.height, P) - 1 for x in self.points[: self.blowup]] * self.height, dtype=np.int64
        )
        return stark.interpolate(self.numerator() * _inverses(vanishing) % P, SHIFT)

    def commit_quotient(self) -> None:
        parameters = self.parameters
        split, dimension, length = parameters.split, parameters.dimension, parameters.mask_length
        whole = self.quotient()
        self.quotient_length = int(np.flatnonzero(whole.any(axis=0)).max(initial=-1)) + 1
        low, middle, high = np.zeros((CHUNKS, 5, dimension), dtype=np.int64)
        first, second = self.masks.elements("quotient", (2, 5, length)).astype(np.int64)
        low[:, :split] = whole[:, :split]
        middle[:, :split] = whole[:, split : 2 * split]
        rest = whole[:, 2 * split : 2 * split + dimension]
        high[:, : rest.shape[1]] = rest
        low[:, split:] += first
        middle[:, :length] -= first
        middle[:, split:] += second
        high[:, :length] -= second
        fri = np.zeros((5, dimension), dtype=np.int64)
        fri[:, :-1] = self.masks.elements("fri", (5, dimension - 1))
        polynomials = np.concatenate([low, middle, high, fri]) % P
        for column in range(5 * CHUNKS + 5):
            key = (QUOTIENT, ACCUMULATOR, column)
            self.polynomials[key] = polynomials[column]
            self.words[key] = stark.evaluate(polynomials[column], self.size, SHIFT)
        self.adjust(QUOTIENT)
        self.commit_words(QUOTIENT)
        self.transcript.absorb("quotient root", self.trees[QUOTIENT].root)
        self.zeta = self.transcript.extension("zeta")

    # Rounds 4 and on.

    def point(self, rotation: int) -> Extension:
        return stark.scale(self.zeta, stark.omega(self.height)) if rotation else self.zeta

    def claims(self) -> list[Extension]:
        """The polynomials' values at their points, in opening order."""
        tables = {rotation: _point_powers(self.point(rotation), self.parameters.dimension) for rotation in (0, 1)}
        result = []
        for key, rotation in opening_order(self.circuit):
            coefficients = self.polynomials[key]
            products = tables[rotation][:, : len(coefficients)] * coefficients % P
            result.append(stark.as_extension(products.sum(axis=1).tolist()))
        return result

    def open_out_of_domain(self) -> None:
        self.claimed = self.claims()
        self.out_of_domain = stark.row_bytes(np.array(self.claimed))
        self.transcript.absorb("out of domain", self.out_of_domain)
        self.batching = self.transcript.extensions("lambda", len(self.claimed))

    def twin_order(self, ratio: int) -> int:
        """Order of the root for the lifting check's second point; 1 for none."""
        return ratio

    def deep_codeword(self) -> Array:
        """R + sum lambda_k (F_k - v_k) / ((X - z_k) [(X - omega_r z_k)]) on the whole domain, of the words."""
        return deep_word(self, self.words)

    def layer_word(self, layer: int, codeword: Array) -> Array:
        """What is committed as FRI layer `layer`; attackers commit something else."""
        return codeword

    def commit_layers(self) -> None:
        self.state_before_layers = self.transcript.state
        codeword = self.deep_codeword()
        self.layers: list[tuple[int, Array, stark.Tree]] = []
        shift = SHIFT
        for number, arity in enumerate(self.parameters.arities):
            codeword = self.layer_word(number, codeword)
            size = codeword.shape[1]
            fibres = codeword.reshape(5, arity, size // arity).transpose(2, 1, 0)
            tree = stark.Tree({size // arity: [stark.layer_leaf(number, fibre) for fibre in fibres]})
            self.layers.append((arity, fibres, tree))
            self.transcript.absorb(f"layer {number}", tree.root)
            challenge = self.transcript.extension(f"fold {number}")
            codeword = stark.fold_word(codeword, arity, challenge, shift)
            shift = pow(shift, arity, P)
        self.last_word = stark.interpolate(codeword, shift)

    def final_coefficients(self) -> Array:
        """(final_length, 5)."""
        return self.last_word[:, : self.parameters.final_length].T

    def choose_nonce(self, seed: bytes) -> int:
        return stark.mine(seed, self.parameters.grinding_bits)

    def draw(self, nonce: int) -> list[int]:
        """The queries for a nonce; leaves the transcript as it is."""
        before = self.transcript.state
        self.transcript.absorb("nonce", stark.word64(nonce))
        indices = self.transcript.indices(self.size.bit_length() - 1, self.parameters.queries)
        self.transcript.state = before
        return indices

    def finish(self) -> Proof:
        final = stark.row_bytes(self.final_coefficients())
        self.transcript.absorb("final polynomial", final)
        nonce = self.choose_nonce(self.transcript.squeeze("grind", 1))
        self.indices = self.draw(nonce)
        return Proof(
            profile=self.parameters.profile.name,
            main_root=self.trees[MAIN].root,
            auxiliary_root=self.trees[AUXILIARY].root,
            quotient_root=self.trees[QUOTIENT].root,
            out_of_domain=self.out_of_domain,
            layer_roots=tuple(tree.root for _, _, tree in self.layers),
            final_polynomial=final,
            nonce=nonce,
            trees=tuple(self.open_tree(tree) for tree in (MAIN, AUXILIARY, QUOTIENT)),
            layers=tuple(self.open_layer(fibres, tree) for _, fibres, tree in self.layers),
        )

    def open_tree(self, tree: int) -> TreeOpening:
        rows, salts = [], []
        for number, (height, keys) in enumerate(tree_groups(self.circuit, tree)):
            positions = sorted({index % (self.blowup * height) for index in self.indices})
            rows.append(b"".join(stark.row_bytes([self.words[key][i] for key in keys]) for i in positions))
            salts.append(b"".join(self.salts[tree, number][i] for i in positions))
        return TreeOpening(tuple(rows), tuple(salts), self.trees[tree].siblings(self.indices))

    def open_layer(self, fibres: Array, tree: stark.Tree) -> LayerOpening:
        """All entries of the queried fibres but those at the queried indices, which the verifier knows."""
        leaves, arity = fibres.shape[:2]
        entries = []
        for leaf in sorted({index % leaves for index in self.indices}):
            for place in range(arity):
                if all(index % (leaves * arity) != leaf + place * leaves for index in self.indices):
                    entries.append(stark.row_bytes(fibres[leaf][place]))
        return LayerOpening(b"".join(entries), tree.siblings(self.indices))


def deep_word(prover: LiteralProver, words: Mapping[Key, Array]) -> Array:
    """The DEEP word of `words` under the prover's challenges and claims, lifting check as the prover has it."""
    size = prover.size
    result = np.stack([words[QUOTIENT, ACCUMULATOR, 5 * CHUNKS + k] for k in range(5)])
    tops: dict[tuple[int, int], Array] = {}
    order_and_weights = zip(opening_order(prover.circuit), prover.claimed, prover.batching, strict=True)
    for (key, rotation), claim, weight in order_and_weights:
        word = np.tile(words[key], size // len(words[key]))
        difference = (stark.columns((1, 0, 0, 0, 0), size) * word - stark.columns(claim, size)) % P
        term = stark.times(difference, stark.columns(weight, size))
        order = 1 if rotation else prover.twin_order(prover.ratio(key[1]))
        tops[rotation, order] = (tops.get((rotation, order), 0) + term) % P
    for (rotation, order), top in tops.items():
        point = prover.point(rotation)
        bottom = minus_point(prover.points, point)
        if order > 1:
            bottom = stark.times(bottom, minus_point(prover.points, stark.scale(point, stark.omega(order))))
        result = (result + stark.times(top, stark.reciprocals(bottom))) % P
    return result


def minus_point(points: Array, point: Extension) -> Array:
    """x - point for every x of the domain."""
    result = -stark.columns(point, len(points)) % P
    result[0] = (result[0] + points) % P
    return result


def _point_powers(point: Extension, count: int) -> Array:
    known = np.array([[1], [0], [0], [0], [0]], dtype=np.int64)
    while known.shape[1] < count:
        step = stark.exponent(point, known.shape[1])
        known = np.concatenate([known, stark.times(known, stark.columns(step, known.shape[1]))], axis=1)
    return known[:, :count]


def _inverses(values: Array) -> Array:
    """1 / x mod P; none may be 0."""
    result, base = np.ones_like(values), values % P
    for bit in reversed(bin(P - 2)[2:]):
        if bit == "1":
            result = result * base % P
        base = base * base % P
    return result
