"""Keccak-256 of many short messages at once, for Merkle trees over columns, and for grinding (SPEC §4.2).

Ethereum's Keccak-256: rate 136 bytes, padding byte 0x01.  64 messages go side by side: word k of the 64 states
stands at [64 k, 64 k + 64) of one flat array.  A loop over lanes reads the 25 words of a state, does two rounds
in local variables and writes the words back: distances in one array are constant, so the compiler knows that
lanes are independent and makes vector code of the loop, 8 states a register with AVX-512.  One round a pass is
slower by its loads and stores, more than two are no faster.

Digests are uint64[4, n], little-endian words, one column a digest.  Arrays whose last axis is contiguous are
read and written where they are: kernels get the flat memory below them and the distances between rows.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import inlined, kernel
from zkpay.kernels.memory import Entry, contiguous_rows, has_contiguous_rows, memory_of
from zkpay.kernels.parallel import parallel_ranges, thread_count

Columns = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint64]
State = tuple[np.uint64, ...]
"""The 25 words of one state, word 5 y + x at place 5 y + x."""

LANES: Final = 64
_PLANE: Final = 5 * LANES
RATE_WORDS: Final = 17
DIGEST_WORDS: Final = 4
MAX_GRINDING_BITS: Final = 32
_STATE_WORDS: Final = 25
_ROUNDS: Final = 24
_GRINDING_BATCH: Final = 1 << 14
_MASK: Final = 2**64 - 1
_FIRST_PADDING: Final = np.uint64(1)
_LAST_PADDING: Final = np.uint64(1 << 63)
_HALF: Final = np.uint64(32)


def _round_constants() -> tuple[int, ...]:
    """The 24 constants of iota, from the degree-8 shift register of FIPS 202, algorithm 5."""
    constants, register = [], 1
    for _ in range(_ROUNDS):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


# Compiled into the kernels as constants.
_IOTA: Final = np.array(_round_constants(), dtype=np.uint64)


@inlined
def _turn(word: np.uint64, places: int) -> np.uint64:
    return word << np.uint64(places) | word >> np.uint64(64 - places)


@inlined
def _chi(w0: np.uint64, w1: np.uint64, w2: np.uint64, w3: np.uint64, w4: np.uint64) -> State:
    return (w0 ^ (~w1 & w2), w1 ^ (~w2 & w3), w2 ^ (~w3 & w4), w3 ^ (~w4 & w0), w4 ^ (~w0 & w1))


@inlined
def _round(state: State, constant: np.uint64) -> State:
    """One round (FIPS 202, 3.2): theta's parities p and changes t; rho's turns with pi's moves, and chi, by plane."""
    a0, a1, a2, a3, a4, b0, b1, b2, b3, b4, c0, c1, c2, c3, c4, d0, d1, d2, d3, d4, e0, e1, e2, e3, e4 = state
    p0 = a0 ^ b0 ^ c0 ^ d0 ^ e0
    p1 = a1 ^ b1 ^ c1 ^ d1 ^ e1
    p2 = a2 ^ b2 ^ c2 ^ d2 ^ e2
    p3 = a3 ^ b3 ^ c3 ^ d3 ^ e3
    p4 = a4 ^ b4 ^ c4 ^ d4 ^ e4
    t0 = p4 ^ _turn(p1, 1)
    t1 = p0 ^ _turn(p2, 1)
    t2 = p1 ^ _turn(p3, 1)
    t3 = p2 ^ _turn(p4, 1)
    t4 = p3 ^ _turn(p0, 1)
    v = _chi(a0 ^ t0, _turn(b1 ^ t1, 44), _turn(c2 ^ t2, 43), _turn(d3 ^ t3, 21), _turn(e4 ^ t4, 14))
    w = _chi(_turn(a3 ^ t3, 28), _turn(b4 ^ t4, 20), _turn(c0 ^ t0, 3), _turn(d1 ^ t1, 45), _turn(e2 ^ t2, 61))
    x = _chi(_turn(a1 ^ t1, 1), _turn(b2 ^ t2, 6), _turn(c3 ^ t3, 25), _turn(d4 ^ t4, 8), _turn(e0 ^ t0, 18))
    y = _chi(_turn(a4 ^ t4, 27), _turn(b0 ^ t0, 36), _turn(c1 ^ t1, 10), _turn(d2 ^ t2, 15), _turn(e3 ^ t3, 56))
    z = _chi(_turn(a2 ^ t2, 62), _turn(b3 ^ t3, 55), _turn(c4 ^ t4, 39), _turn(d0 ^ t0, 41), _turn(e1 ^ t1, 2))
    return (v[0] ^ constant, *v[1:], *w, *x, *y, *z)


