"""The proof system's building blocks by their definitions, on Python integers and plain numpy: slow and literal.

Nothing here comes from the package's own arithmetic, hashing or layout code. Words over a domain of n points are in
natural order: entry i belongs to shift * omega^i. Extension columns are int64[5, n].
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from Crypto.Hash import keccak

from tests.reference.extension import invert, multiply, power

P = 2**31 - 2**24 + 1
SHIFT = 3
ROOT = pow(3, 127, P)
Extension = tuple[int, int, int, int, int]
Array = np.ndarray


def hashed(*parts: bytes) -> bytes:
    """Keccak-256 of the parts, one after the other."""
    return keccak.new(digest_bits=256, data=b"".join(parts)).digest()


def word64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def omega(order: int) -> int:
    """The root of unity of exact order `order`."""
    return pow(ROOT, 2**24 // order, P)


# Scalars of the extension.


def as_extension(values: Sequence[int]) -> Extension:
    a, b, c, d, e = (int(value) % P for value in values)
    return (a, b, c, d, e)


def add(a: Extension, b: Extension) -> Extension:
    return as_extension([x + y for x, y in zip(a, b, strict=True)])


def sub(a: Extension, b: Extension) -> Extension:
    return as_extension([x - y for x, y in zip(a, b, strict=True)])


def mul(a: Extension, b: Extension) -> Extension:
    return as_extension(multiply(list(a), list(b)))


def scale(a: Extension, factor: int) -> Extension:
    return as_extension([x * factor for x in a])


def inverse(a: Extension) -> Extension:
    return as_extension(invert(list(a)))


def exponent(a: Extension, count: int) -> Extension:
    return as_extension(power(list(a), count)) if count else (1, 0, 0, 0, 0)


def horner(coefficients: Sequence[int] | Array, point: Extension) -> Extension:
    """A polynomial over the base field at a point of the extension."""
    result: Extension = (0, 0, 0, 0, 0)
    for coefficient in reversed([int(value) for value in coefficients]):
        result = mul(result, point)
        result = ((result[0] + coefficient) % P, *result[1:])
    return result


# Columns of the extension.


def columns(value: Extension, count: int) -> Array:
    """The same value `count` times, int64[5, count]."""
    return np.repeat(np.array(value, dtype=np.int64)[:, None], count, axis=1)


def times(a: Array, b: Array) -> Array:
    """Elementwise product of int64[5, n] columns."""
    product = [np.zeros(a.shape[1], dtype=np.int64) for _ in range(9)]
    for i in range(5):
        for j in range(5):
            product[i + j] = (product[i + j] + a[i] * b[j]) % P
    for degree in (8, 7, 6, 5):  # X^5 = 1 - X^2
        product[degree - 5] = (product[degree - 5] + product[degree]) % P
        product[degree - 3] = (product[degree - 3] - product[degree]) % P
    return np.stack(product[:5])


_IMAGES = [power([0, 1, 0, 0, 0], P**k * i) if i else [1, 0, 0, 0, 0] for k in range(1, 5) for i in range(5)]


def reciprocals(a: Array) -> Array:
    """1 / a elementwise: the other conjugates' product over the norm; a zero is a ZeroDivisionError."""
    others = columns((1, 0, 0, 0, 0), a.shape[1])
    for k in range(4):
        conjugate = np.zeros_like(a)
        for i in range(5):
            for j in range(5):
                conjugate[j] = (conjugate[j] + a[i] * _IMAGES[5 * k + i][j]) % P
        others = times(others, conjugate)
    norm = times(a, others)[0]
    if not norm.all():
        raise ZeroDivisionError("0 has no inverse")
    inverses = np.ones_like(norm)
    for bit in bin(P - 2)[2:]:
        inverses = inverses * inverses % P
        if bit == "1":
            inverses = inverses * norm % P
    return others * inverses % P


# Polynomials and domains.


def domain(size: int, shift: int = 1) -> Array:
    """shift * omega^i for i < size."""
    points = [shift % P]
    for _ in range(size - 1):
        points.append(points[-1] * omega(size) % P)
    return np.array(points, dtype=np.int64)


