"""One row for each inner node of a Merkle tree (SPEC §5.4)."""
