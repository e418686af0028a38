"""One row for each contribution, by fingerprint: first come, first accepted (SPEC §5.5)."""
