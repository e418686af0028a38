"""Readers with one check left out: what they let through is what the campaign must find, or it finds nothing."""

from __future__ import annotations

import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

from tests.campaigns.parsers.decoders import TARGETS as DECODERS
from tests.campaigns.parsers.observe import Reader, require
from tests.campaigns.parsers.target import Target
from zkpay.errors import InputError
from zkpay.stark.statement import Statement


def _without_the_canonical_form(_: Path) -> Reader:
    """Spaces and other orders of keys pass."""

    def read(data: bytes) -> None:
        try:
            content = json.loads(data)
            again = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise InputError(f"not JSON: {type(error).__name__}") from None
        Statement.from_bytes(again)
        require(again == data, "accepted bytes that are not the one encoding of their content")

    return read


def _without_a_check_of_type(_: Path) -> Reader:
    """A count that is a text, a list or nothing ends in a TypeError."""

    def read(data: bytes) -> None:
        statement = Statement.from_bytes(data)
        try:
            content = json.loads(re.sub(rb'"account_count":\d+', b'"account_count":[]', data, count=1))
        except ValueError:
            raise InputError("not JSON") from None
        require(content["account_count"] <= statement.contribution_count, "more accounts than records")

    return read


def _with_terminal_escapes(_: Path) -> Reader:
    """The message repeats what stands in the file as it stands there."""

    def read(data: bytes) -> None:
        try:
            Statement.from_bytes(data)
        except InputError:
            raise InputError(f"not a statement: {data[:40].decode('latin-1')}") from None

    return read


def _that_dies(_: Path) -> Reader:
    """A file without an epoch ends the process: as a fault in a library in C would."""

    def read(data: bytes) -> None:
        if b'"epoch"' not in data:
            os.kill(os.getpid(), signal.SIGSEGV)
        Statement.from_bytes(data)

    return read


STATEMENT = next(target for target in DECODERS if target.name == "statement")
TARGETS: tuple[Target, ...] = (
    replace(STATEMENT, name="encoding", open=_without_the_canonical_form),
    replace(STATEMENT, name="types", open=_without_a_check_of_type),
    replace(STATEMENT, name="messages", open=_with_terminal_escapes),
    replace(STATEMENT, name="death", open=_that_dies),
)
