"""Text columns to numbers, accounts, symbols and keys, a column at a time (SPEC §3.2).

Everything is checked in bulk; Python looks at single values only where they differ from what is expected,
or once for each distinct account. Values that don't parse become findings and zeros.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from zkpay.ledger.accounts import ACCOUNT_BYTES, MalformedAccount, parse_account
from zkpay.ledger.encoding import FINGERPRINT_ELEMENTS
from zkpay.ledger.fields import UNDECLARED, NumberField, SymbolField
from zkpay.ledger.fingerprint_lanes import fingerprint_keys
from zkpay.ledger.fingerprints import MAX_FINGERPRINT_BYTES
from zkpay.ledger.number_slots import WORD_BITS, Words, words_of_slots, words_of_values
from zkpay.ledger.raw_table import Explanation, Findings, Mask, RawTable
from zkpay.ledger.record_groups import first_rows
from zkpay.ledger.texts import Texts

MAX_TEXT_BYTES: Final = 128
"""The longest contribution_id and symbol."""
MAX_DIGITS: Final = 64

_CONTROL: Final = r"[\x00-\x1f\x7f\x{80}-\x{9f}\x{2028}\x{2029}]"
_INT64_DIGITS: Final = 18
"""Every number of this many digits fits int64."""
_NO_CHOICE: Final = -1
_UNKNOWN_CHOICE: Final = -2
_DECIMAL: Final = re.compile(r"[+-]?\d*\.?\d+([eE][+-]?\d+)?", re.ASCII)

Codes = npt.NDArray[np.uint8]


def contribution_ids(table: RawTable, findings: Findings) -> Texts:
    """The ids; each must be there, and differ from all others."""
    column = table.column("contribution_id")
    _check_text(column, "contribution_id", findings)
    encoded = column.dictionary_encode()
    if len(encoded.dictionary) < table.count:
        codes = encoded.indices.to_numpy()
        first = first_rows(codes)
        repeated = (first[codes] != np.arange(table.count)) & (_lengths(column) > 0)

        def explain(row: int) -> Explanation:
            place = table.place(int(first[codes[row]]))
            return f"{table.line_word} {place} has the same contribution_id", "give each record its own"

        findings.add(repeated, "contribution_id", explain)
    return _texts(column)


def accounts(table: RawTable, findings: Findings) -> tuple[npt.NDArray[np.uint8], Texts]:
    """The accounts, uint8[N, 20], and as written. Each distinct text is parsed once."""
    column = table.column("account")
    encoded = column.dictionary_encode()
    codes = encoded.indices.to_numpy()
    texts = encoded.dictionary.to_pylist()
    parsed = np.zeros((max(len(texts), 1), ACCOUNT_BYTES), dtype=np.uint8)
    faults: dict[int, Explanation] = {}
    for code, text in enumerate(texts):
        try:
            parsed[code] = np.frombuffer(parse_account(text), dtype=np.uint8)
        except MalformedAccount as fault:
            faults[code] = (fault.why, fault.remedy)
    if faults:
        findings.add(np.isin(codes, list(faults)), "account", lambda row: faults[int(codes[row])])
    by_record: npt.NDArray[np.uint8] = parsed[codes]
    return by_record, _texts(column)


def symbols(table: RawTable, field: SymbolField, findings: Findings) -> Codes:
    """A symbol field's codes, uint8[N], UNDECLARED for a value that isn't declared."""
    column = table.column(field.name)
    _check_text(column, field.name, findings)
    encoded = column.dictionary_encode()
    code_of = {value: code for code, value in enumerate(field.values)}
    codes = [code_of.get(text, UNDECLARED) for text in encoded.dictionary.to_pylist()]
    by_record: Codes = np.array(codes or [UNDECLARED], dtype=np.uint8)[encoded.indices.to_numpy()]
    return by_record


def numbers(table: RawTable, field: NumberField, findings: Findings) -> Words:
    """A number field's values, uint64[words, N]; what no record can hold is a finding, and 0."""
    column = table.column(field.name)
    lengths = _lengths(column)
    sound = _matches(column, r"\A[0-9]+\z") & (lengths <= MAX_DIGITS)
    if not sound.all():
        findings.add(~sound, field.name, lambda row: _not_natural(column[row].as_py()))
    short = sound & (lengths <= _INT64_DIGITS)
    as_digits = column if short.all() else pc.if_else(pa.array(short), column, "0")
    words = np.zeros((words_of_slots(field.slots), table.count), dtype=np.uint64)
    words[0] = pc.cast(as_digits, pa.int64()).to_numpy(zero_copy_only=False)
    largest = field.recordable
    bits = largest.bit_length()
    too_large = words[0] >> np.uint64(bits) != 0 if bits < WORD_BITS else np.zeros(table.count, dtype=bool)
    long_rows = np.flatnonzero(sound & ~short)
    if long_rows.size:
        values = [int(text) for text in column.take(pa.array(long_rows)).to_pylist()]
        too_large[long_rows] = [value > largest for value in values]
        kept = [value if value <= largest else 0 for value in values]
        words[:, long_rows] = words_of_values(kept, len(words))
    why = f"beyond 2^{bits} - 1, the largest that a record of this policy can hold"
    findings.add(too_large, field.name, (why, f"mend the value; the policy's maximum is {field.maximum}"))
    words[:, too_large] = 0
    return words


