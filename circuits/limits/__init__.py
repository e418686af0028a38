"""One row for each record that a limit counts, by account and window: the first few pass (SPEC §5.14)."""
