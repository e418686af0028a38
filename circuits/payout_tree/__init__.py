"""Sixteen rows for each account: its leaf and one inner node of the tree above, a round a row (SPEC §5.15)."""
