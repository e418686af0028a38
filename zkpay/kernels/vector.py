"""Blocks of a transform in vector registers, as LLVM vector code for kernels (SPEC §2).

Plain loops don't do here: the vectoriser refuses loops over sixteen rows that it cannot prove apart, widens and
narrows every product by shuffles, and turns no loop into a transposition.  What a kernel gets instead works on
vectors of 16 lanes, which LLVM splits where registers are shorter.  Arguments named `..._at` are offsets into flat
arrays and steps are distances of rows, all in elements; nothing is checked.

A product with a constant c in [0, P) uses the quotient q = floor(c 2^32 / P) found beforehand (Shoup; Harvey,
"Faster arithmetic for number-theoretic transforms", 2014): for any word a, a c - floor(a q / 2^32) P is congruent
to a c and lies in [0, 2 P), below 2^32, so that its low word is all of it.
"""

from collections.abc import Callable
from typing import Any, Final, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from zkpay.kernels.montgomery import INVERSE
from zkpay.stark.field import P

LANES: Final = 16
"""Lanes of a vector: rows that these functions work on have a multiple of it."""

_WORD, _LONG = ir.IntType(32), ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()
_WORDS, _LONGS = ir.VectorType(_WORD, LANES), ir.VectorType(_LONG, LANES // 2)
_ODD: Final = [position for k in range(LANES // 2) for position in (2 * k + 1, LANES + 2 * k + 1)]
"""Interleaves the odd words of two vectors: the high halves of products of even and of odd lanes."""

Code = Callable[[Any, ir.IRBuilder, Any, Any], ir.Value]


def _inserted(function: Callable[..., tuple[Any, Code]]) -> Callable[..., None]:
    """A function whose code goes into the kernels that call it; constants among its arguments come as literals."""
    return cast(Callable[..., None], intrinsic(prefer_literal=True)(function))


def _words(value: int) -> ir.Constant:
    return ir.Constant(_WORDS, [value] * LANES)


def _longs(value: int) -> ir.Constant:
    return ir.Constant(_LONGS, [value] * (LANES // 2))


def _shuffle(build: ir.IRBuilder, a: ir.Value, b: ir.Value, positions: list[int]) -> ir.Value:
    return build.shuffle_vector(a, b, ir.Constant(ir.VectorType(_WORD, len(positions)), positions))


def _everywhere(build: ir.IRBuilder, word: ir.Value) -> ir.Value:
    empty = ir.Constant(_WORDS, ir.Undefined)
    single = build.insert_element(empty, word, ir.Constant(_WORD, 0))
    return _shuffle(build, single, empty, [0] * LANES)


def _smaller(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return build.select(build.icmp_unsigned("<", a, b), a, b)


def _add(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """a + b mod P for a, b in [0, P)."""
    total = build.add(a, b)
    return _smaller(build, total, build.sub(total, _words(P)))


def _subtract(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """a - b mod P for a, b in [0, P)."""
    difference = build.sub(a, b)
    return _smaller(build, difference, build.add(difference, _words(P)))


def _halves(build: ir.IRBuilder, a: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The even and the odd words, each in a long of its own."""
    pairs = build.bitcast(a, _LONGS)
    return build.and_(pairs, _longs(2**32 - 1)), build.lshr(pairs, _longs(32))


def _high(build: ir.IRBuilder, even: ir.Value, odd: ir.Value) -> ir.Value:
    return _shuffle(build, build.bitcast(even, _WORDS), build.bitcast(odd, _WORDS), _ODD)


def _times_constant(build: ir.IRBuilder, a: ir.Value, constant: ir.Value, quotient: ir.Value) -> ir.Value:
    """a * constant mod P in [0, P), for any words a and vectors that hold one constant and its quotient."""
    factor, _ = _halves(build, quotient)
    even, odd = _halves(build, a)
    estimate = _high(build, build.mul(even, factor), build.mul(odd, factor))
    product = build.sub(build.mul(a, constant), build.mul(estimate, _words(P)))
    return _smaller(build, product, build.sub(product, _words(P)))


def _times(build: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """a * b / 2^32 mod P in [0, P), for a in [0, P) and any words b: Montgomery's product."""
    products = [build.mul(x, y) for x, y in zip(_halves(build, a), _halves(build, b), strict=True)]
    # The word -a b / P clears the low half of the sum, which is below 2^33 P.  (Words, not longs, of which only half is
    # wanted, and a sum, not a difference: of those LLVM makes full 64-bit products, three times as slow.)
    clearing = build.mul(build.mul(a, b), _words(2**32 - int(INVERSE)))
    multiples = [build.mul(half, _longs(P)) for half in _halves(build, clearing)]
    total = _high(build, *(build.add(x, y) for x, y in zip(products, multiples, strict=True)))
    return _smaller(build, total, build.sub(total, _words(P)))


def _data(context: Any, build: ir.IRBuilder, kind: Any, array: Any) -> ir.Value:
    return context.make_array(kind)(context, build, array).data


def _row(build: ir.IRBuilder, data: ir.Value, start: ir.Value, step: ir.Value, number: int) -> ir.Value:
    index = build.add(start, build.mul(step, ir.Constant(_LONG, number)))
    return build.bitcast(build.gep(data, [index]), _WORDS.as_pointer())


def _load(build: ir.IRBuilder, pointer: ir.Value) -> ir.Value:
    return build.load(pointer, align=4)


def _transposed(build: ir.IRBuilder, rows: list[ir.Value]) -> list[ir.Value]:
    """16 x 16 words: blocks of 1, 2, 4, 8 words change places across the diagonal."""
    size = 1
    while size < LANES:
        lanes = range(LANES)
        upper = [lane if not lane & size else LANES + lane - size for lane in lanes]
        lower = [lane + size if not lane & size else LANES + lane for lane in lanes]
        for k in (k for k in lanes if not k & size):
            a, b = rows[k], rows[k + size]
            rows[k], rows[k + size] = _shuffle(build, a, b, upper), _shuffle(build, a, b, lower)
        size *= 2
    return rows


@_inserted
def butterflies(
    _: Any,
    radix: Any,
    source: Any,
    source_at: Any,
    source_step: Any,
    target: Any,
    target_at: Any,
    target_step: Any,
    twiddles: Any,
    twiddles_at: Any,
) -> tuple[Any, Code]:
    """16 lanes of `radix` rows to as many others, or to themselves: a polynomial modulo X^radix - z, one coefficient
    a row, to its values at the roots of X^radix = z, in natural order.

    radix: a literal power of two up to 16; source, target: flat uint32 arrays, values in [0, P) before and after;
    twiddles: radix - 1 pairs (quotient, constant), those of stage t behind the 2^t - 1 of the stages before it.
    """

    def code(context: Any, build: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        size = radix.literal_value
        source_data = _data(context, build, signature.args[1], arguments[1])
        target_data = _data(context, build, signature.args[4], arguments[4])
        twiddle_data = _data(context, build, signature.args[7], arguments[7])
        rows = [_load(build, _row(build, source_data, arguments[2], arguments[3], k)) for k in range(size)]
        half, blocks = size // 2, 1
        while half:
            for block in range(blocks):
                at = build.add(arguments[8], ir.Constant(_LONG, 2 * (blocks - 1 + block)))
                quotient, constant = (
                    _everywhere(build, build.load(build.gep(twiddle_data, [build.add(at, ir.Constant(_LONG, k))])))
                    for k in range(2)
                )
                for k in range(2 * half * block, 2 * half * block + half):
                    a, b = rows[k], _times_constant(build, rows[k + half], constant, quotient)
                    rows[k], rows[k + half] = _add(build, a, b), _subtract(build, a, b)
            half, blocks = half // 2, 2 * blocks
        for k in range(size):
            reversed_k = int(f"{k:b}".zfill(size.bit_length() - 1)[::-1], 2)
            build.store(rows[k], _row(build, target_data, arguments[5], arguments[6], reversed_k), align=4)
        return context.get_dummy_value()

    at = types.int64
    return types.void(radix, source, at, at, target, at, at, twiddles, at), code


@_inserted
def transpose_products(
    _: Any,
    source: Any,
    source_at: Any,
    order: Any,
    order_at: Any,
    factors: Any,
    factors_at: Any,
    factors_step: Any,
    target: Any,
    target_at: Any,
    target_step: Any,
) -> tuple[Any, Code]:
    """16 x 16 products entry * factor / 2^32 mod P, transposed: row k of the block comes from
    source_at + order[order_at + k] and goes to lane k of 16 rows of the target.

    source, factors, target: flat uint32 arrays, values in [0, P); order: int64, offsets into the source.
    """

    def code(context: Any, build: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        source_data = _data(context, build, signature.args[0], arguments[0])
        order_data = _data(context, build, signature.args[2], arguments[2])
        factor_data = _data(context, build, signature.args[4], arguments[4])
        target_data = _data(context, build, signature.args[7], arguments[7])
        rows = []
        for k in range(LANES):
            offset = build.load(build.gep(order_data, [build.add(arguments[3], ir.Constant(_LONG, k))]))
            entries = _load(build, _row(build, source_data, arguments[1], offset, 1))
            factor = _load(build, _row(build, factor_data, arguments[5], arguments[6], k))
            rows.append(_times(build, entries, factor))
        for k, row in enumerate(_transposed(build, rows)):
            build.store(row, _row(build, target_data, arguments[8], arguments[9], k), align=4)
        return context.get_dummy_value()

    at = types.int64
    return types.void(source, at, order, at, factors, at, at, target, at, at), code


@_inserted
def prefetch(_: Any, array: Any, at: Any) -> tuple[Any, Code]:
    """Begin to bring the cache line of array[at] into the second-level cache; any offset will do."""

    def code(context: Any, build: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        data = _data(context, build, signature.args[0], arguments[0])
        address = build.bitcast(build.gep(data, [arguments[1]]), _BYTES)
        function = build.module.declare_intrinsic(
            "llvm.prefetch", [_BYTES], ir.FunctionType(ir.VoidType(), [_BYTES, _WORD, _WORD, _WORD])
        )
        build.call(function, [address, *(ir.Constant(_WORD, option) for option in (0, 2, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), code