def fingerprints(table: RawTable, required: bool, findings: Findings) -> npt.NDArray[np.uint32]:
    """Fingerprint keys, uint32[8, N], zero for an absent fingerprint, which `required` makes a finding."""
    column = table.column("fingerprint")
    keys = np.zeros((FINGERPRINT_ELEMENTS, table.count), dtype=np.uint32)
    absent = _lengths(column) == 0
    if required:
        remedy = "write the content's hash: the policy accepts each fingerprint once"
        findings.add(absent, "fingerprint", ("missing", remedy))
    if absent.all():
        return keys
    prefixed = pc.starts_with(column, "0x")
    if pc.any(prefixed).as_py():
        column = pc.if_else(prefixed, pc.utf8_slice_codeunits(column, 2), column)
    digits = _lengths(column)
    sound = _matches(column, r"\A[0-9a-fA-F]+\z")
    sound &= (digits % 2 == 0) & (digits <= 2 * MAX_FINGERPRINT_BYTES)
    why = "not a fingerprint"
    remedy = f"write 1 to {MAX_FINGERPRINT_BYTES} bytes as pairs of hexadecimal digits"
    findings.add(~sound & ~absent, "fingerprint", (why, remedy))
    for length in np.unique(digits[sound]).tolist():
        rows = np.flatnonzero(sound & (digits == length))
        packed = bytes.fromhex(_text_of(column.take(pa.array(rows))))
        keys[:, rows] = fingerprint_keys(np.frombuffer(packed, dtype=np.uint8).reshape(rows.size, length // 2))
    return keys


def choices(
    table: RawTable, column: str, codes: Mapping[str, int], offered: Iterable[str], findings: Findings
) -> npt.NDArray[np.int64]:
    """The code of each value, -1 where there is none; any other value is a finding, which lists the `offered` ones."""
    encoded = table.column(column).dictionary_encode()
    code_of = {"": _NO_CHOICE, **codes}
    found_codes = [code_of.get(text, _UNKNOWN_CHOICE) for text in encoded.dictionary.to_pylist()]
    found = np.array(found_codes or [_NO_CHOICE], dtype=np.int64)[encoded.indices.to_numpy()]
    unknown = found == _UNKNOWN_CHOICE
    findings.add(unknown, column, (f"not a {column}", f"use one of {', '.join(offered)}, or none"))
    return np.where(unknown, _NO_CHOICE, found)


def _check_text(column: pa.StringArray, name: str, findings: Findings) -> None:
    lengths = _lengths(column)
    findings.add(lengths == 0, name, ("missing", "write a value"))
    findings.add(lengths > MAX_TEXT_BYTES, name, ("too long", f"use at most {MAX_TEXT_BYTES} bytes of UTF-8"))
    # Line ends above all: after an unclosed double quote the rest of a CSV file is one value.
    why = "a control character or a line end"
    findings.add(_matches(column, _CONTROL), name, (why, "remove it, and close every double quote"))


def _not_natural(text: str) -> Explanation:
    """Why a text is no number that we read, in the words that help most."""
    if not text:
        return "missing", "write a whole number"
    if re.fullmatch(r"-[0-9]+", text):
        return "negative", "write a whole number of 0 or more"
    if re.fullmatch(r"[0-9]+", text):
        return f"more than {MAX_DIGITS} digits", "mend the value"
    if _DECIMAL.fullmatch(text):
        return "not a whole number", "scale it to whole units; neither points nor exponents are read"
    return "not a number", "write decimal digits only, without signs, spaces or separators"


def _lengths(column: pa.StringArray) -> npt.NDArray[np.int32]:
    lengths: npt.NDArray[np.int32] = pc.binary_length(column).to_numpy(zero_copy_only=False)
    return lengths


def _matches(column: pa.StringArray, pattern: str) -> Mask:
    matches: Mask = pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False).astype(bool)
    return matches


def _text_of(column: pa.StringArray) -> str:
    """All values of a column of ASCII, run together."""
    return _texts(column).text.tobytes().decode("ascii")


def _texts(column: pa.StringArray) -> Texts:
    """The values of a column; their bytes stay where they are."""
    if not len(column):
        return Texts.of([])
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    data = column.buffers()[2]
    raw = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return Texts(raw[offsets[0] : offsets[-1]], offsets[1:].astype(np.int64) - offsets[0])
