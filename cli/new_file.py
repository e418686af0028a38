"""Files that a command writes on request."""

from pathlib import Path

from zkpay.epoch.files import PUBLIC_FILE, replace_file
from zkpay.errors import Refused


def write_new(path: str, data: bytes) -> None:
    """Write a file that isn't there yet, the whole of it or nothing; Refused if something has its name."""
    if Path(path).exists():
        raise Refused(f"{path} exists; remove it, or name another file")
    replace_file(path, data, PUBLIC_FILE)
