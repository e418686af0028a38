"""One row for each contribution: its leaf, its verdict and its points (SPEC §5.3)."""
