"""zkpay policy: write, check, explain and try out policies; and its commands lint, schema and new.

Commands import what they need when they run, so that `--help` stays quick.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

import click

from zkpay.cli.options import InOrder, output_options
from zkpay.cli.policy_diff import diff
from zkpay.cli.policy_explain import explain
from zkpay.cli.policy_simulate import simulate
from zkpay.cli.policy_stress import stress
from zkpay.cli.render import Result, counted, table, tokens


@click.group(cls=InOrder)
def policy() -> None:
    """Write, check, explain and try out policies."""


@policy.command()
@click.argument("preset", metavar="[PRESET]", required=False)
@click.option("--out", metavar="FILE", help="The file to write; without it the policy is printed.")
@output_options
def new(preset: str | None, out: str | None) -> Result:
    """Write a preset policy; without PRESET, list them."""
    from zkpay.cli.new_file import write_new
    from zkpay.policy.tools import presets

    if preset is None:
        if out is not None:
            raise click.UsageError("Name the preset to write.")
        known = presets.presets()
        content: dict[str, Any] = {"presets": [{"name": one.name, "summary": one.summary} for one in known]}
        return Result(
            content, ["Presets:", *table([(one.name, one.summary) for one in known])], "zkpay policy new pro-rata"
        )
    chosen = presets.preset(preset)
    content = {"preset": chosen.name, "file": out, "text": chosen.text}
    if out is None:
        return Result(content, chosen.text.rstrip("\n").split("\n"))
    write_new(out, chosen.text.encode())
    return Result(content, [f"Wrote {out}: {chosen.summary}"], f"zkpay policy explain {shlex.quote(out)}")


@policy.command()
@click.argument("file", metavar="FILE")
@output_options
def lint(file: str) -> Result:
    """Check a policy file, and warn of what is probably not meant.

    Errors end with code 4; warnings don't.
    """
    from zkpay.cli.policy_text import bits_text, level_text
    from zkpay.ledger.contributions import MAX_CONTRIBUTIONS
    from zkpay.policy.policy import load_policy
    from zkpay.policy.tools.lint import lint as find_cautions

    loaded = load_policy(file)
    program = loaded.program(MAX_CONTRIBUTIONS, MAX_CONTRIBUTIONS)
    cautions = find_cautions(loaded, MAX_CONTRIBUTIONS)
    widest = max(program.nodes, key=lambda node: node.high.bit_length())
    levels = [(name, line.expression.level) for name, line in loaded.formula.lines.items()]
    content: dict[str, Any] = {
        "policy": loaded.name,
        "policy_digest": loaded.digest.hex(),
        "warnings": [{"code": one.code, "where": one.where, "why": one.why, "remedy": one.remedy} for one in cautions],
        "lines": [
            {"name": name, "level": level.name.lower(), "bits": program.lines[name].high.bit_length()}
            for name, level in levels
        ],
        "totals": list(loaded.formula.totals),
        "widest": {"text": widest.text, "line": widest.line, "bits": widest.high.bit_length()},
        "leaf_blocks": loaded.layout.blocks,
    }
    rows = [
        ("policy", f"{loaded.name}  ({loaded.digest.hex()})"),
        ("pool", tokens(loaded.pool, loaded.decimals, loaded.symbol)),
        *[(name, f"{level_text(level)}, up to {bits_text(program.lines[name].high)}") for name, level in levels],
        ("totals", ", ".join(loaded.formula.totals) or "none"),
        ("widest", f"{bits_text(widest.high)}: {widest.text} in {widest.line}"),
        ("records", f"{counted(loaded.layout.blocks, 'hashed block')} each"),
    ]
    warnings = [f"Warning: {one.where}: {one.why}; {one.remedy}." for one in cautions]
    verdict = f"{file}: no errors, {counted(len(cautions), 'warning')}."
    return Result(content, [verdict, *table(rows), *warnings], f"zkpay policy explain {shlex.quote(file)}")


@policy.command()
@output_options
def schema() -> Result:
    """Print the JSON Schema of policy files, for editors."""
    from zkpay.policy.tools.json_schema import policy_schema

    found = policy_schema()
    return Result({"policy_schema": found}, json.dumps(found, indent=2).split("\n"))


for command in (explain, simulate, diff, stress):
    policy.add_command(command)
