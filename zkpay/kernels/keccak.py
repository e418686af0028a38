"""Keccak-256 of many short messages at once, for Merkle trees over columns, and for grinding (SPEC §4.2).

Ethereum's Keccak-256: rate 136 bytes, padding byte 0x01.  64 messages go side by side: the state is 25 rows
of 64 words, and every step of a round is a loop over lanes with few operands, which compiles to vector code;
one long unrolled body does not.  Digests are uint64[4, n], little-endian words, one column a digest.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from zkpay.kernels.compile import kernel
from zkpay.kernels.parallel import parallel_ranges, thread_count

Columns = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint64]

LANES: Final = 64
PLANE: Final = 5 * LANES
RATE_WORDS: Final = 17
DIGEST_WORDS: Final = 4
MAX_GRINDING_BITS: Final = 32
_GRINDING_BATCH: Final = 1 << 14
_MASK: Final = 2**64 - 1
_ONE: Final = np.uint64(1)
_FIRST_PADDING: Final = np.uint64(1)
_LAST_PADDING: Final = np.uint64(1 << 63)


def _round_constants() -> tuple[int, ...]:
    """The 24 constants of iota, from the degree-8 shift register of FIPS 202, algorithm 5."""
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


def _rho_pi() -> tuple[list[int], list[int]]:
    """For each word 5 y + x: where pi moves it and by how much rho turns it (FIPS 202, 3.2.2 and 3.2.3)."""
    targets, rotations = [0] * 25, [0] * 25
    x, y = 1, 0
    for t in range(24):
        word = 5 * y + x
        x, y = y, (2 * x + 3 * y) % 5
        targets[word], rotations[word] = 5 * y + x, (t + 1) * (t + 2) // 2 % 64
    return targets, rotations


# Compiled into the kernels as constants.
_IOTA: Final = np.array(_round_constants(), dtype=np.uint64)
_TARGETS: Final = np.array(_rho_pi()[0], dtype=np.int64)
_ROTATIONS: Final = np.array(_rho_pi()[1], dtype=np.uint64)


@kernel
def _keccak_f(state: Words, moved: Words, parity: Words, delta: Words) -> None:
    """Keccak-f[1600] on 64 states at once; state uint64[25, 64] in place.

    moved has the shape of state, parity and delta have [5, 64]: room that the caller keeps between calls.
    """
    words, planes = state.reshape(-1), moved.reshape(-1)
    sums, changes = parity.reshape(-1), delta.reshape(-1)
    for number in range(24):
        # Theta: the parities of the columns, then what each column changes by.
        for i in range(PLANE):
            sums[i] = words[i] ^ words[i + PLANE] ^ words[i + 2 * PLANE] ^ words[i + 3 * PLANE] ^ words[i + 4 * PLANE]
        for x in range(5):
            left, right = sums[(x + 4) % 5 * LANES :], sums[(x + 1) % 5 * LANES :]
            change = changes[x * LANES :]
            for lane in range(LANES):
                change[lane] = left[lane] ^ (right[lane] << _ONE | right[lane] >> np.uint64(63))
        # Rho and pi.
        for word in range(25):
            rotation = _ROTATIONS[word]
            back = (np.uint64(64) - rotation) & np.uint64(63)
            source, target = words[word * LANES :], planes[_TARGETS[word] * LANES :]
            change = changes[word % 5 * LANES :]
            for lane in range(LANES):
                v = source[lane] ^ change[lane]
                target[lane] = v << rotation | v >> back
        # Chi, plane by plane; the last two words of a plane wrap around.
        for y in range(5):
            source, target = planes[y * PLANE :], words[y * PLANE :]
            for i in range(3 * LANES):
                target[i] = source[i] ^ (~source[i + LANES] & source[i + 2 * LANES])
            for i in range(LANES):
                target[i + 3 * LANES] = source[i + 3 * LANES] ^ (~source[i + 4 * LANES] & source[i])
            for i in range(LANES):
                target[i + 4 * LANES] = source[i + 4 * LANES] ^ (~source[i] & source[i + LANES])
        constant = _IOTA[number]
        for lane in range(LANES):
            words[lane] ^= constant


@kernel
def _start(state: Words, prefix: np.uint64) -> None:
    state[:] = np.uint64(0)
    state[0, :] = prefix


@kernel
def _leaf_range(
    columns: Columns,
    prefix: np.uint64,
    salts: Words,
    digests: Words,
    start: int,
    stop: int,
) -> None:
    """Rows start..stop: prefix, salts (0 or 2 rows), then the columns' values, two to a word, low half
    first."""
    state = np.empty((25, LANES), dtype=np.uint64)
    moved, parity = np.empty_like(state), np.empty((5, LANES), dtype=np.uint64)
    delta = np.empty_like(parity)
    width = len(columns)
    for begin in range(start, stop, LANES):
        lanes = min(LANES, stop - begin)
        end = begin + lanes
        _start(state, prefix)
        word = 1
        for i in range(len(salts)):
            state[word, :lanes] ^= salts[i, begin:end]
            word += 1
        for i in range(0, width, 2):
            if word == RATE_WORDS:
                _keccak_f(state, moved, parity, delta)
                word = 0
            target, low = state[word], columns[i, begin:end]
            if i + 1 < width:
                high = columns[i + 1, begin:end]
                for lane in range(lanes):
                    target[lane] ^= np.uint64(low[lane]) | (np.uint64(high[lane]) << np.uint64(32))
            else:
                for lane in range(lanes):
                    target[lane] ^= np.uint64(low[lane]) | (_FIRST_PADDING << np.uint64(32))
            word += 1
        if width % 2 == 0:
            if word == RATE_WORDS:
                _keccak_f(state, moved, parity, delta)
                word = 0
            state[word] ^= _FIRST_PADDING
        state[RATE_WORDS - 1] ^= _LAST_PADDING
        _keccak_f(state, moved, parity, delta)
        for i in range(DIGEST_WORDS):
            digests[i, begin:end] = state[i, :lanes]


@kernel
def _node_range(
    left: Words,
    right: Words,
    prefix: np.uint64,
    digests: Words,
    start: int,
    stop: int,
) -> None:
    state = np.empty((25, LANES), dtype=np.uint64)
    moved, parity = np.empty_like(state), np.empty((5, LANES), dtype=np.uint64)
    delta = np.empty_like(parity)
    for begin in range(start, stop, LANES):
        lanes = min(LANES, stop - begin)
        end = begin + lanes
        _start(state, prefix)
        for i in range(DIGEST_WORDS):
            state[1 + i, :lanes] = left[i, begin:end]
            state[1 + DIGEST_WORDS + i, :lanes] = right[i, begin:end]
        state[1 + 2 * DIGEST_WORDS] = _FIRST_PADDING
        state[RATE_WORDS - 1] = _LAST_PADDING
        _keccak_f(state, moved, parity, delta)
        for i in range(DIGEST_WORDS):
            digests[i, begin:end] = state[i, :lanes]


@kernel
def _grind_range(
    seed: Words,
    prefix: np.uint64,
    mask: np.uint64,
    start: np.uint64,
    stop: np.uint64,
) -> np.uint64:
    """The smallest nonce in start..stop with the masked bits zero, or `stop`; both multiples of 64."""
    state = np.empty((25, LANES), dtype=np.uint64)
    moved, parity = np.empty_like(state), np.empty((5, LANES), dtype=np.uint64)
    delta = np.empty_like(parity)
    for step in range((stop - start) // np.uint64(LANES)):
        begin = start + np.uint64(step) * np.uint64(LANES)
        _start(state, prefix)
        for i in range(DIGEST_WORDS):
            state[1 + i, :] = seed[i]
        for lane in range(LANES):
            state[1 + DIGEST_WORDS, lane] = begin + np.uint64(lane)
        state[2 + DIGEST_WORDS] = _FIRST_PADDING
        state[RATE_WORDS - 1] = _LAST_PADDING
        _keccak_f(state, moved, parity, delta)
        for lane in range(LANES):
            if state[0, lane] & mask == np.uint64(0):
                return begin + np.uint64(lane)
    return stop


def _word(value: int) -> np.uint64:
    if not 0 <= value <= _MASK:
        raise ValueError(f"{value} is not a 64-bit word")
    return np.uint64(value)


def leaf_digests(columns: Columns, prefix: int, salts: Words | None = None) -> Words:
    """Digest of every row: Keccak-256(LE64(prefix) || salt || LE32 of the row's value in each column).

    columns: uint32[w, n]; prefix: a 64-bit word; salts: uint64[2, n] little-endian words, or None for no salt
    at all. Returns uint64[4, n].
    """
    count = columns.shape[1]
    table = np.ascontiguousarray(columns)
    words = np.empty((0, count), dtype=np.uint64) if salts is None else np.ascontiguousarray(salts)
    if salts is not None and words.shape != (2, count):
        raise ValueError(f"salts must be uint64[2, {count}], not of shape {words.shape}")
    first = _word(prefix)
    digests = np.empty((DIGEST_WORDS, count), dtype=np.uint64)
    parallel_ranges(
        lambda start, stop: _leaf_range(table, first, words, digests, start, stop),
        count,
        grain=LANES,
    )
    return digests


def node_digests(left: Words, right: Words, prefix: int) -> Words:
    """Keccak-256(LE64(prefix) || left || right) for each pair of digests; uint64[4, n] each, and the
    result."""
    if left.shape != right.shape or len(left) != DIGEST_WORDS:
        raise ValueError(f"two arrays uint64[4, n] are needed, not {left.shape} and {right.shape}")
    left, right, first = np.ascontiguousarray(left), np.ascontiguousarray(right), _word(prefix)
    digests = np.empty(left.shape, dtype=np.uint64)
    parallel_ranges(
        lambda start, stop: _node_range(left, right, first, digests, start, stop),
        left.shape[1],
        grain=LANES,
    )
    return digests


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