def evaluate(coefficients: Array, size: int, shift: int = 1) -> Array:
    """Values of int64[..., L] polynomials on shift * <omega_size>, by even and odd halves."""
    length = coefficients.shape[-1]
    folded = np.zeros((*coefficients.shape[:-1], size), dtype=np.int64)
    scaled = coefficients % P * _powers(shift, length) % P
    for start in range(0, length, size):  # omega^size = 1
        piece = scaled[..., start : start + size]
        folded[..., : piece.shape[-1]] += piece
    return _transform(folded % P, omega(size))


def interpolate(values: Array, shift: int = 1) -> Array:
    """Coefficients int64[..., n] of the polynomials with these values on shift * <omega_n>."""
    size = values.shape[-1]
    raw = _transform(values % P, pow(omega(size), -1, P)) * pow(size, -1, P) % P
    return raw * _powers(pow(shift, -1, P), size) % P


def _transform(values: Array, root: int) -> Array:
    size = values.shape[-1]
    if size == 1:
        return values
    # Both halves in one call: evens and odds are two rows of a batch.
    halves = _transform(np.stack([values[..., ::2], values[..., 1::2]], axis=-2), root * root % P)
    even, twisted = halves[..., 0, :], halves[..., 1, :] * _powers(root, size // 2) % P
    return np.concatenate([(even + twisted) % P, (even - twisted) % P], axis=-1)


def _powers(base: int, count: int) -> Array:
    known = np.ones(1, dtype=np.int64)
    while len(known) < count:
        known = np.concatenate([known, known * pow(base, len(known), P) % P])
    return known[:count]


def lifted(coefficients: Array, ratio: int) -> Array:
    """f(X^ratio)."""
    result = np.zeros((*coefficients.shape[:-1], (coefficients.shape[-1] - 1) * ratio + 1), dtype=np.int64)
    result[..., ::ratio] = coefficients
    return result


def masked(values: Array, masks: Array) -> Array:
    """Coefficients of f + (X^m - 1) r for f given on <omega_m> and r by its coefficients."""
    height, length = values.shape[-1], masks.shape[-1]
    result = np.zeros((*values.shape[:-1], height + length), dtype=np.int64)
    result[..., :height] = interpolate(values)
    result[..., height:] += masks
    result[..., :length] -= masks
    return result % P


def fold(fibre: Sequence[Extension], points: Sequence[int], challenge: Extension) -> Extension:
    """The polynomial of degree below the arity through (point, value), at the challenge: Lagrange's formula.

    f(X) = sum_t X^t f_t(X^arity) on one fibre is this polynomial, for X^arity is constant there.
    """
    result: Extension = (0, 0, 0, 0, 0)
    for k, value in enumerate(fibre):
        term = value
        for j, point in enumerate(points):
            if j != k:
                factor = sub(challenge, (point, 0, 0, 0, 0))
                term = scale(mul(term, factor), pow(points[k] - point, -1, P))
        result = add(result, term)
    return result


def fold_word(codeword: Array, arity: int, challenge: Extension, shift: int) -> Array:
    """The folded word int64[5, n / arity]: `fold` at every fibre i, i + n/arity, ..., vectorised over fibres.

    sum_t challenge^t f_t by the explicit sum f_t(x^arity) = (1/arity) sum_k x_k^(-t) f(x_k).
    """
    size = codeword.shape[1]
    rest = size // arity
    points = domain(size, shift)
    result = np.zeros((5, rest), dtype=np.int64)
    for t in range(arity):
        part = np.zeros((5, rest), dtype=np.int64)
        for k in range(arity):
            own = slice(k * rest, (k + 1) * rest)
            weight = np.array([pow(int(x), -t, P) for x in points[own]], dtype=np.int64)
            part = (part + codeword[:, own] * weight) % P
        part = part * pow(arity, -1, P) % P
        result = (result + times(part, columns(exponent(challenge, t), rest))) % P
    return result


# Keccak trees.


def row_bytes(values: Sequence[int] | Array) -> bytes:
    return b"".join(int(value).to_bytes(4, "little") for value in np.asarray(values).reshape(-1))


def leaf(tree: int, group: int, salt: bytes, row: Sequence[int] | Array) -> bytes:
    return hashed(word64(tree << 8 | group << 16), salt, row_bytes(row))


def layer_leaf(layer: int, fibre: Array) -> bytes:
    """fibre: (arity, 5)."""
    return hashed(word64(0x03 | layer << 8), row_bytes(fibre))


class Tree:
    """Node i of the level of size m has the children i and i + m; shorter groups' rows join at their own size."""

    def __init__(self, levels: Mapping[int, Sequence[bytes]]) -> None:
        self.levels = levels
        self.largest = max(levels)
        self._memory: dict[tuple[int, int], bytes] = {}

    def node(self, size: int, index: int) -> bytes:
        key = (size, index)
        if key not in self._memory:
            if size == self.largest:
                digest = self.levels[size][index]
            else:
                digest = hashed(word64(0x01), self.node(2 * size, index), self.node(2 * size, index + size))
                if size in self.levels:
                    digest = hashed(word64(0x02), digest, self.levels[size][index])
            self._memory[key] = digest
        return self._memory[key]

    @property
    def root(self) -> bytes:
        return self.node(1, 0)

    def siblings(self, indices: Sequence[int]) -> bytes:
        """Digests that can't be computed from the leaves below `indices`: largest level first, by parent."""
        supply = []
        size = self.largest
        while size > 1:
            known = {index % size for index in indices}
            for parent in sorted({index % (size // 2) for index in indices}):
                for child in (parent, parent + size // 2):
                    if child not in known:
                        supply.append(self.node(size, child))
            size //= 2
        return b"".join(supply)


# Fiat-Shamir.


def small_words(data: bytes) -> list[int]:
    """The words of 31 bits that are below P, in order."""
    words = [int.from_bytes(data[start : start + 4], "little") % 2**31 for start in range(0, len(data), 4)]
    return [word for word in words if word < P]


class Transcript:
    """state' = H(tag, state, |label|, label, |data|, data); output k = H(tag, state, |label|, label, k)."""

    def __init__(self, protocol: str = "zkpay/stark/v1") -> None:
        self.state = bytes(32)
        self.absorb("protocol", protocol.encode())

    def absorb(self, label: str, data: bytes) -> None:
        name = label.encode()
        self.state = hashed(word64(0x10), self.state, word64(len(name)), name, word64(len(data)), data)

    def squeeze(self, label: str, blocks: int) -> bytes:
        name = label.encode()
        head = self.state + word64(len(name)) + name
        self.state = hashed(word64(0x12), head)
        return b"".join(hashed(word64(0x11), head, word64(k)) for k in range(blocks))

    def extension(self, label: str) -> Extension:
        """Five words of 31 bits below P; again while the value lies in the base field."""
        tries = 0
        while True:
            words: list[int] = []
            blocks = 0
            while len(words) < 5:
                data = self.squeeze(f"{label}/{tries}#{blocks}", 1)
                blocks += 1
                words += small_words(data)
            if any(words[1:5]):
                return as_extension(words[:5])
            tries += 1

    def extensions(self, label: str, count: int) -> list[Extension]:
        """Five words for each, base field included; as many blocks as missing words fill, and again for lost ones."""
        words: list[int] = []
        tries = 0
        while len(words) < 5 * count:
            missing = 5 * count - len(words)
            words += small_words(self.squeeze(f"{label}#{tries}", (4 * missing + 31) // 32))
            tries += 1
        return [as_extension(words[5 * k : 5 * k + 5]) for k in range(count)]

    def indices(self, bits: int, count: int) -> list[int]:
        data = self.squeeze("queries", (4 * count + 31) // 32)
        return [int.from_bytes(data[4 * k : 4 * k + 4], "little") % 2**bits for k in range(count)]


def mine(seed: bytes, bits: int, good: Callable[[int], bool] = lambda nonce: True, start: int = 0) -> int:
    """The first nonce from `start` whose hash ends in `bits` zero bits and that is `good`."""
    nonce = start
    while True:
        first = int.from_bytes(hashed(word64(0x04), seed, word64(nonce))[:8], "little")
        if first % 2**bits == 0 and good(nonce):
            return nonce
        nonce += 1
