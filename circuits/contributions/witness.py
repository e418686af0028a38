"""Filling the contributions table (SPEC §5.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zkpay.circuits.bounds import Bounds
from zkpay.circuits.contributions.air import flag_name, usable_reasons
from zkpay.circuits.evaluation import Elements
from zkpay.circuits.gadgets.limbs import convolve, divide, normalise, repack
from zkpay.circuits.gadgets.range import limb_widths
from zkpay.circuits.gadgets.witness import fill_gadgets
from zkpay.circuits.trace import Trace
from zkpay.ledger.codes import ACCEPTED, BUILT_IN_REASONS
from zkpay.ledger.contributions import Contributions
from zkpay.ledger.encoding import SLOT_BITS, account_elements
from zkpay.policy.formula import POINTS_DIVISOR
from zkpay.policy.policy import Policy


def fill_contributions(
    trace: Trace, policy: Policy, bounds: Bounds, contributions: Contributions, salts: Elements
) -> None:
    """Fill all columns. `salts`: uint32[5, N]."""
    fill_records(trace, policy, contributions, salts)
    fill_points(trace, bounds)
    fill_gadgets(trace)


def fill_records(trace: Trace, policy: Policy, contributions: Contributions, salts: Elements) -> None:
    """Fill what the records say: index, reason, kind, quantity, quality, salt, account, fingerprint."""
    count = len(contributions)
    usable = usable_reasons(policy)
    strange = np.flatnonzero(~np.isin(contributions.reason, list(usable)))
    if len(strange):
        raise ValueError(f"record {strange[0]} has reason code {contributions.reason[strange[0]]}, not in {usable}")
    trace["index"][:] = np.arange(trace.height)
    for code, name in usable.items():
        trace[flag_name(name)][:count] = contributions.reason == code
    kind = contributions.kind.astype(np.int64)
    known = kind < len(policy.kinds)
    trace["kind"][:count] = kind
    trace["known"][:count] = known
    weights = np.array(policy.weights, dtype=np.int64)[np.where(known, kind, 0)] * known
    for k, column in enumerate(trace.group("weight")):
        column[:count] = _slot(weights, k)
    trace.group("quantity")[:, :count] = contributions.quantity.T
    for k, column in enumerate(trace.group("quality")):
        column[:count] = _slot(contributions.quality.astype(np.int64), k)
    trace.group("salt")[:, :count] = salts
    trace.group("account")[:, :count] = account_elements(contributions.accounts)
    trace.group("fingerprint")[:, :count] = contributions.fingerprint_keys


def fill_points(trace: Trace, bounds: Bounds) -> None:
    """Fill weighted quality, points and remainder from the columns that they follow from."""
    accepted = trace[flag_name(BUILT_IN_REASONS[ACCEPTED])].astype(np.int64)
    weight = trace.group("weight").astype(np.int64) * accepted
    quality = trace.group("quality").astype(np.int64)
    weighted = normalise(convolve(weight, quality), SLOT_BITS)
    widths = limb_widths(bounds.weighted_quality, SLOT_BITS)
    trace.group("weighted_quality")[:] = repack(weighted, SLOT_BITS, widths)
    products = normalise(
        convolve(trace.group("weighted_quality").astype(np.int64), trace.group("quantity").astype(np.int64)),
        SLOT_BITS,
    )
    quotients, remainder = divide(products, SLOT_BITS, POINTS_DIVISOR)
    trace.group("points")[:] = repack(quotients, SLOT_BITS, bounds.points_widths)
    trace["points remainder"][:] = remainder


def real_rows(trace: Trace) -> NDArray[np.intp]:
    """The rows that have a reason, in order."""
    flags = [trace[name] for name in trace.places if name.startswith(flag_name(""))]
    return np.flatnonzero(np.any(flags, axis=0))


def _slot(values: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    return values >> (SLOT_BITS * k) & ((1 << SLOT_BITS) - 1)
