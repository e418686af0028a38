"""What a reader may do with a stranger's bytes: take them, or refuse them with an error of its own that says why."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from zkpay.errors import InputError, Refused, Rejected

Reader = Callable[[bytes], None]

LONGEST_MESSAGE = 1 << 16


class FaultError(Exception):
    """A reader took or said what it must not."""


def require(holds: bool, what: str) -> None:
    """FaultError unless it holds."""
    if not holds:
        raise FaultError(what)


def observe(read: Reader, data: bytes) -> str:
    """ "accepted", or how it was refused; whatever else is raised escapes, and is a finding."""
    try:
        read(data)
    except (InputError, Rejected, Refused) as error:
        _check_message(str(error))
        return error.reason if isinstance(error, Rejected) else type(error).__name__
    return "accepted"


def _check_message(said: str) -> None:
    """A message says something, fits a screen or two, and can do nothing to a terminal."""
    require(bool(said.strip()), "an error without a message")
    require(len(said) <= LONGEST_MESSAGE, f"a message of {len(said)} characters: {said[:200]!a}")
    strange = [letter for letter in said if not letter.isprintable() and letter != "\n"]
    require(not strange, f"a message with {strange[:3]!a}: {said[:200]!a}")


def site(error: BaseException) -> str:
    """Type and place of an error: what tells one fault from another."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/zkpay/" in frame.filename] or frames
    last = own[-1]
    place = "/".join(last.filename.split("/")[-2:])
    kind = str(error)[:60] if isinstance(error, FaultError) else type(error).__name__
    return f"{kind} at {place}:{last.lineno} in {last.name}"


def minimised(read: Reader, data: bytes, same: str, tries: int = 400) -> bytes:
    """A shorter input with the same fault, by leaving pieces out."""
    size = max(1, len(data) // 2)
    while size and tries:
        start = 0
        while start < len(data) and tries:
            shorter = data[:start] + data[start + size :]
            tries -= 1
            if fault_of(read, shorter) == same:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def fault_of(read: Reader, data: bytes) -> str | None:
    """The site of what escapes a reader, or None."""
    try:
        observe(read, data)
    except BaseException as error:
        # Panics of libraries in Rust derive from BaseException.
        return site(error)
    return None
