"""The formula language: text, tree, bounds, exact meaning, the program that circuits are made from (SPEC §8.1)."""
