"""The hash that circuits prove: Poseidon over KoalaBear, as constants and as a numpy permutation (SPEC
§3)."""
