"""The `zkpay` command: runs one subcommand and turns whatever happens into an exit code (SPEC §9).

Python ends with 1 on an uncaught error and click on Ctrl-C; both would read as "checked and false". So nothing leaves
here but by `run`. Command modules load what they need when they run, which keeps `--help` and completion quick.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import click

import zkpay
from zkpay.cli.bench import bench
from zkpay.cli.commit import commit
from zkpay.cli.demo import demo
from zkpay.cli.exit_codes import ExitCode
from zkpay.cli.inspect import inspect
from zkpay.cli.options import DEBUG, JSON, InOrder
from zkpay.cli.policy import policy
from zkpay.cli.prove import prove
from zkpay.cli.receipt import receipt
from zkpay.cli.render import Result, print_error, print_lines, print_result
from zkpay.cli.sample import sample
from zkpay.cli.verify import verify
from zkpay.errors import ZkpayError


def _show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        print_lines([f"zkpay {zkpay.__version__}"])
        context.exit()


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def root() -> None:
    """Prove in zero knowledge that every payout follows the published formula.

    An operator commits to an epoch's contributions, pays by a policy, and proves it; anyone verifies from public
    files; contributors check their receipts.

    \b
    Try it:  zkpay demo
    """


for command in (sample, policy, commit, prove, verify, receipt, inspect, demo, bench):
    root.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> ExitCode:
    """Run one command line; whatever happens becomes an exit code."""
    as_json = JSON in arguments
    name = _command_name(arguments)

    def fail(code: ExitCode, message: str, error: BaseException) -> ExitCode:
        try:
            print_error(name, code, message, error, as_json=as_json)
        except ZkpayError as lost:
            # The object could not be printed either; say so in words.
            print_error(name, ExitCode(lost.exit_code), str(lost), lost, as_json=False)
            return ExitCode(lost.exit_code)
        return code

    try:
        result = root.main(args=list(arguments), prog_name="zkpay", standalone_mode=False)
        if isinstance(result, Result):
            print_result(name, result, as_json=as_json)
            return result.code
        return ExitCode(result) if isinstance(result, int) else ExitCode.OK
    except click.UsageError as error:
        if not as_json:
            with suppress(OSError, AttributeError):
                error.show()
            return ExitCode.USAGE
        return fail(ExitCode.USAGE, error.format_message(), error)
    except (click.Abort, KeyboardInterrupt) as error:
        return fail(ExitCode.INTERRUPTED, "interrupted", error)
    except ZkpayError as error:
        return fail(ExitCode(error.exit_code), str(error), error)
    except OSError as error:
        # What the system doesn't let anybody do with a path that the user named.
        if error.filename is None:
            return fail(ExitCode.INTERNAL, _internal(error, debug=DEBUG in arguments), error)
        return fail(ExitCode.INPUT, f"{error.filename}: {error.strerror or error}", error)
    except MemoryError as error:
        return fail(ExitCode.REFUSED, "not enough memory for this many records; use a larger machine", error)
    except Exception as error:
        return fail(ExitCode.INTERNAL, _internal(error, debug=DEBUG in arguments), error)


def _internal(error: Exception, *, debug: bool) -> str:
    """What to say of a fault of zkpay's own."""
    if debug:
        return "".join(traceback.format_exception(error)).rstrip()
    return (
        f"zkpay itself failed ({type(error).__name__}: {error}). This is a fault of zkpay {zkpay.__version__}, not of"
        " your input: run the command again with --debug and report what it prints, without private data."
    )


def _command_name(arguments: Sequence[str]) -> str:
    """The subcommand that a command line names, `receipt issue` for instance; empty if it names none."""
    names: list[str] = []
    command: click.Command = root
    for argument in arguments:
        if isinstance(command, click.Group) and argument in command.commands:
            command = command.commands[argument]
            names.append(argument)
    return " ".join(names)


if __name__ == "__main__":
    main()
