"""A text file of contributions, whole and as UTF-8 (SPEC §3.2)."""

import os
import stat
from pathlib import Path

from zkpay.errors import InputError
from zkpay.ledger.problems import MalformedFile, Problem
from zkpay.ledger.raw_table import MAX_FILE_BYTES

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_size(path: str) -> None:
    """InputError for a file that isn't there or can't be read, is empty, or larger than an epoch can be."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            # A named pipe would be waited for.
            raise InputError(f"{path}: not a plain file; give the path of one")
        size = found.st_size
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}; give the path of a file") from error
    if size == 0:
        raise MalformedFile([Problem(path, 0, "", None, "the file is empty", "give it a header at least")])
    if size > MAX_FILE_BYTES:
        why = f"{size:,} bytes, at most {MAX_FILE_BYTES:,} are read"
        raise MalformedFile([Problem(path, 0, "", None, why, "split it into several epochs")])


def read_text(path: str) -> bytes:
    """The file's bytes, known to be UTF-8, without a byte order mark."""
    check_size(path)
    content = Path(path).read_bytes().removeprefix(_BYTE_ORDER_MARK)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        value = content[error.start : error.start + 1].hex()
        why = f"not UTF-8: byte 0x{value}"
        raise MalformedFile([Problem(path, line, "", None, why, "save the file as UTF-8")]) from error
    return content
