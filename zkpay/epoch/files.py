"""Reading and writing files so that hostile input is named and nothing is ever half-written (SPEC §8.2).

Readers cap the size before they read and refuse whatever is no plain file. Writers write beside the place, make
the bytes durable, and rename; a full disk is `Resumable`, any other refusal of the system an `InputError`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

import rfc8785

from zkpay.errors import InputError, Rejected, Resumable

StrPath = str | os.PathLike[str]

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
PUBLIC_FILE: Final = 0o644
INCOMPLETE: Final = ".incomplete"

_SYNCS_ALL: Final = hasattr(os, "sync")
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def read_capped(path: StrPath, limit: int) -> bytes:
    """The bytes of a plain file of at most `limit` bytes; InputError otherwise."""
    try:
        # Without O_NONBLOCK, opening a named pipe in a stranger's folder would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise unreadable(path, error) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise InputError(f"{path}: not a plain file")
    with os.fdopen(descriptor, "rb") as file:
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise unreadable(path, error) from None
    if len(data) > limit:
        raise InputError(f"{path}: {max(found.st_size, len(data)):,} bytes is over the limit of {limit:,}")
    return data


def unreadable(path: StrPath, error: OSError) -> InputError:
    """What to say of a file that the system doesn't give."""
    return InputError(f"{path}: can't be read: {error.strerror or error}")


@contextmanager
def writing(path: StrPath) -> Iterator[None]:
    """Turns the system's refusals to write `path` into Resumable (full disk) or InputError (all others)."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Resumable(
                f"{path}: {error.strerror}; nothing is half-written: make room and run the same command again"
            ) from error
        raise InputError(f"{path}: can't be written: {error.strerror or error}") from error


def write_durably(path: StrPath, data: bytes, mode: int) -> None:
    """Write a new file, of exactly `mode` as far as the umask allows, and wait until it is on the disk.

    The mode is there from the start: private bytes are never readable in between.
    """
    with _new_file(path, mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _new_file(path: StrPath, mode: int) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode), "wb")


def replace_file(path: StrPath, data: bytes, mode: int) -> None:
    """Write `path` as a whole or not at all, over whatever file stood there."""
    target = Path(path)
    with writing(target):
        remove_leftovers(target)
        _put(target, data, mode, write_durably)
        sync_renames(target.parent)


def put_one_of_many(target: Path, data: bytes, mode: int) -> None:
    """`replace_file` for one of many in a folder: who calls this sees to leftovers before and `sync_many` after.

    To wait for the disk at each of a hundred thousand files would take many minutes.
    """
    with writing(target):
        _put(target, data, mode, _write_undurably if _SYNCS_ALL else write_durably)


def sync_many(folder: Path) -> None:
    """Wait until all that `put_one_of_many` put into `folder` is on the disk."""
    if _SYNCS_ALL:
        os.sync()
    sync_renames(folder)


def _put(target: Path, data: bytes, mode: int, write: Callable[[Path, bytes, int], None]) -> None:
    temporary = incomplete_beside(target)
    try:
        write(temporary, data, mode)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _write_undurably(path: Path, data: bytes, mode: int) -> None:
    with _new_file(path, mode) as file:
        file.write(data)


def sync_folder(folder: Path) -> None:
    """Make the entries of `folder` durable, where the system knows how."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_renames(folder: Path) -> None:
    """Make renames in `folder` durable. Results stand in their places by now: a failure here undoes nothing, and
    to report one would be to call done work undone.
    """
    with suppress(OSError):
        sync_folder(folder)


def incomplete_beside(path: Path) -> Path:
    """A name beside `path` for what isn't finished; it carries this process's number."""
    return path.with_name(f".{path.name}.{os.getpid()}{INCOMPLETE}")


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left unfinished beside `path`; what a living one writes stays."""
    _remove_leftovers(path.parent, re.escape(path.name))


def remove_leftovers_in(folder: Path) -> None:
    """`remove_leftovers` for all paths in `folder`, in one walk."""
    _remove_leftovers(folder, ".+")


def _remove_leftovers(folder: Path, names: str) -> None:
    if not folder.is_dir():
        return
    pattern = re.compile(rf"\.{names}\.([0-9]+){re.escape(INCOMPLETE)}", re.DOTALL)
    for entry in folder.iterdir():
        found = pattern.fullmatch(entry.name)
        if found is None or _is_alive(int(found[1])):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    if process == os.getpid():
        return False
    if os.name == "nt":
        # There, os.kill ends a process whatever the signal; a leftover that stays does less harm.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def encode_json(content: dict[str, Any]) -> bytes:
    """RFC 8785 bytes."""
    try:
        return rfc8785.dumps(content)
    except ValueError as error:
        # Lone surrogates, which JSON can write with escapes but no file can hold.
        raise InputError(f"a text in it has no UTF-8 form: {str(error)!a}") from None


def decode_json(data: bytes, source: str, form: str) -> dict[str, Any]:
    """An object whose `format` is `form`; InputError otherwise, also for numbers that aren't integers."""
    try:
        content = json.loads(data.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{source}: not JSON: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{source}: expected a JSON object")
    found = content.get("format")
    if found != form:
        raise InputError(f"{source}: format is {shown(found)}, this version of zkpay reads {form!r}")
    return content


def check_canonical(data: bytes, again: bytes, source: str) -> None:
    """Rejected unless the bytes read are the one encoding of what they say."""
    if data != again:
        raise Rejected("not-canonical", f"{source}: its bytes are not the one encoding of its content")


def shown(value: object) -> str:
    """A value from a stranger, cut and escaped so that it can do nothing to a terminal."""
    return ascii(value)[:80]


def _no_float(text: str) -> Any:
    raise ValueError(f"{text[:40]} is no integer; amounts are integers in strings")
