"""The ledger: reading contributions, encoding them as leaves, salts and the Merkle tree (SPEC §5)."""
