"""The fixed tables: ranges and kinds (SPEC §5.9)."""
