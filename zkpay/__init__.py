"""zkpay: prove in zero knowledge that every payout of an epoch follows the published formula.

    zkpay.commit("contributions.csv", "policy.toml", epoch="2025-08", out="epoch")
    zkpay.prove("epoch")
    zkpay.verify("epoch/public")

`import zkpay` loads nothing else; each name is loaded when it is first used, so that verifying never pays for the
prover.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from zkpay.epoch.commit import Committed, commit
    from zkpay.epoch.inspection import Inspection, inspect
    from zkpay.epoch.prove import Proved, prove
    from zkpay.epoch.receipt import Receipt
    from zkpay.epoch.receipt_check import ReceiptVerdict, verify_receipt
    from zkpay.epoch.receipt_issue import Issued, issue_receipt, issue_receipts
    from zkpay.epoch.sample import Sample, sample
    from zkpay.epoch.verdict import Verdict
    from zkpay.epoch.verify import verify
    from zkpay.errors import InputError, Refused, Rejected, Resumable, ZkpayError

    __version__: str

__all__ = [
    "Committed",
    "InputError",
    "Inspection",
    "Issued",
    "Proved",
    "Receipt",
    "ReceiptVerdict",
    "Refused",
    "Rejected",
    "Resumable",
    "Sample",
    "Verdict",
    "ZkpayError",
    "__version__",
    "commit",
    "inspect",
    "issue_receipt",
    "issue_receipts",
    "prove",
    "sample",
    "verify",
    "verify_receipt",
]

_HOMES: Final = {
    "Committed": "zkpay.epoch.commit",
    "InputError": "zkpay.errors",
    "Inspection": "zkpay.epoch.inspection",
    "Issued": "zkpay.epoch.receipt_issue",
    "Proved": "zkpay.epoch.prove",
    "Receipt": "zkpay.epoch.receipt",
    "ReceiptVerdict": "zkpay.epoch.receipt_check",
    "Refused": "zkpay.errors",
    "Rejected": "zkpay.errors",
    "Resumable": "zkpay.errors",
    "Sample": "zkpay.epoch.sample",
    "Verdict": "zkpay.epoch.verdict",
    "ZkpayError": "zkpay.errors",
    "commit": "zkpay.epoch.commit",
    "inspect": "zkpay.epoch.inspection",
    "issue_receipt": "zkpay.epoch.receipt_issue",
    "issue_receipts": "zkpay.epoch.receipt_issue",
    "prove": "zkpay.epoch.prove",
    "sample": "zkpay.epoch.sample",
    "verify": "zkpay.epoch.verify",
    "verify_receipt": "zkpay.epoch.receipt_check",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib import metadata  # 20 ms that `verify` need not spend

        try:
            return metadata.version("zkpay")
        except metadata.PackageNotFoundError:
            return "0+checkout"
    if name not in _HOMES:
        raise AttributeError(f"module 'zkpay' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
