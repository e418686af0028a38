"""Options that every command has, and the order of commands (SPEC §9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

JSON: Final = "--json"
DEBUG: Final = "--debug"

Command = TypeVar("Command", bound=Callable[..., Any])


class InOrder(click.Group):
    """A group that lists its commands in the order of the job, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def output_options(function: Command) -> Command:
    """Add --json and --debug. `main` looks for them before anything is parsed, so that errors obey them too."""
    for name, text in (
        (JSON, "Print one JSON object on standard output."),
        (DEBUG, "Show a traceback if zkpay itself fails."),
    ):
        function = click.option(name, is_flag=True, expose_value=False, callback=_note, help=text)(function)
    return function


def _note(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Keep a flag where a command that prints while it runs can look it up."""
    context.meta[parameter.opts[0]] = value


def expectations(function: Command) -> Command:
    """Add what a verifier may know from elsewhere: --expect-policy, --expect-origin, --expect-root."""
    for name, metavar, text in (
        ("--expect-root", "R_c", "The contribution root that it must have, 64 hex digits."),
        ("--expect-origin", "NAME", "The origin that it must name."),
        ("--expect-policy", "FILE", "A policy file of your own that it must be paid by."),
    ):
        function = click.option(name, metavar=metavar, help=text)(function)
    return function