@inlined
def _plane(words: Words, i: int) -> State:
    return (words[i], words[i + LANES], words[i + 2 * LANES], words[i + 3 * LANES], words[i + 4 * LANES])


@inlined
def _set_plane(words: Words, i: int, plane: State) -> None:
    words[i] = plane[0]
    words[i + LANES] = plane[1]
    words[i + 2 * LANES] = plane[2]
    words[i + 3 * LANES] = plane[3]
    words[i + 4 * LANES] = plane[4]


@kernel
def _keccak_f(words: Words) -> None:
    """Keccak-f[1600] on 64 states at once, in place; words uint64[25 * 64]."""
    for number in range(0, _ROUNDS, 2):
        first, second = _IOTA[number], _IOTA[number + 1]
        for i in range(LANES):
            planes = _plane(words, i) + _plane(words, i + _PLANE) + _plane(words, i + 2 * _PLANE)
            state = planes + _plane(words, i + 3 * _PLANE) + _plane(words, i + 4 * _PLANE)
            state = _round(_round(state, first), second)
            _set_plane(words, i, state[:5])
            _set_plane(words, i + _PLANE, state[5:10])
            _set_plane(words, i + 2 * _PLANE, state[10:15])
            _set_plane(words, i + 3 * _PLANE, state[15:20])
            _set_plane(words, i + 4 * _PLANE, state[20:])


@inlined
def _row(words: Words, k: int) -> Words:
    """Word k of the 64 states; a slice, since indices k * 64 + lane would keep a loop from vectorising."""
    return words[k * LANES : (k + 1) * LANES]


@inlined
def _fill(target: Words, value: np.uint64) -> None:
    for lane in range(len(target)):
        target[lane] = value


@inlined
def _flip(target: Words, value: np.uint64) -> None:
    for lane in range(LANES):
        target[lane] ^= value


@inlined
def _copy(source: Words, target: Words) -> None:
    for lane in range(LANES):
        target[lane] = source[lane]


@kernel
def _absorb_range(
    columns: Columns,
    column_step: int,
    width: int,
    prefix: np.uint64,
    salts: Words,
    salt_step: int,
    salt_words: int,
    states: Words,
    word: int,
    digests: Words,
    digest_step: int,
    start: int,
    stop: int,
) -> None:
    """Blocks of 64 rows start..stop: prefix and salt where word is 0, then the columns' values, two to a word, low half
    first; then padding and the digest where there is one, with digest_step > 0.

    states: those of the blocks, 25 * 64 words each, in which `word` is the next to take values; of one block, as room
    for all of them, where everything comes at once. The other arrays are flat; row k begins at k times its step.
    """
    at_once = word == 0 and digest_step > 0
    for block in range(start, stop):
        begin = block * LANES
        place = 0 if at_once else block * _STATE_WORDS * LANES
        words = states[place : place + _STATE_WORDS * LANES]
        at = word
        if at == 0:
            _fill(words, np.uint64(0))
            _fill(_row(words, 0), prefix)
            for k in range(salt_words):
                _copy(salts[k * salt_step + begin :], _row(words, 1 + k))
            at = 1 + salt_words
        for k in range(0, width, 2):
            if at == RATE_WORDS:
                _keccak_f(words)
                at = 0
            target, low = _row(words, at), columns[k * column_step + begin :]
            if k + 1 < width:
                high = columns[(k + 1) * column_step + begin :]
                for lane in range(LANES):
                    target[lane] ^= np.uint64(low[lane]) | np.uint64(high[lane]) << _HALF
            else:
                for lane in range(LANES):
                    target[lane] ^= np.uint64(low[lane]) | _FIRST_PADDING << _HALF
            at += 1
        if digest_step > 0:
            if width % 2 == 0:
                if at == RATE_WORDS:
                    _keccak_f(words)
                    at = 0
                _flip(_row(words, at), _FIRST_PADDING)
            _flip(_row(words, RATE_WORDS - 1), _LAST_PADDING)
            _keccak_f(words)
            for k in range(DIGEST_WORDS):
                _copy(_row(words, k), digests[k * digest_step + begin :])


