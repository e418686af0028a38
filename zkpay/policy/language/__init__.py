"""The formula language: text, tree, bounds, exact meaning, and the program that circuits are compiled from (SPEC §8.1)."""
