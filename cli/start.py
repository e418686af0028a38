"""Where the `zkpay` command begins: Ctrl-C ends it without a traceback while its modules still load (SPEC §9)."""

import gc
import sys

_INTERRUPTED = 130
"""As `ExitCode.INTERRUPTED`, which isn't loaded yet."""


_OBJECTS_BETWEEN_COLLECTIONS = 20_000
"""Python's own 700 has it look for garbage a hundred times while modules load, which makes next to none."""


def main() -> None:
    """Load the command line and run it."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from zkpay.cli.main import main as run_command  # what takes the time
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        sys.exit(_INTERRUPTED)
    run_command()