@kernel
def _node_range(
    left: Words,
    left_steps: tuple[int, ...],
    right: Words,
    right_steps: tuple[int, ...],
    digests: Words,
    digest_steps: tuple[int, ...],
    blocks: int,
    prefix: np.uint64,
    start: int,
    stop: int,
) -> None:
    """Units start..stop; a unit is one of the `blocks` of 64 lanes of one row.

    The arrays are flat; row j of their word k begins at k times the first of their steps plus j times the second.
    """
    words = np.empty(_STATE_WORDS * LANES, dtype=np.uint64)
    for unit in range(start, stop):
        j, begin = unit // blocks, unit % blocks * LANES
        _fill(words, np.uint64(0))
        _fill(_row(words, 0), prefix)
        for k in range(DIGEST_WORDS):
            _copy(left[k * left_steps[0] + j * left_steps[1] + begin :], _row(words, 1 + k))
            _copy(right[k * right_steps[0] + j * right_steps[1] + begin :], _row(words, 1 + DIGEST_WORDS + k))
        _fill(_row(words, 1 + 2 * DIGEST_WORDS), _FIRST_PADDING)
        _fill(_row(words, RATE_WORDS - 1), _LAST_PADDING)
        _keccak_f(words)
        for k in range(DIGEST_WORDS):
            _copy(_row(words, k), digests[k * digest_steps[0] + j * digest_steps[1] + begin :])


