"""From the program of a formula to columns and constraints of a table (SPEC §5.13)."""
