"""Pieces of algebra that tables are made of: ranges, naturals, carries, comparisons, hashes (SPEC §5.2)."""
