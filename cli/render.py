"""What commands print: lines for people, or exactly one JSON object on standard output (SPEC §9).

Texts that come out of files are shown escaped where they could move a terminal's cursor.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import click

import zkpay
from zkpay.cli.exit_codes import ExitCode
from zkpay.errors import Rejected, Resumable
from zkpay.ledger.problems import MalformedFile


@dataclass(frozen=True)
class Result:
    """What a command found: `content` for programs, `lines` for people. Amounts in `content` are strings.

    follow_up: the command that people want next, if there is one. code: OK, or WEAKER.
    """

    content: dict[str, Any]
    lines: Sequence[str]
    follow_up: str | None = None
    code: ExitCode = ExitCode.OK


def envelope(command: str, code: ExitCode, content: dict[str, Any]) -> dict[str, Any]:
    """The one object that `--json` prints; `command` without its options, as in `receipt issue`."""
    return {
        "schema": f"zkpay/{command.replace(' ', '-') or 'zkpay'}/v1",
        "ok": code is ExitCode.OK,
        "exit_code": int(code),
        "tool": {"name": "zkpay", "version": zkpay.__version__},
        **content,
    }


def print_result(command: str, result: Result, *, as_json: bool) -> None:
    """Print a result on standard output."""
    if as_json:
        print_json(envelope(command, result.code, result.content))
    else:
        print_lines([*result.lines, *([] if result.follow_up is None else [f"Next: {result.follow_up}"])])


def print_lines(lines: Sequence[str]) -> None:
    """Print lines on standard output; whether anybody reads them to the end changes nothing.

    Resumable if standard output is closed or can't be written to: nobody may take a lost verdict for one.
    """
    if sys.stdout is None:
        raise Resumable("there is no standard output to write the result to; give one and run the command again")
    try:
        click.echo("\n".join(map(printable, lines)))
        sys.stdout.flush()
    except OSError as error:
        # Python would complain again when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise Resumable(f"standard output can't be written to ({error.strerror}); run the command again") from None


def print_json(content: dict[str, Any]) -> None:
    """Print one object on standard output."""
    print_lines(json.dumps(content, indent=2).split("\n"))


def print_error(command: str, code: ExitCode, message: str, error: BaseException, *, as_json: bool) -> None:
    """Print what went wrong: as an object on standard output, or in words on standard error."""
    if as_json:
        print_json(envelope(command, code, {"error": error_content(code, message, error)}))
    else:
        label = "FALSE" if code is ExitCode.FALSE else "error"
        text = "\n".join(map(printable, message.split("\n")))
        # With nobody to read it, the exit code still tells.
        with suppress(OSError, AttributeError):
            click.echo(f"{label}: {text}", err=True)


def error_content(code: ExitCode, message: str, error: BaseException) -> dict[str, Any]:
    """An error for programs: a code, the message, a rejection's reason, a file's problems one by one."""
    content: dict[str, Any] = {"code": code.name.lower(), "message": message}
    if isinstance(error, Rejected):
        content["reason"] = error.reason
    if isinstance(error, MalformedFile):
        content["problem_count"] = error.total
        content["problems"] = [
            {
                "file": problem.source,
                "line": problem.line or None,
                "column": problem.column or None,
                "character": problem.character or None,
                "value": problem.value,
                "why": problem.why,
                "remedy": problem.remedy,
                "excerpt": problem.excerpt.split("\n") if problem.excerpt else None,
            }
            for problem in error.problems
        ]
    return content


def printable(line: str) -> str:
    """The line with every character escaped that isn't plainly visible, line ends included."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


def tokens(amount: int, decimals: int, symbol: str) -> str:
    """Base units as a decimal amount of tokens, exactly: 1,234.5 TOKEN."""
    whole, fraction = divmod(amount, 10**decimals)
    digits = f"{fraction:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{whole:,}{'.' + digits if digits else ''} {symbol}"


def table(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Names and values in two columns."""
    width = max((len(name) for name, _ in rows), default=0)
    return [f"  {name:<{width}}  {value}" for name, value in rows]


def counted(number: int, noun: str) -> str:
    """A number of things: `1 record`, `1,000 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
