"""One row for each account that is paid: its score, its payout and its leaf (SPEC §5.7)."""
