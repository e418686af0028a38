"""The sums over all accounts, as integers (SPEC §5.8)."""
