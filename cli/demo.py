"""zkpay demo: the main job on generated data, every command shown as it runs."""

import os
import shlex
from pathlib import Path
from typing import Any

import click

from zkpay.cli.options import JSON, output_options
from zkpay.cli.render import Result, print_lines
from zkpay.errors import InputError, Refused


@click.command()
@click.option("--contributions", metavar="N", type=int, default=1000, show_default=True, help="How many records.")
@click.option("--accounts", metavar="M", type=int, default=50, show_default=True, help="How many accounts.")
@click.option("--dir", "folder", metavar="D", default="zkpay-demo", show_default=True, help="The folder to make.")
@output_options
@click.pass_context
def demo(context: click.Context, contributions: int, accounts: int, folder: str) -> Result:
    """Run the main job on generated data: sample, commit, prove, verify, receipt."""
    root = context.find_root()
    # Whoever reads JSON gets one object at the end; whoever reads words sees each step as it is done.
    quiet: bool = context.meta[JSON]
    _check_fresh(folder)
    data, epoch, receipt = (str(Path(folder, name)) for name in ("contributions.csv", "epoch", "receipt.json"))
    policy, public = str(Path(folder, "contributions.policy.toml")), str(Path(epoch, "public"))
    steps: list[dict[str, Any]] = []

    def run(*arguments: str) -> None:
        if not quiet:
            print_lines([*([""] if steps else []), f"$ zkpay {shlex.join(arguments)}"])
        result = root.command.main(args=list(arguments), prog_name="zkpay", standalone_mode=False)
        steps.append({"command": ["zkpay", *arguments], "result": result.content})
        if not quiet:
            print_lines(result.lines)

    run("sample", "--contributions", str(contributions), "--accounts", str(accounts), "--out", data)
    run("commit", data, "--policy", policy, "--epoch", "demo", "--origin", "zkpay.local/demo", "--out", epoch)
    run("prove", epoch)
    run("verify", public, "--leaves")
    account = _first_account(data)
    if account is not None:
        run("receipt", "issue", epoch, "--account", account, "--out", receipt)
        run("receipt", "verify", receipt, "--public", public)
    return Result(
        {"folder": folder, "steps": steps},
        ["", f"All of it is in {folder}: {public} is what the world gets, {epoch}/private stays with you."],
    )


def _check_fresh(folder: str) -> None:
    try:
        used = bool(os.listdir(folder))
    except FileNotFoundError:
        used = False
    except OSError as error:
        raise InputError(f"{folder}: not a folder to work in: {error.strerror}") from None
    if used:
        raise Refused(f"{folder} is not empty; remove it, or name another folder with --dir")
    os.makedirs(folder, exist_ok=True)


def _first_account(path: str) -> str | None:
    """The account of the first record, or None in an empty sample."""
    with open(path, encoding="ascii") as file:
        file.readline()
        record = file.readline()
    return record.split(",")[1] if record else None
