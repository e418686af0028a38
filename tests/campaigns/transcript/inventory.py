"""Everything that a verifier knows: which message of the transcript carries it, or why none does (SPEC §4.4).

Paths are those of `schema.paths` over the verifier's types; a test holds that none is missing here and none is left
over. What no message carries is either opened after the last challenge, under a root that is absorbed; or refused
before there is a transcript; or of no consequence for a verifier, which is shown by its changing nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from tests.campaigns.transcript.schema import node_paths, paths
from zkpay.epoch.commitment import Commitment
from zkpay.policy.policy import Policy
from zkpay.stark.air import Circuit
from zkpay.stark.parameters import Parameters
from zkpay.stark.proof import Proof
from zkpay.stark.statement import Statement

MESSAGES = {
    "protocol": "beta",
    "circuit": "beta",
    "parameters": "beta",
    "heights": "beta",
    "statement": "beta",
    "publics": "beta",
    "public terms": "beta",
    "sum targets": "beta",
    "main root": "beta",
    "auxiliary root": "alpha",
    "quotient root": "zeta",
    "out of domain": "lambda",
    "layer": "fold",
    "final polynomial": "grind",
    "nonce": "queries",
}
"""Every message, in order, with the first challenge after it. There is a message `layer i` for each layer, and `fold i`
after it; beta is followed by gamma and delta."""


class Fate(StrEnum):
    """What becomes of an item that no message carries."""

    OPENED = "opened after the last challenge, under a root that is absorbed"
    REFUSED = "refused before there is a transcript"
    UNUSED = "without consequence for a verifier"


@dataclass(frozen=True)
class Entry:
    """message: its label, or why there is none. note: what to know about it."""

    message: str | Fate
    note: str = ""


_TABLE = "circuit.placed[].table"
_BUS_NOTE = "of all interactions of the bus"
_GIVEN = "the numbers that are derived from it are absorbed"
_COLUMNS = "a list of names; expressions have columns of their own"


def _of(message: str | Fate, names: str, prefix: str = "", note: str = "") -> dict[str, Entry]:
    return {prefix + name: Entry(message, note) for name in names.split()}


INVENTORY: dict[str, Entry] = {
    # The circuit, by its digest: all that is the same for all statements of its heights.
    **_of("circuit", "circuit.placed", note="number and order of the tables"),
    **_of("circuit", ".name", _TABLE),
    **_of("circuit", ".columns", _TABLE, "how many, which is the table's width"),
    **_of(Fate.UNUSED, ".columns[].phase .columns[].index .columns[].name .columns[].rotation", _TABLE, _COLUMNS),
    **_of(Fate.UNUSED, ".preprocessed", _TABLE, "a list of names; the values are absorbed"),
    **_of(
        Fate.UNUSED,
        ".preprocessed[].phase .preprocessed[].index .preprocessed[].name .preprocessed[].rotation",
        _TABLE,
        _COLUMNS,
    ),
    **_of("circuit", ".preprocessed_values .preprocessed_values[]", _TABLE, "values and period"),
    **_of("circuit", ".constraints .constraints[].where .constraints[].name .constraints[].expression", _TABLE),
    **_of("circuit", ".interactions .interactions[].name .interactions[].sign", _TABLE),
    **_of("circuit", ".interactions[].payload .interactions[].payload[] .interactions[].multiplicity", _TABLE),
    **_of(
        "circuit",
        ".interactions[].bus.name .interactions[].bus.identifier .interactions[].bus.width",
        _TABLE,
        _BUS_NOTE,
    ),
    **_of("circuit", ".sums .sums[].target .sums[].name .sums[].expression", _TABLE),
    **_of(Fate.UNUSED, ".gadgets .gadgets[]", _TABLE, "how a prover fills columns"),
    **_of("circuit", "circuit.placed[].height", note="once more in a message of their own"),
    **_of("circuit", "circuit.label", note="which permutation the circuit computes"),
    # Every kind of node that an expression of the circuit can have.
    **_of("circuit", "Constant.value Public.name Column.phase Column.index Column.rotation"),
    **_of("circuit", "Linear.terms Linear.constant Product.left Product.right"),
    **_of(Fate.UNUSED, "Column.name", note="columns are told by their index"),
    # What the statement says, as the circuit sees it.
    **_of("publics", "circuit.publics circuit.publics{}"),
    **_of("public terms", "circuit.public_terms circuit.public_terms[].bus.identifier"),
    **_of("public terms", "[].payload [].payload[] [].multiplicity", "circuit.public_terms"),
    **_of(Fate.REFUSED, "[].bus.name [].bus.width", "circuit.public_terms", "two buses of one identifier are refused"),
    **_of("sum targets", "circuit.sum_targets circuit.sum_targets{}"),
    # The parameters.
    **_of("parameters", "parameters.profile.name"),
    **_of(Fate.UNUSED, ".regime .blowup_tall .blowup_short", "parameters.profile", _GIVEN),
    **_of("parameters", ".height .dimension .domain .blowup .mask_length .quotient_length", "parameters"),
    **_of("parameters", ".quotient_cosets .split .arities .arities[] .final_length", "parameters"),
    **_of("parameters", ".queries .grinding_bits .security.multiplicity", "parameters"),
    **_of(
        Fate.UNUSED,
        ".regime .rounds .rounds[].name .rounds[].bits .rounds[].source",
        "parameters.security",
        "told to the user; `derive` has checked it",
    ),
    # The statement's bytes, field by field.
    "statement": Entry("statement", "canonical JSON, as it was read"),
    **_of("statement", "statement.circuit_digest", note="must be the digest that is absorbed as circuit"),
    **_of("statement", ".policy_digest .origin .epoch", "statement"),
    **_of("statement", ".commitment_digest", "statement", "of the operator's commitment"),
    **_of("statement", ".contribution_root .contribution_root[] .contribution_count", "statement"),
    **_of("statement", ".counts .counts[].0 .counts[].1", "statement", "by reason"),
    **_of("statement", ".payout_root .payout_root[] .account_count .pool .paid .dust", "statement"),
    **_of("statement", ".totals .totals[].0 .totals[].1", "statement"),
    # The commitment, by the digest of its bytes in the statement.
    **_of("statement", ".origin .epoch .contribution_root .contribution_root[]", "commitment"),
    **_of("statement", ".contribution_count .policy_digest .leaves_digest .private_payouts", "commitment"),
    # The policy, by its digest in the statement; the circuit that is built from it says the rest.
    **_of("statement", ".name .pool .symbol .decimals .pools .amounts .constants .tables .rules .formula", "policy"),
    # What the prover says.
    **_of("parameters", "proof.profile"),
    **_of("main root", "proof.main_root"),
    **_of("auxiliary root", "proof.auxiliary_root"),
    **_of("quotient root", "proof.quotient_root", note="quotient chunks and FRI mask"),
    **_of("out of domain", "proof.out_of_domain", note="all claims"),
    **_of("layer", "proof.layer_roots proof.layer_roots[]"),
    **_of("final polynomial", "proof.final_polynomial"),
    **_of("nonce", "proof.nonce"),
    **_of(Fate.OPENED, "[].rows [].rows[] [].salts [].salts[] [].siblings", "proof.trees"),
    **_of(Fate.OPENED, "proof.trees proof.layers proof.layers[].fibres proof.layers[].siblings"),
}


def known_paths() -> Iterator[str]:
    """All that a verifier is given or derives, by its types."""
    for kind, name in (
        (Circuit, "circuit"),
        (Parameters, "parameters"),
        (bytes, "statement"),
        (Statement, "statement"),
        (Commitment, "commitment"),
        (Proof, "proof"),
    ):
        yield from paths(kind, name)
    yield from node_paths()
    # What a policy is made of goes into its digest as text.
    yield from (f"policy.{field.name}" for field in fields(Policy) if not field.name.startswith("_"))
