"""Domain separation of every Keccak input of the proof system: one 64-bit word in front (SPEC §2.3).

The low byte tells the use; the rest tells which tree, group of rows or FRI layer.
"""

LEAF = 0x00
NODE = 0x01
INJECT = 0x02
FRI_LEAF = 0x03
GRIND = 0x04
TRANSCRIPT_ABSORB = 0x10
TRANSCRIPT_SQUEEZE = 0x11
TRANSCRIPT_ADVANCE = 0x12


def leaf_prefix(tree: int, group: int) -> int:
    """Rows of row group `group` (tables of one height, tallest first) of tree `tree`."""
    return LEAF | tree << 8 | group << 16


def fri_leaf_prefix(layer: int) -> int:
    """Fibres of FRI layer `layer`."""
    return FRI_LEAF | layer << 8


def prefix_bytes(prefix: int) -> bytes:
    """The word as it is hashed."""
    return prefix.to_bytes(8, "little")
