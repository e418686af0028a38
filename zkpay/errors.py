"""The errors that zkpay shows to people, each with the exit code that a command ends with (SPEC §9).

Every malformed or hostile input ends in one of these; anything else that escapes is a bug and exits 70.
"""


class ZkpayError(Exception):
    """Base of all expected failures. `exit_code` is what the command line returns."""

    exit_code = 70


class Rejected(ZkpayError):  # noqa: N818 - the verdict's own word
    """A check ran and the claim is false (exit 1).

    `reason` is a short kebab-case code that programs may match; `detail` says what, where and why.
    """

    exit_code = 1

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class InputError(ZkpayError):
    """Input that is missing, malformed, too large or of an unsupported version (exit 4)."""

    exit_code = 4


class Resumable(ZkpayError):  # noqa: N818 - the verdict's own word
    """Stopped from outside (signal, full disk); nothing is half-written; the same command works again (exit 5)."""

    exit_code = 5


class Refused(ZkpayError):  # noqa: N818 - the verdict's own word
    """A precondition failed and nothing was done (exit 6)."""

    exit_code = 6
