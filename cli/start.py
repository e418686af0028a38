"""Where the `zkpay` command begins: Ctrl-C ends it without a traceback while its modules still load (SPEC §9)."""

import sys

_INTERRUPTED = 130
"""As `ExitCode.INTERRUPTED`, which isn't loaded yet."""


def main() -> None:
    """Load the command line and run it."""
    try:
        from zkpay.cli.main import main as run_command  # what takes the time
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    run_command()
