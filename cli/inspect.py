"""zkpay inspect."""

import click

import zkpay
from zkpay.cli.describe import formula_rows, security_json, statement_json, statement_rows
from zkpay.cli.options import output_options
from zkpay.cli.render import Result, counted, table


@click.command()
@click.argument("proof", metavar="PROOF")
@output_options
def inspect(proof: str) -> Result:
    """Show what a proof file claims, its parameters, bits and sizes; verifies nothing."""
    found = zkpay.inspect(proof)
    content = {"profile": found.profile, "total_bytes": found.total_bytes, "sizes": found.sizes, "claim": None}
    lines = [f"{proof}: {found.total_bytes:,} bytes, profile {found.profile}. Nothing here is verified."]
    lines += ["Sizes in bytes:", *table([(name, f"{size:,}") for name, size in found.sizes.items()])]
    claim = found.claim
    if claim is None:
        lines.append("What it claims to prove is told by statement.json and policy.toml, which are not beside it.")
        return Result(content, lines)
    parameters = claim.parameters
    content["claim"] = {
        "statement": statement_json(claim.statement),
        "formula": dict(claim.policy.texts),
        "security": security_json(claim.security),
        "parameters": {
            "height": parameters.height,
            "dimension": parameters.dimension,
            "blowup": parameters.blowup,
            "mask_length": parameters.mask_length,
            "arities": list(parameters.arities),
            "final_length": parameters.final_length,
            "queries": parameters.queries,
            "grinding_bits": parameters.grinding_bits,
        },
        "tables": [{"name": name, "rows": rows, "columns": columns} for name, rows, columns in claim.tables],
    }
    folds = " * ".join(map(str, parameters.arities))
    rows = [
        ("rows", f"{parameters.height:,} in the tallest table, blowup {parameters.blowup}"),
        ("masks", f"{parameters.mask_length} coefficients a column"),
        ("folds", f"{folds}, last polynomial of {parameters.final_length} coefficients"),
        ("security", str(claim.security)),
        *[(f"  {each.name}", f"{each.bits:.1f} bits: {each.source}") for each in claim.security.rounds],
        *[
            (f"table {name}", f"{height:,} rows, {counted(columns, 'column')}")
            for name, height, columns in claim.tables
        ],
    ]
    lines += ["Claims to prove:", *table(statement_rows(claim.statement, claim.policy))]
    lines += ["By the formula:", *table(formula_rows(claim.policy)), "Parameters:", *table(rows)]
    return Result(content, lines)
