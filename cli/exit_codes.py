"""What a command's exit code means (SPEC §9). Scripts rely on these numbers; none is ever given another meaning."""

from enum import IntEnum


class ExitCode(IntEnum):
    """All exit codes of `zkpay`."""

    OK = 0  # done, or verified and true
    FALSE = 1  # checked, and false
    USAGE = 2  # a mistyped command
    WEAKER = 3  # true, but weaker than asked for
    INPUT = 4  # input that is missing, malformed, too large or of an unsupported version
    RESUMABLE = 5  # stopped; the same command works again
    REFUSED = 6  # a precondition failed; nothing was done
    INTERNAL = 70  # a fault of zkpay's own
    INTERRUPTED = 130  # Ctrl-C
