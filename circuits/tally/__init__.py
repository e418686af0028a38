"""One row for each contribution, by account: sums and counts of each account (SPEC §5.6)."""
