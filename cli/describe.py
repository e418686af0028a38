"""Statements, policies and verdicts in words and for programs; several commands show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zkpay.cli.render import table, tokens

if TYPE_CHECKING:
    from zkpay.epoch.commitment import Commitment
    from zkpay.epoch.security_report import SecurityReport
    from zkpay.epoch.verdict import Verdict
    from zkpay.policy.policy import Policy
    from zkpay.stark.statement import Statement


def statement_json(statement: Statement) -> dict[str, Any]:
    """All public values, named and written as in statement.json, with counts and totals as objects."""
    content: dict[str, Any] = json.loads(statement.to_bytes())
    del content["format"]
    return {**content, "counts": dict(statement.counts), "totals": dict(content["totals"])}


def commitment_json(commitment: Commitment) -> dict[str, Any]:
    """A commitment, named and written as in commitment.json."""
    content: dict[str, Any] = json.loads(commitment.to_bytes())
    del content["format"]
    return content


def security_json(security: SecurityReport) -> dict[str, Any]:
    """Proven bits, with the statistical part of the queries and the grinding apart."""
    return {
        "proven_bits": round(security.proven, 2),
        "statistical_query_bits": round(security.query, 2),
        "grinding_bits": security.grinding,
        "queries": security.queries,
        "regime": security.regime,
        "rounds": {each.name: round(each.bits, 2) for each in security.rounds},
        "sources": {each.name: each.source for each in security.rounds},
    }


def statement_rows(statement: Statement, policy: Policy) -> list[tuple[str, str]]:
    """The public values for people."""

    def amount(value: int) -> str:
        return f"{tokens(value, policy.decimals, policy.symbol)}  ({value} base units)"

    public = statement_json(statement)
    rejected = sum(count for name, count in statement.counts if name != "accepted")
    return [
        ("origin", statement.origin),
        ("epoch", statement.epoch),
        ("policy", f"{policy.name}  ({statement.policy_digest.hex()})"),
        ("records", f"{statement.contribution_count:,}: {dict(statement.counts)['accepted']:,} accepted,"
                    f" {rejected:,} rejected"),
        *[(f"  {name}", f"{count:,}") for name, count in statement.counts if name != "accepted" and count],
        ("accounts", f"{statement.account_count:,}"),
        ("pool", amount(statement.pool)),
        *[(f"  {name}", amount(value)) for name, value in policy.pools.items()],
        ("paid", amount(statement.paid)),
        ("dust", amount(statement.dust)),
        *totals_rows(statement),
        ("commitment", statement.commitment_digest.hex()),
        ("R_c", public["contribution_root"]),
        ("R_p", public["payout_root"]),
    ]  # fmt: skip


def totals_rows(statement: Statement) -> list[tuple[str, str]]:
    """The value of each total with its text; values first, since texts can be long."""
    width = max((len(str(value)) for _, value in statement.totals), default=0)
    return [
        ("" if place else "totals", f"{value:>{width}}  {text}") for place, (text, value) in enumerate(statement.totals)
    ]


def formula_rows(policy: Policy) -> list[tuple[str, str]]:
    """The lines of the formula, each with its text."""
    return [(name, f"= {text}") for name, text in policy.texts.items()]


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict for programs."""
    return {
        "claims": {
            **statement_json(verdict.statement),
            "policy_name": verdict.policy.name,
            "pools": {name: str(value) for name, value in verdict.policy.pools.items()},
            "formula": dict(verdict.policy.texts),
            "symbol": verdict.policy.symbol,
            "decimals": verdict.policy.decimals,
        },
        "discretionary_rejections": verdict.discretionary,
        "payouts_public": verdict.payouts_public,
        "profile": verdict.profile,
        "security": security_json(verdict.security),
        "checks": [{"id": check.id, "status": "pass", "detail": check.detail} for check in verdict.checks],
        "not_checked": list(verdict.not_checked),
        "warnings": list(verdict.warnings),
        "statement_digest": verdict.statement_digest.hex(),
        "proof_digest": verdict.proof_digest.hex(),
        "sizes": verdict.sizes,
        "seconds": round(verdict.seconds, 3),
    }


def verdict_lines(verdict: Verdict) -> list[str]:
    """A verdict for people."""
    statement = verdict.statement
    by_hand = ", ".join(f"{count:,} {name}" for name, count in verdict.discretionary.items())
    return [
        f'TRUE: every payout of epoch "{statement.epoch}" follows the published formula from the committed records.',
        *table(statement_rows(statement, verdict.policy)),
        "The formula:",
        *table(formula_rows(verdict.policy)),
        f"Rejected at the operator's discretion, by word alone: {by_hand or 'no such reason in the policy'}.",
        f"Security, profile {verdict.profile}: {verdict.security}.",
        "Checked:",
        *[f"  + {check.id}: {check.detail}" for check in verdict.checks],
        "Not checked:",
        *[f"  - {sentence}" for sentence in verdict.not_checked],
        *[f"Warning: {warning}" for warning in verdict.warnings],
        f"Verified {sum(verdict.sizes.values()):,} bytes in {verdict.seconds:.2f} s.",
    ]