@kernel
def _grind_range(seed: Words, prefix: np.uint64, mask: np.uint64, start: np.uint64, stop: np.uint64) -> np.uint64:
    """The smallest nonce in start..stop with the masked bits zero, or `stop`; both multiples of 64."""
    words = np.empty(_STATE_WORDS * LANES, dtype=np.uint64)
    for step in range((stop - start) // np.uint64(LANES)):
        begin = start + np.uint64(step) * np.uint64(LANES)
        _fill(words, np.uint64(0))
        _fill(_row(words, 0), prefix)
        for k in range(DIGEST_WORDS):
            _fill(_row(words, 1 + k), seed[k])
        nonces = _row(words, 1 + DIGEST_WORDS)
        for lane in range(LANES):
            nonces[lane] = begin + np.uint64(lane)
        _fill(_row(words, 2 + DIGEST_WORDS), _FIRST_PADDING)
        _fill(_row(words, RATE_WORDS - 1), _LAST_PADDING)
        _keccak_f(words)
        for lane in range(LANES):
            if words[lane] & mask == np.uint64(0):
                return begin + np.uint64(lane)
    return stop


def _word(value: int) -> np.uint64:
    if not 0 <= value <= _MASK:
        raise ValueError(f"{value} is not a 64-bit word")
    return np.uint64(value)


def _writable(out: Words | None, shape: tuple[int, ...]) -> Words:
    """`out`, which must have the shape and contiguous rows, or a new array."""
    if out is None:
        return np.empty(shape, dtype=np.uint64)
    if out.shape != shape or out.dtype != np.uint64 or not has_contiguous_rows(out):
        raise ValueError(f"out must be uint64{list(shape)} with a contiguous last axis, not {out.dtype}{[*out.shape]}")
    return out


def _padded(array: npt.NDArray[Entry]) -> npt.NDArray[Entry]:
    """A copy with zeros after each row, up to 64 lanes."""
    result = np.zeros((*array.shape[:-1], LANES), dtype=array.dtype)
    result[..., : array.shape[-1]] = array
    return result


_NO_WORDS: Final = np.empty(0, dtype=np.uint64)


def _absorb(columns: Columns, prefix: np.uint64, salts: Words, states: Words, word: int, out: Words | None) -> None:
    """Columns of a multiple of 64 rows, from word `word` of the states on; to the digests if there is an `out`."""
    width, salt_words = len(columns), len(salts)
    table, (column_step,) = memory_of(contiguous_rows(columns))
    salt, (salt_step,) = memory_of(contiguous_rows(salts))
    digests, (step,) = (_NO_WORDS, (0,)) if out is None else memory_of(out)

    def run(start: int, stop: int) -> None:
        own = states if len(states) else np.empty(_STATE_WORDS * LANES, dtype=np.uint64)
        _absorb_range(
            table, column_step, width, prefix, salt, salt_step, salt_words, own, word, digests, step, start, stop
        )

    parallel_ranges(run, columns.shape[1] // LANES)


def _hash_rows(columns: Columns, prefix: np.uint64, salts: Words, out: Words) -> None:
    """`leaf_digests` of a multiple of 64 rows."""
    _absorb(columns, prefix, salts, _NO_WORDS, 0, out)


class RowDigests:
    """`leaf_digests` of rows whose columns come some at a time, so that they need not all be there at once.

    The states of all rows, 200 bytes each, are kept between calls. A multiple of 64 rows, at least one.
    """

    def __init__(self, count: int, prefix: int, salts: Words) -> None:
        if count < 1 or count % LANES:
            raise ValueError(f"rows are hashed by parts in multiples of {LANES}, not {count}")
        if salts.shape != (2, count):
            raise ValueError(f"salts must be uint64[2, {count}], not of shape {salts.shape}")
        self._states = np.empty(_STATE_WORDS * count, dtype=np.uint64)
        self.restart(prefix, salts)

    def restart(self, prefix: int, salts: Words) -> None:
        """Begin anew with as many rows, in the same memory."""
        self._prefix, self._salts = _word(prefix), salts
        self._at = 0

    def absorb(self, columns: Columns) -> None:
        """The next columns, uint32[w, count], w even and not 0."""
        if len(columns) % 2 or not len(columns):
            raise ValueError(f"only the last columns may be an odd number, not {len(columns)} of them before")
        _absorb(columns, self._prefix, self._salts, self._states, self._at, None)
        taken = (self._at or 1 + len(self._salts)) + len(columns) // 2
        # A full block waits for what follows: word 17 is word 0 of the next one, whose permutation is still to come.
        self._at = (taken - 1) % RATE_WORDS + 1

    def finish(self, columns: Columns, out: Words) -> None:
        """The last columns, uint32[w, count]; digests to uint64[4, count], its rows contiguous."""
        if self._at == 0:
            _absorb(columns, self._prefix, self._salts, _NO_WORDS, 0, out)
        else:
            _absorb(columns, self._prefix, self._salts, self._states, self._at, out)


def leaf_digests(columns: Columns, prefix: int, salts: Words | None = None, out: Words | None = None) -> Words:
    """Digest of every row: Keccak-256(LE64(prefix) || salt || LE32 of the row's value in each column).

    columns: uint32[w, n]; prefix: a 64-bit word; salts: uint64[2, n] little-endian words, or None for no salt
    at all; out: uint64[4, n] to write to, or None for a new array. Returns it. Arrays with contiguous rows are not
    copied.
    """
    count, first = columns.shape[1], _word(prefix)
    if salts is None:
        salts = np.empty((0, count), dtype=np.uint64)
    elif salts.shape != (2, count):
        raise ValueError(f"salts must be uint64[2, {count}], not of shape {salts.shape}")
    out = _writable(out, (DIGEST_WORDS, count))
    whole = count // LANES * LANES
    _hash_rows(columns[:, :whole], first, salts[:, :whole], out[:, :whole])
    if whole < count:
        last = np.empty((DIGEST_WORDS, LANES), dtype=np.uint64)
        _hash_rows(_padded(columns[:, whole:]), first, _padded(salts[:, whole:]), last)
        out[:, whole:] = last[:, : count - whole]
    return out


def _hash_pairs(left: Words, right: Words, prefix: np.uint64, out: Words) -> None:
    """`node_digests` of uint64[4, r, n] with n a multiple of 64."""
    _, rows, width = out.shape
    blocks = width // LANES
    first, first_steps = memory_of(contiguous_rows(left))
    second, second_steps = memory_of(contiguous_rows(right))
    digests, steps = memory_of(out)

    def run(start: int, stop: int) -> None:
        _node_range(first, first_steps, second, second_steps, digests, steps, blocks, prefix, start, stop)

    parallel_ranges(run, rows * blocks)


def node_digests(left: Words, right: Words, prefix: int, out: Words | None = None) -> Words:
    """Keccak-256(LE64(prefix) || left || right) for each pair of digests.

    left, right: uint64[4, n] or uint64[4, r, n], not copied if their rows are contiguous, as in the halves of a
    level; out: an array of the same shape to write to, which may be left or right itself, or None for a new one.
    Returns it.
    """
    if left.shape != right.shape or left.ndim not in (2, 3) or len(left) != DIGEST_WORDS:
        raise ValueError(f"two arrays uint64[4, n] or [4, r, n] are needed, not {left.shape} and {right.shape}")
    first, width = _word(prefix), left.shape[-1]
    out = _writable(out, left.shape)
    a, b, digests = (array if array.ndim == 3 else array[:, None] for array in (left, right, out))
    whole = width // LANES * LANES
    _hash_pairs(a[..., :whole], b[..., :whole], first, digests[..., :whole])
    if whole < width:
        last = np.empty((*digests.shape[:2], LANES), dtype=np.uint64)
        _hash_pairs(_padded(a[..., whole:]), _padded(b[..., whole:]), first, last)
        digests[..., whole:] = last[..., : width - whole]
    return out


def grind(seed: bytes, prefix: int, bits: int) -> int:
    """The smallest nonce for which Keccak-256(LE64(prefix) || seed || LE64(nonce)) starts with `bits` zero
    bits.

    They are the low bits of the digest's first 8 bytes as a little-endian word.  seed: 32 bytes; 0 <= bits <=
    32; expected work 2^bits digests.
    """
    if len(seed) != 8 * DIGEST_WORDS:
        raise ValueError(f"the seed must have {8 * DIGEST_WORDS} bytes, not {len(seed)}")
    if not 0 <= bits <= MAX_GRINDING_BITS:
        raise ValueError(f"grinding takes 0 to {MAX_GRINDING_BITS} bits, not {bits}")
    words, first, mask = (
        np.frombuffer(seed, dtype="<u8").astype(np.uint64),
        _word(prefix),
        _word((1 << bits) - 1),
    )
    found: list[int] = []

    def search(start: int, stop: int) -> None:
        nonce = _grind_range(words, first, mask, _word(base + start), _word(base + stop))
        if nonce < base + stop:
            found.append(int(nonce))

    # A batch is searched to its end by every thread, so the smallest hit does not depend on who is faster.
    base, batch = 0, LANES
    while True:
        parallel_ranges(search, batch, grain=LANES)
        if found:
            return min(found)
        base += batch
        batch = min(2 * batch, _GRINDING_BATCH * thread_count())
